import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { storedByteMs } from './stored-bytes.js';

const mark = fc.record({ at: fc.integer({ min: 0, max: 60 }), bytes: fc.integer({ min: 0, max: 2 ** 40 }) });
const marks = fc.array(mark, { maxLength: 12 });
const time = fc.integer({ min: 0, max: 70 });

describe('stored bytes', () => {
  it('are those that the last mark said, in each millisecond', () => {
    fc.assert(
      fc.property(marks, time, time, (known, a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        let expected = 0n;
        for (let ms = from; ms < to; ms++) {
          const latest = Math.max(...known.filter(({ at }) => at <= ms).map(({ at }) => at));
          const held = known.filter(({ at }) => at === latest).map(({ bytes }) => bytes);
          expected += BigInt(Math.max(0, ...held));
        }
        expect(storedByteMs(known, from, to)).toBe(expected);
      }),
    );
  });

  it('do not depend on the order or repetition of marks', () => {
    fc.assert(
      fc.property(marks, (known) => {
        const shuffled = [...known].reverse();
        expect(storedByteMs([...shuffled, ...known], 0, 70)).toBe(storedByteMs(known, 0, 70));
      }),
    );
  });

  it('of two stretches are those of both together', () => {
    fc.assert(
      fc.property(marks, time, (known, middle) => {
        const whole = storedByteMs(known, 0, 70);
        expect(storedByteMs(known, 0, middle) + storedByteMs(known, middle, 70)).toBe(whole);
      }),
    );
  });

  it('are exact where a number of 53 bits is not', () => {
    const month = 31 * 24 * 3_600_000;
    const bytes = 10 * 1024 ** 4 + 1;
    expect(storedByteMs([{ at: 0, bytes }], 0, month)).toBe(BigInt(bytes) * BigInt(month));
  });
});
