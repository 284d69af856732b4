import { describe, expect, it } from '@jest/globals';

import { formatMicros, formatMoney, majorUnits, minorUnits } from './money.js';

describe('money', () => {
  it.each([
    [1_234, 'USD', '$12.34'],
    [-5, 'EUR', '-€0.05'],
    [1_234, 'JPY', '¥1,234'],
    [0, 'USD', '$0.00'],
    // Where `Intl` itself knows no digits, because nobody pays with them.
    [274_000, 'HUF', 'HUF\u00a02,740.00'],
  ])('says %d of %s as %s', (amount, currency, text) => expect(formatMoney(amount, currency)).toBe(text));

  it('is typed in whole units of the currency', () => {
    const typed = [minorUnits(12.34, 'USD'), minorUnits(19.99, 'EUR'), minorUnits(5, 'JPY'), minorUnits(5, 'HUF')];
    expect(typed).toEqual([1_234, 1_999, 5, 500]);
    expect([majorUnits(1_234, 'USD'), majorUnits(5, 'JPY')]).toEqual([12.34, 5]);
  });

  it.each([
    [1_234_000_000, '$12.34'],
    [1_000_000, '$0.01'],
    [1_200, '$0.000012'],
    [0, '$0.00'],
  ])('says %d millionths of a cent as %s', (micros, text) => expect(formatMicros(micros, 'USD')).toBe(text));
});
