import { FakeClock } from '@leasehold/foundation-testing';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { JobCancelledError, TELL_INTERVAL_MS, WatchedRun, type JobPlace } from './job-run.js';
import type { ToldProgress } from './told-progress.js';

describe('one run of a job', () => {
  let clock: FakeClock;
  let told: ToldProgress[];
  let isMarked: boolean;
  let tell: JobPlace['tell'];
  let run: WatchedRun;

  beforeEach(() => {
    clock = new FakeClock();
    told = [];
    isMarked = false;
    tell = (progress) => Promise.resolve(told.push(progress));
    run = new WatchedRun({ tell: (progress) => tell(progress), isToEnd: () => Promise.resolve(isMarked) }, clock, 7);
  });

  it('tells how far it is once a second, and nothing when it takes less', async () => {
    const watching = run.watch();
    for (let bytes = 1; bytes <= 50; bytes++) {
      run.tell({ bytes, ofBytes: 100 });
      await clock.advance(100);
    }
    run.end();
    await watching;
    expect(told.map(({ progress }) => progress?.bytes)).toEqual([10, 20, 30, 40, 50]);
    expect(told[0]).toMatchObject({ startedAt: 7, committing: false, progress: { ofBytes: 100 } });
    await clock.advance(10_000);
    expect(told).toHaveLength(5);
  });

  it('is cancelled by a mark within a second', async () => {
    const watching = run.watch();
    await clock.advance(TELL_INTERVAL_MS);
    expect(run.cancelled.aborted).toBe(false);
    isMarked = true;
    await clock.advance(TELL_INTERVAL_MS);
    expect(run.cancelled.reason).toBeInstanceOf(JobCancelledError);
    run.end();
    await watching;
  });

  it('tells that it commits before it does, and heeds no mark meanwhile', async () => {
    const watching = run.watch();
    let during: ToldProgress | undefined;
    const done = run.commit(async () => {
      during = told.at(-1);
      isMarked = true;
      await clock.sleep(2.5 * TELL_INTERVAL_MS);
      return 'done';
    });
    await clock.advance(2.5 * TELL_INTERVAL_MS);
    expect(await done).toBe('done');
    expect(during?.committing).toBe(true);
    expect(run.cancelled.aborted).toBe(false);
    await clock.advance(TELL_INTERVAL_MS);
    expect(run.cancelled.aborted).toBe(true);
    run.end();
    await watching;
  });

  it('does not commit what was cancelled before', async () => {
    isMarked = true;
    let begun = false;
    const work = () => Promise.resolve((begun = true));
    await expect(run.commit(work)).rejects.toThrow(JobCancelledError);
    expect(begun).toBe(false);
  });

  it('goes on unseen when the queue refuses, and waits for one that hangs no longer than two seconds', async () => {
    tell = () => Promise.reject(new Error('away'));
    const watching = run.watch();
    await clock.advance(2 * TELL_INTERVAL_MS);
    expect(await run.commit(() => Promise.resolve('done'))).toBe('done');
    tell = () => new Promise(() => undefined);
    await clock.advance(4 * TELL_INTERVAL_MS);
    let committed = false;
    const commit = run.commit(() => Promise.resolve((committed = true)));
    await clock.advance(5_000);
    expect(committed).toBe(true);
    await commit;
    run.end();
    await watching;
  });
});
