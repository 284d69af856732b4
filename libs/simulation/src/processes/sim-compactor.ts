import { setMaxListeners } from 'node:events';

import type { CompactionSettings } from '@leasehold/engine';
import type { DatabaseId } from '@leasehold/foundation';
import { isLeaseholdError } from '@leasehold/foundation';
import { SessionWatch } from '@leasehold/lease';
import { databaseJobs, sessionJobs, startRecoveryWatch, sweepJob } from '@leasehold/upkeep';

import { numberOf } from '../workload/databases.js';
import { explain } from '../world/explain.js';
import type { SimProcess } from '../world/sim-process.js';
import type { JobQueue, SimJob } from './job-queue.js';

export interface SimCompactorSettings {
  readonly compaction: Partial<CompactionSettings>;
  readonly gcMinAgeMs: number;
  readonly keepSessionsMs: number;
  readonly sweepEveryMs: number;
}

/** How often an idle compactor looks into the queue. */
const LOOK_MS = 250;
/** apps/compactor runs one job of a kind at a time; here some of any kind. */
const JOBS_AT_ONCE = 2;
const DATABASES_AT_ONCE = 4;
/** Above it Node warns of a leak of listeners. */
const LISTENERS_LIMIT = 1_000;
const WATCH_TIMEOUT_MS = 15_000;

/** One life of one compactor: the jobs of apps/compactor on a queue that forgets, repeats and delays. */
export class SimCompactor {
  private readonly run: (job: SimJob | { readonly kind: 'sweep' }) => Promise<void>;
  private readonly watch: SessionWatch;
  private underWay = 0;
  private swept = 0;
  private sweptMs: number;

  constructor(
    readonly process: SimProcess,
    private readonly queue: JobQueue,
    private readonly settings: SimCompactorSettings,
  ) {
    const { ctx, world } = process;
    const { counts } = world;
    const { gcMinAgeMs, keepSessionsMs, compaction, sweepEveryMs } = settings;
    this.watch = new SessionWatch(ctx);
    const databases = databaseJobs(
      { compact: ctx, gc: ctx },
      queue,
      {
        compacted: ({ outcome }) => void (counts.compactions += outcome === 'compacted' ? 1 : 0),
        collected: ({ deletedFiles }) => void (counts.gcDeletions += deletedFiles),
      },
      { gcMinAgeMs, compaction },
    );
    const sessions = sessionJobs(
      {
        recover: { ...ctx, watch: this.watch },
        purge: ctx,
        queues: queue,
        reports: {
          recovered: ({ published, quarantined }) => {
            counts.recoveredTails += published;
            if (quarantined > 0)
              world.violations.push({ rule: 'L3', database: undefined, what: 'a recovery quarantined undamaged data' });
          },
          purged: (outcome) => void (counts.purgedSessions += outcome === 'purged' ? 1 : 0),
        },
      },
      { databasesAtOnce: DATABASES_AT_ONCE, watchTimeoutMs: WATCH_TIMEOUT_MS, keepSessionsMs },
    );
    const onDamaged = (databaseId: DatabaseId, cause: unknown): void => {
      const what = `a sweep takes a head for damaged: ${explain(cause)}`;
      world.violations.push({ rule: 'L3', database: numberOf(databaseId), what });
    };
    const sweeps = sweepJob({ ...ctx, watch: this.watch, queues: queue, onDamaged }, () => undefined, {
      intervalMs: sweepEveryMs,
      gcMinAgeMs,
      keepSessionsMs,
    });
    this.sweptMs = process.clock.monotonic();
    const { signal } = new AbortController();
    setMaxListeners(LISTENERS_LIMIT, signal);
    this.run = (job) => {
      switch (job.kind) {
        case 'compact':
          return databases.compact(job, signal);
        case 'gc':
          return databases.gc(job, signal);
        case 'recover':
          return sessions.recover(job, signal);
        case 'purge':
          return sessions.purge(job, signal);
        case 'sweep':
          // The first one of a new queue is full, as after an outage; those by the schedule are not.
          return sweeps.sweep({ full: this.swept++ === 0 }, signal);
      }
    };
  }

  async start(): Promise<void> {
    await startRecoveryWatch(this.watch, this.queue);
    this.look();
  }

  private look(): void {
    const { clock } = this.process;
    while (this.underWay < JOBS_AT_ONCE) {
      const isSweepDue = clock.monotonic() - this.sweptMs >= this.settings.sweepEveryMs;
      if (isSweepDue) this.sweptMs = clock.monotonic();
      const job = isSweepDue ? ({ kind: 'sweep' } as const) : this.queue.take();
      if (job === undefined) break;
      this.begin(job);
    }
    clock.schedule(LOOK_MS, () => this.look());
  }

  private begin(job: SimJob | { readonly kind: 'sweep' }): void {
    this.underWay++;
    this.run(job)
      .catch((error: unknown) => {
        // Operating errors are tried again by whoever finds the job missing: the sweep.
        if (isLeaseholdError(error) && error.kind !== 'internal') return;
        const what = `${job.kind}: ${explain(error)}`;
        this.process.world.violations.push({ rule: 'no internal error', database: undefined, what });
      })
      .finally(() => void this.underWay--)
      .catch(() => undefined);
  }
}
