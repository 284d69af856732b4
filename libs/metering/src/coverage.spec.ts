import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cover, NOTHING_COVERED, type Coverage, type CoveredRange } from './coverage.js';
import type { WriteCounter } from './usage-record.js';

const unitsOf = (ranges: readonly CoveredRange[]) =>
  ranges.reduce((sum, { from, to }) => sum + to.writeUnits - from.writeUnits, 0);

/** Covers one interval after another, and tells what each added. */
function coverAll(intervals: readonly CoveredRange[]) {
  let coverage: Coverage = NOTHING_COVERED;
  const added = intervals.map((interval) => {
    const covered = cover(coverage, interval);
    if (covered === 'units-disagree') throw new Error('units disagree');
    ({ coverage } = covered);
    return covered.added;
  });
  return { coverage, added };
}

/** The cumulative counters of a database of up to 40 commits, and intervals of them as records tell them: overlapping, repeated, in any order. */
const recorded = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 40 }).chain((units) => {
  const counters = units.reduce<WriteCounter[]>(
    (all, unit, i) => [...all, { commits: i + 1, writeUnits: (all.at(-1)?.writeUnits ?? 0) + unit }],
    [{ commits: 0, writeUnits: 0 }],
  );
  const place = fc.nat(units.length);
  const interval = fc
    .tuple(place, place)
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => ({
      from: counters[Math.min(a, b)] as WriteCounter,
      to: counters[Math.max(a, b)] as WriteCounter,
    }));
  return fc.record({ counters: fc.constant(counters), intervals: fc.array(interval, { maxLength: 20 }) });
});

describe('intervals of one database', () => {
  it('count each commit once, whatever their order and however they overlap', () => {
    fc.assert(
      fc.property(recorded, ({ counters, intervals }) => {
        const { coverage, added } = coverAll(intervals);
        const told = (commit: number) =>
          intervals.some(({ from, to }) => from.commits < commit && commit <= to.commits);
        const expected = counters
          .slice(1)
          .map(({ commits }) => commits)
          .filter(told);
        const counted = added.flat().flatMap(({ from, to }) => commitsIn(from, to));
        expect(counted.sort((a, b) => a - b)).toEqual(expected);
        const units = expected.map((commit) => unitsAt(counters, commit) - unitsAt(counters, commit - 1));
        const total = units.reduce((sum, unit) => sum + unit, 0);
        expect([unitsOf(added.flat()), unitsOf(coverage)]).toEqual([total, total]);
      }),
    );
  });

  it('end as one range, once every commit has been told of', () => {
    fc.assert(
      fc.property(recorded, ({ counters, intervals }) => {
        const first = counters[0] as WriteCounter;
        const last = counters.at(-1) as WriteCounter;
        const { coverage } = coverAll([...intervals, { from: first, to: last }]);
        expect(coverage).toEqual([{ from: first, to: last }]);
      }),
    );
  });

  it('stay apart where nobody has told of what lies between them', () => {
    const at = (commits: number) => ({ commits, writeUnits: commits * 2 });
    const { coverage } = coverAll([
      { from: at(7), to: at(9) },
      { from: at(2), to: at(4) },
    ]);
    expect(coverage).toEqual([
      { from: at(2), to: at(4) },
      { from: at(7), to: at(9) },
    ]);
  });

  it('count nothing where they tell other units than are known', () => {
    const { coverage } = coverAll([
      { from: { commits: 0, writeUnits: 0 }, to: { commits: 3, writeUnits: 5 } },
      { from: { commits: 6, writeUnits: 9 }, to: { commits: 8, writeUnits: 9 } },
    ]);
    for (const [from, to] of [
      [
        [3, 4],
        [5, 6],
      ],
      [
        [3, 5],
        [6, 8],
      ],
      [
        [4, 4],
        [5, 6],
      ],
      [
        [8, 10],
        [9, 11],
      ],
      [
        [0, 0],
        [8, 8],
      ],
    ] as const) {
      const interval = {
        from: { commits: from[0], writeUnits: from[1] },
        to: { commits: to[0], writeUnits: to[1] },
      };
      expect([interval, cover(coverage, interval)]).toEqual([interval, 'units-disagree']);
    }
  });
});

function commitsIn(from: WriteCounter, to: WriteCounter): number[] {
  return Array.from({ length: to.commits - from.commits }, (_, i) => from.commits + i + 1);
}

function unitsAt(counters: readonly WriteCounter[], commit: number): number {
  return counters[commit]?.writeUnits ?? 0;
}
