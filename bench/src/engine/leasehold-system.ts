import { isLeaseholdError, systemClock, systemRandom } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

import { BenchWorker } from '../bench-worker.js';
import { Child } from '../child/child.js';
import { s3Client } from '../world/bench-bucket.js';
import { benchDatabase } from '../world/identities.js';
import { get, put, putAll, scan } from '../world/requests.js';
import type { KeyValueSystem, SystemSettings } from './key-value-system.js';
import { recordKey } from './records.js';

/** Transactions under way while loading, and what each holds. */
const LOADERS = 16;
const LOAD_BATCH = 100;
/** What a client waits when it is told to come back later. */
const RETRY_AFTER_MS = 20;
const MAX_RETRIES = 10_000;
/** Of one page of a scan, as the API has it. */
const PAGE_ENTRIES = 1_000;

/** Our worker, with a compactor in another process as in production. */
export class LeaseholdSystem implements KeyValueSystem {
  private readonly database;
  private readonly compactions = new Set<Promise<unknown>>();

  private constructor(
    settings: SystemSettings,
    private readonly store: ObjectStore & { close(): void },
    private readonly compactor: Child,
    private worker: BenchWorker | undefined,
  ) {
    this.database = benchDatabase(settings.number);
  }

  static async open(settings: SystemSettings): Promise<LeaseholdSystem> {
    const store = s3Client(settings.url);
    const compactor = Child.start('../engine/compactor-main');
    await compactor.call('start', { url: settings.url });
    const system = new LeaseholdSystem(settings, store, compactor, undefined);
    system.worker = await BenchWorker.launch({
      store,
      clock: systemClock,
      random: systemRandom,
      blockCacheBytes: settings.blockCacheBytes,
      compactionWanted: () => system.compact(),
    });
    system.worker.maintenance.start();
    return system;
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return (await get(this.running, this.database, key))?.value;
  }

  put(key: Uint8Array, value: Uint8Array): Promise<unknown> {
    return patiently(() => put(this.running, this.database, key, value));
  }

  putAll(entries: readonly (readonly [Uint8Array, Uint8Array])[]): Promise<unknown> {
    return patiently(() => putAll(this.running, this.database, entries));
  }

  async scan(start: Uint8Array, entries: number): Promise<number> {
    let found = 0;
    for (let from = start; ;) {
      const page = await scan(this.running, this.database, from, Math.min(PAGE_ENTRIES, entries - found));
      found += page.entries.length;
      const last = page.entries.at(-1);
      if (last === undefined || !page.more || found >= entries) return found;
      // The next key after it.
      from = new Uint8Array(last.key.byteLength + 1);
      from.set(last.key);
    }
  }

  async load(count: number, record: (number: number) => readonly [Uint8Array, Uint8Array]): Promise<void> {
    let next = 0;
    const loader = async (): Promise<void> => {
      while (next < count) {
        const entries: (readonly [Uint8Array, Uint8Array])[] = [];
        while (entries.length < LOAD_BATCH && next < count) entries.push(record(next++));
        await this.putAll(entries);
      }
    };
    await Promise.all(Array.from({ length: LOADERS }, loader));
  }

  async settle(): Promise<void> {
    await this.running.flushAll();
    this.compact();
    while (this.compactions.size > 0) await Promise.all(this.compactions);
    // The owner learns of a compaction by its next edit of the head.
    await this.put(recordKey(0), (await this.get(recordKey(0))) ?? new Uint8Array(1));
    await this.running.flushAll();
  }

  async close(): Promise<void> {
    await this.running.stop();
    await this.compactor.kill();
    this.store.close();
  }

  private get running(): BenchWorker {
    if (this.worker === undefined) throw new Error('not open');
    return this.worker;
  }

  private compact(): void {
    const compaction = this.compactor.call('compact', { databaseId: this.database.databaseId });
    this.compactions.add(compaction);
    void compaction.finally(() => this.compactions.delete(compaction));
  }
}

/** Comes back when it is told to, as the SDK does; nothing was applied then. */
async function patiently<T>(write: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries++) {
    try {
      return await write();
    } catch (error) {
      const isLater = isLeaseholdError(error, 'unavailable') || isLeaseholdError(error, 'quota');
      if (!isLater || retries >= MAX_RETRIES) throw error;
      await systemClock.sleep(RETRY_AFTER_MS);
    }
  }
}
