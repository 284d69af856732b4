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
 * Looks everything up; a promise only when files have to be asked, and then for all of it at once. Where the idempotency key has a record
 * nothing else counts: what a repetition checks may be long gone.
 * @param viewOf called at most once, and not for a request that asks for nothing but its record
 * @throws FutureVersionError, HistoryGoneError of a range check
 */
export function gather(
  tx: Transaction,
  viewOf: () => View,
  record: IdempotencyRecord | undefined | Promise<IdempotencyRecord | undefined>,
): Knowledge | Promise<Knowledge> {
  if (!(record instanceof Promise)) return record === undefined ? lookUp(tx, viewOf) : { ...NOTHING_ASKED, record };
  const rest = new Promise<Knowledge>((resolve) => resolve(lookUp(tx, viewOf)));
  rest.catch(() => undefined);
  return record.then((found) => (found === undefined ? rest : { ...NOTHING_ASKED, record: found }));
}

function lookUp({ checks, ops }: Transaction, viewOf: () => View): Knowledge | Promise<Knowledge> {
  if (checks.length === 0 && !ops.some(isCounter)) return NOTHING_ASKED;
  const view = viewOf();
  const waits: Promise<unknown>[] = [];
  const checkedKeys: (Lookup | undefined)[] = [];
  const checkedRanges: (RangeChange | undefined)[] = [];
  const counters: (Lookup | undefined)[] = [];
  for (const check of checks) {
    if (check.kind === 'range' && check.since > view.version.sequence) throw new FutureVersionError(check.since);
  }
  const learn = <T>(found: T | Promise<T>, keep: (found: T) => void): void => {
    if (found instanceof Promise) waits.push(found.then(keep));
    else keep(found);
  };
  for (const [position, check] of checks.entries()) {
    if (check.kind === 'range') {
      learn(view.firstChange(check.range, check.since), (found) => (checkedRanges[position] = found));
    } else if (check.precondition.kind !== 'none') {
      learn(view.lookup(check.key), (found) => (checkedKeys[position] = found));
    }
  }
  for (const [position, op] of ops.entries()) {
    if (isCounter(op)) learn(view.lookup(op.key), (found) => (counters[position] = found));
  }
  const known = { checkedKeys, checkedRanges, counters, record: undefined };
  return waits.length === 0 ? known : Promise.all(waits).then(() => known);
}

/** Whether the database has anything to say to how it ends. */
export function asksNothing({ checks, ops, idempotencyKey }: Transaction): boolean {
  return checks.length === 0 && idempotencyKey === undefined && !ops.some(isCounter);
}

function isCounter(op: Operation): op is CounterOperation {
  return op.op === 'sum' || op.op === 'min' || op.op === 'max';
}
