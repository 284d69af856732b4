import type { DatabaseIdentity } from '@leasehold/engine';
import { compactDatabase } from '@leasehold/engine';
import type { DatabaseId } from '@leasehold/foundation';
import { seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';

import type { BenchWorkerOptions } from '../bench-worker.js';
import { BenchWorker } from '../bench-worker.js';
import type { Distance } from './counted-store.js';
import { CountedStore } from './counted-store.js';
import { benchDatabase } from './identities.js';

/** What one operation cost. */
export interface Cost {
  /** Requests that had to wait for one another. */
  readonly roundTrips: number;
  readonly requests: number;
}

/** One bucket and one clock for the workers of a benchmark: hours pass in seconds, and counts are exact. */
export class VirtualWorld {
  readonly clock = new FakeClock();
  readonly random = seededRandom(1);
  readonly store: CountedStore;
  private databases = 0;

  constructor(private readonly distance: Distance = { fixedMs: 10 }) {
    this.store = new CountedStore(this.clock, distance, seededRandom(2));
  }

  database(): DatabaseIdentity {
    return benchDatabase(++this.databases);
  }

  worker(options: Partial<BenchWorkerOptions> = {}): Promise<BenchWorker> {
    const { store, clock, random } = this;
    return clock.settle(BenchWorker.launch({ store, clock, random, ...options }));
  }

  compact({ databaseId }: DatabaseIdentity): Promise<unknown> {
    return this.clock.settle(compactDatabase(this, databaseId));
  }

  /** Beside everything else, as the compactor does. */
  async compactLater(databaseId: DatabaseId): Promise<void> {
    await compactDatabase(this, databaseId);
  }

  /** Measures one operation. Listings are kept out by stopping the watch first. */
  async cost(operation: () => Promise<unknown>): Promise<Cost> {
    const { clock, store, distance } = this;
    if (distance === 's3') throw new Error('round trips are counted at a fixed distance');
    const startedAt = clock.monotonic();
    const before = store.requests;
    await clock.settle(operation());
    return { roundTrips: (clock.monotonic() - startedAt) / distance.fixedMs, requests: store.requests - before };
  }
}
