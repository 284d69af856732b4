import { systemClock, type DatabaseId } from '@leasehold/foundation';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Job } from 'bullmq';

import { postgresQueueServer, redisQueueServer, type QueueServer } from '../testing/queue-server.js';
import { JobBoard } from './job-board.js';
import { jobKinds } from './job-kinds.js';
import { JobQueues } from './job-queues.js';
import { JobCancelledError } from './job-run.js';
import { CANCELLED_PAUSE_MS, runJobWorkers, type JobHandlers, type JobOutcome } from './job-workers.js';
import { LOST_AFTER_MS } from './running-job.js';

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

    /** Compactors whose compactions go on, byte by byte, until they are told to end or to commit. */
    async function openSlow(compactors = 1) {
      const context = { store: server.store(), clock: systemClock, log };
      const outcomes: JobOutcome[] = [];
      const begun: DatabaseId[] = [];
      const reasons: unknown[] = [];
      const slow = { mayCommit: false, isCommitting: false, isCommitted: false, begun, outcomes, reasons };
      const handlers = {
        ...(Object.fromEntries(jobKinds().map((kind) => [kind, () => Promise.resolve()])) as unknown as JobHandlers),
        compact: async ({ databaseId }, signal, run) => {
          begun.push(databaseId);
          for (let bytes = 1; !slow.mayCommit; bytes++) {
            run.tell({ bytes, ofBytes: 1_000_000 });
            await systemClock.sleep(20, signal).catch((error: unknown) => {
              reasons.push(error);
              throw error;
            });
          }
          await run.commit(async () => {
            slow.isCommitting = true;
            while (!slow.isCommitted) await systemClock.sleep(20);
          });
        },
      } satisfies JobHandlers;
      const board = new JobBoard(context.store, systemClock, LOOK_TIMEOUT_MS);
      const ahead = Object.assign(Object.create(systemClock) as typeof systemClock, {
        now: () => systemClock.now() + 2 * LOST_AFTER_MS,
      });
      const later = new JobBoard(context.store, ahead, LOOK_TIMEOUT_MS);
      const queues = new JobQueues(context);
      for (let n = 0; n < compactors; n++) {
        const settings = { concurrency: Object.fromEntries(jobKinds().map((kind) => [kind, 1])) as never };
        const observe = (outcome: JobOutcome) => void outcomes.push(outcome);
        const workers = await runJobWorkers(handlers, { ...context, observe }, settings);
        closers.push(() => workers.close(1_000));
      }
      closers.push(
        () => queues.close(),
        () => board.close(),
        () => later.close(),
      );
      return { board, queues, slow, later };
    }

    it('shows what runs, at two compactors at once, with progress that only grows', async () => {
      const { board, queues, slow } = await openSlow(2);
      queues.enqueueCompaction(A as DatabaseId);
      queues.enqueueCompaction(B as DatabaseId);
      const told = async () => (await board.running()).filter(({ progress }) => progress !== undefined);
      await until(async () => (await told()).length === 2);
      const first = await told();
      expect(first.map(({ payload }) => (payload as { databaseId: string }).databaseId).sort()).toEqual([A, B]);
      const shown = { kind: 'compact', state: 'running', cancellable: true, restMs: expect.any(Number) };
      expect(first).toEqual([1, 2].map(() => expect.objectContaining(shown)));
      const bytes = new Map(first.map(({ id, progress }) => [id, progress?.bytes ?? 0]));
      await until(async () =>
        (await told()).every(({ id, progress }) => (progress?.bytes ?? 0) > (bytes.get(id) ?? 0)),
      );
      Object.assign(slow, { mayCommit: true, isCommitted: true });
      await until(async () => (await board.running()).length === 0);
      expect(slow.outcomes.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
    }, 60_000);

    it('shows as lost what nobody has been heard of for the time of its lock, and as running what is heard of', async () => {
      const { board, queues, slow, later } = await openSlow();
      queues.enqueueCompaction(A as DatabaseId);
      await until(async () => (await board.running())[0]?.progress !== undefined);
      expect(await board.running()).toMatchObject([{ state: 'running' }]);
      // As it is seen when so much time has passed without a word.
      expect(await later.running()).toMatchObject([{ state: 'lost', cancellable: false, restMs: undefined }]);
      Object.assign(slow, { mayCommit: true, isCommitted: true });
      await until(async () => (await later.running()).length === 0);
    }, 60_000);

    it('cancels one that runs, which is no failure, and runs again after the others, once', async () => {
      const { board, queues, slow } = await openSlow();
      queues.enqueueCompaction(A as DatabaseId);
      await until(async () => (await board.running()).length === 1);
      const [job] = await board.running();
      // Equal ones that are asked for meanwhile do not run before their time either.
      queues.enqueueCompaction(A as DatabaseId);
      await until(() => Promise.resolve(queues.counts().added === 2));
      expect(await board.cancel('compact', job?.id ?? '')).toBe('asked');
      expect(await board.cancel('compact', job?.id ?? '')).toBe('asked');
      await until(() => Promise.resolve(slow.outcomes.length === 1));
      expect(slow.outcomes).toMatchObject([{ kind: 'compact', outcome: 'cancelled' }]);
      expect(slow.reasons).toEqual([expect.any(JobCancelledError)]);
      await until(async () => (await board.running()).length === 0);
      const counts = async () => (await board.counts()).find(({ kind }) => kind === 'compact');
      expect(await counts()).toMatchObject({ waiting: 0, active: 0, delayed: 1, failed: 0 });
      queues.enqueueCompaction(A as DatabaseId);
      queues.enqueueCompaction(B as DatabaseId);
      await until(() => Promise.resolve(slow.begun.includes(B as DatabaseId)));
      expect(slow.begun).toEqual([A, B]);
      expect(await counts()).toMatchObject({ waiting: 0, active: 1, delayed: 1 });
      expect(CANCELLED_PAUSE_MS).toBe(60_000);
      expect(await board.cancel('compact', job?.id ?? '')).toBe('gone');
    }, 60_000);

    it('does not cancel one that commits, one of another kind, or one that is not there', async () => {
      const { board, queues, slow } = await openSlow();
      queues.enqueueCompaction(A as DatabaseId);
      await until(async () => (await board.running()).length === 1);
      const [job] = await board.running();
      expect(await board.cancel('compact', 'missing')).toBe('gone');
      expect(await board.cancel('gc', job?.id ?? '')).toBe('gone');
      expect(await board.runningJob('compact', job?.id ?? '')).toMatchObject({
        id: job?.id,
        payload: { databaseId: A },
      });
      expect([await board.runningJob('compact', 'missing'), await board.runningJob('gc', job?.id ?? '')]).toEqual([
        undefined,
        undefined,
      ]);
      slow.mayCommit = true;
      await until(async () => (await board.running())[0]?.state === 'committing');
      expect(await board.cancel('compact', job?.id ?? '')).toBe('too-late');
      slow.isCommitted = true;
      await until(() => Promise.resolve(slow.outcomes.length === 1));
      expect(slow.outcomes).toMatchObject([{ outcome: 'done' }]);
      await until(async () => (await board.cancel('compact', job?.id ?? '')) === 'gone');
      expect(await board.runningJob('compact', job?.id ?? '')).toBeUndefined();
    }, 60_000);

    it('comes too late for one that begins to commit while it is asked to end, and is done before that is taken back', async () => {
      const { board, queues, slow } = await openSlow();
      queues.enqueueCompaction(A as DatabaseId);
      await until(async () => (await board.running()).length === 1);
      const [job] = await board.running();
      const looks: boolean[] = [];
      const isActive = Object.getOwnPropertyDescriptor(Job.prototype, 'isActive')?.value as Job['isActive'];
      const spy = jest.spyOn(Job.prototype, 'isActive').mockImplementation(async function (this: Job) {
        const found = await isActive.call(this);
        looks.push(found);
        if (looks.length === 1) slow.mayCommit = true;
        else slow.isCommitted = true;
        await until(async () =>
          looks.length === 1 ? slow.isCommitting : (await board.running()).length === 0 && slow.outcomes.length === 1,
        );
        return found;
      });
      try {
        expect(await board.cancel('compact', job?.id ?? '')).toBe('too-late');
      } finally {
        spy.mockRestore();
      }
      expect([looks, slow.outcomes]).toMatchObject([[true, true], [{ outcome: 'done' }]]);
      expect((await board.counts()).find(({ kind }) => kind === 'compact')).toMatchObject({ active: 0, delayed: 0 });
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
