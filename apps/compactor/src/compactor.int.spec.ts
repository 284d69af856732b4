import { randomUUID } from 'node:crypto';

import { BlockCache, HeadStore, View } from '@leasehold/engine';
import { decodeUtf8, systemClock, systemRandom, utf8, type DatabaseId } from '@leasehold/foundation';
import { JobBoard, JobQueues, queueStoreFrom } from '@leasehold/jobs';
import { applyMigrations, Metadata } from '@leasehold/metadata';
import { startTestPostgres } from '@leasehold/metadata-testing';
import { MemoryStore, ProbeFailedError, type PutOutcome } from '@leasehold/object-store';
import { loadConfig, type RunningService } from '@leasehold/service-kit';
import { CrashingSession, createFlushedDatabase, KEYS_PER_FILE } from '@leasehold/upkeep-testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { compactorConfig, type CompactorConfig } from './config.js';
import { startCompactor } from './start-compactor.js';
import { askForSweep } from './jobs/ask-for-sweep.js';

/** So that the test need not wait for the usual 5 s. */
const SHORT_TTL_MS = 1_000;

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Accepts every put, whatever its condition: what some S3-compatible stores do. */
class CarelessStore extends MemoryStore {
  override async put(key: string, body: Uint8Array): Promise<PutOutcome> {
    await this.delete(key);
    return super.put(key, body, 'create');
  }
}

/** Gives no file away until it is told to. */
class HeldStore extends MemoryStore {
  private readonly waiting: (() => void)[] = [];
  private isHeld = true;

  override async get(...args: Parameters<MemoryStore['get']>): ReturnType<MemoryStore['get']> {
    if (this.isHeld && args[0].includes('/sst/')) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return super.get(...args);
  }

  release(): void {
    this.isHeld = false;
    for (const go of this.waiting) go();
  }
}

