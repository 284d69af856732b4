import { assert } from '@leasehold/foundation';

import type { WriteCounter, WriteInterval } from './usage-record.js';

/** Commits that are counted already, from the one after `from` up to `to`. */
export interface CoveredRange {
  readonly from: WriteCounter;
  readonly to: WriteCounter;
}

/** All ranges of one database that are counted: ascending, apart from each other. Once everything has arrived it is one, from zero on. */
export type Coverage = readonly CoveredRange[];

export interface Covered {
  readonly coverage: Coverage;
  /** Of the interval, what nobody had told of before. */
  readonly added: readonly CoveredRange[];
}

export const NOTHING_COVERED: Coverage = [];

/** Why an interval cannot be of the database whose others are known. */
export type CoverageConflict = 'units-disagree';

/**
 * Counts an interval where it was not counted. Whatever the order in which intervals arrive, and however they overlap or repeat, each commit is counted
 * once: the counters are cumulative, so two intervals that meet at a commit tell the same units there.
 *
 * @returns `units-disagree` where they do not: one of them is of another database, or damaged; nothing is counted then
 */
export function cover(
  coverage: Coverage,
  { from, to }: Pick<WriteInterval, 'from' | 'to'>,
): Covered | CoverageConflict {
  assert(from.commits < to.commits && from.writeUnits <= to.writeUnits, 'an interval goes on');
  if (coverage.some((range) => disagree(range, from) || disagree(range, to))) return 'units-disagree';
  const added: CoveredRange[] = [];
  let at = from;
  for (const range of coverage) {
    if (range.to.commits <= at.commits) continue;
    if (range.from.commits >= to.commits) break;
    if (at.commits < range.from.commits) added.push({ from: at, to: range.from });
    at = range.to;
  }
  if (at.commits < to.commits) added.push({ from: at, to });
  return { coverage: added.reduce(insert, coverage), added };
}

/** Of one line of counters, more commits never have fewer units, and the same have the same. */
function disagree(range: CoveredRange, { commits, writeUnits }: WriteCounter): boolean {
  return [range.from, range.to].some((known) => {
    const order = Math.sign(known.writeUnits - writeUnits);
    return order !== 0 && order !== Math.sign(known.commits - commits);
  });
}

/** One that touches no other, but perhaps meets its neighbours, which it is joined with. */
function insert(coverage: Coverage, range: CoveredRange): Coverage {
  const before = coverage.filter(({ to }) => to.commits < range.from.commits);
  const behind = coverage.filter(({ from }) => from.commits > range.to.commits);
  const meeting = coverage.slice(before.length, coverage.length - behind.length);
  const from = meeting.find(({ to }) => to.commits === range.from.commits)?.from ?? range.from;
  const to = meeting.find((other) => other.from.commits === range.to.commits)?.to ?? range.to;
  return [...before, { from, to }, ...behind];
}
