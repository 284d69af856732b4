import { crc32 } from 'node:zlib';

import { bucketLayout } from '@leasehold/bucket-layout';
import type { FrameSpan } from '@leasehold/commit-log';
import { mapRollup, mapSegment } from '@leasehold/commit-log';
import { decodeCommits, decodeHead, decodePin } from '@leasehold/engine';
import type { Clock, DatabaseId } from '@leasehold/foundation';
import { isLeaseholdError } from '@leasehold/foundation';
import { decodeSessionRecord } from '@leasehold/lease';

import type { FrameText, Violation } from '../history/history.js';
import { BucketState } from './bucket-state.js';
import type { LandedFrame } from './chain.js';
import { judgeContents } from './content-rules.js';
import type { DatabaseTrace } from './database-trace.js';
import { areThere, entriesOf } from './file-contents.js';
import { heldFiles, judgeFileDeletion, judgeFiles } from './file-rules.js';
import type { Report } from './findings.js';
import { Findings } from './findings.js';
import { FrameArchive } from './frame-archive.js';
import { judgeFirstHead, judgeHead } from './head-rules.js';
import {
  judgeDamage,
  judgeFrame,
  judgeRollup,
  judgeRollupDeletion,
  judgeSegment,
  judgeSegmentDeletion,
} from './log-rules.js';
import type { ObjectName } from './object-name.js';
import { judgePurge, judgeRecord, spanOf } from './record-rules.js';
import type { SegmentTrace, SessionTrace } from './session-trace.js';

export interface BucketJudgeOptions {
  /** The bucket's own. */
  readonly clock: Clock;
  /** How long the record of an ended session is kept at least (S5). */
  readonly keepSessionsMs: number;
}

/** Knows what the bucket holds and has held by what it is told, and judges each change by it before it takes the change in. */
export class BucketJudge {
  private readonly state = new BucketState();
  private readonly findings = new Findings();
  private readonly archive = new FrameArchive();

  constructor(private readonly options: BucketJudgeOptions) {}

  get violations(): readonly Violation[] {
    return this.findings.violations;
  }

  framesOf(databaseId: DatabaseId): readonly FrameText[] {
    return this.archive.framesOf(databaseId);
  }

  /** An object has landed. @param isEdit over one that was there */
  land(name: ObjectName, key: string, body: Uint8Array, etag: string, isEdit: boolean): void {
    const report = this.reportOf('databaseId' in name ? name.databaseId : undefined);
    if (isEdit && name.kind !== 'head' && name.kind !== 'session')
      report('P1', `was changed after its creation: ${key}`);
    try {
      switch (name.kind) {
        case 'session':
          return this.landRecord(this.state.session(name.sessionId), body, report);
        case 'segment':
          return this.landSegment(this.state.session(name.sessionId), name.number, body, etag);
        case 'rollup':
          return this.landRollup(this.state.session(name.sessionId), name, body, etag, report);
        case 'head':
          return this.landHead(this.state.database(name.databaseId), body, report);
        case 'file':
          this.state.database(name.databaseId).files.set(name.id, { isPresent: true, body, entries: undefined });
          return;
        case 'pin':
          return this.landPin(this.state.database(name.databaseId), key, body);
      }
    } catch (error) {
      if (!isLeaseholdError(error, 'corrupt')) throw error;
      report('format', `cannot be read as it lands, ${error.message}: ${key}`);
    }
  }

  /** An object is gone, or was not there. */
  gone(name: ObjectName): void {
    const report = this.reportOf('databaseId' in name ? name.databaseId : undefined);
    switch (name.kind) {
      case 'session': {
        const session = this.state.session(name.sessionId);
        const { record } = session;
        if (record === undefined) return;
        const ageMs = this.options.clock.now() - session.editedAt;
        judgePurge(this.state, session, record, ageMs, this.options.keepSessionsMs, report);
        session.record = undefined;
        return;
      }
      case 'segment': {
        const session = this.state.session(name.sessionId);
        const segment = session.segments.get(name.number);
        if (segment?.isPresent !== true) return;
        judgeSegmentDeletion(session, name.number, segment, report);
        segment.isPresent = false;
        return;
      }
      case 'rollup': {
        const session = this.state.session(name.sessionId);
        const rollup = session.rollup(name);
        if (rollup?.isPresent !== true) return;
        judgeRollupDeletion(session, rollup, report);
        rollup.isPresent = false;
        return;
      }
      case 'head': {
        const database = this.state.database(name.databaseId);
        if (database.head !== undefined) report('H6', 'a head was deleted');
        database.head = undefined;
        return;
      }
      case 'file': {
        const database = this.state.database(name.databaseId);
        const file = database.files.get(name.id);
        if (file?.isPresent !== true) return;
        judgeFileDeletion(this.state, database, name.id, report);
        file.isPresent = false;
        file.body = undefined;
        file.entries = undefined;
        return;
      }
      case 'pin':
        this.state.database(name.databaseId).pins.delete(name.id);
    }
  }

