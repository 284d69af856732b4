import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Condition, Reading, RegisterEvents, Sight, Write } from './register-events.js';
import { RegisterSearch } from './register-search.js';

const KEY = 'r/0';
const MOMENTS = 12;

/** Versions are named by their sequence alone. */
const at = (sequence: number) => ({ epoch: 1, sequence });

const interval = fc
  .tuple(fc.nat({ max: MOMENTS }), fc.nat({ max: 4 }))
  .map(([begunAt, long]) => ({ begunAt, endedAt: begunAt + long }));
const sequence = fc.integer({ min: 1, max: 4 });
const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.constantFrom<Condition>({ kind: 'absent', key: KEY }, { kind: 'present', key: KEY }),
  sequence.map((number): Condition => ({ kind: 'version', key: KEY, ...at(number) })),
);
const conditions = fc.array(condition, { maxLength: 1 });
const sight: fc.Arbitrary<Sight> = fc.oneof(
  fc.constant<Sight>({ kind: 'absence' }),
  sequence.map((number): Sight => ({ kind: 'entry', value: `certain ${number}`, version: at(number) })),
  sequence.map((number): Sight => ({ kind: 'version', version: at(number) })),
  fc.constant<Sight>({ kind: 'conditions' }),
);
const isDelete = fc.boolean();

/** Few of each, with whatever answers. */
const anyEvents: fc.Arbitrary<RegisterEvents> = fc
  .record({
    readings: fc.array(fc.record({ interval, sight, conditions }), { maxLength: 3 }),
    certain: fc.array(fc.record({ interval, isDelete, conditions }), { maxLength: 3 }),
    possible: fc.array(fc.record({ interval, isDelete, conditions }), { maxLength: 3 }),
  })
  .map(({ readings, certain, possible }) => ({
    key: KEY,
    readings: readings.map(({ interval, ...rest }, i) => ({ id: `reading ${i}`, ...interval, ...rest })),
    certain: certain.map(({ interval, isDelete, conditions }, i) => {
      const id = `certain ${i + 1}`;
      return { id, ...interval, conditions, value: isDelete ? undefined : id, version: at(i + 1) };
    }),
    possible: possible
      .map(({ interval, isDelete, conditions }, i) => {
        const id = `possible ${i}`;
        const value = isDelete ? undefined : id;
        return { id, begunAt: interval.begunAt, endedAt: Infinity, conditions, value, version: undefined };
      })
      .sort((a, b) => a.begunAt - b.begunAt),
  }));

/** Tries every order of everything, and of all but some of what may not have been. */
function hasOrder({ readings, certain, possible }: RegisterEvents): boolean {
  const known = certain.map(({ version }) => version?.sequence);
  const isOf = (write: Write | undefined, number: number): boolean => {
    if (write?.value === undefined) return false;
    return write.version === undefined ? !known.includes(number) : write.version.sequence === number;
  };
  const meets = (write: Write | undefined, check: Condition): boolean => {
    if (check.kind === 'version') return isOf(write, check.sequence);
    return (write?.value !== undefined) === (check.kind === 'present');
  };
  const shows = (write: Write | undefined, { sight: shown }: Reading): boolean => {
    if (!('version' in shown)) return shown.kind === 'conditions' || write?.value === undefined;
    return isOf(write, shown.version.sequence) && (shown.kind === 'version' || write?.value === shown.value);
  };
  const goOn = (left: readonly (Reading | Write)[], last: Write | undefined, version: number): boolean => {
    const required = left.filter((event) => !possible.includes(event as Write));
    if (required.length === 0) return true;
    return left.some((event) => {
      const rest = left.filter((other) => other !== event);
      const isNext = required.every((other) => other === event || other.endedAt >= event.begunAt);
      if (!isNext || !event.conditions.every((check) => meets(last, check))) return false;
      if ('sight' in event) return shows(last, event) && goOn(rest, last, version);
      const number = event.version?.sequence ?? version;
      return number >= version && goOn(rest, event, number);
    });
  };
  return goOn([...readings, ...certain, ...possible], undefined, 0);
}

describe('the search for an order', () => {
  it('finds one exactly where trying all of them does', () => {
    const found = { linearizable: 0, violated: 0, undecided: 0 };
    fc.assert(
      fc.property(anyEvents, (events) => {
        const verdict = new RegisterSearch(events).run(10_000);
        found[verdict.kind] += 1;
        expect(verdict.kind).toBe(hasOrder(events) ? 'linearizable' : 'violated');
      }),
      { seed: 1, numRuns: 20_000 },
    );
    expect(Math.min(found.linearizable, found.violated)).toBeGreaterThan(300);
  });
});
