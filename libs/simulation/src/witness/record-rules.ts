import type { SessionRecord } from '@leasehold/lease';

import type { BucketState } from './bucket-state.js';
import type { LandedFrame } from './chain.js';
import type { Report } from './findings.js';
import type { SessionTrace } from './session-trace.js';

/** Clocks give fractions of a ms that sums do not. */
const ROUNDING_MS = 1;

/** An edit of a session's record (S2, S3, S6, P1). @param at by the bucket's clock */
export function judgeRecord(
  state: BucketState,
  session: SessionTrace,
  next: SessionRecord,
  at: number,
  report: Report,
): void {
  const base = session.record;
  state.judgeTrail(base?.trail, next.trail, report);
  if (base === undefined) {
    if (session.hasBegun) report('S5', `a session's record comes back: ${session.id}`);
    if (next.state !== 'live' || next.floor !== 1)
      report('S1', `a session does not begin at its beginning: ${session.id}`);
    return;
  }
  if (base.state !== 'live') report('S3', `a record that is ${base.state} was edited to ${next.state}: ${session.id}`);
  if (next.state === 'sealed') judgeSealing(base, next, at - session.editedAt, report);
  judgeLog(state, session, base, next, report);
  if (next.state === 'clean') judgeCleanLog(state, session, report);
}

function judgeSealing(base: SessionRecord, next: SessionRecord, silentMs: number, report: Report): void {
  const { sessionId, floor, rollups, ttlMs } = base;
  if (next.floor !== floor || JSON.stringify(next.rollups) !== JSON.stringify(rollups))
    report('S3', `sealing changed what the record says of the log: ${sessionId}`);
  if (base.state === 'live' && silentMs + ROUNDING_MS < ttlMs * 1.1)
    report('S2', `sealed ${silentMs} ms after it was renewed: ${sessionId}`);
}

/** S6: nothing that anybody needs becomes unreachable. */
function judgeLog(
  state: BucketState,
  session: SessionTrace,
  base: SessionRecord,
  next: SessionRecord,
  report: Report,
): void {
  if (next.floor < base.floor) report('S6', `floor fell from ${base.floor} to ${next.floor}: ${session.id}`);
  for (const named of next.rollups) {
    if (session.rollup(named)?.isPresent !== true)
      report('S6', `names a rollup that is not there, ${named.from}-${named.to}: ${session.id}`);
  }
  const left: LandedFrame[] = [];
  for (let number = base.floor; number < next.floor; number++) {
    const segment = session.segments.get(number);
    if (segment?.kind !== 'data')
      report('S6', `floor ${next.floor} passes ${number}, which never landed: ${session.id}`);
    left.push(...(segment?.frames ?? []));
  }
  for (const named of base.rollups) {
    if (!next.rollups.some(({ from, to }) => from === named.from && to === named.to))
      left.push(...(session.rollup(named)?.frames ?? []));
  }
  const needed = left.filter((frame) => !state.database(frame.databaseId).hasFrame(frame.epoch, frame.lastSequence));
  if (needed.length === 0) return;
  const kept = new Set(next.rollups.flatMap((named) => (session.rollup(named)?.frames ?? []).map(placeOf)));
  for (const frame of needed) {
    if (!kept.has(placeOf(frame)))
      report('S6', `floor ${next.floor} leaves needed commits ${spanOf(frame)} behind: ${session.id}`);
  }
}

/** A clean record disowns its log, so nothing in it may be needed. */
function judgeCleanLog(state: BucketState, session: SessionTrace, report: Report): void {
  for (const { databaseId, epoch, chain } of session.chainsOfAll()) {
    if (!state.database(databaseId).hasFrame(epoch, chain.durableThrough(session.floor)))
      report('S6', `sealed as clean with needed commits of ${databaseId} at epoch ${epoch}: ${session.id}`);
  }
}

/** S5: the record goes when every database in its log is recovered, and not before its time. */
export function judgePurge(
  state: BucketState,
  session: SessionTrace,
  record: SessionRecord,
  ageMs: number,
  keepMs: number,
  report: Report,
): void {
  if (record.state === 'live' || (record.state === 'sealed' && !session.isClosed))
    report('S5', `a record goes before its session has ended: ${session.id}`);
  if (ageMs < keepMs) report('S5', `a record goes ${ageMs} ms after its last edit: ${session.id}`);
  if (record.state === 'clean') return;
  for (const { databaseId, epoch, chain } of session.chainsOfAll()) {
    const database = state.database(databaseId);
    if (database.head?.owner !== session.id || database.head.epoch !== epoch) continue;
    if (!database.hasFrame(epoch, chain.durableThrough(session.floor)))
      report('S5', `a record goes before ${databaseId} is recovered: ${session.id}`);
  }
}

export function placeOf({ databaseId, epoch, segment, firstSequence }: LandedFrame): string {
  return `${databaseId} ${epoch} ${segment} ${firstSequence}`;
}

export function spanOf({ databaseId, epoch, firstSequence, lastSequence }: LandedFrame): string {
  return `${firstSequence}-${lastSequence} of ${databaseId} at epoch ${epoch}`;
}
