import type { DatabaseId } from '@leasehold/foundation';

import { cover, type Coverage, type CoveredRange } from './coverage.js';
import { hourOf, type SizeMark, type WriteCounter, type WriteInterval } from './usage-record.js';

const HOURLY = ['commits', 'writeUnits', 'requests', 'readUnits', 'egressBytes'] as const;
/** What hours are counted in, and what a database takes, as a recount compares them. */
export const RECOUNTED = [...HOURLY, 'storedBytes'] as const;
export type Recounted = (typeof RECOUNTED)[number];

/** Of one hour and key; empty for writes, and for reads by nobody's key. */
export interface CountedHour {
  readonly hour: number;
  readonly key: string;
  readonly commits: number;
  readonly writeUnits: number;
  readonly requests: number;
  readonly readUnits: number;
  readonly egressBytes: number;
}

/** What records say of the hours that are recounted. */
export interface ToldHours {
  /** In any order, overlapping where two sessions told of the same commits. */
  readonly writes: readonly WriteInterval[];
  /** One for each hour and key: reads alone. */
  readonly reads: readonly CountedHour[];
  /** One for each moment. */
  readonly sizes: readonly SizeMark[];
}

/** What is rolled up of the same hours. */
export interface CountedHours {
  readonly hours: readonly CountedHour[];
  readonly sizes: readonly SizeMark[];
  /** What was counted before these hours, where it matters: only a session that tells again of old commits, by the hour of later ones, says what was counted there. */
  readonly before: Coverage;
}

/** One number that is not what the records say. */
export interface UsageDifference {
  readonly database: DatabaseId;
  readonly hour: number;
  readonly key: string;
  readonly meter: Recounted;
  /** By the records. */
  readonly recorded: number;
  /** By the hours that are rolled up. */
  readonly counted: number;
}

type Quantities = Omit<CountedHour, 'hour' | 'key'>;
const NOTHING: Quantities = { commits: 0, writeUnits: 0, requests: 0, readUnits: 0, egressBytes: 0 };

/**
 * What is rolled up of one database, against what records say of the same hours. Commits count once, as they did when they were rolled up (`cover`); those that were counted in earlier hours
 * do not count again where a later record tells of them with its own.
 *
 * @returns by hour and key; empty: all is as it should be
 */
export function differencesOf(
  database: DatabaseId,
  told: ToldHours,
  counted: CountedHours,
): readonly UsageDifference[] {
  const recorded = recordedHours(told, counted.before);
  const rolledUp = new Map(counted.hours.map((row) => [placeOf(row), row]));
  const differences: UsageDifference[] = [];
  for (const place of [...new Set([...recorded.keys(), ...rolledUp.keys()])].sort()) {
    const [right, is] = [recorded.get(place), rolledUp.get(place)];
    const { hour, key } = right ?? is ?? { hour: 0, key: '' };
    for (const meter of HOURLY) {
      const [a, b] = [right?.[meter] ?? 0, is?.[meter] ?? 0];
      if (a !== b) differences.push({ database, hour, key, meter, recorded: a, counted: b });
    }
  }
  return [...differences, ...differencesOfSizes(database, told.sizes, counted.sizes)];
}

/** The front of a coverage, so many commits and units of it: those that were counted first, as commits come by time. */
export function coverageOfFirst(coverage: Coverage, { commits, writeUnits }: WriteCounter): Coverage {
  let left = { commits, writeUnits };
  const front: CoveredRange[] = [];
  for (const range of coverage) {
    if (left.commits <= 0) break;
    const { from, to } = range;
    const has = { commits: to.commits - from.commits, writeUnits: to.writeUnits - from.writeUnits };
    front.push(
      left.commits >= has.commits
        ? range
        : { from, to: { commits: from.commits + left.commits, writeUnits: from.writeUnits + left.writeUnits } },
    );
    left = { commits: left.commits - has.commits, writeUnits: Math.max(0, left.writeUnits - has.writeUnits) };
  }
  return front;
}

function recordedHours(told: ToldHours, before: Coverage): ReadonlyMap<string, CountedHour> {
  const hours = new Map(told.reads.map((row) => [placeOf(row), row]));
  let coverage = before;
  const inOrder = [...told.writes].sort((a, b) => a.hour - b.hour || a.from.commits - b.from.commits);
  for (const interval of inOrder) {
    const covered = cover(coverage, interval);
    // Nor was it counted when it was rolled up.
    if (covered === 'units-disagree') continue;
    ({ coverage } = covered);
    for (const { from, to } of covered.added) {
      const place = placeOf({ hour: interval.hour, key: '' });
      const row = hours.get(place) ?? { hour: interval.hour, key: '', ...NOTHING };
      hours.set(place, {
        ...row,
        commits: row.commits + to.commits - from.commits,
        writeUnits: row.writeUnits + to.writeUnits - from.writeUnits,
      });
    }
  }
  return hours;
}

function differencesOfSizes(
  database: DatabaseId,
  told: readonly SizeMark[],
  counted: readonly SizeMark[],
): readonly UsageDifference[] {
  const [recorded, rolledUp] = [told, counted].map((marks) => new Map(marks.map(({ at, bytes }) => [at, bytes]))) as [
    Map<number, number>,
    Map<number, number>,
  ];
  const times = [...new Set([...recorded.keys(), ...rolledUp.keys()])].sort((a, b) => a - b);
  return times.flatMap((at): UsageDifference[] => {
    const [a, b] = [recorded.get(at), rolledUp.get(at)];
    if (a === b) return [];
    return [{ database, hour: hourOf(at), key: '', meter: 'storedBytes', recorded: a ?? 0, counted: b ?? 0 }];
  });
}

/** Hours have the same number of digits for ten thousand years, so that places are in their order. */
function placeOf({ hour, key }: Pick<CountedHour, 'hour' | 'key'>): string {
  return `${String(hour).padStart(8, '0')} ${key}`;
}
