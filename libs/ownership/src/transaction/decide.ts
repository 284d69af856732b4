import type { Version } from '@leasehold/foundation';
import { equalBytes } from '@leasehold/foundation';
import { isLive } from '@leasehold/engine';

import { preconditionHolds } from '../precondition-holds.js';
import type { Knowledge } from './knowledge.js';
import type { Transaction } from './transaction.js';

/**
 * - `holds`: every check does; apply the operations
 * - `repeated`, `reused`: something was applied under the idempotency key at `version`: this request, or another
 * - `failed`: the check at this position, and why; `shows` is the sequence of the last commit that the answer depends on (R2)
 * - `expired`: a range check fails because these keys have expired, which no commit says yet
 */
export type Verdict =
  | { readonly kind: 'holds' }
  | { readonly kind: 'repeated' | 'reused'; readonly version: Version }
  | {
      readonly kind: 'failed';
      readonly failedCheck: number;
      readonly present: Version | undefined;
      readonly shows: number;
    }
  | { readonly kind: 'expired'; readonly failedCheck: number; readonly keys: readonly Uint8Array[] };

const HOLDS: Verdict = { kind: 'holds' };

/**
 * Judges a transaction by what is known. The idempotency key comes first: what was applied once has changed what its own checks
 * demand. Then the checks in order; the first that fails decides.
 * @param now wall ms, not before the view of the knowledge: what has expired meanwhile counts as absent
 */
export function decide(tx: Transaction, known: Knowledge, now: number): Verdict {
  const { checks, idempotencyKey } = tx;
  const { record } = known;
  if (record !== undefined && idempotencyKey !== undefined) {
    const isSame = equalBytes(record.digest, idempotencyKey.digest);
    return { kind: isSame ? 'repeated' : 'reused', version: record.version };
  }
  for (const [position, check] of checks.entries()) {
    if (check.kind === 'key') {
      const found = known.checkedKeys[position];
      const present = found?.entry !== undefined && isLive(found.entry, now) ? found.entry.version : undefined;
      if (preconditionHolds(check.precondition, present)) continue;
      return { kind: 'failed', failedCheck: position, present, shows: lastSeen(tx, known, position + 1, 0) };
    }
    const change = known.checkedRanges[position];
    if (change?.kind === 'expiry') return { kind: 'expired', failedCheck: position, keys: change.keys };
    if (change?.kind === 'commit') {
      const shows = lastSeen(tx, known, position + 1, 0);
      return { kind: 'failed', failedCheck: position, present: change.version, shows };
    }
  }
  return HOLDS;
}

/**
 * Sequence of the last commit that the first so many checks and operations have seen. That those before a refused one were not refused tells
 * of the database too.
 */
export function lastSeen({ checks }: Transaction, known: Knowledge, checkCount: number, opCount: number): number {
  let last = 0;
  const see = (version: Version | undefined): void => {
    last = Math.max(last, version?.sequence ?? 0);
  };
  for (const [position, check] of checks.slice(0, checkCount).entries()) {
    see(known.checkedKeys[position]?.version);
    const change = known.checkedRanges[position];
    if (change?.kind === 'commit') see(change.version);
    // A commit of that sequence is there.
    if (check.kind === 'range') last = Math.max(last, check.since);
  }
  for (let position = 0; position < opCount; position++) see(known.counters[position]?.version);
  return last;
}
