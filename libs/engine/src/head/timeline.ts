import type { Commit } from '../entry.js';
import type { Head, TimeMark } from '../format/head.js';

/** 12 bytes each in a head that is read at every cold open: a day in steps of minutes, older times in steps of hours. */
export const TIMELINE_MARKS = 256;

/** Marks that one flush adds: its commits may span hours when a database is written rarely. */
export const MARKS_PER_FLUSH = 8;

/** A recorded moment: `sequence` was the last commit at wall time `at`. Everything that was hidden by then may go. */
export type RetentionPoint = TimeMark;

/** Where nothing may be dropped. */
const BEGINNING: RetentionPoint = { sequence: 0, at: 0 };

/**
 * The newest recorded moment that lies outside of the retention window: versions that were superseded at or before it may be dropped,
 * as reads of any time inside the window look no further back. Pure.
 * @param now wall ms
 */
export function retentionPoint(
  { timeline, options, lastCommit, lastCommittedAt }: RetainedHead,
  now: number,
): RetentionPoint {
  if (options.retentionMs === 0) return { sequence: lastCommit.sequence, at: lastCommittedAt };
  return markAt(timeline, now - options.retentionMs) ?? BEGINNING;
}

type RetainedHead = Pick<Head, 'timeline' | 'options' | 'lastCommit' | 'lastCommittedAt'>;

/**
 * The sequence up to which superseded versions are outside of the retention window. Of each key, whatever is above it stays, and the
 * newest version at or below it. 0: nothing may be dropped.
 */
export function retentionFloor(head: RetainedHead, now: number): number {
  return retentionPoint(head, now).sequence;
}

/** Which version `at=<time>` reads: the newest recorded moment at or before it. Undefined: before all that is recorded. */
export function sequenceAt({ timeline }: Pick<Head, 'timeline'>, timeMs: number): number | undefined {
  return markAt(timeline, timeMs)?.sequence;
}

/** Of commits whose time is `at` or later, the first that is known to be one; undefined when none is. */
export function sequenceSince(timeline: readonly TimeMark[], at: number): number | undefined {
  return timeline[firstAfter(timeline, (mark) => mark.at < at)]?.sequence;
}

/** The last recorded moment at or before a commit. */
export function timeOf(timeline: readonly TimeMark[], sequence: number): number {
  return timeline[firstAfter(timeline, (mark) => mark.sequence <= sequence) - 1]?.at ?? 0;
}

/**
 * With marks for the commits, which follow those it has: the last one, and the last one in each of a few equal spans of time. Thinned to
 * {@link TIMELINE_MARKS}: first what lies before `point`, which nothing asks for, then where the gap is least for its age.
 */
export function extendTimeline(
  timeline: readonly TimeMark[],
  commits: readonly Commit[],
  point: (extended: readonly TimeMark[]) => RetentionPoint,
): readonly TimeMark[] {
  const marks = [...timeline];
  for (const mark of marksOf(commits)) {
    const last = marks[marks.length - 1];
    const at = Math.max(mark.at, last?.at ?? 0);
    // Several commits at one moment: the last of them was the last at that moment.
    if (last?.at === at) marks.pop();
    marks.push({ sequence: mark.sequence, at });
  }
  const { sequence } = point(marks);
  const needed = marks.filter((mark) => mark.sequence >= sequence);
  while (needed.length > TIMELINE_MARKS) needed.splice(leastMissed(needed), 1);
  return needed;
}

function marksOf(commits: readonly Commit[]): TimeMark[] {
  const first = commits[0];
  const last = commits[commits.length - 1];
  if (first === undefined || last === undefined) return [];
  const span = last.committedAt - first.committedAt;
  const slotOf = ({ committedAt }: Commit): number =>
    span <= 0 ? 0 : Math.floor(((committedAt - first.committedAt) / span) * MARKS_PER_FLUSH);
  return commits
    .filter((commit, i) => {
      const next = commits[i + 1];
      return next === undefined || slotOf(next) > slotOf(commit);
    })
    .map(({ version, committedAt }) => ({ sequence: version.sequence, at: committedAt }));
}

/** The place of the mark whose neighbours lie closest together, in relation to how long ago it was. Never the first or the last. */
function leastMissed(marks: readonly TimeMark[]): number {
  const end = (marks[marks.length - 1] as TimeMark).at;
  let least = Number.POSITIVE_INFINITY;
  let place = 1;
  for (let i = 1; i < marks.length - 1; i++) {
    const gap = (marks[i + 1] as TimeMark).at - (marks[i - 1] as TimeMark).at;
    const cost = gap / (1 + end - (marks[i] as TimeMark).at);
    if (cost < least) {
      least = cost;
      place = i;
    }
  }
  return place;
}

function markAt(timeline: readonly TimeMark[], timeMs: number): TimeMark | undefined {
  return timeline[firstAfter(timeline, (mark) => mark.at <= timeMs) - 1];
}

function firstAfter(timeline: readonly TimeMark[], isBefore: (mark: TimeMark) => boolean): number {
  let low = 0;
  let high = timeline.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(timeline[middle] as TimeMark)) low = middle + 1;
    else high = middle;
  }
  return low;
}
