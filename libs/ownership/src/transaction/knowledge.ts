import type { IdempotencyRecord, Lookup, RangeChange, View } from '@leasehold/engine';

import { FutureVersionError } from '../errors.js';
import type { CounterOperation, Operation, Transaction } from './transaction.js';

/** Everything that deciding a transaction needs to know of the database, by the position of the part that asks for it. */
export interface Knowledge {
  /** Of key checks. */
  readonly checkedKeys: readonly (Lookup | undefined)[];
  /** Of range checks; undefined: nothing has changed. */
  readonly checkedRanges: readonly (RangeChange | undefined)[];
  /** Of counter operations. */
  readonly counters: readonly (Lookup | undefined)[];
  /** What was applied under the idempotency key. */
  readonly record: IdempotencyRecord | undefined;
}

/** Of a transaction that asks for nothing. */
export const NOTHING_ASKED: Knowledge = { checkedKeys: [], checkedRanges: [], counters: [], record: undefined };

/**
 * Looks everything up in one view; a promise only when files have to be asked, and then for all of it at once.
 * @throws FutureVersionError, HistoryGoneError of a range check
 */
export function gather(
  { checks, ops }: Transaction,
  view: View,
  record: IdempotencyRecord | undefined | Promise<IdempotencyRecord | undefined>,
): Knowledge | Promise<Knowledge> {
  const waits: Promise<unknown>[] = [];
  const known = {
    checkedKeys: [] as (Lookup | undefined)[],
    checkedRanges: [] as (RangeChange | undefined)[],
    counters: [] as (Lookup | undefined)[],
    record: undefined as IdempotencyRecord | undefined,
  };
  const learn = <T>(found: T | Promise<T>, keep: (found: T) => void): void => {
    if (found instanceof Promise) waits.push(found.then(keep));
    else keep(found);
  };
  learn(record, (found) => (known.record = found));
  for (const [position, check] of checks.entries()) {
    if (check.kind === 'key') {
      if (check.precondition.kind === 'none') continue;
      learn(view.lookup(check.key), (found) => (known.checkedKeys[position] = found));
    } else {
      if (check.since > view.version.sequence) throw new FutureVersionError(check.since);
      learn(view.firstChange(check.range, check.since), (found) => (known.checkedRanges[position] = found));
    }
  }
  for (const [position, op] of ops.entries()) {
    if (isCounter(op)) learn(view.lookup(op.key), (found) => (known.counters[position] = found));
  }
  return waits.length === 0 ? known : Promise.all(waits).then(() => known);
}

/** Whether the database has anything to say to how it ends. */
export function asksNothing({ checks, ops, idempotencyKey }: Transaction): boolean {
  return checks.length === 0 && idempotencyKey === undefined && !ops.some(isCounter);
}

function isCounter(op: Operation): op is CounterOperation {
  return op.op === 'sum' || op.op === 'min' || op.op === 'max';
}
