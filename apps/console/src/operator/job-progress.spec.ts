import { describe, expect, it } from '@jest/globals';

import { percentOf, restWords } from './job-progress.js';

describe('how long a job goes on', () => {
  it.each([
    [null, ''],
    [0, 'about 1 second'],
    [40_400, 'about 41 seconds'],
    [60_000, 'about 1 minute'],
    [125_000, 'about 2 minutes'],
    [3_599_000, 'about 1 hour'],
    [4 * 3_600_000 + 5 * 60_000, 'about 245 minutes'],
  ])('is told of %p ms as %p', (restMs, words) => {
    expect(restWords(restMs)).toBe(words);
  });
});

describe('how far a job is', () => {
  it('is a share of the whole, and all of nothing', () => {
    expect([
      percentOf({ bytes: 1, ofBytes: 4 }),
      percentOf({ bytes: 4, ofBytes: 4 }),
      percentOf({ bytes: 0, ofBytes: 0 }),
    ]).toEqual([25, 100, 100]);
  });
});
