import type { Clock } from '@leasehold/foundation';
import type { SstSource } from '@leasehold/engine';
import { View } from '@leasehold/engine';

import type { FirstCommit } from '../first-commit.js';
import { shortageFor } from './capacity.js';
import { decide } from './decide.js';
import { recentRecord } from './idempotency.js';
import type { Knowledge } from './knowledge.js';
import { asksNothing, gather, NOTHING_ASKED } from './knowledge.js';
import { lastCommitOf, nextCommit, versionAfter } from './next-commit.js';
import { resolveOperations } from './resolve-operations.js';
import type { Transaction, TransactionOutcome } from './transaction.js';
import { writeUnitsOf } from './transaction-cost.js';

/**
 * The transaction as a commit that a claim can carry: where the head alone says that its checks hold. Everything else, a failed check
 * above all, is left to the owner, because nothing but acknowledgements may be drawn from a head that is not confirmed.
 */
export function firstCommitOf(
  clock: Clock,
  files: SstSource,
  tx: Transaction,
): FirstCommit<TransactionOutcome> | undefined {
  if (tx.ops.length === 0) return undefined;
  return (head) => {
    const now = Math.max(clock.now(), head.lastCommittedAt);
    if (tx.idempotencyKey !== undefined && head.idempotency.files.length > 0) return undefined;
    const record = tx.idempotencyKey && recentRecord(tx.idempotencyKey.key, [], head, now);
    if (record !== undefined) return undefined;
    const known = knowledgeIn(tx, () => new View({ memtables: [], head, files, now }));
    if (known === undefined || decide(tx, known, now).kind !== 'holds') return undefined;
    const last = lastCommitOf([], head);
    const version = versionAfter(last, head.epoch);
    const effects = resolveOperations(tx.ops, (position) => known.counters[position]?.entry, version, now);
    if ('faultyOperation' in effects) return undefined;
    const commit = nextCommit(last, version, tx, effects, now);
    if (shortageFor(tx, commit, [], head) !== undefined) return undefined;
    return { commit, answer: { version, effect: 'committed', writeUnits: writeUnitsOf(tx) } };
  };
}

/** Undefined where files have to be asked, or where there is no answer. */
function knowledgeIn(tx: Transaction, viewOf: () => View): Knowledge | undefined {
  if (asksNothing(tx)) return NOTHING_ASKED;
  try {
    const known = gather(tx, viewOf, undefined);
    if (!(known instanceof Promise)) return known;
    // What it reads is in the cache when the owner looks.
    known.catch(() => undefined);
    return undefined;
  } catch {
    return undefined;
  }
}
