import { describe, expect, it } from '@jest/globals';
import type { DatabaseId } from '@leasehold/foundation';

import { UsageMeter } from './usage-meter.js';
import { HOUR_MS } from './usage-record.js';

const A = '00000000-0000-4000-8000-00000000000a' as DatabaseId;
const B = '00000000-0000-4000-8000-00000000000b' as DatabaseId;
const at = (commits: number) => ({ commits, writeUnits: commits * 2 });
const READ = { requests: 1, readUnits: 3, egressBytes: 100 };

describe('a usage meter', () => {
  it('joins commits that follow one another in one hour', () => {
    const meter = new UsageMeter();
    for (const [time, from, to] of [
      [HOUR_MS - 2, 4, 5],
      [HOUR_MS - 1, 5, 7],
      [HOUR_MS, 7, 8],
      [HOUR_MS + 1, 10, 11],
    ] as const) {
      meter.wrote(A, time, at(from), at(to));
    }
    expect(meter.take()).toEqual([
      {
        database: A,
        writes: [
          { hour: 0, from: at(4), to: at(7) },
          { hour: 1, from: at(7), to: at(8) },
          { hour: 1, from: at(10), to: at(11) },
        ],
        reads: [],
        sizes: [],
      },
    ]);
  });

  it('adds up reads of one hour and key', () => {
    const meter = new UsageMeter();
    meter.read(A, 0, 'k', READ);
    meter.read(A, HOUR_MS - 1, 'k', READ);
    meter.read(A, HOUR_MS, 'k', READ);
    meter.read(A, 0, null, READ);
    expect(meter.take()[0]?.reads).toEqual([
      { hour: 0, key: 'k', requests: 2, readUnits: 6, egressBytes: 200 },
      { hour: 1, key: 'k', ...READ },
      { hour: 0, key: null, ...READ },
    ]);
  });

  it('tells databases in order, the last size of each, and nothing twice', () => {
    const meter = new UsageMeter();
    meter.sized(B, 1, 10);
    meter.sized(A, 2, 20);
    meter.sized(B, 3, 0);
    expect(meter.take().map(({ database, sizes }) => [database, sizes])).toEqual([
      [A, [{ at: 2, bytes: 20 }]],
      [B, [{ at: 3, bytes: 0 }]],
    ]);
    expect([meter.isEmpty, meter.take()]).toEqual([true, []]);
  });

  it('has room for so much, and counts what it had to drop', () => {
    const meter = new UsageMeter();
    for (let key = 0; key < 10_002; key++) meter.read(A, 0, String(key), READ);
    for (let i = 0; i < 1_001; i++) meter.wrote(A, 0, at(2 * i), at(2 * i + 1));
    expect(meter.lost).toBe(3);
    const [{ reads, writes } = { reads: [], writes: [] }] = meter.take();
    expect([reads.length, writes.length]).toEqual([10_000, 1_000]);
  });
});
