import { describe, expect, it } from '@jest/globals';
import { utf8 } from '@leasehold/foundation';
import fc from 'fast-check';

import { compareObjectKeys, isObjectKey } from './object-key.js';

describe('object keys', () => {
  it('order as their UTF-8 bytes', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 4 });
    const near = fc.constantFrom('a', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}', '');
    fc.assert(
      fc.property(fc.array(fc.oneof(text, near)), fc.array(fc.oneof(text, near)), (left, right) => {
        const [a, b] = [left.join(''), right.join('')];
        expect(Math.sign(compareObjectKeys(a, b))).toBe(Math.sign(Buffer.compare(utf8(a), utf8(b))));
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, boolean]>([
    ['', false],
    ['a', true],
    ['..', true],
    ['x'.repeat(1024), true],
    ['x'.repeat(1025), false],
    ['é'.repeat(512), true],
    ['é'.repeat(513), false],
    ['half a pair \ud800', false],
  ])('are checked: %#', (key, valid) => {
    expect(isObjectKey(key)).toBe(valid);
  });
});
