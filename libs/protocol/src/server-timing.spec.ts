import type { PhaseTimes } from '@leasehold/foundation';
import { PHASES, sumOf } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { formatServerTiming, parseServerTiming } from './server-timing.js';

const NOTHING = Object.fromEntries(PHASES.map((phase) => [phase, 0])) as unknown as PhaseTimes;

describe('Server-Timing', () => {
  it('names the phases in their order, and all of the time', () => {
    const text = formatServerTiming({ ...NOTHING, read: 25.131, auth: 0.08, net: 0.41 }, 25.631);
    expect(text).toBe('auth;dur=0.08, net;dur=0.41, read;dur=25.13, total;dur=25.63');
  });

  it('is a total of nothing where no time has passed', () => {
    expect(formatServerTiming(NOTHING, 0)).toBe('total;dur=0');
  });

  it('leaves out what rounds to nothing, and loses none of it', () => {
    const text = formatServerTiming({ ...NOTHING, auth: 0.004, route: 0.004, net: 0.004 }, 0.012);
    expect(text).toBe('route;dur=0.01, total;dur=0.01');
  });

  it('has a right sum, to a hundredth, whatever the phases', () => {
    const ms = fc.double({ min: 0, max: 100_000, noNaN: true });
    fc.assert(
      fc.property(fc.record(Object.fromEntries(PHASES.map((phase) => [phase, ms]))), (record) => {
        const times = record as unknown as PhaseTimes;
        const text = formatServerTiming(times, sumOf(times));
        expect(text).toMatch(/^([a-z]+;dur=\d+(\.\d{1,2})?, )*total;dur=\d+(\.\d{1,2})?$/);
        expect(Math.abs(sumOf(parseServerTiming(text)) - sumOf(times))).toBeLessThanOrEqual(0.00501);
      }),
    );
  });

  it.each([
    ['nothing', undefined, {}],
    ['several headers', ['read;dur=1'], {}],
    ['words that are not ours', 'cache;desc="hit";dur=2, read;dur=1.5, total;dur=3.5', { read: 1.5 }],
    ['what is no time', 'read;dur=-1, put;dur=1e9, open;dur=NaN, seal;dur=, lease;dur=Infinity', {}],
    ['names of objects', '__proto__;dur=1, constructor;dur=1', {}],
  ])('is read without harm from %s', (_what, header, times) => {
    expect(parseServerTiming(header)).toEqual(times);
  });
});
