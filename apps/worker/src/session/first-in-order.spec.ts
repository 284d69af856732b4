import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { firstInOrder } from './first-in-order.js';

describe('the first of many in order', () => {
  it('are what sorting all of them would put in front', () => {
    const items = fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 60 });
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 70 }), (all, count) => {
        const sorted = [...all].sort((a, b) => (a < b ? -1 : 1));
        expect(firstInOrder(all, (item) => item, count)).toEqual(sorted.slice(0, count));
      }),
    );
  });
});