describe('the compactor', () => {
  let postgres: Awaited<ReturnType<typeof startTestPostgres>>;
  const closers: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    postgres = await startTestPostgres();
  }, 60_000);
  afterAll(() => postgres.close());
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function configOf(env: Record<string, string> = {}): Promise<CompactorConfig> {
    const DATABASE_URL = env.DATABASE_URL ?? (await postgres.createDatabase());
    return loadConfig(compactorConfig, { LOG_LEVEL: 'silent', GC_MIN_AGE_MS: '0', DATABASE_URL, ...env });
  }

  async function start(config: CompactorConfig, store: MemoryStore): Promise<RunningService> {
    const service = await startCompactor(config, store);
    closers.push(() => service.close());
    return service;
  }

  function producer(config: CompactorConfig): JobQueues {
    const queues = new JobQueues({ store: queueStoreFrom(config), clock: systemClock, log }, { gcMinAgeMs: 0 });
    closers.push(() => queues.close());
    return queues;
  }

  it('merges the L0 files of a database that a job names, deletes the inputs, and changes no value', async () => {
    const store = new MemoryStore(systemClock);
    const ctx = { store, clock: systemClock, random: systemRandom };
    const databaseId = randomUUID() as DatabaseId;
    await createFlushedDatabase(ctx, databaseId, 5);
    const config = await configOf();
    const service = await start(config, store);
    const queues = producer(config);

    queues.enqueueCompaction(databaseId);
    await until(async () => (await store.list(`db/${databaseId}/sst/`)).objects.length === 1);

    const stored = await new HeadStore(ctx).load(databaseId);
    expect(stored?.head.l0).toEqual([]);
    expect(stored?.head.l1).toHaveLength(1);
    expect(stored?.head.lastCommit).toEqual({ epoch: 1, sequence: 5 });
    if (stored === undefined) return;
    const files = { store, cache: new BlockCache(1 << 20) };
    const view = new View({ memtables: [], head: stored.head, files, now: systemClock.now() });
    for (let key = 0; key < KEYS_PER_FILE; key++) {
      const entry = await view.get(utf8(`key-${key}`));
      expect(entry && decodeUtf8(entry.value)).toBe('value of file 5');
    }

    let metrics = '';
    await until(async () => {
      metrics = await (await fetch(`${service.url}/metrics`)).text();
      return /leasehold_compactor_jobs_total\{kind="compact",outcome="done".*\} [1-9]/.test(metrics);
    });
    expect(metrics).toMatch(/leasehold_compactor_files_total\{direction="in".*\} 5/);
    expect(metrics).toMatch(/leasehold_compactor_bytes_total\{direction="out".*\} [1-9]/);
    expect(metrics).toMatch(/leasehold_compactor_deleted_files_total\{.*\} 5/);
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  }, 60_000);

  it('leaves a database as it was when its compaction is cancelled', async () => {
    const store = new HeldStore(systemClock);
    const ctx = { store, clock: systemClock, random: systemRandom };
    const databaseId = randomUUID() as DatabaseId;
    await createFlushedDatabase(ctx, databaseId, 5);
    const before = await new HeadStore(ctx).load(databaseId);
    const config = await configOf();
    const service = await start(config, store);
    const board = new JobBoard(queueStoreFrom(config), systemClock);
    closers.push(() => board.close());
    producer(config).enqueueCompaction(databaseId);

    const running = async () => (await board.running()).filter(({ kind }) => kind === 'compact');
    await until(async () => (await running())[0]?.progress !== undefined);
    const [job] = await running();
    const ofBytes = before?.head.l0.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    expect(job).toMatchObject({ payload: { databaseId }, state: 'running', progress: { bytes: 0, ofBytes } });
    expect(await board.cancel('compact', job?.id ?? '')).toBe('asked');
    expect((await running())[0]).toMatchObject({ state: 'cancelling', cancellable: false });
    // By the next telling or, at the latest, before it would swap the head.
    store.release();
    await until(async () => (await running()).length === 0);
    expect(await new HeadStore(ctx).load(databaseId)).toEqual(before);
    const compactions = (await board.counts()).find(({ kind }) => kind === 'compact');
    expect(compactions).toEqual({ kind: 'compact', waiting: 0, active: 0, delayed: 1, failed: 0 });
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toMatch(/leasehold_compactor_jobs_total\{kind="compact",outcome="cancelled".*\} 1/);
  }, 60_000);

  it('does jobs that were asked for while no compactor ran', async () => {
    const store = new MemoryStore(systemClock);
    const databaseId = randomUUID() as DatabaseId;
    await createFlushedDatabase({ store, clock: systemClock, random: systemRandom }, databaseId, 4);
    const config = await configOf();
    const queues = producer(config);
    queues.enqueueCompaction(databaseId);
    await until(() => Promise.resolve(queues.counts().added === 1));
    await start(config, store);
    await until(async () => (await store.list(`db/${databaseId}/sst/`)).objects.length === 1);
  }, 60_000);

  it('finds by itself what nobody asked for, and counts what that cost', async () => {
    const store = new MemoryStore(systemClock);
    const databaseId = randomUUID() as DatabaseId;
    await createFlushedDatabase({ store, clock: systemClock, random: systemRandom }, databaseId, 4);
    const service = await start(await configOf(), store);
    await until(async () => (await store.list(`db/${databaseId}/sst/`)).objects.length === 1);
    let metrics = '';
    await until(async () => {
      metrics = await (await fetch(`${service.url}/metrics`)).text();
      return /leasehold_compactor_last_sweep_timestamp_seconds\{?.*\}? [1-9]/.test(metrics);
    });
    expect(metrics).toMatch(/leasehold_compactor_swept_jobs_total\{kind="compact".*\} 1/);
    expect(metrics).toMatch(/leasehold_compactor_store_requests_total\{purpose="sweep",verb="list".*\} 3/);
    expect(metrics).toMatch(/leasehold_compactor_store_requests_total\{purpose="watch",verb="list".*\} [1-9]/);
  }, 60_000);

  it('sweeps when an operator asks for it', async () => {
    const store = new MemoryStore(systemClock);
    const config = await configOf();
    await start(config, store);
    const databaseId = randomUUID() as DatabaseId;
    await createFlushedDatabase({ store, clock: systemClock, random: systemRandom }, databaseId, 4);
    await askForSweep(config, log);
    await until(async () => (await store.list(`db/${databaseId}/sst/`)).objects.length === 1);
  }, 60_000);

  it('says that nobody took the sweep when the queue is away', async () => {
    const config = await configOf({ REDIS_URL: 'redis://127.0.0.1:1' });
    await expect(askForSweep(config, log, 1_000)).rejects.toThrow('the job queue did not take the sweep');
  }, 30_000);

  it('recovers the databases of a worker that dies, though nobody asks for them', async () => {
    const store = new MemoryStore(systemClock);
    const ctx = { store, clock: systemClock, random: systemRandom };
    await start(await configOf(), store);
    const session = await CrashingSession.start(ctx, SHORT_TTL_MS);
    closers.push(() => Promise.resolve(session.kill()));
    const ids = Array.from({ length: 30 }, () => randomUUID() as DatabaseId);
    for (const id of ids) {
      await session.claim(id);
      await Promise.all([session.commit(id, 1), session.commit(id, 2)]);
    }
    session.kill();
    const heads = new HeadStore(ctx);
    await until(async () => {
      const stored = await Promise.all(ids.map((id) => heads.load(id)));
      return stored.every((each) => each?.head.owner === undefined && each?.head.lastCommit.sequence === 2);
    });
  }, 60_000);

  it('erases what nobody may have back any more, and nothing else', async () => {
    const store = new MemoryStore(systemClock);
    const ctx = { store, clock: systemClock, random: systemRandom };
    const config = await configOf({ PURGE_INTERVAL_MS: '1000' });
    await applyMigrations(config.DATABASE_URL ?? '', () => undefined);
    const metadata = Metadata.open({ databaseUrl: config.DATABASE_URL ?? '' });
    closers.push(() => metadata.close());
    const account = { email: 'a@example.com', passwordHash: 'hash', organizationName: 'A' };
    const { id: organizationId } = (await metadata.organizations.createAccount(account)).organization;
    const made = async (name: string) => {
      const { id } = await metadata.databases.create(organizationId, name);
      await createFlushedDatabase(ctx, id as DatabaseId, 3);
      return id;
    };
    const [alive, deleted, due] = [await made('alive'), await made('deleted'), await made('due')];
    for (const id of [deleted, due]) await metadata.databases.delete(organizationId, id);
    const service = await start(config, store);
    const objects = async (id: string) => (await store.list(`db/${id}/`)).objects.length;
    expect([await objects(alive), await objects(deleted), await objects(due)]).toEqual([4, 4, 4]);
    await metadata.prisma.database.update({ where: { id: due }, data: { purgeAt: new Date() } });
    await until(async () => (await objects(due)) === 1);
    expect([await objects(alive), await objects(deleted)]).toEqual([4, 4]);
    expect(await metadata.databases.undelete(organizationId, due)).toBeUndefined();
    expect(await metadata.databases.undelete(organizationId, deleted)).toMatchObject({ id: deleted });
    expect((await new HeadStore(ctx).load(due as DatabaseId))?.head.deletedAt).toBeDefined();
    await until(async () => {
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      return /leasehold_compactor_erasures_total\{outcome="buried".*\} 1/.test(metrics);
    });
  }, 60_000);

  it('refuses a bucket that does not honour conditions, naming the step', async () => {
    const started = startCompactor(await configOf(), new CarelessStore(systemClock));
    await expect(started).rejects.toThrow(ProbeFailedError);
    await expect(started).rejects.toThrow('refuse a second create');
  }, 30_000);

  it('does not start without a queue, and leaves nothing running', async () => {
    const config = await configOf({ REDIS_URL: 'redis://127.0.0.1:1', DATABASE_URL: 'postgres://127.0.0.1:1/none' });
    const started = startCompactor(config, new MemoryStore(systemClock), { startTimeoutMs: 1_500 });
    await expect(started).rejects.toThrow(/job queue unavailable/);
  }, 30_000);
});

