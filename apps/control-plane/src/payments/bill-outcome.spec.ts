import { describe, expect, it } from '@jest/globals';
import type { ClaimedPayment } from '@leasehold/metadata';
import type { BillState } from '@leasehold/payments';

import { outcomeOf } from './bill-outcome.js';

const NOW = new Date('2026-12-03T10:00:00Z');
const DAY_MS = 24 * 60 * 60 * 1_000;

function paymentOf(state: ClaimedPayment['state'], more: Partial<ClaimedPayment> = {}): ClaimedPayment {
  return {
    ...{ invoiceId: 'i', organizationId: 'o', claims: 1, until: NOW, state, provider: 'stripe', reference: 'in_1' },
    ...{
      bill: 'open',
      attempts: 1,
      failure: null,
      nextChargeAt: null,
      stepFailures: 0,
      customer: 'cus',
      hasMethod: true,
    },
    ...{ credit: null, invoice: { number: 7n, state: 'finalized', currency: 'USD', total: 3_000n, credited: 0n } },
    ...more,
  };
}

const open = (failure?: 'declined' | 'not-chargeable', payUrl?: string): BillState => ({
  state: 'open',
  failure,
  payUrl,
});
const after = (ms: number) => new Date(NOW.getTime() + ms);

describe('what a look at a bill comes to', () => {
  it('is paid, from whatever the payment was', () => {
    for (const state of ['waiting', 'processing', 'failed'] as const) {
      expect(outcomeOf(paymentOf(state), { state: 'paid' }, NOW)).toEqual({ kind: 'paid' });
    }
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'is failed after charge %i, and charged again after longer and longer, four times',
    (attempts) => {
      const outcome = outcomeOf(paymentOf('processing', { attempts }), open('declined', 'https://pay.example/'), NOW);
      const days = [1, 3, 5, 7][attempts - 1];
      const nextChargeAt = days === undefined ? null : after(days * DAY_MS);
      const note = {
        state: 'failed',
        failure: 'declined',
        payUrl: 'https://pay.example/',
        nextChargeAt,
        nextStepAt: after(DAY_MS),
      };
      expect(outcome).toEqual({ kind: 'note', note });
    },
  );

  it('is charged under the same number once more when the charge never arrived', () => {
    for (const bill of [open(), { state: 'draft' } as const]) {
      const note = { state: 'waiting', attempts: 1, nextStepAt: after(60_000) };
      expect(outcomeOf(paymentOf('processing', { attempts: 2 }), bill, NOW)).toEqual({ kind: 'note', note });
    }
  });

  it('leaves a failed payment failed, and counts no further failure', () => {
    const outcome = outcomeOf(
      paymentOf('failed', { failure: 'declined', nextChargeAt: after(1_000) }),
      open('declined'),
      NOW,
    );
    expect(outcome).toEqual({ kind: 'note', note: { nextStepAt: after(1_000) } });
  });

  it('is under way when the customer pays it by themselves', () => {
    const outcome = outcomeOf(paymentOf('failed', { failure: 'declined' }), { state: 'processing' }, NOW);
    expect(outcome).toMatchObject({ note: { state: 'processing' } });
  });

  it.each<BillState>([{ state: 'void' }, { state: 'gone' }])(
    'waits for a person when the bill is %j, and not by us',
    (bill) => {
      const note = { state: 'failed', failure: 'not-chargeable', nextChargeAt: null, bill: 'closed', nextStepAt: null };
      expect(outcomeOf(paymentOf('processing'), bill, NOW)).toEqual({ kind: 'note', note });
    },
  );

  it('charges nothing again that somebody gave up at the provider', () => {
    const outcome = outcomeOf(paymentOf('processing'), open('not-chargeable'), NOW);
    expect(outcome).toMatchObject({ note: { state: 'failed', nextChargeAt: null } });
  });
});
