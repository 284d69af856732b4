import { CommitLog } from '@leasehold/commit-log';
import type { DatabaseIdentity } from '@leasehold/engine';
import { BlockCache, compactDatabase, HeadStore } from '@leasehold/engine';
import { seededRandom, type DatabaseId, type TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { Session, SessionWatch } from '@leasehold/lease';
import { reliableReads } from '@leasehold/object-store';
import { DatabaseAccess, DEFAULT_OWNERSHIP_SETTINGS, Maintenance } from '@leasehold/ownership';

import { CountedStore, ROUND_TRIP_MS } from './counted-store.js';

/** Longer than anything measured here; a request that takes it is a fault. */
const REQUEST_LIMIT_MS = 60_000;
const BLOCK_CACHE_BYTES = 256 * 1024 * 1024;

/** What one operation cost. */
export interface Cost {
  /** Requests that had to wait for one another. */
  readonly roundTrips: number;
  readonly requests: number;
}

/** A worker with production settings, as apps/worker puts it together, in virtual time. */
export class BenchWorker {
  private constructor(
    private readonly world: BenchWorld,
    private readonly session: Session,
    private readonly watch: SessionWatch,
    readonly access: DatabaseAccess,
    readonly maintenance: Maintenance,
  ) {}

  static start(world: BenchWorld): Promise<BenchWorker> {
    return world.clock.settle(BenchWorker.launch(world));
  }

  private static async launch(world: BenchWorld): Promise<BenchWorker> {
    const { clock, random } = world;
    const ctx = { store: reliableReads(world.store, clock, random), clock, random };
    const watch = new SessionWatch(ctx);
    await watch.start();
    const session = await Session.start(ctx, { endpoint: 'http://bench', pid: 1, host: 'bench', ttlMs: 5_000 });
    const ownership = {
      ...ctx,
      session,
      watch,
      log: new CommitLog({ ...ctx, session }),
      heads: new HeadStore(ctx),
      blocks: new BlockCache(BLOCK_CACHE_BYTES),
      settings: DEFAULT_OWNERSHIP_SETTINGS,
      events: {
        compactionWanted: () => undefined,
        claimed: () => undefined,
        released: () => undefined,
        quarantined: () => undefined,
        failed: (what: string, _database: unknown, error: unknown) => {
          throw new Error(`${what} failed in a benchmark`, { cause: error });
        },
      },
    };
    const access = new DatabaseAccess(ownership);
    return new BenchWorker(world, session, watch, access, new Maintenance(ownership, access.databases));
  }

  put(database: DatabaseIdentity, key: Uint8Array, value: Uint8Array): Promise<unknown> {
    const write = { key, value, precondition: { kind: 'none' } } as const;
    return this.access.write(database, write, this.options());
  }

  get(database: DatabaseIdentity, key: Uint8Array): Promise<unknown> {
    return this.access.get(database, key, this.options());
  }

  async releaseAll(): Promise<void> {
    for (const database of this.access.databases.open()) await this.access.databases.release(database);
  }

  /** Measures one operation; renewals and listings of the session are kept out by stopping the background first. */
  async cost(operation: () => Promise<unknown>): Promise<Cost> {
    const { clock, store } = this.world;
    const startedAt = clock.monotonic();
    const before = store.requests;
    await clock.settle(operation());
    return { roundTrips: (clock.monotonic() - startedAt) / ROUND_TRIP_MS, requests: store.requests - before };
  }

  /** No more listings and no more trimming; renewals go on, one each ttl / 3. */
  stopWatching(): void {
    this.watch.stop();
  }

  stop(): void {
    this.watch.stop();
    this.session.stop();
  }

  private options(): { readonly signal: AbortSignal } {
    return { signal: AbortSignal.timeout(REQUEST_LIMIT_MS) };
  }
}

/** One bucket and one clock for the workers of a benchmark. */
export class BenchWorld {
  readonly clock = new FakeClock();
  readonly random = seededRandom(1);
  readonly store = new CountedStore(this.clock);
  private databases = 0;

  database(): DatabaseIdentity {
    const number = String(++this.databases).padStart(12, '0');
    return {
      databaseId: `00000000-0000-4000-8000-${number}` as DatabaseId,
      tenantId: 'bench' as TenantId,
      name: `bench-${number}`,
    };
  }

  compact({ databaseId }: DatabaseIdentity): Promise<unknown> {
    return this.clock.settle(compactDatabase(this, databaseId));
  }
}
