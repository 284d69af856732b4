import type { Version } from '@leasehold/foundation';
import { LeaseholdError } from '@leasehold/foundation';
import type { Commit, KeyRange } from '@leasehold/engine';

import { assertRange, assertSequence } from '../transaction/transaction-limits.js';

/** A part of the change feed of a database: what was committed after a sequence, in order. */
export interface ChangesRequest {
  /** Commits after this sequence; 0 for all that are kept. */
  readonly since: number;
  /** Only what was done to these keys; commits that did nothing to them are passed over. */
  readonly range?: KeyRange;
  /** 1 … 1,000. */
  readonly maxCommits: number;
  /** How long to wait for a commit when there is none yet, at most {@link MAX_FEED_WAIT_MS}; not at all by default. */
  readonly waitMs?: number;
}

export interface Changes {
  /** Durable, by ascending version, with what they did inside the range. */
  readonly commits: readonly Commit[];
  /** Everything up to this sequence has been told: go on from here. */
  readonly through: number;
  /**
   * The version of the commit at `through`, so that one to whom nothing was told can name the place that was reached. Undefined in the middle
   * of what lies behind, where the last commit that was passed over is not known by its epoch.
   */
  readonly position: Version | undefined;
}

export const CHANGES_LIMITS = {
  commits: 1_000,
  /** Of keys and values in one part; it ends earlier beyond it. One commit always fits. */
  bytes: 4 * 1024 * 1024,
} as const;

/** Below what proxies hold a silent request for, and below the time after which an idle database is given up. */
export const MAX_FEED_WAIT_MS = 30_000;

/** @throws LeaseholdError `invalid`: invalid-version, invalid-range, invalid-limit, invalid-request */
export function assertChangesLimits({ since, range, maxCommits, waitMs = 0 }: ChangesRequest): void {
  assertSequence(since);
  if (range !== undefined) assertRange(range);
  if (!Number.isSafeInteger(maxCommits) || maxCommits < 1 || maxCommits > CHANGES_LIMITS.commits) {
    throw new LeaseholdError(
      'invalid',
      'invalid-limit',
      `a part of the feed has 1 to ${CHANGES_LIMITS.commits} commits`,
    );
  }
  if (!(waitMs >= 0)) throw new LeaseholdError('invalid', 'invalid-request', 'a feed waits for 0 ms or more');
}

/** A page, with the place that it reaches. @param last the last commit of the database */
export function changesOf({ commits, through }: Omit<Changes, 'position'>, last: Version): Changes {
  const told = commits.at(-1)?.version;
  const position = [told, last].find((version) => version?.sequence === through);
  return { commits, through, position };
}

/** What a reader of the feed is told at a time. */
export function changesOptions({ since, range, maxCommits }: ChangesRequest) {
  return { since, range, maxCommits, maxBytes: CHANGES_LIMITS.bytes };
}
