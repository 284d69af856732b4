import { describe, expect, it } from '@jest/globals';

import { formatAmount, formatQuantity } from './quantity-text.js';

describe('amounts and quantities as text', () => {
  it.each([
    [0, 'USD', '0.00 USD'],
    [5, 'EUR', '0.05 EUR'],
    [123_456_789, 'USD', '1,234,567.89 USD'],
    [-100, 'USD', '-1.00 USD'],
    [-5, 'USD', '-0.05 USD'],
    [1_234, 'JPY', '1,234 JPY'],
    [1_234, 'KWD', '1.234 KWD'],
    [274_000, 'HUF', '2,740.00 HUF'],
    [274_000, 'COP', '2,740.00 COP'],
    [1_234, 'CLF', '0.1234 CLF'],
    [Number.MAX_SAFE_INTEGER, 'USD', '90,071,992,547,409.91 USD'],
  ])('write %d %s as %s', (amount, currency, text) => {
    expect(formatAmount(amount, currency)).toBe(text);
  });

  it.each([
    ['readUnits', '1234567', '1,234,567'],
    ['egressBytes', '1234567890', '1.235 GB'],
    ['egressBytes', '10000000000', '10 GB'],
    ['egressBytes', '0', '0 GB'],
    ['storedByteMs', String(1_500_000_000n * 3_600_000n), '1.5 GB-hours'],
    ['storedByteMs', String(1_000_000_000n * 3_600_000n), '1 GB-hour'],
    ['storedByteMs', String(100n * 10n ** 9n * 3_600_000n), '100 GB-hours'],
    ['storedByteMs', String(-250n * 10n ** 9n * 3_600n), '-0.25 GB-hours'],
  ] as const)('write %s of %s as %s', (meter, quantity, text) => {
    expect(formatQuantity(meter, quantity)).toBe(text);
  });
});
