import { returnOf, type ClaimedPayment, type WaitingCredit } from '@leasehold/metadata';

/** Something that a collector has is looked at so often, also when it tells nothing. */
export const LOOK_INTERVAL_MS = 24 * 60 * 60 * 1_000;
/** What belongs to a collector that this installation has no more waits so long for it to come back. */
const ABSENT_INTERVAL_MS = 60 * 60 * 1_000;

/**
 * What to do next with a payment.
 * - `wait`: nothing before `until`; null: until something happens
 * - `settle`: nothing is owed
 * - `lack-method`: the customer has given nothing that could be charged
 * - `draft`, `charge`, `look`, `close`, `credit`: as the collector has it
 * - `credit-outside`: no collector has the money
 */
export type Move =
  | { readonly kind: 'wait'; readonly until: Date | null }
  | { readonly kind: 'settle' | 'lack-method' }
  | { readonly kind: 'draft' | 'charge'; readonly customer: string }
  | { readonly kind: 'look' | 'close' }
  | { readonly kind: 'credit' | 'credit-outside'; readonly credit: WaitingCredit };

/** Pure. @param collects whether there is a collector */
export function nextMove(payment: ClaimedPayment, collects: boolean, now: Date): Move {
  const { state, reference, bill, credit } = payment;
  const isEnded = state === 'paid' || state === 'void';
  const isThere = reference !== null && bill === 'open';
  if (!collects && (isThere || state === 'processing' || (credit && hasMoney(payment)))) {
    return { kind: 'wait', until: after(now, ABSENT_INTERVAL_MS) };
  }
  if (isEnded) return endedMove(isThere, payment);
  // Whatever else there is to do: first that a charge is under way no more.
  if (state === 'processing') return { kind: 'look' };
  return openMove(payment, collects, now);
}

function endedMove(isThere: boolean, payment: ClaimedPayment): Move {
  if (isThere) return { kind: 'close' };
  const { credit } = payment;
  if (credit) return { kind: hasMoney(payment) ? 'credit' : 'credit-outside', credit };
  return { kind: 'wait', until: null };
}

function openMove(payment: ClaimedPayment, collects: boolean, now: Date): Move {
  const { state, reference, bill, invoice, customer, hasMethod, failure, credit, nextChargeAt } = payment;
  const isOwed = invoice.total > invoice.credited;
  if (reference === null) {
    if (!isOwed) return { kind: 'settle' };
    // Credits, too: a collector that comes later makes a bill of everything, and takes them off it.
    if (!collects) return { kind: 'wait', until: null };
  }
  if (bill !== 'open') return { kind: 'wait', until: null };
  if (reference !== null && credit) return { kind: 'credit', credit };
  if (!isOwed) return { kind: 'look' };
  if (customer === null || !hasMethod) {
    if (failure !== 'no-payment-method') return { kind: 'lack-method' };
    // The customer can pay a bill that is there all the same.
    return reference === null ? { kind: 'wait', until: null } : { kind: 'look' };
  }
  if (reference === null) return { kind: 'draft', customer };
  const isDue = state === 'waiting' || (nextChargeAt !== null && nextChargeAt <= now);
  return isDue ? { kind: 'charge', customer } : { kind: 'look' };
}

/** Whether it is the collector that gives back the first credit that waits. */
function hasMoney({ invoiceId, bill, credit }: ClaimedPayment): boolean {
  return bill === 'paid' || (bill === 'returned' && credit?.creditNoteId === returnOf(invoiceId));
}

function after(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}
