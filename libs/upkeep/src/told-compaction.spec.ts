import { describe, expect, it } from '@jest/globals';

import type { JobProgress } from './job.js';
import { ToldCompaction } from './told-compaction.js';

describe('the progress of a job that compacts', () => {
  it('grows over all of its merges, and counts one that was given up as read', async () => {
    const told: JobProgress[] = [];
    const watch = new ToldCompaction({ tell: (progress) => void told.push(progress), commit: (work) => work() });
    watch.planned('levels', 10);
    watch.passed(4);
    watch.planned('levels', 6);
    watch.passed(1);
    watch.passed(5);
    expect(await watch.publish(() => Promise.resolve('done'))).toBe('done');
    expect(told.map(({ bytes, ofBytes }) => [bytes, ofBytes])).toEqual([
      [0, 10],
      [4, 10],
      [10, 16],
      [11, 16],
      [16, 16],
    ]);
  });
});
