import type { Version } from '@leasehold/foundation';
import type { Commit, Head, Memtable, UsageCounters } from '@leasehold/engine';

import type { Effects } from './resolve-operations.js';
import type { Transaction } from './transaction.js';
import { IDEMPOTENCY_TTL_MS } from './transaction.js';
import { usageAfter } from './transaction-cost.js';

/** Where the next commit goes on. */
export interface LastCommit {
  readonly version: Version;
  readonly committedAt: number;
  readonly usage: UsageCounters;
}

/** @param memtables newest first, as accepted */
export function lastCommitOf(memtables: readonly Memtable[], head: Head): LastCommit {
  const newest = memtables[0];
  if (newest === undefined || newest.lastVersion.sequence <= head.lastCommit.sequence) {
    return { version: head.lastCommit, committedAt: head.lastCommittedAt, usage: head.usage.total };
  }
  return { version: newest.lastVersion, committedAt: newest.lastCommittedAt, usage: newest.usage };
}

/** The number after the last one: sequences have no gaps, also across epochs. */
export function versionAfter({ version }: LastCommit, epoch: number): Version {
  return { epoch, sequence: version.sequence + 1 };
}

/** @param now wall ms; a clock that was set back does not make commit times fall */
export function nextCommit(
  last: LastCommit,
  version: Version,
  { ops, idempotencyKey, isUnbilled }: Pick<Transaction, 'ops' | 'idempotencyKey' | 'isUnbilled'>,
  effects: Effects,
  now: number,
): Commit {
  // Whole ms, as the formats write them.
  const committedAt = Math.max(Math.floor(now), last.committedAt);
  return {
    version,
    committedAt,
    ...effects,
    idempotency: idempotencyKey && { ...idempotencyKey, version, expiresAt: committedAt + IDEMPOTENCY_TTL_MS },
    usage: usageAfter(last.usage, { ops, isUnbilled }),
  };
}
