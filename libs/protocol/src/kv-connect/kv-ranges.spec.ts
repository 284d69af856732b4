import { describe, expect, it } from '@jest/globals';
import { compareBytes, seededRandom } from '@leasehold/foundation';

import type { ByteRange } from '../byte-range.js';
import { keyRangeOf, rangeBehind } from './kv-ranges.js';

const LONGEST = 2_048;
const random = seededRandom(3);
/** Keys and bounds that lie close to each other, of lengths around the longest key. */
function someBytes(maxLength: number): Uint8Array {
  const length =
    random.fraction() < 0.5 ? Math.floor(random.fraction() * 3) : maxLength - Math.floor(random.fraction() * 3);
  const bytes = new Uint8Array(length).fill(random.fraction() < 0.3 ? 0xff : 0x61);
  if (length > 0) bytes[length - 1] = [0, 0x61, 0xfe, 0xff][Math.floor(random.fraction() * 4)] as number;
  return bytes;
}

function holds(range: ByteRange | undefined, key: Uint8Array): boolean {
  if (range === undefined) return false;
  const { start, end } = range;
  // As Leasehold reads bounds: an empty one is none.
  const isBehind = start === undefined || start.byteLength === 0 || compareBytes(key, start) >= 0;
  return isBehind && (end === undefined || end.byteLength === 0 || compareBytes(key, end) < 0);
}

describe('ranges of KV Connect', () => {
  it('hold the same keys for Leasehold, whose bounds are shorter', () => {
    let held = 0;
    for (let i = 0; i < 20_000; i++) {
      const [start, end, key] = [someBytes(LONGEST + 1), someBytes(LONGEST + 1), someBytes(LONGEST)];
      if (key.byteLength === 0) continue;
      const isIn = compareBytes(key, start) >= 0 && compareBytes(key, end) < 0;
      const range = keyRangeOf({ start, end });
      expect(holds(range, key)).toBe(isIn);
      for (const bound of [range?.start, range?.end]) expect(bound?.byteLength ?? 0).toBeLessThanOrEqual(LONGEST);
      held += isIn ? 1 : 0;
    }
    expect(held).toBeGreaterThan(1_000);
  });

  it('go on behind the last key that was read', () => {
    const range = { start: Uint8Array.of(1), end: Uint8Array.of(9) };
    expect(rangeBehind(range, Uint8Array.of(5), true)).toEqual({ start: Uint8Array.of(1), end: Uint8Array.of(5) });
    const forwards = rangeBehind(range, Uint8Array.of(5), false);
    expect(holds(forwards, Uint8Array.of(5))).toBe(false);
    expect(holds(forwards, Uint8Array.of(5, 0))).toBe(true);
    const longest = new Uint8Array(LONGEST).fill(5);
    const last = new Uint8Array(LONGEST).fill(5);
    last[LONGEST - 1] = 6;
    const behind = rangeBehind(range, longest, false);
    expect([holds(behind, longest), holds(behind, last)]).toEqual([false, true]);
    expect(rangeBehind(range, new Uint8Array(LONGEST).fill(0xff), false)).toBeUndefined();
  });
});
