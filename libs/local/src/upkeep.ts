import type { SessionWatch } from '@leasehold/lease';
import { systemClock, systemRandom } from '@leasehold/foundation';
import type { Timer } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';
import { databaseJobs, sessionJobs, startRecoveryWatch, sweepJob } from '@leasehold/upkeep';

import { DEFAULT_UPKEEP_QUEUE_SETTINGS, UpkeepQueue } from './upkeep-queue.js';

export interface UpkeepSettings {
  /** Files that no head names are kept for so long, by the store's clock. */
  readonly gcMinAgeMs: number;
  /** From the start to the first sweep. */
  readonly firstSweepMs: number;
}

export interface UpkeepLog {
  warn(fields: object, message: string): void;
}

const DAY_MS = 86_400_000;
/** As S5 has it: records and logs of sessions that ended stay for so long at least. */
const KEEP_SESSIONS_MS = DAY_MS;
/** A session with a longer ttl is given up here, and asked for by the watch when the time has come. */
const WATCH_TIMEOUT_MS = 15_000;
/** Each holds its tail and its head in memory; a process that also serves has less of it than a compactor. */
const DATABASES_AT_ONCE = 8;

/** What the compactor does for a fleet, done beside everything else by the process that serves. */
export class Upkeep {
  readonly queue: UpkeepQueue;
  private sweeping: Timer | undefined;

  constructor(
    private readonly store: ObjectStore,
    private readonly watch: SessionWatch,
    private readonly settings: UpkeepSettings,
    private readonly log: UpkeepLog,
  ) {
    const { gcMinAgeMs } = settings;
    this.queue = new UpkeepQueue(
      systemClock,
      { ...DEFAULT_UPKEEP_QUEUE_SETTINGS, gcDelayMs: gcMinAgeMs + 1_000 },
      (kind, error) => log.warn({ kind, err: error }, 'a job of the upkeep failed'),
    );
  }

  /** Starts the watch too. @throws StoreUnavailableError */
  async start(): Promise<void> {
    await startRecoveryWatch(this.watch, this.queue);
    this.queue.start(this.jobs());
    this.sweepIn(this.settings.firstSweepMs);
  }

  /** A full sweep and all that it asks for. @throws the first failure of a job meanwhile */
  sweep(): Promise<void> {
    return this.queue.sweep();
  }

  async close(): Promise<void> {
    this.sweeping?.cancel();
    await this.queue.close();
  }

  private sweepIn(ms: number): void {
    this.sweeping = systemClock.schedule(ms, () => {
      this.queue.enqueueSweep(false);
      this.sweepIn(DAY_MS);
    });
  }

  private jobs() {
    const { log, queue, settings, store, watch } = this;
    const ctx = { store, clock: systemClock, random: systemRandom };
    const nothing = () => undefined;
    return {
      ...databaseJobs({ compact: ctx, gc: ctx }, queue, { compacted: nothing, collected: nothing }, settings),
      ...sessionJobs(
        { recover: { ...ctx, watch }, purge: ctx, queues: queue, reports: { recovered: nothing, purged: nothing } },
        {
          databasesAtOnce: DATABASES_AT_ONCE,
          watchTimeoutMs: WATCH_TIMEOUT_MS,
          keepSessionsMs: KEEP_SESSIONS_MS,
        },
      ),
      ...sweepJob(
        {
          ...ctx,
          watch,
          queues: queue.ofSweep,
          onDamaged: (database, cause) => log.warn({ database, err: cause }, 'a head is damaged'),
        },
        nothing,
        { intervalMs: DAY_MS, gcMinAgeMs: settings.gcMinAgeMs, keepSessionsMs: KEEP_SESSIONS_MS },
      ),
    };
  }
}
