import { describe, expect, it } from '@jest/globals';
import type { DatabaseId } from '@leasehold/foundation';

import { BrokenTailError, durableTail } from './durable-tail.js';

const DATABASE = '00112233-4455-6677-8899-aabbccddeeff' as DatabaseId;

/** [segment, previousSegment, firstSequence, lastSequence] */
type Row = readonly [number, number, number, number];

function tail(rows: readonly Row[], floor: number, afterSequence: number): readonly string[] {
  const placed = rows.map(([segment, previousSegment, firstSequence, lastSequence]) => ({
    segment,
    frame: { databaseId: DATABASE, epoch: 1, previousSegment, firstSequence, lastSequence },
  }));
  return durableTail(placed, floor, afterSequence).map((frame) => `${frame.firstSequence}-${frame.lastSequence}`);
}

describe('S4: what counts at recovery', () => {
  const cases: readonly [string, readonly Row[], number, number, readonly string[]][] = [
    ['nothing of nothing', [], 1, 0, []],
    [
      'an unbroken chain from the first of its epoch',
      [
        [1, 0, 1, 2],
        [2, 1, 3, 3],
        [5, 2, 4, 6],
      ],
      1,
      0,
      ['1-2', '3-3', '4-6'],
    ],
    [
      'the same in any order of reading',
      [
        [5, 2, 4, 6],
        [1, 0, 1, 2],
        [2, 1, 3, 3],
      ],
      1,
      0,
      ['1-2', '3-3', '4-6'],
    ],
    [
      'only what lies above the head',
      [
        [1, 0, 1, 2],
        [2, 1, 3, 3],
        [5, 2, 4, 6],
      ],
      1,
      3,
      ['4-6'],
    ],
    [
      'a frame that the head contains in part',
      [
        [1, 0, 1, 2],
        [2, 1, 3, 9],
      ],
      1,
      5,
      ['3-9'],
    ],
    [
      'nothing after a missing segment of its chain',
      [
        [1, 0, 1, 2],
        [5, 2, 4, 6],
        [6, 5, 7, 7],
      ],
      1,
      0,
      ['1-2'],
    ],
    [
      'a chain whose predecessor lies below the floor',
      [
        [5, 2, 4, 6],
        [6, 5, 7, 7],
      ],
      3,
      3,
      ['4-6', '7-7'],
    ],
    ['no chain whose missing predecessor is the floor itself', [[5, 3, 4, 6]], 3, 3, []],
    [
      'several frames in one segment',
      [
        [1, 0, 1, 1],
        [1, 0, 2, 2],
        [4, 1, 3, 3],
        [4, 1, 4, 4],
      ],
      1,
      0,
      ['1-1', '2-2', '3-3', '4-4'],
    ],
    [
      'repetitions once',
      [
        [1, 0, 1, 2],
        [1, 0, 1, 2],
        [2, 1, 3, 3],
      ],
      1,
      0,
      ['1-2', '3-3'],
    ],
    ['a chain that began anew after its predecessor was trimmed', [[9, 0, 8, 8]], 9, 7, ['8-8']],
  ];

  it.each(cases)('takes %s', (_, rows, floor, afterSequence, expected) => {
    expect(tail(rows, floor, afterSequence)).toEqual(expected);
  });

  const broken: readonly [string, readonly Row[], number, number][] = [
    ['that does not continue the head', [[1, 0, 5, 6]], 1, 3],
    [
      'with a gap inside',
      [
        [1, 0, 1, 2],
        [2, 1, 4, 4],
      ],
      1,
      0,
    ],
    [
      'whose frames overlap',
      [
        [1, 0, 1, 3],
        [2, 1, 3, 4],
      ],
      1,
      0,
    ],
    ['that names a predecessor after itself', [[1, 2, 1, 1]], 1, 0],
  ];

  it.each(broken)('refuses a tail %s', (_, rows, floor, afterSequence) => {
    expect(() => tail(rows, floor, afterSequence)).toThrow(BrokenTailError);
  });
});
