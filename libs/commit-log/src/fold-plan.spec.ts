import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@leasehold/foundation';
import { ROLLUPS_LIMIT } from '@leasehold/lease';
import fc from 'fast-check';

import { planFold } from './fold-plan.js';
import type { LooseSegment, RetainedRollup } from './retention.js';

const MIB = 1024 * 1024;

/** Rollups of these sizes, each of ten segments, and behind them loose segments of these. */
function state(rolledMib: readonly number[], looseMib: readonly number[]) {
  const rollups = rolledMib.map((mib, i): RetainedRollup => ({
    from: 1 + 10 * i,
    to: 10 + 10 * i,
    sizeBytes: mib * MIB,
    neededFrames: 1,
    neededBytes: mib * MIB,
    unreadable: false,
  }));
  const loose = looseMib.map((mib, i): LooseSegment => ({
    number: 1 + 10 * rolledMib.length + i,
    frames: [],
    neededBytes: mib * MIB,
    unreadable: false,
  }));
  return { rollups, loose };
}

/** Sizes of what the plan takes: `rollups | loose`. */
function plan(rolledMib: readonly number[], looseMib: readonly number[]): string | undefined {
  const { rollups, loose } = state(rolledMib, looseMib);
  const planned = planFold(rollups, loose);
  const sizes = (parts: readonly { neededBytes: number }[]): string =>
    parts.map((part) => part.neededBytes / MIB).join(' ');
  return planned && `${sizes(planned.rollups)} | ${sizes(planned.loose)}`;
}

describe('L5: what goes into the next rollup', () => {
  it('is what is loose, alone, while there are few rollups of its size', () => {
    expect(plan([], [0.1, 0.2])).toBe(' | 0.1 0.2');
    expect(plan([0.5, 0.5], [0.5])).toBe(' | 0.5');
    expect(plan([9, 9, 9], [0.5])).toBe(' | 0.5');
  });

  it('takes the youngest rollups of about its size in, and then those of the next size', () => {
    expect(plan([20, 0.5, 0.5, 0.5], [0.5])).toBe('0.5 0.5 0.5 | 0.5');
    expect(plan([20, 5, 4, 4, 1, 1, 1], [1])).toBe('5 4 4 1 1 1 | 1');
  });

  it('does not outgrow 32 MiB', () => {
    expect(plan([], [20, 10, 10])).toBe(' | 20 10');
    expect(plan([10, 10, 10], [10])).toBe(' | 10');
  });

  it('takes a single segment that is larger than that', () => {
    expect(plan([], [40, 1])).toBe(' | 40');
  });

  it('merges the cheapest neighbours first when no place is left', () => {
    const sizes = [30, 30, 30, 30, 9, 8, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30];
    expect(plan(sizes, [1])).toBe('9 8 | ');
    expect(plan([...sizes.slice(0, 15), 2], [1])).toBe('2 | 1');
  });

  it('never passes a segment that cannot be read back, nor merges a rollup that cannot', () => {
    const { rollups, loose } = state([0.5, 0.5, 0.5], [0.1, 0.1, 0.1]);
    const damaged = loose.map((segment, i) => ({ ...segment, unreadable: i === 1 }));
    expect(planFold(rollups, damaged)?.loose).toHaveLength(1);
    expect(planFold(rollups, damaged.slice(1))).toBeUndefined();
    const bad = rollups.map((rollup, i) => ({ ...rollup, unreadable: i === 1 }));
    expect(planFold(bad, loose)?.rollups).toEqual([]);
  });

  it('always finds a way, however much is needed, and keeps the count', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: ROLLUPS_LIMIT }),
        fc.array(fc.double({ min: 0, max: 4, noNaN: true }), { minLength: 1, maxLength: 300 }),
        (rolledMib, looseMib) => {
          const { rollups, loose } = state(rolledMib, looseMib);
          const planned = planFold(rollups, loose);
          expect(planned).toBeDefined();
          const after = rollups.length - (planned?.rollups.length ?? 0) + 1;
          expect(after).toBeLessThanOrEqual(ROLLUPS_LIMIT);
          // Adjacent, and up to the loose ones if there are any of these.
          const first = planned?.rollups[0];
          const last = planned?.rollups.at(-1);
          if (first && last) expect(last.to - first.from + 1).toBe((planned?.rollups.length ?? 0) * 10);
          if (last && planned?.loose.length) expect(last).toBe(rollups.at(-1));
        },
      ),
    );
  });

  it('rewrites what stays needed a few times in all', () => {
    // An hour of a megabyte a second of which one part in a hundred stays needed until there are 128 MiB of it.
    const random = seededRandom(5);
    let sizes: number[] = [];
    let written = 0;
    let total = 0;
    for (let fold = 0; total < 128; fold++) {
      const added = 0.2 + random.fraction();
      const { rollups, loose } = state(sizes, [added]);
      const planned = planFold(rollups, loose);
      if (planned === undefined) throw new Error('stuck');
      const at = rollups.indexOf(planned.rollups[0] as RetainedRollup);
      const merged = planned.rollups.reduce((sum, rollup) => sum + rollup.neededBytes / MIB, 0);
      const addedNow = planned.loose.length > 0 ? added : 0;
      const before = at === -1 ? sizes : sizes.slice(0, at);
      const behind = at === -1 ? [] : sizes.slice(at + planned.rollups.length);
      sizes = [...before, merged + addedNow, ...behind];
      written += merged + addedNow;
      total += addedNow;
    }
    expect(written / total).toBeLessThan(5);
  });
});
