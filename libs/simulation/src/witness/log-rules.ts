import type { DecodedSegment, FrameMap } from '@leasehold/commit-log';

import type { BucketState } from './bucket-state.js';
import type { LandedFrame } from './chain.js';
import type { Report } from './findings.js';
import { placeOf, spanOf } from './record-rules.js';
import type { RollupTrace, SegmentTrace, SessionTrace } from './session-trace.js';
import { WINDOW } from './session-trace.js';

/** An object at a number of a log, before it is taken into the trace (S1, S3, S4, S6, P1). */
export function judgeSegment(session: SessionTrace, number: number, next: SegmentTrace, report: Report): void {
  if (!session.hasBegun) report('S1', `a log begins before its session's record: ${session.id}`);
  const before = session.segments.get(number);
  // Whatever lands when all is purged finds nobody who could take it for something.
  const { isPurged } = session;
  if (before !== undefined && before.etag !== next.etag && !isPurged)
    report('P1', `number ${number} was used for a ${before.kind} and then for another ${next.kind}: ${session.id}`);
  if (isPurged) return;
  if (next.kind === 'seal') judgeSeal(session, number, report);
  else if (number >= session.lowestWithoutData + WINDOW)
    report('S4', `number ${number} lands while ${session.lowestWithoutData} never did: ${session.id}`);
}

function judgeSeal(session: SessionTrace, number: number, report: Report): void {
  const { record, floor } = session;
  if (record !== undefined && record.state !== 'sealed')
    report('S3', `a seal lands in the log of a session that is ${record.state}: ${session.id}`);
  if (number < floor) report('S3', `seal ${number} lands below the floor ${floor}: ${session.id}`);
  let lowest = floor;
  while (session.segments.get(lowest)?.kind === 'data') lowest++;
  if (number >= lowest + WINDOW) report('S3', `seal ${number} lies behind the window of ${lowest}: ${session.id}`);
}

/** Frames that land for the first time, one by one and before they are in their chain (P2, S4, L2, H3, H4). */
export function judgeFrame(state: BucketState, session: SessionTrace, frame: LandedFrame, report: Report): void {
  const { databaseId, epoch, segment, firstSequence, lastSequence, previousSegment } = frame;
  const database = state.database(databaseId);
  const { head } = database;
  if (database.owners.get(epoch) !== session.id)
    return report('P2', `commits ${spanOf(frame)} are of a session that never claimed it so: ${session.id}`);
  const begunAfter = database.begunAfter.get(epoch) ?? 0;
  if (firstSequence <= begunAfter)
    report('H3', `commits ${spanOf(frame)} begin before the epoch does, after ${begunAfter}: ${session.id}`);
  if (head?.owner === undefined && head?.epoch === epoch && lastSequence > head.lastCommit.sequence)
    report('H4', `commits ${spanOf(frame)} land after their database was given up: ${session.id}`);
  if (previousSegment >= segment) report('S4', `commits ${spanOf(frame)} name a predecessor behind themselves`);
  const { before, after } = session.chain(databaseId, epoch).around(segment);
  if ((before?.lastSequence ?? 0) > firstSequence || (after?.firstSequence ?? Infinity) < lastSequence)
    report('L2', `commits ${spanOf(frame)} land in a segment that their versions do not belong to: ${session.id}`);
  const skips = (from: LandedFrame, over: LandedFrame): boolean =>
    from.previousSegment < over.segment &&
    over.segment >= session.floor &&
    !database.hasFrame(over.epoch, over.lastSequence);
  if (before !== undefined && skips(frame, before))
    report('S4', `commits ${spanOf(frame)} do not name ${before.segment} as what comes before: ${session.id}`);
  if (after !== undefined && skips(after, frame))
    report('S4', `commits ${spanOf(after)} do not name ${segment} as what comes before: ${session.id}`);
}

/** A rollup holds what its segments held, and stands for none that is not confirmed (L5, S6). */
export function judgeRollup(session: SessionTrace, next: RollupTrace, report: Report): void {
  const range = `${next.from}-${next.to}`;
  if (!session.hasBegun) report('S1', `a log begins before its session's record: ${session.id}`);
  const before = session.rollup(next);
  if (before !== undefined && before.etag !== next.etag)
    report('P1', `rollup ${range} was written a second time, otherwise: ${session.id}`);
  if (next.to >= session.lowestWithoutData)
    report('S6', `rollup ${range} passes ${session.lowestWithoutData}, which never landed: ${session.id}`);
  for (const frame of next.frames) {
    const landed = session.segments.get(frame.segment)?.frames.find((other) => placeOf(other) === placeOf(frame));
    if (landed?.checksum !== frame.checksum || landed.lastSequence !== frame.lastSequence)
      report(
        'L5',
        `rollup ${range} holds commits ${spanOf(frame)} that segment ${frame.segment} did not: ${session.id}`,
      );
  }
}

export function judgeSegmentDeletion(
  session: SessionTrace,
  number: number,
  { kind, isAfterPurge }: SegmentTrace,
  report: Report,
): void {
  // A seal in place of data that was purged: a deletion that was abandoned may meet it.
  if (kind === 'seal' && isAfterPurge) return;
  if (kind === 'seal') report('S5', `seal ${number} was deleted: ${session.id}`);
  else if (session.record !== undefined && number >= session.record.floor)
    report('S6', `segment ${number} was deleted at a floor of ${session.record.floor}: ${session.id}`);
}

export function judgeRollupDeletion(session: SessionTrace, { from, to }: RollupTrace, report: Report): void {
  if (session.isNamed({ from, to }))
    report('S6', `rollup ${from}-${to} was deleted while the record names it: ${session.id}`);
}

/** L3: a writer's own bytes are whole when they land. */
export function judgeDamage(name: string, { damage }: DecodedSegment | FrameMap, report: Report): void {
  if (damage.length > 0) report('L3', `lands with ${damage.length} frames that cannot be read: ${name}`);
}