  private landRecord(session: SessionTrace, body: Uint8Array, report: Report): void {
    const record = decodeSessionRecord(body, session.id);
    const at = this.options.clock.now();
    judgeRecord(this.state, session, record, at, report);
    session.record = record;
    session.hasBegun = true;
    session.floor = record.floor;
    session.editedAt = at;
  }

  private landSegment(session: SessionTrace, number: number, body: Uint8Array, etag: string): void {
    const name = { sessionId: session.id, number };
    const { kind, intact, damage } = mapSegment(name, body);
    const report = this.reportOf(undefined);
    judgeDamage(bucketLayout.segment(session.id, number), { intact, damage }, report);
    const landed = intact.map(landedFrame);
    const { isPurged: isAfterPurge } = session;
    const segment: SegmentTrace = { kind, etag, frames: landed, isAfterPurge, isPresent: true };
    const before = session.segments.get(number);
    judgeSegment(session, number, segment, report);
    session.segments.set(number, segment);
    // A copy that was long under way tells nothing new.
    if (before?.etag === etag) return;
    for (const [i, frame] of landed.entries()) this.landFrame(session, frame, intact[i] as FrameSpan);
    // All frames of a database in one segment share what comes before.
    for (const frame of landed) session.chain(frame.databaseId, frame.epoch).add(frame);
  }

  private landFrame(session: SessionTrace, frame: LandedFrame, { payload }: FrameSpan): void {
    const { databaseId, epoch, firstSequence, lastSequence } = frame;
    const report = this.reportOf(databaseId);
    judgeFrame(this.state, session, frame, report);
    const commits = decodeCommits(payload);
    const isWhole =
      commits.length === lastSequence - firstSequence + 1 &&
      commits.every(({ version }, i) => version.epoch === epoch && version.sequence === firstSequence + i);
    if (!isWhole) report('format', `a frame holds other commits than it says: ${spanOf(frame)}`);
    this.archive.add(session.id, frame, commits);
    const database = this.state.database(databaseId);
    for (const commit of commits) {
      if (!database.addCommit(commit))
        report('P2', `version ${commit.version.sequence} of ${spanOf(frame)} was given to two commits: ${session.id}`);
    }
  }

  private landRollup(
    session: SessionTrace,
    { from, to }: { readonly from: number; readonly to: number },
    body: Uint8Array,
    etag: string,
    report: Report,
  ): void {
    const map = mapRollup({ sessionId: session.id, from, to }, body);
    judgeDamage(bucketLayout.rollup(session.id, from, to), map, report);
    const rollup = { from, to, etag, frames: map.intact.map(landedFrame), isPresent: true };
    judgeRollup(session, rollup, report);
    session.rollups.set(`${from}-${to}`, rollup);
  }

  private landHead(database: DatabaseTrace, body: Uint8Array, report: Report): void {
    const next = decodeHead(body);
    if (next.databaseId !== database.id) report('format', `a head is that of ${next.databaseId}`);
    const base = database.head;
    if (base === undefined) judgeFirstHead(this.state, database, next, report);
    else judgeHead(this.state, base, next, report);
    judgeFiles(this.state, base, next, report);
    database.head = next;
    database.hasBegun = true;
    if (!database.owners.has(next.epoch)) {
      database.owners.set(next.epoch, next.owner);
      database.begunAfter.set(next.epoch, next.lastCommit.sequence);
    }
    const commits = base && database.takeCommits(base, next);
    if (base !== undefined && commits !== undefined && areThere(this.state, base, next))
      judgeContents(base, next, commits, (ref) => entriesOf(this.state, database.id, ref, report), report);
  }

  private landPin(database: DatabaseTrace, key: string, body: Uint8Array): void {
    const pin = decodePin(body);
    database.pins.set(key.slice(bucketLayout.pins(database.id).length), heldFiles(database, pin.files));
  }

  private reportOf(databaseId: DatabaseId | undefined): Report {
    return (rule, what) => this.findings.report(rule, what, databaseId);
  }
}

function landedFrame({ header, payload }: FrameSpan): LandedFrame {
  return { ...header, checksum: crc32(payload) };
}
