import { bucketLayout } from '@leasehold/bucket-layout';
import { closeLog } from '@leasehold/commit-log';
import { collectGarbage, compactDatabase, pinDatabase } from '@leasehold/engine';
import type { Random } from '@leasehold/foundation';
import { equalBytes, seededRandom, utf8 } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import type { StoredObject } from '@leasehold/object-store';
import { MemoryStore } from '@leasehold/object-store';

import type { ScrubOptions, ScrubReport } from '../src/index.js';
import { scrubBucket } from '../src/index.js';
import { databaseNamed, RETENTION_MS, TestWorker, TTL_MS } from './test-worker.js';

export const INLINE = databaseNamed(1);
/** With files of every kind: L0, L1, history, idempotency records, and one that a pin alone keeps. */
export const LARGE = databaseNamed(2);
/** Written much, flushed seldom: its commits are in rollups. */
export const LOGGED = databaseNamed(3);
/** Of the session that died. */
export const LEFT = databaseNamed(4);

export const TO_FILE = { inlineLimitBytes: 0 };
const LARGE_BYTES = 3_000;
const KEYS = Array.from({ length: 18 }, (_, i) => `k${i}`);
export const SMALL = utf8('x');

/** A bucket in memory with every kind of object that a scrub knows, and nothing wrong with any of it. */
export class BusyBucket {
  readonly clock = new FakeClock();
  readonly memory = new MemoryStore(this.clock);
  readonly random: Random = seededRandom(5);
  readonly ctx = { store: this.memory, clock: this.clock, random: this.random };
  private readonly workers: TestWorker[] = [];
  private readonly filled = new Map<string, Uint8Array>();

  private constructor() {}

  static async filled(): Promise<BusyBucket> {
    const bucket = new BusyBucket();
    const { clock, ctx } = bucket;
    const worker = await bucket.startWorker(1);
    for (const databaseId of [INLINE, LARGE, LOGGED]) await worker.create(databaseId);
    await worker.write(INLINE, ['a'], SMALL);
    for (let round = 0; round < 6; round++) {
      await worker.write(LARGE, KEYS, bucket.random.bytes(LARGE_BYTES));
      await worker.write(LOGGED, ['counted'], SMALL);
      await worker.flush(LARGE, TO_FILE);
      if (round === 1) {
        await clock.settle(pinDatabase(ctx, LARGE, { holder: INLINE, purpose: 'export' }));
        await clock.advance(RETENTION_MS);
      }
      if (round % 2 === 0) continue;
      await clock.settle(compactDatabase(ctx, LARGE, { l0Files: 2, targetFileBytes: 40_000 }));
      await bucket.collect();
    }
    await worker.write(LARGE, KEYS.slice(0, 3), SMALL);
    await worker.flush(LARGE, TO_FILE);
    for (let i = 0; i < 8 || worker.log.looseSegments() < 3; i++) await worker.write(LOGGED, [`l${i}`], SMALL);
    await bucket.leaveSession();
    for (const name of await bucket.names('')) bucket.filled.set(name, (await bucket.read(name)).body);
    return bucket;
  }

  async startWorker(seed: number): Promise<TestWorker> {
    const worker = await TestWorker.start(this.memory, this.clock, seed);
    this.workers.push(worker);
    return worker;
  }

  get worker(): TestWorker {
    return this.workers[0] as TestWorker;
  }

  get died(): TestWorker {
    return this.workers[1] as TestWorker;
  }

  stop(): void {
    for (const worker of this.workers) worker.stop();
  }

  scrub(options?: ScrubOptions): Promise<ScrubReport> {
    const { memory: store, clock } = this;
    return this.clock.settle(scrubBucket({ store, clock }, options));
  }

  collect(minAgeMs = 0): Promise<unknown> {
    return this.clock.settle(collectGarbage(this.ctx, LARGE, { minAgeMs }));
  }

  async names(prefix: string): Promise<readonly string[]> {
    return (await this.memory.list(prefix)).objects.map(({ key }) => key);
  }

  async read(name: string): Promise<StoredObject> {
    const object = await this.memory.get(name);
    if (object === undefined || object === 'not-modified') throw new Error(`no ${name}`);
    return object;
  }

  /** As it was when it was filled. */
  async restore(): Promise<void> {
    for (const name of await this.names('')) if (!this.filled.has(name)) await this.memory.delete(name);
    for (const [name, body] of this.filled) {
      const present = await this.memory.get(name);
      if (present === undefined || present === 'not-modified' || !equalBytes(present.body, body))
        await this.overwrite(name, body);
    }
  }

  /** Other bytes under the same name, as no writer would put them. */
  async overwrite(name: string, body: Uint8Array): Promise<void> {
    await this.memory.delete(name);
    await this.memory.put(name, body, 'create');
  }

  /** A session that died with commits in its log, which somebody closed and nobody has taken over yet. */
  private async leaveSession(): Promise<void> {
    const left = await this.startWorker(2);
    await left.create(LEFT);
    for (let i = 0; i < 3; i++) await left.write(LEFT, [`k${i}`], SMALL);
    left.stop();
    await this.clock.advance(2 * TTL_MS);
    await this.clock.settle(closeLog(this.ctx, left.session.id));
  }

  logOf(worker: TestWorker): string {
    return bucketLayout.log(worker.session.id);
  }
}
