import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { formatPointInTime, parsePointInTime, parseTime } from './point-in-time.js';

describe('a point in time', () => {
  it('comes back as it was written', () => {
    const anyPoint = fc.oneof(
      fc.record({ version: fc.record({ epoch: fc.nat(), sequence: fc.maxSafeNat().map((n) => n % 2 ** 48) }) }),
      fc.record({ timeMs: fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }) }),
    );
    fc.assert(fc.property(anyPoint, (point) => expect(parsePointInTime(formatPointInTime(point))).toEqual(point)));
  });

  it.each([
    ['2026-11-27T10:00:00Z', Date.UTC(2026, 10, 27, 10)],
    ['2026-11-27t10:00:00z', Date.UTC(2026, 10, 27, 10)],
    ['2026-11-27T10:00:00.123456789Z', Date.UTC(2026, 10, 27, 10, 0, 0, 123)],
    ['2026-11-27T00:30:00+02:00', Date.UTC(2026, 10, 26, 22, 30)],
    ['1970-01-01T00:00:00Z', 0],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ])('may be %s', (text, timeMs) => expect(parseTime(text)).toBe(timeMs));

  it.each([
    '',
    '2026-11-27',
    '2026-11-27T10:00:00',
    '2026-11-27 10:00:00Z',
    '2026-02-30T10:00:00Z',
    '2025-02-29T10:00:00Z',
    '2026-13-01T10:00:00Z',
    '2026-11-27T24:00:01Z',
    '2026-11-27T10:00:60Z',
    '2026-11-27T10:00:00+99:00',
    '1969-12-31T23:59:59Z',
    '9999-12-31T23:59:59-12:00',
    '0000000100000000000G',
    '0000000A000000000001',
    '000000010000000000010',
  ])('is not %j', (text) => expect(parsePointInTime(text)).toBeUndefined());
});
