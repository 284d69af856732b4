import { systemClock, type DatabaseId } from '@leasehold/foundation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { postgresQueueServer, redisQueueServer, type QueueServer } from '../testing/queue-server.js';
import { JobBoard } from './job-board.js';
import { jobKinds } from './job-kinds.js';
import { JobQueues } from './job-queues.js';
import { runJobWorkers, type JobHandlers } from './job-workers.js';

const TEST_REDIS_URL = process.env.TEST_REDIS_URL;
const WAIT_MS = 20_000;
const LOOK_TIMEOUT_MS = 5_000;
const [A, B] = ['6f1c1c2e-3f63-4d8e-9a63-0f1f2a3b4c5d', '6f1c1c2e-3f63-4d8e-9a63-0f1f2a3b4c5e'] as DatabaseId[];
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** One set of promises, kept on every server that queues may live on; without Redis the suite of the queues says so. */
function suite(name: string, start: () => Promise<QueueServer>): void {
  describe(`the board of jobs on ${name}`, () => {
    let server: QueueServer;
    const closers: (() => Promise<unknown>)[] = [];

    beforeAll(async () => {
      server = await start();
    }, 60_000);
    afterAll(() => server.close(), 30_000);
    afterEach(async () => {
      server.proxy.mend();
      for (const close of closers.splice(0).reverse()) await close();
    }, 30_000);

    async function open() {
      const context = { store: server.store(), clock: systemClock, log };
      const board = new JobBoard(context.store, systemClock, LOOK_TIMEOUT_MS);
      let mend = false;
      const fail = () => (mend ? Promise.resolve() : Promise.reject(new Error('x'.repeat(1_000))));
      const handlers = Object.fromEntries(jobKinds().map((kind) => [kind, fail])) as unknown as JobHandlers;
      const workers = await runJobWorkers(handlers, context);
      const queues = new JobQueues(context, { attempts: 1 });
      closers.push(
        () => workers.close(1_000),
        () => queues.close(),
        () => board.close(),
      );
      return { board, queues, mend: () => (mend = true) };
    }

    it('counts the jobs of every kind, and shows the latest that failed in front, cut', async () => {
      const { board, queues } = await open();
      queues.enqueueCompaction(A as DatabaseId);
      await until(async () => (await board.failed('compact', 0, 10)).length === 1);
      queues.enqueueCompaction(B as DatabaseId);
      await until(async () => (await board.failed('compact', 0, 10)).length === 2);
      const shown = await board.failed('compact', 0, 10);
      expect(shown.map(({ payload }) => payload)).toEqual([{ databaseId: B }, { databaseId: A }]);
      expect(shown[0]).toMatchObject({ reason: 'x'.repeat(500), attempts: 1, failedAt: expect.any(Number) });
      expect(await board.failed('compact', 1, 1)).toEqual(shown.slice(1));
      const idle = { waiting: 0, active: 0, delayed: 0, failed: 0 };
      expect(await board.counts()).toEqual(
        jobKinds().map((kind) => ({ kind, ...idle, failed: kind === 'compact' ? 2 : 0 })),
      );
    }, 60_000);

    it('lets a failed job run again, once, and none that is not there', async () => {
      const { board, queues, mend } = await open();
      queues.enqueueCompaction(A as DatabaseId);
      await until(async () => (await board.failed('compact', 0, 10)).length === 1);
      const [job] = await board.failed('compact', 0, 10);
      mend();
      expect(await board.retry('compact', 'missing')).toBe(false);
      expect(await board.retry('gc', job?.id ?? '')).toBe(false);
      const twice = await Promise.all([board.retry('compact', job?.id ?? ''), board.retry('compact', job?.id ?? '')]);
      expect(twice.sort()).toEqual([false, true]);
      await until(async () => (await board.failed('compact', 0, 10)).length === 0);
    }, 60_000);

    it('rejects when the server does not answer, and goes on when it does', async () => {
      const { board } = await open();
      await board.counts();
      server.proxy.cut();
      await expect(board.counts()).rejects.toThrow();
      server.proxy.mend();
      await until(() =>
        board.counts().then(
          () => true,
          () => false,
        ),
      );
    }, 60_000);
  });
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`it is not so within ${WAIT_MS} ms`);
    await systemClock.sleep(20);
  }
}

suite('Postgres', postgresQueueServer);
if (TEST_REDIS_URL) suite('Redis', () => redisQueueServer(TEST_REDIS_URL));
