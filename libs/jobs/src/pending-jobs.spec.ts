import type { DatabaseId } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { PendingJobs } from './pending-jobs.js';
import { planCompaction, type PlannedJob } from './planned-job.js';

function job(number: number): PlannedJob {
  return planCompaction(`00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as DatabaseId);
}

describe('PendingJobs', () => {
  it('gives jobs in the order in which they came', () => {
    const pending = new PendingJobs(10);
    for (const number of [3, 1, 2]) pending.offer(job(number));
    expect([pending.take(), pending.take(), pending.take(), pending.take()]).toEqual([
      job(3),
      job(1),
      job(2),
      undefined,
    ]);
  });

  it('keeps one job per key', () => {
    const pending = new PendingJobs(10);
    for (let i = 0; i < 100; i++) expect(pending.offer(job(1))).toBe(true);
    expect(pending.size).toBe(1);
  });

  it('refuses what is above its limit, and accepts an equal of what waits', () => {
    const pending = new PendingJobs(2);
    expect([1, 2, 3, 1].map((number) => pending.offer(job(number)))).toEqual([true, true, false, true]);
    expect(pending.size).toBe(2);
  });

  it('accepts a job anew once the earlier one was taken', () => {
    const pending = new PendingJobs(1);
    pending.offer(job(1));
    pending.take();
    expect(pending.offer(job(1))).toBe(true);
    expect(pending.take()).toEqual(job(1));
  });
});
