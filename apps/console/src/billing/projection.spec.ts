import { describe, expect, it } from '@jest/globals';

import { projected, projectedInvoice, type DraftLine } from './projection.js';

const FROM = new Date('2026-11-01T00:00:00Z');
const MIDDLE = new Date('2026-11-16T00:00:00Z');
const TO = new Date('2026-12-01T00:00:00Z');

describe('what a month comes to', () => {
  it('is twice as much in the middle, and what it is at the end', () => {
    expect(projected(500, FROM, TO, MIDDLE)).toBe(1_000);
    expect(projected(500, FROM, TO, TO)).toBe(500);
    expect(projected(500, FROM, TO, new Date('2027-01-01T00:00:00Z'))).toBe(500);
  });

  it('is what there is before anything has passed', () => {
    expect(projected(0, FROM, TO, FROM)).toBe(0);
  });
});

describe('what the invoice of a month comes to', () => {
  const line = (given: Partial<DraftLine>): DraftLine => ({
    ...{ line: 1, kind: 'fee', meter: null, quantity: '0', included: '0', price: { amount: 0, per: '1' }, amount: 0 },
    ...{ plan: 'pro', planVersion: 1, digest: null, entries: 0, firstAt: null, lastAt: null },
    ...{ from: FROM.toISOString(), to: TO.toISOString(), periodFrom: FROM.toISOString(), ...given },
  });
  const fee = line({ amount: 2_000 });
  /** 40 cents per million. */
  const reads = (quantity: number, amount: number, given: Partial<DraftLine> = {}) =>
    line({
      ...{ kind: 'meter', meter: 'readUnits', quantity: String(quantity), amount },
      ...{ price: { amount: 40, per: '1000000' }, ...given },
    });
  const end = (lines: readonly DraftLine[], { now = MIDDLE, included = 0 } = {}) => {
    const total = lines.reduce((sum, { amount }) => sum + amount, 0);
    return projectedInvoice(total, lines, () => included, { from: FROM, to: TO }, now);
  };

  it('has its fee once, however little of the month has passed', () => {
    expect(end([fee], { now: new Date('2026-11-01T06:00:00Z') })).toBe(2_000);
    expect(end([])).toBe(0);
  });

  it('grows by what is used', () => {
    expect(end([fee, reads(10_000_000, 400)])).toBe(2_800);
    expect(end([fee, reads(10_000_000, 400)], { now: TO })).toBe(2_400);
  });

  it('keeps free what is included, and asks for what will lie beyond it', () => {
    expect(end([reads(10_000_000, 360)], { included: 1_000_000 })).toBe(760);
    expect(end([reads(10_000_000, 0)], { included: 15_000_000 })).toBe(200);
    expect(end([reads(10_000_000, 0)], { included: 30_000_000 })).toBe(0);
  });

  it('uses up what is missing to the minimum', () => {
    const minimum = line({ kind: 'minimum', amount: 600 });
    expect(end([reads(10_000_000, 400), minimum])).toBe(1_000);
    expect(end([reads(20_000_000, 800), line({ kind: 'minimum', amount: 200 })])).toBe(1_600);
  });

  it('reckons each plan for itself, and leaves what came late', () => {
    const [begin, half] = [FROM.toISOString(), MIDDLE.toISOString()];
    const before = reads(10_000_000, 400, { to: half });
    const since = reads(5_000_000, 200, { from: half, planVersion: 2 });
    const late = reads(1_000_000, 40, {
      from: '2026-10-01T00:00:00.000Z',
      to: begin,
      periodFrom: '2026-10-01T00:00:00.000Z',
    });
    // A third of the second half has passed.
    expect(end([before, since, late], { now: new Date('2026-11-21T00:00:00Z') })).toBe(400 + 600 + 40);
    // What is included is so in proportion.
    const quarter = new Date('2026-11-08T12:00:00Z');
    expect(end([reads(5_000_000, 0, { to: half })], { now: quarter, included: 10_000_000 })).toBe(200);
  });
});
