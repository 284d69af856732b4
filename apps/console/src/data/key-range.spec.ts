import { describe, expect, it } from '@jest/globals';

import { utf8 } from './bytes.js';
import { addressOfRange, byteRangeOf, isBackwards, rangeBelow, rangeOfAddress, tellKeys, WHOLE } from './key-range.js';

const NOTHING = new Uint8Array(0);
const range = (start: string | undefined, end: string | undefined) => ({
  start: start === undefined ? undefined : utf8(start),
  end: end === undefined ? undefined : utf8(end),
});

describe('a range of keys', () => {
  it('stands in an address with both bounds, one, or none', () => {
    const ranges = [range('a', 'b'), range('a', undefined), range(undefined, 'b'), WHOLE];
    expect(ranges.map(addressOfRange)).toEqual(['YQ..Yg', 'YQ..', '..Yg', '']);
    for (const each of ranges) expect(rangeOfAddress(addressOfRange(each))).toEqual(each);
    const bytes = { start: Uint8Array.of(0), end: Uint8Array.of(0xff, 0xfe) };
    expect(rangeOfAddress(addressOfRange(bytes))).toEqual(bytes);
  });

  it('has no bound where an address has none that can be read', () => {
    expect(rangeOfAddress('no base64!..Yg')).toEqual(range(undefined, 'b'));
  });

  it('is backwards when its start does not come before its end, as unsigned bytes', () => {
    const of = (start: number[], end: number[]) =>
      isBackwards({ start: Uint8Array.from(start), end: Uint8Array.from(end) });
    expect([of([1], [1]), of([2], [1]), of([1, 0], [1]), of([0x80], [0x7f])]).toEqual([true, true, true, true]);
    expect([of([1], [2]), of([1], [1, 0]), of([0x7f], [0x80])]).toEqual([false, false, false]);
    expect([isBackwards(range('b', undefined)), isBackwards(range(undefined, 'b')), isBackwards(WHOLE)]).toEqual([
      ...[false, false, false],
    ]);
  });

  it('is read together with what keys begin with', () => {
    expect(byteRangeOf(NOTHING, WHOLE)).toEqual({});
    expect(byteRangeOf(utf8('p'), range('a', 'b'))).toEqual({ prefix: utf8('p'), start: utf8('a'), end: utf8('b') });
  });

  it('is below a prefix what both of them leave', () => {
    const below = (prefix: string, start?: string, end?: string) => rangeBelow(utf8(prefix), range(start, end));
    expect(rangeBelow(NOTHING, range('a', 'b'))).toEqual(range('a', 'b'));
    expect(below('b/')).toEqual(range('b/', 'b0'));
    expect(below('b/', 'a', 'z')).toEqual(range('b/', 'b0'));
    expect(below('b/', 'b/3', 'b/7')).toEqual(range('b/3', 'b/7'));
    expect(isBackwards(below('b/', 'c'))).toBe(true);
    expect(isBackwards(below('b/', undefined, 'a'))).toBe(true);
    // Nothing comes behind all that begin so.
    expect(rangeBelow(Uint8Array.of(0xff), range(undefined, undefined)).end).toBeUndefined();
  });

  it('is told in the view that is chosen', () => {
    expect(tellKeys('shop', NOTHING, WHOLE, 'text')).toBe('All keys of shop');
    expect(tellKeys('shop', utf8('o/'), range('o/2', 'o/5'), 'text')).toBe(
      'The keys of shop that begin with o/, from o/2 on, before o/5',
    );
    expect(tellKeys('shop', NOTHING, range(undefined, 'b'), 'hex')).toBe('The keys of shop before 62');
  });
});
