import { bucketLayout } from '@leasehold/bucket-layout';
import { eraseDatabase, type EraseReport } from '@leasehold/engine';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import type { SessionWatch } from '@leasehold/lease';
import type { ObjectStore, SettleContext } from '@leasehold/object-store';

import type { Job } from '../job.js';

/** Which deleted databases nobody may have back any more, and how far they are. */
export interface EraseLedger {
  /** From here on there is no way back for this one. False, and nothing is changed, while there is: it lives, or its window is open. True again and again. */
  begin(databaseId: DatabaseId): Promise<boolean>;
  /** Not to be asked for earlier than then. */
  postpone(databaseId: DatabaseId, forMs: number): Promise<void>;
  /** There is nothing left of it in the bucket. */
  done(databaseId: DatabaseId): Promise<void>;
}

export interface EraseJobContext extends Pick<SettleContext, 'store' | 'clock' | 'random'> {
  readonly watch: Pick<SessionWatch, 'refresh' | 'status'>;
  readonly ledger: EraseLedger;
  readonly queues: { enqueueRecovery(sessionId: SessionId, seen: 'ended'): void };
  readonly erased: (report: EraseReport, databaseId: DatabaseId) => void;
}

export interface EraseJobSettings {
  /** By the store's clock: as long as records and logs of ended sessions (S5). */
  readonly keepTombstoneMs: number;
}

export interface EraseJob {
  readonly erase: Job<{ readonly databaseId: DatabaseId }>;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Its owner gives it up when it was idle for long enough, or somebody recovers what it left. */
const OWNED_AGAIN_MS = 10 * MINUTE_MS;
/** One that fails now, by damage or an outage, makes room for those that have waited. */
const FAILED_AGAIN_MS = 10 * MINUTE_MS;
/** The clocks of the store and of the ledger need not agree. */
const TOMBSTONE_MARGIN_MS = 60 * MINUTE_MS;
/** Of one job; what is left then is asked for again. */
const ROUNDS_PER_JOB = 8;
/** Of session records, a thousand each: what has ended leaves within days. */
const SESSION_PAGES_LIMIT = 100;

/**
 * Deletes the bytes of a database whose window has passed, in as many runs as it takes: the ledger is told first, so that nobody has it back
 * while it goes, and last, when nothing is left. Safe twice, late, and beside itself: the ledger lets nothing begin that lives.
 */
export function eraseJob(ctx: EraseJobContext, { keepTombstoneMs }: EraseJobSettings): EraseJob {
  const { ledger, queues, watch } = ctx;
  const isOver = async (owner: SessionId): Promise<boolean> => {
    const observed = await watch.refresh(owner);
    return observed === undefined || observed.status === 'clean';
  };
  const settings = { isOver, keepTombstoneMs, storeNow: () => storeNow(ctx.store) };
  const erase = async (databaseId: DatabaseId, signal: AbortSignal): Promise<void> => {
    for (let round = 0; round < ROUNDS_PER_JOB; round++) {
      signal.throwIfAborted();
      const report = await eraseDatabase({ ...ctx, signal }, databaseId, settings);
      ctx.erased(report, databaseId);
      switch (report.outcome) {
        case 'partial':
          continue;
        case 'erased':
          return ledger.done(databaseId);
        case 'owned':
          if (report.owner !== undefined && watch.status(report.owner) !== 'live')
            queues.enqueueRecovery(report.owner, 'ended');
          return ledger.postpone(databaseId, OWNED_AGAIN_MS);
        case 'buried':
          return ledger.postpone(databaseId, keepTombstoneMs + TOMBSTONE_MARGIN_MS);
        case 'pinned':
        case 'quarantined':
          return ledger.postpone(databaseId, DAY_MS);
      }
    }
  };
  return {
    erase: async ({ databaseId }, signal) => {
      if (!(await ledger.begin(databaseId))) return;
      try {
        await erase(databaseId, signal);
      } catch (error) {
        // Where even that fails it is asked for as before.
        if (!signal.aborted) await ledger.postpone(databaseId, FAILED_AGAIN_MS).catch(() => undefined);
        throw error;
      }
    },
  };
}

/**
 * The latest time that the store is known to have reached: live sessions edit their records every few seconds. Those are the last in the order of
 * names, behind all that have ended.
 */
async function storeNow(store: ObjectStore): Promise<number | undefined> {
  let latest: number | undefined;
  let startAfter: string | undefined;
  for (let page = 0; page < SESSION_PAGES_LIMIT; page++) {
    const { objects, truncated } = await store.list(bucketLayout.sessions, { startAfter });
    for (const { lastModifiedAt } of objects) latest = Math.max(latest ?? 0, lastModifiedAt);
    if (!truncated) break;
    startAfter = objects.at(-1)?.key;
  }
  return latest;
}
