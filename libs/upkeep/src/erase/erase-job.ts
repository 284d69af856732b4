import { bucketLayout } from '@leasehold/bucket-layout';
import { eraseDatabase, type EraseReport } from '@leasehold/engine';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import type { SessionWatch } from '@leasehold/lease';
import type { ObjectStore, SettleContext } from '@leasehold/object-store';

import type { Job } from '../job.js';

/** Which deleted databases nobody may have back any more, and how far they are. */
export interface EraseLedger {
  /** From here on there is no way back for this one. False, and nothing is changed, while there is: it lives, or its window is open. */
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
/** The clocks of the store and of the ledger need not agree. */
const TOMBSTONE_MARGIN_MS = 60 * MINUTE_MS;
/** Of one job; what is left then is asked for again. */
const ROUNDS_PER_JOB = 8;

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
  return {
    erase: async ({ databaseId }, signal) => {
      if (!(await ledger.begin(databaseId))) return;
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
    },
  };
}

/** The latest time that the store is known to have reached: live sessions edit their records every few seconds. */
async function storeNow(store: ObjectStore): Promise<number | undefined> {
  const { objects } = await store.list(bucketLayout.sessions);
  return objects.reduce<number | undefined>(
    (latest, { lastModifiedAt }) => Math.max(latest ?? 0, lastModifiedAt),
    undefined,
  );
}
