import { describe, expect, it } from '@jest/globals';

import { draftOf, isQuotable, nextHour, QUOTES, versionOf } from './version-draft.js';

const price = (amount: number, per: string, included = '0') => ({ amount, per, included });

describe('a version of a plan that is typed', () => {
  it('is what the API takes, in whole units', () => {
    const draft = {
      ...draftOf(undefined, '2030-01-31T10:00'),
      ...{ fee: 10, minimum: '' },
      prices: { readUnits: 0.2, writeUnits: 1, storedByteMs: 250, egressBytes: 90 },
      included: { readUnits: 10_000_000, writeUnits: 0, storedByteMs: 5, egressBytes: '' },
    };
    expect(versionOf(draft)).toEqual({
      ...{ effectiveFrom: '2030-01-31T10:00:00.000Z', currency: 'USD', fee: 1_000, minimum: 0 },
      prices: {
        readUnits: price(20, '1000000', '10000000'),
        writeUnits: price(100, '1000000'),
        storedByteMs: price(25_000, '2628000000000000000000', '13140000000000000000'),
        egressBytes: price(9_000, '1000000000000'),
      },
    });
  });

  it('begins with what holds now, whatever that was quoted by', () => {
    const last = {
      ...{ plan: 'pro', version: 1, effectiveFrom: '2026-11-01T00:00:00Z', currency: 'USD', fee: 2_000, minimum: 0 },
      createdAt: '2026-11-01T00:00:00Z',
      prices: {
        readUnits: price(40, '1000000', '1000000'),
        writeUnits: price(200, '1000000'),
        storedByteMs: price(25, '2628000000000000000'),
        egressBytes: price(9, '1000000000', '10000000000'),
      },
    };
    const { fee, prices, included } = draftOf(last, '');
    expect({ fee, prices, included }).toEqual({
      fee: 20,
      prices: { readUnits: 0.4, writeUnits: 2, storedByteMs: 250, egressBytes: 90 },
      included: { readUnits: 1_000_000, writeUnits: 0, storedByteMs: 0, egressBytes: 10 },
    });
  });

  it('leaves what is not typed anew as it is, whatever that was quoted by', () => {
    const last = {
      ...{ plan: 'pro', version: 1, effectiveFrom: '2026-11-01T00:00:00Z', currency: 'USD', fee: 2_000, minimum: 0 },
      createdAt: '2026-11-01T00:00:00Z',
      prices: {
        readUnits: price(4, '30000000', '1000000'),
        writeUnits: price(3, '7000000'),
        storedByteMs: price(25, '2592000000000000000', '2592000000000000000'),
        egressBytes: price(9, '1000000000', '500000000'),
      },
    };
    const draft = draftOf(last, '2026-12-01T00:00');
    expect(versionOf({ ...draft, fee: 30 }, last)).toMatchObject({ fee: 3_000, prices: last.prices });
    const dearer = versionOf({ ...draft, prices: { ...draft.prices, readUnits: 0.2 } }, last).prices;
    expect(dearer).toEqual({ ...last.prices, readUnits: price(20, '1000000', '1000000') });
    // What was asked in another currency is no price in this one.
    expect(versionOf({ ...draft, currency: 'EUR' }, last).prices.egressBytes.per).toBe('1000000000000');
    expect(QUOTES.map((quote) => isQuotable(last, quote))).toEqual([false, false, false, true]);
  });

  it('may ask less than the smallest unit for what it is quoted by', () => {
    const draft = draftOf(undefined, '2030-01-31T10:00');
    const asked = (readUnits: number | string) =>
      versionOf({ ...draft, prices: { ...draft.prices, readUnits } }).prices.readUnits;
    expect([0.004, '0.000001', 1.5, 0].map(asked)).toEqual([
      price(4, '10000000'),
      price(1, '10000000000'),
      price(150, '1000000'),
      price(0, '1000000'),
    ]);
    // And it is shown and kept as it was asked.
    const last = {
      ...{ plan: 'pro', version: 1, createdAt: '2026-11-01T00:00:00Z' },
      ...versionOf({ ...draft, prices: { ...draft.prices, readUnits: 0.0123 } }),
    };
    expect(isQuotable(last, QUOTES[0])).toBe(true);
    expect(draftOf(last, '').prices.readUnits).toBe(0.0123);
  });

  it('begins with a whole hour of UTC that is not past', () => {
    expect(nextHour(new Date('2026-12-31T22:59:59Z'))).toBe('2027-01-01T00:00');
    expect(nextHour(new Date('2026-12-31T22:00:00Z'))).toBe('2027-01-01T00:00');
  });
});