describe('the configuration of the compactor', () => {
  const DATABASE_URL = 'postgres://localhost/leasehold';

  it('has defaults for everything but the queue', () => {
    const config = loadConfig(compactorConfig, { DATABASE_URL });
    expect(config).toMatchObject({ COMPACTION_CONCURRENCY: 2, GC_MIN_AGE_MS: 3_600_000, S3_BUCKET: 'leasehold' });
  });

  it.each([
    [{}, /DATABASE_URL.*REDIS_URL or DATABASE_URL/],
    [{ REDIS_URL: 'http://:hunter2@cache' }, /REDIS_URL(?!.*hunter2)/],
    [{ DATABASE_URL, COMPACTION_CONCURRENCY: '0' }, /COMPACTION_CONCURRENCY/],
    [{ DATABASE_URL, GC_MIN_AGE_MS: '-1' }, /GC_MIN_AGE_MS/],
    [{ DATABASE_URL, RECOVERY_CONCURRENCY: '0' }, /RECOVERY_CONCURRENCY/],
    [{ DATABASE_URL, SWEEP_INTERVAL_MS: '1000' }, /SWEEP_INTERVAL_MS/],
    [{ DATABASE_URL, SESSION_KEEP_MS: '86399999' }, /SESSION_KEEP_MS/],
  ])('refuses %j', (env, message) => {
    expect(() => loadConfig(compactorConfig, env)).toThrow(message);
  });
});

async function until(condition: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`did not come true within ${timeoutMs} ms: ${String(condition)}`);
    await systemClock.sleep(20);
  }
}
