import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import {
  LeaseholdError,
  systemClock,
  systemRandom,
  UlidSource,
  type DatabaseId,
  type SessionId,
} from '@leasehold/foundation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createPostgresBackend, Queue } from 'bullmq';
import { Redis } from 'ioredis';

import { postgresQueueServer, redisQueueServer, type QueueServer } from '../testing/queue-server.js';
import { JOB_KINDS } from './job-kinds.js';
import { JobQueues, type JobQueuesSettings } from './job-queues.js';
import {
  QueueUnavailableError,
  runJobWorkers,
  type JobHandlers,
  type JobOutcome,
  type JobWorkers,
  type JobWorkersSettings,
} from './job-workers.js';
import type { QueueStore } from './queue-store.js';

const TEST_REDIS_URL = process.env.TEST_REDIS_URL;
const WAIT_MS = 15_000;

/** One set of promises, kept on every server that queues may live on. */
function suite(name: string, start: () => Promise<QueueServer>): void {
  describe(`job queues on ${name}`, () => {
    let server: QueueServer;
    const closers: (() => Promise<unknown>)[] = [];
    const messages: string[] = [];
    const log = {
      info: (_: object, message: string) => void messages.push(message),
      warn: (_: object, message: string) => void messages.push(message),
      error: (_: object, message: string) => void messages.push(message),
    };

    beforeAll(async () => {
      server = await start();
    }, 60_000);
    afterAll(() => server.close(), 30_000);
    afterEach(async () => {
      server.proxy.mend();
      for (const close of closers.splice(0).reverse()) await close();
      messages.length = 0;
    }, 60_000);

    function producer(store: QueueStore, settings: Partial<JobQueuesSettings> = {}): JobQueues {
      const fast = { backoffMs: 50, retryDelayMs: 50, maxRetryDelayMs: 200, gcMinAgeMs: 0, addTimeoutMs: 5_000 };
      const queues = new JobQueues({ store, clock: systemClock, log }, { ...fast, ...settings });
      closers.push(() => queues.close());
      return queues;
    }

    async function workers(
      store: QueueStore,
      handlers: Partial<JobHandlers>,
      settings: Partial<JobWorkersSettings> = {},
      observe?: (outcome: JobOutcome) => void,
    ): Promise<JobWorkers> {
      const context = { store, clock: systemClock, log, observe };
      const fast = { queueRetryMs: 100, lockDurationMs: 10_000, ...settings };
      const running = await runJobWorkers({ ...IDLE, ...handlers }, context, fast);
      closers.push(() => running.close(5_000));
      return running;
    }

    async function failedJobs(store: QueueStore): Promise<number> {
      const queue = inspect(store);
      try {
        return await queue.getFailedCount();
      } finally {
        await queue.close();
      }
    }

    it('hands a job to the handler of its kind', async () => {
      const store = server.store();
      const seen: string[] = [];
      await workers(store, {
        compact: ({ databaseId }) => Promise.resolve(void seen.push(`compact ${databaseId}`)),
        gc: ({ databaseId }) => Promise.resolve(void seen.push(`gc ${databaseId}`)),
      });
      const queues = producer(store);
      const [a, b] = [database(), database()];
      queues.enqueueCompaction(a);
      queues.enqueueGc(b);
      await until(() => seen.length === 2);
      expect([...seen].sort()).toEqual([`compact ${a}`, `gc ${b}`]);
      await until(() => queues.counts().added === 2);
      expect(queues.counts()).toEqual({ added: 2, failed: 0, dropped: 0, pending: 0 });
    }, 60_000);

    it('collapses jobs of one database that wait, from several producers that migrate at the same time', async () => {
      const store = server.store();
      const producers = Array.from({ length: 4 }, () => producer(store));
      const [a, b] = [database(), database()];
      for (let i = 0; i < 10; i++) {
        for (const queues of producers) {
          queues.enqueueCompaction(a);
          queues.enqueueCompaction(b);
        }
      }
      await until(() => producers.every((queues) => queues.counts().added >= 2 && queues.counts().pending === 0));
      expect(producers.map((queues) => queues.counts().failed)).toEqual([0, 0, 0, 0]);
      const runs: string[] = [];
      await workers(store, { compact: ({ databaseId }) => Promise.resolve(void runs.push(databaseId)) });
      await until(() => runs.length >= 2);
      await quiet();
      expect(runs.sort()).toEqual([a, b].sort());
    }, 60_000);

    it('runs a job once more when it is asked for while an equal one runs, however often', async () => {
      const store = server.store();
      let runs = 0;
      let atOnce = 0;
      let mostAtOnce = 0;
      let release = (): void => undefined;
      const gate = new Promise<void>((resolve) => (release = resolve));
      await workers(store, {
        compact: async () => {
          runs++;
          mostAtOnce = Math.max(mostAtOnce, ++atOnce);
          await gate;
          atOnce--;
        },
      });
      const queues = producer(store);
      const a = database();
      queues.enqueueCompaction(a);
      await until(() => runs === 1);
      for (let i = 1; i <= 3; i++) {
        queues.enqueueCompaction(a);
        await until(() => queues.counts().added === 1 + i);
      }
      release();
      await until(() => runs === 2);
      await quiet();
      expect({ runs, mostAtOnce }).toEqual({ runs: 2, mostAtOnce: 1 });
    }, 60_000);

    it('runs a job again after an equal one was done', async () => {
      const store = server.store();
      let runs = 0;
      await workers(store, { compact: () => Promise.resolve(void runs++) });
      const queues = producer(store);
      const a = database();
      for (let run = 1; run <= 3; run++) {
        queues.enqueueCompaction(a);
        await until(() => runs === run);
        await quiet(100);
      }
      expect(runs).toBe(3);
    }, 60_000);

    it('asks once for a recovery that several see to be due, and again when the session ends once more', async () => {
      const store = server.store();
      const runs: string[] = [];
      await workers(store, { recover: ({ sessionId }) => Promise.resolve(void runs.push(sessionId)) });
      const compactors = [producer(store), producer(store), producer(store)];
      const [a, b] = [session(), session()];
      for (const queues of compactors) queues.enqueueRecovery(a, 'ending');
      await until(() => compactors.every((queues) => queues.counts().added === 1));
      await until(() => runs.length === 1);
      for (const queues of compactors) queues.enqueueRecovery(a, 'ended');
      for (const queues of compactors) queues.enqueueRecovery(b, 'ended');
      await until(() => compactors.every((queues) => queues.counts().added === 3));
      await until(() => runs.length === 3);
      await quiet();
      expect([...runs].sort()).toEqual([a, a, b].sort());
    }, 60_000);

    it('sweeps at once and then in each interval, however often it is told to, and anew when the queue was lost', async () => {
      const store = server.store();
      const ranAt: number[] = [];
      await workers(store, { sweep: () => Promise.resolve(void ranAt.push(performance.now())) });
      const compactors = [producer(store), producer(store)];
      // Connections and the migration take seconds on a busy machine, and half an interval is all there is from here on: each has sent and run one before.
      for (const [before, queues] of compactors.entries()) {
        queues.enqueueFullSweep();
        await until(() => ranAt.length === before + 1);
      }
      ranAt.length = 0;
      // Intervals begin with the clock's: nothing of the next one may be due while this one is looked at.
      await until(() => Date.now() % SWEEP_MS < SWEEP_MS / 10, 2 * SWEEP_MS);
      for (const queues of compactors) queues.scheduleSweeps(SWEEP_MS);
      await until(() => ranAt.length === 1, SWEEP_MS / 2);
      for (const queues of compactors) queues.scheduleSweeps(SWEEP_MS);
      await quiet(500);
      expect(ranAt.length).toBe(1);
      await until(() => ranAt.length === 2);
      expect((ranAt[1] as number) - (ranAt[0] as number)).toBeGreaterThan(1_000);

      compactors[0]?.scheduleSweeps(3_600_000);
      await until(() => ranAt.length >= 3);
      const before = ranAt.length;
      compactors[0]?.enqueueFullSweep();
      await until(() => ranAt.length === before + 1);
      await forgetSchedules(store);
      compactors[1]?.scheduleSweeps(3_600_000);
      await until(() => ranAt.length === before + 2);
    }, 60_000);

    it('lets no kind of job wait for another', async () => {
      const store = server.store();
      let compacting = 0;
      const gate = new AbortController();
      const seen: string[] = [];
      const note = (kind: string) => () => Promise.resolve(void seen.push(kind));
      await workers(store, {
        compact: async () => {
          compacting++;
          await systemClock.sleep(60_000, gate.signal).catch(() => undefined);
        },
        gc: note('gc'),
        recover: note('recover'),
        purge: note('purge'),
        sweep: note('sweep'),
        rollUp: note('rollUp'),
      });
      const queues = producer(store);
      for (let n = 0; n < 10; n++) queues.enqueueCompaction(database());
      await until(() => compacting === 2);
      queues.enqueueGc(database());
      queues.enqueueRecovery(session(), 'ending');
      queues.enqueuePurge(session());
      queues.enqueueFullSweep();
      queues.scheduleRollUps(3_600_000, 3_600_000);
      await until(() => seen.length === 6);
      expect([compacting, [...seen].sort()]).toEqual([2, ['gc', 'purge', 'recover', 'rollUp', 'rollUp', 'sweep']]);
      gate.abort();
      await until(() => compacting === 10);
    }, 60_000);

    it('has whoever asks for many wait for room, so that none is lost', async () => {
      const store = server.store();
      const queues = producer(store, { maxPending: 20 });
      const { signal } = new AbortController();
      for (let n = 0; n < 200; n++) {
        await queues.room(signal);
        queues.enqueueCompaction(database());
      }
      await until(() => queues.counts().added === 200, 30_000);
      expect(queues.counts()).toMatchObject({ dropped: 0 });
    }, 60_000);

    it('tries a failing job again with backoff, sets it aside, and still takes a new one', async () => {
      const store = server.store();
      const startedAt: number[] = [];
      const outcomes: string[] = [];
      let healthy = false;
      await workers(
        store,
        {
          compact: () => {
            startedAt.push(performance.now());
            return healthy ? Promise.resolve() : Promise.reject(new Error('the store is away'));
          },
        },
        {},
        ({ outcome }) => outcomes.push(outcome),
      );
      const queues = producer(store, { attempts: 3, backoffMs: 200 });
      const a = database();
      queues.enqueueCompaction(a);
      await until(() => outcomes.includes('failed'));
      expect(outcomes).toEqual(['retrying', 'retrying', 'failed']);
      // Half of the backoff is random: 100–200 ms, then 200–400 ms.
      expect((startedAt[1] as number) - (startedAt[0] as number)).toBeGreaterThanOrEqual(95);
      expect((startedAt[2] as number) - (startedAt[1] as number)).toBeGreaterThanOrEqual(195);
      await until(async () => (await failedJobs(store)) === 1);
      healthy = true;
      queues.enqueueCompaction(a);
      await until(() => outcomes.length === 4);
      expect(outcomes[3]).toBe('done');
      expect(await failedJobs(store)).toBe(1);
    }, 60_000);

    it('sets a job aside at once when trying again cannot help', async () => {
      const store = server.store();
      const outcomes: string[] = [];
      const broken = new LeaseholdError('corrupt', 'corrupt-object', 'checksum does not match');
      await workers(store, { compact: () => Promise.reject(broken) }, {}, ({ outcome }) => outcomes.push(outcome));
      producer(store).enqueueCompaction(database());
      await until(async () => (await failedJobs(store)) === 1);
      await quiet();
      expect(outcomes).toEqual(['failed']);
    }, 60_000);

    it('sets aside what is not a payload, without calling the handler', async () => {
      const store = server.store();
      let runs = 0;
      await workers(store, { compact: () => Promise.resolve(void runs++) });
      const queue = inspect(store);
      await queue.add('compact', { databaseId: '../../etc' }, { attempts: 5 });
      await queue.close();
      await until(async () => (await failedJobs(store)) === 1);
      expect(runs).toBe(0);
    }, 60_000);

    it('runs the job of a killed worker elsewhere', async () => {
      const store = server.store();
      const lockMs = 1_000;
      const child = spawn(
        process.execPath,
        [HANGING_WORKER, JSON.stringify(store), JOB_KINDS.compact.queue, String(lockMs)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      closers.push(() => Promise.resolve(child.kill('SIGKILL')));
      const active = new Promise((resolve) => child.stdout.once('data', resolve));
      const a = database();
      producer(store).enqueueCompaction(a);
      await active;
      const runs: string[] = [];
      await workers(
        store,
        { compact: ({ databaseId }) => Promise.resolve(void runs.push(databaseId)) },
        { lockDurationMs: lockMs, stalledIntervalMs: 300 },
      );
      await quiet(700);
      expect(runs).toEqual([]);
      child.kill('SIGKILL');
      await until(() => runs.length > 0);
      await quiet();
      expect(runs).toEqual([a]);
      expect(messages).toContain('job abandoned by its process, runs again');
    }, 60_000);

    it('lets a running job end before it closes, and aborts one that outlives the grace', async () => {
      const store = server.store();
      let ended = false;
      let started = 0;
      const first = await workers(store, {
        compact: async () => {
          started++;
          await systemClock.sleep(300);
          ended = true;
        },
      });
      const queues = producer(store);
      queues.enqueueCompaction(database());
      await until(() => started === 1);
      await first.close(5_000);
      expect(ended).toBe(true);

      let reason: unknown;
      const second = await workers(store, {
        compact: (_, signal) => {
          started++;
          return systemClock.sleep(60_000, signal).catch((error: unknown) => {
            reason = error;
            throw error;
          });
        },
      });
      queues.enqueueCompaction(database());
      await until(() => started === 2);
      const closingAt = performance.now();
      await second.close(200);
      expect(performance.now() - closingAt).toBeLessThan(3_000);
      expect(reason).toBeDefined();
    }, 60_000);

    it('neither throws nor delays the caller while the queue is away, logs once, and delivers when it is back', async () => {
      const store = server.store();
      server.proxy.cut();
      const queues = producer(store, { maxPending: 1_000, addTimeoutMs: 500 });
      const a = database();
      const calledAt = performance.now();
      queues.enqueueCompaction(a);
      for (let i = 0; i < 5_000; i++) queues.enqueueCompaction(database());
      // Were each of them to wait, it would be most of an hour.
      expect(performance.now() - calledAt).toBeLessThan(10_000);
      await until(() => queues.counts().failed >= 3);
      // One job is on its way at most, besides those that wait.
      expect(queues.counts().pending).toBeLessThanOrEqual(1_000);
      expect(queues.counts().dropped).toBeGreaterThanOrEqual(4_000);
      expect(messages.length).toBe(1);
      server.proxy.mend();
      await until(() => queues.counts().pending === 0, 30_000);
      const runs = new Set<string>();
      await workers(store, { compact: ({ databaseId }) => Promise.resolve(void runs.add(databaseId)) });
      await until(() => runs.size >= 1_000, 30_000);
      expect(runs.size).toBeLessThanOrEqual(1_001);
    }, 90_000);

    it('goes on by itself, producer and workers, after an outage', async () => {
      const store = server.store();
      const runs: string[] = [];
      await workers(store, { compact: ({ databaseId }) => Promise.resolve(void runs.push(databaseId)) });
      const queues = producer(store, { addTimeoutMs: 1_000 });
      const [before, during, after] = [database(), database(), database()];
      queues.enqueueCompaction(before);
      await until(() => runs.includes(before));
      server.proxy.cut();
      queues.enqueueCompaction(during);
      await until(() => queues.counts().failed > 0);
      server.proxy.mend();
      queues.enqueueCompaction(after);
      await until(() => runs.includes(during) && runs.includes(after), 30_000);
    }, 60_000);

    it('refuses to start without a handler for every kind, and when the queue is not there', async () => {
      const context = { store: server.store(), clock: systemClock, log };
      const incomplete = { compact: () => Promise.resolve() } as unknown as JobHandlers;
      await expect(runJobWorkers(incomplete, context)).rejects.toThrow(
        'no handler for jobs of kind gc, recover, purge, erase, sweep, rollUp, traffic, reconcile, invoice',
      );
      server.proxy.cut();
      const started = runJobWorkers(IDLE, context, { startTimeoutMs: 1_500 });
      await expect(started).rejects.toThrow(QueueUnavailableError);
    }, 60_000);

    it('closes in bounded time while the queue is away', async () => {
      const store = server.store();
      const queues = producer(store);
      const running = await workers(store, {});
      queues.enqueueCompaction(database());
      await until(() => queues.counts().added === 1);
      server.proxy.cut();
      queues.enqueueCompaction(database());
      const closingAt = performance.now();
      await Promise.all([queues.close(500), running.close(500)]);
      expect(performance.now() - closingAt).toBeLessThan(6_000);
      queues.enqueueCompaction(database());
      expect(queues.counts()).toMatchObject({ pending: 0, dropped: 2 });
    }, 60_000);
  });
}

const SWEEP_MS = 8_000;

const IDLE: JobHandlers = {
  compact: () => Promise.resolve(),
  gc: () => Promise.resolve(),
  recover: () => Promise.resolve(),
  purge: () => Promise.resolve(),
  erase: () => Promise.resolve(),
  sweep: () => Promise.resolve(),
  rollUp: () => Promise.resolve(),
  traffic: () => Promise.resolve(),
  reconcile: () => Promise.resolve(),
  invoice: () => Promise.resolve(),
};

const HANGING_WORKER = fileURLToPath(new URL('../testing/hanging-worker.mjs', import.meta.url));

function database(): DatabaseId {
  return randomUUID() as DatabaseId;
}

function session(): SessionId {
  return new UlidSource(systemClock, systemRandom).next() as SessionId;
}

/** As after a failover, or a flush, that lost everything. */
async function forgetSchedules(store: QueueStore): Promise<void> {
  const queue = inspect(store, JOB_KINDS.sweep.queue);
  await queue.removeJobScheduler('sweep-daily');
  await queue.close();
}

function inspect(
  store: QueueStore,
  name: string = JOB_KINDS.compact.queue,
): {
  removeJobScheduler: Queue['removeJobScheduler'];
  add: Queue['add'];
  getFailedCount: Queue['getFailedCount'];
  close(): Promise<void>;
} {
  if (store.kind === 'postgres') {
    const connection = { connectionString: store.databaseUrl, schema: store.namespace };
    return new Queue(name, { connection }, createPostgresBackend) as unknown as Queue;
  }
  const redis = new Redis(store.redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue(name, { connection: redis, prefix: store.namespace });
  return {
    removeJobScheduler: queue.removeJobScheduler.bind(queue),
    add: queue.add.bind(queue),
    getFailedCount: queue.getFailedCount.bind(queue),
    close: async () => {
      await queue.close();
      redis.disconnect();
    },
  };
}

async function until(condition: () => boolean | Promise<boolean>, timeoutMs = WAIT_MS): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`did not come true within ${timeoutMs} ms: ${String(condition)}`);
    await systemClock.sleep(20);
  }
}

/** Time in which a job that should not run would have run. */
function quiet(ms = 400): Promise<void> {
  return systemClock.sleep(ms);
}

suite('Postgres', postgresQueueServer);

if (TEST_REDIS_URL) {
  suite('Redis', () => redisQueueServer(TEST_REDIS_URL));
} else {
  const notice =
    'REDIS LANE DID NOT RUN: apt-get install redis-server, start it, set TEST_REDIS_URL=redis://127.0.0.1:6379';
  const lane = process.env.LEASEHOLD_REQUIRE_LANES === '1' ? it : it.skip;
  lane(notice, () => {
    throw new Error(notice);
  });
}
