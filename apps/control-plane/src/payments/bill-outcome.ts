import type { BillFate, ClaimedPayment, PaymentNote } from '@leasehold/metadata';
import type { BillState } from '@leasehold/payments';

import { nextChargeAt } from './charge-schedule.js';
import { LOOK_INTERVAL_MS } from './next-move.js';

/** A charge that takes days is looked at so often, also when nothing is told of it. */
const PROCESSING_INTERVAL_MS = 60 * 60 * 1_000;
/** After a charge that was asked for and never arrived. */
const AGAIN_MS = 60 * 1_000;

/** What a look at the bill of an open payment comes to. */
export type Outcome = { readonly kind: 'paid' } | { readonly kind: 'note'; readonly note: PaymentNote };

/** Pure. The state of the payment is that from before the look; `processing` where a charge has just been asked for. */
export function outcomeOf(payment: ClaimedPayment, bill: BillState, now: Date): Outcome {
  switch (bill.state) {
    case 'paid':
      return { kind: 'paid' };
    case 'processing':
      return note({ state: 'processing', nextStepAt: after(now, PROCESSING_INTERVAL_MS) });
    case 'void':
    case 'gone':
      // Not by us: somebody did it at the collector. Nothing is charged until a person has looked.
      return note({ ...failed('not-chargeable', null), bill: 'closed', nextStepAt: null });
    case 'draft':
      return payment.state === 'processing' ? neverArrived(payment, now) : untouched(payment, now);
    case 'open':
      return payment.state === 'processing' ? afterCharge(payment, bill, now) : untouched(payment, now, bill.payUrl);
  }
}

function afterCharge(payment: ClaimedPayment, { failure, payUrl }: BillState & { state: 'open' }, now: Date): Outcome {
  if (failure === undefined) return neverArrived(payment, now);
  const chargeAt = failure === 'not-chargeable' ? null : nextChargeAt(payment.attempts, now);
  return note({ ...failed(failure, chargeAt), payUrl: payUrl ?? null, nextStepAt: soonest(chargeAt, now) });
}

/** It counts for nothing, and is asked for once more. Should the first arrive after all: a bill is paid once. */
function neverArrived({ attempts }: ClaimedPayment, now: Date): Outcome {
  return note({ state: 'waiting', attempts: Math.max(0, attempts - 1), nextStepAt: after(now, AGAIN_MS) });
}

function untouched({ nextChargeAt: chargeAt }: ClaimedPayment, now: Date, payUrl?: string): Outcome {
  return note({ ...(payUrl === undefined ? {} : { payUrl }), nextStepAt: soonest(chargeAt, now) });
}

/** What a bill that was to be closed has become, as long as it is known. */
export function fateOf({ state }: BillState): BillFate {
  if (state === 'paid') return 'paid';
  return state === 'void' || state === 'gone' ? 'closed' : 'open';
}

function failed(failure: string, chargeAt: Date | null): Omit<PaymentNote, 'nextStepAt'> {
  return { state: 'failed', failure, nextChargeAt: chargeAt };
}

function soonest(chargeAt: Date | null, now: Date): Date {
  const look = after(now, LOOK_INTERVAL_MS);
  return chargeAt && chargeAt < look ? chargeAt : look;
}

function note(note: PaymentNote): Outcome {
  return { kind: 'note', note };
}

function after(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}
