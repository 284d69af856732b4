import { describe, expect, it } from '@jest/globals';

import { claimedHead } from '../../testing/engine-world.js';
import { commitOf } from '../entry.js';
import type { TimeMark } from '../format/head.js';
import { extendTimeline, MARKS_PER_FLUSH, retentionFloor, sequenceAt, timeOf, TIMELINE_MARKS } from './timeline.js';

const HOUR = 60 * 60 * 1000;
const mark = (sequence: number, at: number): TimeMark => ({ sequence, at });
const commits = (...times: readonly number[]): ReturnType<typeof commitOf>[] =>
  times.map((committedAt, i) => commitOf({ epoch: 1, sequence: i + 1 }, [], { committedAt }));
const keepAll = (): TimeMark => mark(0, 0);

describe('a timeline', () => {
  it('resolves a time to the newest recorded moment at or before it', () => {
    const head = { timeline: [mark(3, 100), mark(7, 200)] };
    expect([99, 100, 199, 200, 5_000].map((at) => sequenceAt(head, at))).toEqual([undefined, 3, 3, 7, 7]);
    expect([2, 3, 6, 7, 9].map((sequence) => timeOf(head.timeline, sequence))).toEqual([0, 100, 100, 200, 200]);
  });

  it('marks the last commit of each span of a flush, and the last of all', () => {
    const times = Array.from({ length: 1_000 }, (_, i) => i * 10);
    const marks = extendTimeline([], commits(...times), keepAll);
    expect(marks.length).toBeLessThanOrEqual(MARKS_PER_FLUSH + 1);
    expect(marks.at(-1)).toEqual(mark(1_000, 9_990));
    expect(marks.every(({ sequence, at }) => at === (sequence - 1) * 10)).toBe(true);
  });

  it('names the last of several commits at one moment, across flushes too', () => {
    expect(extendTimeline([mark(1, 50)], commits(50, 50).slice(1), keepAll)).toEqual([mark(2, 50)]);
  });

  it('never goes back in time', () => {
    expect(extendTimeline([mark(1, 50)], commits(0, 40).slice(1), keepAll)).toEqual([mark(2, 50)]);
  });

  it('stays within its bound, thinned with age', () => {
    let marks: readonly TimeMark[] = [];
    for (let i = 1; i <= 3_000; i++) {
      marks = extendTimeline(marks, [commitOf({ epoch: 1, sequence: i }, [], { committedAt: i * 1000 })], keepAll);
    }
    expect(marks).toHaveLength(TIMELINE_MARKS);
    const gaps = marks.slice(1).map(({ at }, i) => at - (marks[i] as TimeMark).at);
    expect(Math.max(...gaps.slice(-20))).toBeLessThanOrEqual(3_000);
    expect(Math.max(...gaps)).toBeLessThan(100_000);
  });

  it('forgets what lies before the retention point', () => {
    const marks = extendTimeline([mark(1, 10), mark(2, 20)], commits(0, 0, 30).slice(2), () => mark(2, 20));
    expect(marks).toEqual([mark(2, 20), mark(3, 30)]);
  });
});

describe('the retention floor', () => {
  const head = {
    ...claimedHead(HOUR),
    lastCommit: { epoch: 1, sequence: 9 },
    lastCommittedAt: 3 * HOUR,
    timeline: [mark(4, HOUR), mark(9, 3 * HOUR)],
  };

  it('is the newest moment outside of the window', () => {
    expect([HOUR, 2 * HOUR - 1, 2 * HOUR, 4 * HOUR - 1, 4 * HOUR].map((now) => retentionFloor(head, now))).toEqual([
      0, 0, 4, 4, 9,
    ]);
  });

  it('is the last commit where nothing is retained', () => {
    expect(retentionFloor({ ...head, options: { ...head.options, retentionMs: 0 } }, 0)).toBe(9);
  });
});
