import type { Version } from '@leasehold/foundation';
import { equalBytes } from '@leasehold/foundation';
import { isLive } from '@leasehold/engine';

import { preconditionHolds } from '../precondition-holds.js';
import type { Knowledge } from './knowledge.js';
import type { Transaction } from './transaction.js';

/**
 * - `holds`: every check does; apply the operations
 * - `repeated`, `reused`: something was applied under the idempotency key at `version`: this request, or another
 * - `failed`: the check at this position, and why; `shows` is the commit that the answer depends on (R2)
 * - `expired`: a range check fails because these keys have expired, which no commit says yet
 */
export type Verdict =
  | { readonly kind: 'holds' }
  | { readonly kind: 'repeated' | 'reused'; readonly version: Version }
  | {
      readonly kind: 'failed';
      readonly failedCheck: number;
      readonly present: Version | undefined;
      readonly shows: Version | undefined;
    }
  | { readonly kind: 'expired'; readonly failedCheck: number; readonly keys: readonly Uint8Array[] };

const HOLDS: Verdict = { kind: 'holds' };

/**
 * Judges a transaction by what is known. The idempotency key comes first: what was applied once has changed what its own checks
 * demand. Then the checks in order; the first that fails decides.
 * @param now wall ms, not before the view of the knowledge: what has expired meanwhile counts as absent
 */
export function decide({ checks, idempotencyKey }: Transaction, known: Knowledge, now: number): Verdict {
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
      return { kind: 'failed', failedCheck: position, present, shows: found?.version };
    }
    const change = known.checkedRanges[position];
    if (change?.kind === 'expiry') return { kind: 'expired', failedCheck: position, keys: change.keys };
    if (change?.kind === 'commit') {
      return { kind: 'failed', failedCheck: position, present: change.version, shows: change.version };
    }
  }
  return HOLDS;
}
