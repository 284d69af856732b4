import { describe, expect, it } from '@jest/globals';
import type { ClaimedPayment } from '@leasehold/metadata';

import { nextMove } from './next-move.js';

const NOW = new Date('2026-12-03T10:00:00Z');
const LATER = new Date('2026-12-04T10:00:00Z');
const CREDIT = { creditNoteId: 'note', number: '1', amount: 500n };
const NOTHING = { kind: 'wait', until: null };

function paymentOf(
  more: Partial<ClaimedPayment> = {},
  invoice: Partial<ClaimedPayment['invoice']> = {},
): ClaimedPayment {
  return {
    ...{
      invoiceId: 'i',
      organizationId: 'o',
      claims: 1,
      until: LATER,
      state: 'waiting',
      provider: null,
      reference: null,
    },
    ...{
      bill: 'open',
      attempts: 0,
      failure: null,
      nextChargeAt: null,
      stepFailures: 0,
      customer: 'cus',
      hasMethod: true,
    },
    credit: null,
    ...more,
    invoice: { number: 7n, state: 'finalized', currency: 'USD', total: 3_000n, credited: 0n, ...invoice },
  };
}

const THERE = { provider: 'stripe', reference: 'in_1' } as const;

describe('the next move of a payment', () => {
  it.each<[string, ClaimedPayment, object]>([
    ['drafts a bill first', paymentOf(), { kind: 'draft', customer: 'cus' }],
    ['charges the bill that is there', paymentOf(THERE), { kind: 'charge', customer: 'cus' }],
    ['settles what is not owed, without a bill', paymentOf({}, { total: 0n }), { kind: 'settle' }],
    [
      'settles what is credited before there is a bill',
      paymentOf({ credit: CREDIT }, { credited: 3_000n }),
      { kind: 'settle' },
    ],
    ['looks at a bill of which credits have left nothing', paymentOf(THERE, { credited: 3_000n }), { kind: 'look' }],
    [
      'takes a credit off before it charges',
      paymentOf({ ...THERE, credit: CREDIT }),
      { kind: 'credit', credit: CREDIT },
    ],
    ['says that there is nothing to charge', paymentOf({ hasMethod: false }), { kind: 'lack-method' }],
    ['says so of no customer, too', paymentOf({ customer: null }), { kind: 'lack-method' }],
    ['says it once', paymentOf({ hasMethod: false, state: 'failed', failure: 'no-payment-method' }), NOTHING],
    [
      'looks whether the customer has paid a bill themselves, also without a method',
      paymentOf({ ...THERE, hasMethod: false, state: 'failed', failure: 'no-payment-method' }),
      { kind: 'look' },
    ],
    [
      'only looks while a charge is under way',
      paymentOf({ ...THERE, state: 'processing', credit: CREDIT }),
      { kind: 'look' },
    ],
    [
      'only looks before the time of the next charge',
      paymentOf({ ...THERE, state: 'failed', nextChargeAt: LATER }),
      { kind: 'look' },
    ],
    [
      'charges again at its time',
      paymentOf({ ...THERE, state: 'failed', nextChargeAt: NOW }),
      { kind: 'charge', customer: 'cus' },
    ],
    [
      'charges no more after the last attempt',
      paymentOf({ ...THERE, state: 'failed', nextChargeAt: null }),
      { kind: 'look' },
    ],
    ['leaves a bill that somebody else has closed', paymentOf({ ...THERE, state: 'failed', bill: 'closed' }), NOTHING],
    ['closes the bill of what is void', paymentOf({ ...THERE, state: 'void' }), { kind: 'close' }],
    ['closes the bill of what was paid otherwise', paymentOf({ ...THERE, state: 'paid' }), { kind: 'close' }],
    [
      'gives back at the collector what was paid there',
      paymentOf({ ...THERE, state: 'paid', bill: 'paid', credit: CREDIT }),
      { kind: 'credit', credit: CREDIT },
    ],
    [
      'gives all of it back where it was paid for nothing',
      paymentOf({ ...THERE, state: 'void', bill: 'returned', credit: { ...CREDIT, creditNoteId: 'void-i' } }),
      { kind: 'credit', credit: { ...CREDIT, creditNoteId: 'void-i' } },
    ],
    [
      'leaves to others what is credited beside',
      paymentOf({ ...THERE, state: 'paid', bill: 'returned', credit: CREDIT }),
      { kind: 'credit-outside', credit: CREDIT },
    ],
    [
      'leaves to others what was paid otherwise',
      paymentOf({ ...THERE, state: 'paid', bill: 'closed', credit: CREDIT }),
      { kind: 'credit-outside', credit: CREDIT },
    ],
    ['does nothing more when all is done', paymentOf({ ...THERE, state: 'paid', bill: 'paid' }), NOTHING],
  ])('%s', (_what, payment, move) => {
    expect(nextMove(payment, true, NOW)).toEqual(move);
  });

  it.each<[string, ClaimedPayment, object]>([
    ['waits for a person', paymentOf(), NOTHING],
    ['settles what is not owed', paymentOf({}, { total: 0n }), { kind: 'settle' }],
    ['keeps a credit of what is not paid, for a collector that comes later', paymentOf({ credit: CREDIT }), NOTHING],
    [
      'leaves credits of what is paid to people',
      paymentOf({ state: 'paid', credit: CREDIT }),
      { kind: 'credit-outside', credit: CREDIT },
    ],
    ['leaves a bill alone that a collector of before has', paymentOf(THERE), { kind: 'wait', until: expect.any(Date) }],
    [
      'leaves a charge alone that was under way',
      paymentOf({ ...THERE, state: 'processing' }),
      { kind: 'wait', until: expect.any(Date) },
    ],
    [
      'keeps a refund for the collector that has the money',
      paymentOf({ ...THERE, state: 'paid', bill: 'paid', credit: CREDIT }),
      { kind: 'wait', until: expect.any(Date) },
    ],
  ])('without a collector %s', (_what, payment, move) => {
    expect(nextMove(payment, false, NOW)).toEqual(move);
  });

  it('never charges what is settled, closed, under way or not owed, whatever else holds', () => {
    const dates = [null, NOW, LATER];
    for (const state of ['waiting', 'processing', 'failed', 'paid', 'void'] as const)
      for (const bill of ['open', 'paid', 'closed'] as const)
        for (const reference of [null, 'in_1'])
          for (const hasMethod of [true, false])
            for (const nextChargeAt of dates)
              for (const credited of [0n, 3_000n]) {
                const payment = paymentOf({ state, bill, reference, hasMethod, nextChargeAt }, { credited });
                if (nextMove(payment, true, NOW).kind !== 'charge') continue;
                expect([bill, reference, hasMethod, credited]).toEqual(['open', 'in_1', true, 0n]);
                expect(state === 'waiting' || (state === 'failed' && nextChargeAt === NOW)).toBe(true);
              }
  });
});
