import { describe, expect, it } from '@jest/globals';
import type { DatabaseId } from '@leasehold/foundation';
import fc from 'fast-check';

import { cover, NOTHING_COVERED, type Coverage } from './coverage.js';
import { coverageOfFirst, differencesOf, type CountedHour, type CountedHours, type ToldHours } from './recount.js';
import type { WriteInterval } from './usage-record.js';

const DATABASE = '00000000-0000-4000-8000-000000000001' as DatabaseId;
const HOUR = 482_000;
const counter = (commits: number) => ({ commits, writeUnits: commits * 3 });
const interval = (hour: number, from: number, to: number): WriteInterval => ({
  hour: HOUR + hour,
  from: counter(from),
  to: counter(to),
});
const row = (hour: number, more: Partial<CountedHour>): CountedHour => ({
  ...{ hour: HOUR + hour, key: '', commits: 0, writeUnits: 0, requests: 0, readUnits: 0, egressBytes: 0 },
  ...more,
});
const reads = (hour: number, key: string, readUnits: number) => row(hour, { key, requests: 1, readUnits });
const writes = (hour: number, commits: number) => row(hour, { commits, writeUnits: 3 * commits });

/** As the ledger has them when it has taken all of this, in this order. */
function ledgerOf(before: readonly WriteInterval[], told: ToldHours): CountedHours {
  let coverage: Coverage = NOTHING_COVERED;
  const hours = new Map<number, number>();
  for (const each of [...before, ...told.writes]) {
    const covered = cover(coverage, each);
    if (covered === 'units-disagree') continue;
    ({ coverage } = covered);
    const added = covered.added.reduce((sum, { from, to }) => sum + to.commits - from.commits, 0);
    hours.set(each.hour, (hours.get(each.hour) ?? 0) + added);
  }
  const since = [...hours].filter(([hour]) => hour >= HOUR);
  const first = [...hours].reduce((sum, [hour, count]) => (hour < HOUR ? sum + count : sum), 0);
  // Reads by nobody's key stand in the row of writes.
  const nobodys = new Map(told.reads.filter(({ key }) => key === '').map((each) => [each.hour, each]));
  for (const [hour, count] of since) {
    if (count > 0) nobodys.set(hour, { ...writes(hour - HOUR, count), ...readsOf(nobodys.get(hour)) });
  }
  return {
    before: coverageOfFirst(coverage, counter(first)),
    ...{ hours: [...nobodys.values(), ...told.reads.filter(({ key }) => key !== '')], sizes: told.sizes },
  };
}

function readsOf({ requests = 0, readUnits = 0, egressBytes = 0 }: Partial<CountedHour> = {}) {
  return { requests, readUnits, egressBytes };
}

const TOLD: ToldHours = {
  // The second session tells again what the first had told.
  writes: [interval(0, 10, 14), interval(0, 12, 15), interval(1, 15, 20), interval(1, 14, 15)],
  reads: [reads(0, 'k', 5), reads(1, '', 2)],
  sizes: [{ at: HOUR * 3_600_000, bytes: 7 }],
};
const BEFORE = [interval(-2, 0, 6), interval(-1, 6, 10)];

