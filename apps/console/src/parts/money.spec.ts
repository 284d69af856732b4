import { describe, expect, it } from '@jest/globals';

import { formatMoney, minorUnits } from './money.js';

describe('money', () => {
  it.each([
    [1_234, 'USD', '$12.34'],
    [-5, 'EUR', '-€0.05'],
    [1_234, 'JPY', '¥1,234'],
    [0, 'USD', '$0.00'],
  ])('says %d of %s as %s', (amount, currency, text) => expect(formatMoney(amount, currency)).toBe(text));

  it('is typed in whole units of the currency', () => {
    expect([minorUnits(12.34, 'USD'), minorUnits(19.99, 'EUR'), minorUnits(5, 'JPY')]).toEqual([1_234, 1_999, 5]);
  });
});
