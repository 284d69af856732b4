import type { Version } from '@leasehold/foundation';
import type { Entry, RangeDelete } from '@leasehold/engine';
import { deleteEntry, isLive, NEVER, putEntry } from '@leasehold/engine';

import { applyCounter } from './counter.js';
import type { Span } from './key-ranges.js';
import { joinedSpans, spanHolds, spanOf } from './key-ranges.js';
import { keyText } from './key-text.js';
import type { EntryLifetime, Operation, PlainOperation } from './transaction.js';
import { versionstampedKey } from './versionstamped-key.js';

/** What the operations come to: at most one entry per key, and range deletes that hide only what was there before. */
export interface Effects {
  readonly entries: readonly Entry[];
  readonly rangeDeletes: readonly RangeDelete[];
}

const NO_RANGE_DELETES: readonly RangeDelete[] = [];

/** An operation that cannot be applied to what is there; then none is. */
export interface OperationFault {
  readonly faultyOperation: number;
}

/**
 * Applies operations in order. A put that a later range delete of the same transaction covers vanishes; one after it stands.
 *
 * @param presentOf the entry of the key of a counter operation, as it is before the transaction
 * @param now wall ms, the time of the commit: an expired entry counts as absent, and lifetimes begin
 */
export function resolveOperations(
  ops: readonly Operation[],
  presentOf: (operation: number) => Entry | undefined,
  version: Version,
  now: number,
): Effects | OperationFault {
  // Most transactions are one put or one delete.
  const only = ops.length === 1 ? ops[0] : undefined;
  if (only?.op === 'put' || only?.op === 'delete') return resolvePlain(only as PlainOperation, version, now);
  const entries = new Map<string, Entry>();
  const spans: Span[] = [];
  for (const [position, op] of ops.entries()) {
    switch (op.op) {
      case 'put':
        entries.set(keyText(op.key), putEntry(op.key, version, op.value, endOf(op, now)));
        break;
      case 'putVersionstamped': {
        const key = versionstampedKey(op.key, version);
        entries.set(keyText(key), putEntry(key, version, op.value, endOf(op, now)));
        break;
      }
      case 'delete':
        entries.set(keyText(op.key), deleteEntry(op.key, version));
        break;
      case 'deleteRange': {
        const span = spanOf(op.range);
        if (span === undefined) break;
        for (const [text, { key }] of entries) if (spanHolds(span, key)) entries.delete(text);
        spans.push(span);
        break;
      }
      case 'sum':
      case 'min':
      case 'max': {
        const text = keyText(op.key);
        const own = entries.get(text);
        const isDeleted = own === undefined && spans.some((span) => spanHolds(span, op.key));
        const newest = own ?? (isDeleted ? undefined : presentOf(position));
        const present = newest !== undefined && isLive(newest, now) ? newest : undefined;
        const value = applyCounter(op, present?.value);
        if (value === undefined) return { faultyOperation: position };
        entries.set(text, putEntry(op.key, version, value, endOf(op, now) ?? present?.expiresAt ?? NEVER));
      }
    }
  }
  return { entries: [...entries.values()], rangeDeletes: joinedSpans(spans).map((span) => ({ ...span, version })) };
}

/** One put or delete alone. */
export function resolvePlain(op: PlainOperation, version: Version, now: number): Effects {
  const entry = op.op === 'put' ? putEntry(op.key, version, op.value, endOf(op, now)) : deleteEntry(op.key, version);
  return { entries: [entry], rangeDeletes: NO_RANGE_DELETES };
}

/** Wall ms, whole as the formats write them; undefined: the operation names none. */
function endOf({ expiresAt, ttlMs }: EntryLifetime, now: number): number | undefined {
  return ttlMs === undefined ? expiresAt : Math.floor(now) + ttlMs;
}