describe('a recount', () => {
  it('finds nothing where everything was rolled up', () => {
    const told = { ...TOLD, writes: TOLD.writes.slice(0, 3) };
    expect(differencesOf(DATABASE, told, ledgerOf(BEFORE, told))).toEqual([]);
    expect(
      differencesOf(
        DATABASE,
        { writes: [], reads: [], sizes: [] },
        ledgerOf(BEFORE, { ...told, writes: [], reads: [], sizes: [] }),
      ),
    ).toEqual([]);
  });

  it('does not count again what was counted before these hours', () => {
    const told = { ...TOLD, writes: [interval(0, 3, 14)] };
    const counted = ledgerOf(BEFORE, told);
    expect(counted.hours).toContainEqual(writes(0, 4));
    expect(differencesOf(DATABASE, told, counted)).toEqual([]);
  });

  it.each<[string, (counted: CountedHours) => CountedHours, string, number, number]>([
    ['units that are counted twice', changed(0, '', 'writeUnits', 30), 'writeUnits', 15, 30],
    ['commits that are lost', changed(1, '', 'commits', 1), 'commits', 5, 1],
    ['reads of a key', changed(0, 'k', 'readUnits', 4), 'readUnits', 5, 4],
    ['bytes', changed(0, 'k', 'egressBytes', 9), 'egressBytes', 0, 9],
  ])('tells %s', (_what, change, meter, recorded, counted) => {
    const told = { ...TOLD, writes: TOLD.writes.slice(0, 3) };
    expect(differencesOf(DATABASE, told, change(ledgerOf(BEFORE, told)))).toEqual([
      expect.objectContaining({ database: DATABASE, meter, recorded, counted }),
    ]);
  });

  it('tells rows that are missing, or that nothing was recorded for', () => {
    const told = { ...TOLD, writes: TOLD.writes.slice(0, 3) };
    const right = ledgerOf(BEFORE, told);
    const missing = { ...right, hours: right.hours.filter(({ key }) => key !== 'k'), sizes: [] };
    expect(differencesOf(DATABASE, told, missing)).toEqual([
      { database: DATABASE, hour: HOUR, key: 'k', meter: 'requests', recorded: 1, counted: 0 },
      { database: DATABASE, hour: HOUR, key: 'k', meter: 'readUnits', recorded: 5, counted: 0 },
      { database: DATABASE, hour: HOUR, key: '', meter: 'storedBytes', recorded: 7, counted: 0 },
    ]);
    const more = { ...right, hours: [...right.hours, reads(5, 'z', 1)] };
    expect(differencesOf(DATABASE, told, more)).toMatchObject([
      { hour: HOUR + 5, key: 'z', meter: 'requests', recorded: 0, counted: 1 },
      { hour: HOUR + 5, key: 'z', meter: 'readUnits', recorded: 0, counted: 1 },
    ]);
  });

  it('finds the front of what is covered, over gaps', () => {
    const coverage = [
      { from: counter(0), to: counter(5) },
      { from: counter(8), to: counter(20) },
    ];
    const first = (commits: number) => coverageOfFirst(coverage, counter(commits));
    expect(first(17)).toEqual(coverage);
    expect(first(13)).toEqual([coverage[0], { from: counter(8), to: counter(16) }]);
    expect(first(5)).toEqual([coverage[0]]);
    expect(first(3)).toEqual([{ from: counter(0), to: counter(3) }]);
    expect(first(0)).toEqual([]);
  });

  it('finds nothing, however sessions overlap, and in whatever order they were taken', () => {
    // Commits have one hour each, which grows with them.
    const cut = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 12 }));
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 12 }), fc.integer({ min: 0, max: 40 }), (cuts, begin) => {
        const hourOf = (commit: number) => Math.floor((commit - begin) / 5);
        const told = cuts.flatMap(([from, length]) =>
          Array.from({ length }, (_, i) => interval(hourOf(from + i), from + i, from + i + 1)),
        );
        const isInside = ({ hour }: WriteInterval) => hour >= HOUR;
        const inside = { writes: told.filter(isInside), reads: [], sizes: [] };
        const counted = ledgerOf(
          told.filter((each) => !isInside(each)),
          inside,
        );
        expect(differencesOf(DATABASE, inside, counted)).toEqual([]);
      }),
    );
  });
});

function changed(hour: number, key: string, meter: keyof CountedHour, value: number) {
  return (counted: CountedHours): CountedHours => ({
    ...counted,
    hours: counted.hours.map((each) =>
      each.hour === HOUR + hour && each.key === key ? { ...each, [meter]: value } : each,
    ),
  });
}
