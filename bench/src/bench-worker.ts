import { CommitLog, COMMIT_LOG_MODES } from '@leasehold/commit-log';
import { BlockCache, HeadStore } from '@leasehold/engine';
import type { Clock, DatabaseId, Random } from '@leasehold/foundation';
import { Session, SESSION_TTL_MS, SessionWatch } from '@leasehold/lease';
import { hedgedReads, reliableReads } from '@leasehold/object-store';
import type { ObjectStore } from '@leasehold/object-store';
import type { OwnershipSettings } from '@leasehold/ownership';
import { DatabaseAccess, DEFAULT_OWNERSHIP_SETTINGS, Maintenance } from '@leasehold/ownership';

/** As the worker's configuration has it by default. */
export const BLOCK_CACHE_BYTES = 256 * 1024 * 1024;

/** How the commit log spends puts (L1). */
export type LogMode = keyof typeof COMMIT_LOG_MODES;

/** What a benchmark may choose; everything else is as in production. */
export interface BenchWorkerOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly mode?: LogMode;
  readonly blockCacheBytes?: number;
  /** Named in the row's mode where it differs from the defaults. */
  readonly ownership?: Partial<OwnershipSettings>;
  /** What apps/worker does by a job: told after every flush that leaves enough files. */
  readonly compactionWanted?: (databaseId: DatabaseId) => void;
}

/** A worker as apps/worker puts it together, without HTTP in front. The one place where benchmarks do so. */
export class BenchWorker {
  private constructor(
    readonly session: Session,
    readonly watch: SessionWatch,
    readonly log: CommitLog,
    readonly access: DatabaseAccess,
    readonly maintenance: Maintenance,
  ) {}

  static async launch(options: BenchWorkerOptions): Promise<BenchWorker> {
    const { clock, random, mode = 'fast', blockCacheBytes = BLOCK_CACHE_BYTES } = options;
    const ctx = { store: reliableReads(hedgedReads(options.store, clock), clock, random), clock, random };
    const watch = new SessionWatch(ctx);
    await watch.start();
    const session = await Session.start(ctx, {
      endpoint: 'http://bench',
      pid: process.pid,
      host: 'bench',
      ttlMs: SESSION_TTL_MS,
    });
    const log = new CommitLog({ ...ctx, session }, COMMIT_LOG_MODES[mode]);
    const ownership = {
      ...ctx,
      session,
      watch,
      log,
      heads: new HeadStore(ctx),
      blocks: new BlockCache(blockCacheBytes),
      settings: { ...DEFAULT_OWNERSHIP_SETTINGS, ...options.ownership },
      events: {
        compactionWanted: options.compactionWanted ?? (() => undefined),
        claimed: () => undefined,
        released: () => undefined,
        quarantined: () => undefined,
        failed: (what: string, _database: unknown, error: unknown) => {
          throw new Error(`${what} failed in a benchmark`, { cause: error });
        },
      },
    };
    const access = new DatabaseAccess(ownership);
    const maintenance = new Maintenance(ownership, access.databases);
    return new BenchWorker(session, watch, log, access, maintenance);
  }

  /** No more listings; renewals go on, one each ttl / 3. */
  stopWatching(): void {
    this.watch.stop();
  }

  async releaseAll(): Promise<void> {
    for (const database of this.access.databases.open()) await this.access.databases.release(database);
  }

  /** Everything accepted is in the heads. */
  async flushAll(): Promise<void> {
    await Promise.all(this.access.databases.open().map((database) => database.flush()));
  }

  /** Without a word to the bucket, as a crash would. */
  async stop(): Promise<void> {
    this.watch.stop();
    this.session.stop();
    await this.maintenance.stop();
  }
}
