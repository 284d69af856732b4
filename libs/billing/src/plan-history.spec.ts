import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { monthOf, segmentsOf } from './period.js';
import { heldAssignments, planChangesOf, unpriced, type EffectivePlan } from './plan-history.js';

const HOUR_MS = 3_600_000;
const NOVEMBER = monthOf(Date.UTC(2026, 10));
const CREATED = NOVEMBER.from + 5 * HOUR_MS + 1_234;

const version = (name: string, number: number, effectiveFrom: number): EffectivePlan => ({
  effectiveFrom,
  plan: { ...unpriced(name, 'USD'), version: number },
});
const held = (changes: ReturnType<typeof planChangesOf>) =>
  changes.map(({ from, plan }) => [(from - NOVEMBER.from) / HOUR_MS, plan.name, plan.version]);

describe('plans that were given', () => {
  it('hold in the order in which they were, where the clock was set back between two of them', () => {
    const given = [
      { since: 10, plan: 'a' },
      { since: 900, plan: 'b' },
      { since: 800, plan: 'c' },
      { since: 20, plan: 'd' },
      { since: 20, plan: 'e' },
      { since: 30, plan: 'f' },
    ];
    expect(heldAssignments(given).map(({ plan }) => plan)).toEqual(['a', 'd', 'e', 'f']);
    expect(heldAssignments([])).toEqual([]);
  });
});

describe('which plan holds', () => {
  it('is the first one from the hour in which the organization came', () => {
    expect(held(planChangesOf(CREATED, [], [version('free', 1, 0)], 'USD'))).toEqual([[5, 'free', 1]]);
  });

  it('is the one that was given, from the hour in which it was, in its present version and in later ones', () => {
    const versions = [
      version('pro', 3, NOVEMBER.from + 30 * HOUR_MS),
      version('pro', 1, 0),
      version('pro', 2, NOVEMBER.from + 10 * HOUR_MS),
      version('free', 1, 0),
      version('free', 2, NOVEMBER.from + 25 * HOUR_MS),
    ];
    const given = [{ since: NOVEMBER.from + 20 * HOUR_MS + 99, plan: 'pro' }];
    expect(held(planChangesOf(CREATED, given, versions, 'USD'))).toEqual([
      [5, 'free', 1],
      [20, 'pro', 2],
      [30, 'pro', 3],
    ]);
  });

  it('is the later one of two in one hour, and costs nothing where nobody has said what it does', () => {
    const at = NOVEMBER.from + 20 * HOUR_MS;
    const given = [
      { since: at + 1, plan: 'a' },
      { since: at + 2, plan: 'b' },
    ];
    const changes = planChangesOf(CREATED, given, [], 'EUR');
    const segments = segmentsOf(NOVEMBER, changes).map(({ from, plan }) => [
      from,
      plan.name,
      plan.version,
      plan.currency,
    ]);
    expect(segments).toEqual([
      [NOVEMBER.from + 5 * HOUR_MS, 'free', 0, 'EUR'],
      [at, 'b', 0, 'EUR'],
    ]);
  });

  it('is one at any time since the organization is there, whatever was given', () => {
    const time = fc.integer({ min: NOVEMBER.from - 100 * HOUR_MS, max: NOVEMBER.to });
    const hour = time.map((at) => Math.floor(at / HOUR_MS) * HOUR_MS);
    const name = fc.constantFrom('free', 'pro', 'team');
    const assignments = fc
      .array(fc.record({ since: time, plan: name }), { maxLength: 5 })
      .map((all) => all.sort((a, b) => a.since - b.since));
    const versions = fc
      .array(fc.record({ effectiveFrom: hour, name }), { maxLength: 6 })
      .map((all) => all.map(({ effectiveFrom, name: plan }, i) => version(plan, i + 1, effectiveFrom)));
    fc.assert(
      fc.property(assignments, versions, (given, known) => {
        const segments = segmentsOf(NOVEMBER, planChangesOf(NOVEMBER.from - HOUR_MS, given, known, 'USD'));
        expect(segments[0]?.from).toBe(NOVEMBER.from);
        expect(segments.at(-1)?.to).toBe(NOVEMBER.to);
        segments.forEach(({ from, to }, i) => {
          expect([from % HOUR_MS, to % HOUR_MS]).toEqual([0, 0]);
          if (i > 0) expect(segments[i - 1]?.to).toBe(from);
        });
        for (const { from, plan } of segments) {
          const last = given.findLast(({ since }) => Math.floor(since / HOUR_MS) * HOUR_MS <= from);
          expect(plan.name).toBe(last?.plan ?? 'free');
        }
      }),
    );
  });
});
