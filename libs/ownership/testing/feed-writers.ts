import type { Random, Version } from '@leasehold/foundation';
import { formatVersion, utf8 } from '@leasehold/foundation';

import type { Operation } from '../src/transaction/transaction.js';

/** What a feed tells of one commit. */
export type ToldChange =
  | { readonly op: 'put'; readonly key: string; readonly value: string }
  | { readonly op: 'delete'; readonly key: string }
  | { readonly op: 'deleteRange'; readonly start: string; readonly end: string };

const KEYS = 24;
/** One in so many values is too large for the inline run, so that files come about. */
const LARGE_IN = 2;
const LARGE_CHARS = 8_000;

/** A transaction that no other is like: what a feed tells of it tells which one it was. */
export function anyTransaction(random: Random, tag: string): readonly ToldChange[] {
  const pick = (limit: number): number => Math.floor(random.fraction() * limit);
  const changes: ToldChange[] = [];
  const start = pick(KEYS);
  if (pick(8) === 0)
    changes.push({ op: 'deleteRange', start: keyOf(start), end: keyOf(start + 1 + pick(KEYS - start)) });
  const first = pick(KEYS);
  const last = Math.min(KEYS, first + 1 + pick(4));
  for (let key = first; key < last; key++) {
    const value = pick(LARGE_IN) === 0 ? `${tag} ${'x'.repeat(LARGE_CHARS)}` : tag;
    // The first is always a put: a transaction of deletes alone is like any other.
    changes.push(
      key > first && pick(3) === 0 ? { op: 'delete', key: keyOf(key) } : { op: 'put', key: keyOf(key), value },
    );
  }
  return changes;
}

export function operationsOf(changes: readonly ToldChange[]): readonly Operation[] {
  return changes.map((change): Operation => {
    if (change.op === 'deleteRange') {
      return { op: 'deleteRange', range: { start: utf8(change.start), end: utf8(change.end) } };
    }
    const key = utf8(change.key);
    return change.op === 'put' ? { op: 'put', key, value: utf8(change.value) } : { op: 'delete', key };
  });
}

/** The state that comes of doing changes in their order. */
export function replay(commits: Iterable<readonly ToldChange[]>): Record<string, string> {
  const state = new Map<string, string>();
  for (const change of [...commits].flat()) {
    if (change.op === 'put') state.set(change.key, change.value);
    else if (change.op === 'delete') state.delete(change.key);
    else for (const key of [...state.keys()]) if (key >= change.start && key < change.end) state.delete(key);
  }
  return Object.fromEntries(state);
}

/** What writers sent, and what they know of it. */
export class SentTransactions {
  readonly acknowledged = new Map<string, string>();
  /** Those of which nobody told whether they were applied. */
  readonly unclear = new Set<string>();

  committed(version: Version, changes: readonly ToldChange[]): void {
    this.acknowledged.set(formatVersion(version), JSON.stringify(changes));
  }
}

function keyOf(number: number): string {
  return `k${String(number).padStart(2, '0')}`;
}
