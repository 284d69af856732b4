import type { Head } from '@leasehold/engine';
import type { SessionId } from '@leasehold/foundation';

import type { BucketState } from './bucket-state.js';
import type { DatabaseTrace } from './database-trace.js';
import type { Report } from './findings.js';
import type { SessionTrace } from './session-trace.js';

/** A claim takes along at most one commit of its own. */
const CARRIED_COMMITS = 1;

/** The first head of a database. */
export function judgeFirstHead(state: BucketState, database: DatabaseTrace, next: Head, report: Report): void {
  state.judgeTrail(undefined, next.trail, report);
  if (database.hasBegun) report('H1', 'a head comes back');
  if (next.epoch > 1) report('H3', `a database begins at epoch ${next.epoch}`);
  if (next.lastCommit.sequence > CARRIED_COMMITS && next.parent === undefined)
    report('H3', `a database begins with commit ${next.lastCommit.sequence}`);
  if (next.owner !== undefined) judgeClaimant(state, next.owner, report);
}

/** An edit of a head: who owns it, and what it contains (P1, H2, H3, H4, H5, S1). */
export function judgeHead(state: BucketState, base: Head, next: Head, report: Report): void {
  state.judgeTrail(base.trail, next.trail, report);
  judgeCounters(base, next, report);
  if (base.quarantined && (next.epoch !== base.epoch || next.owner !== base.owner || advances(base, next)))
    report('L3', 'owner, epoch or commit of a quarantined database were changed');
  if (base.deletedAt !== undefined && next.deletedAt !== undefined && next.epoch !== base.epoch)
    report('H6', 'a deleted database was claimed');
  if (next.epoch === base.epoch) judgeOwnersEdit(state, base, next, report);
  else if (next.epoch === base.epoch + 1) judgeTakeover(state, base, next, report);
  else report('H3', `epoch ${next.epoch} follows ${base.epoch}`);
}

function judgeCounters(base: Head, next: Head, report: Report): void {
  if (next.lastCommit.sequence < base.lastCommit.sequence)
    report('H2', `commit ${next.lastCommit.sequence} follows ${base.lastCommit.sequence}`);
  if (!advances(base, next) && next.lastCommit.epoch !== base.lastCommit.epoch)
    report('H2', `commit ${next.lastCommit.sequence} got another epoch`);
  if (next.lastCommittedAt < base.lastCommittedAt) report('H2', 'the time of the last commit fell');
  for (const counters of ['total', 'recorded'] as const) {
    for (const counter of ['commits', 'writeUnits', 'writtenBytes'] as const) {
      if (next.usage[counters][counter] < base.usage[counters][counter])
        report('usage', `${counters} ${counter} fell: ${next.usage[counters][counter]}`);
    }
  }
  const { retentionMs, maxBytes } = base.options;
  const isOptionsChange = next.options.retentionMs !== retentionMs || next.options.maxBytes !== maxBytes;
  if (isOptionsChange && base.owner === undefined && next.epoch === base.epoch)
    report('H2', 'options changed without an owner');
}

/** At the same epoch: a flush or a release by the owner, or an edit that leaves all this alone. */
function judgeOwnersEdit(state: BucketState, base: Head, next: Head, report: Report): void {
  const { owner, epoch, databaseId } = base;
  if (next.owner !== owner && next.owner !== undefined)
    report('H2', `epoch ${epoch} got another owner: ${next.owner} after ${owner}`);
  if (owner === undefined) {
    if (advances(base, next)) report('H2', `commit ${next.lastCommit.sequence} came without an owner`);
    return;
  }
  const session = state.session(owner);
  const chain = session.chain(databaseId, epoch);
  const durable = chain.durableThrough(session.floor);
  if (advances(base, next) && next.lastCommit.sequence > durable)
    report('H5', `commit ${next.lastCommit.sequence} is in the head, and the log is durable to ${durable}: ${owner}`);
  if (next.owner === undefined && chain.landedThrough > next.lastCommit.sequence)
    report('H4', `given up at commit ${next.lastCommit.sequence} with ${chain.landedThrough} in the log: ${owner}`);
}

/** At the next epoch: the former owner has ended, and the whole of its durable tail comes along. */
function judgeTakeover(state: BucketState, base: Head, next: Head, report: Report): void {
  const { owner } = base;
  if (next.owner !== undefined) judgeClaimant(state, next.owner, report);
  const former = owner === undefined ? undefined : state.session(owner);
  if (former !== undefined && owner !== next.owner) judgeEnded(former, report);
  const leavesTail = former?.record !== undefined && former.record.state !== 'clean';
  const tail = leavesTail ? former.chain(base.databaseId, base.epoch).durableThrough(former.floor) : 0;
  const from = Math.max(base.lastCommit.sequence, tail);
  const { sequence } = next.lastCommit;
  if (sequence < from) report('H3', `epoch ${next.epoch} begins at commit ${sequence}, ${from} was durable: ${owner}`);
  if (sequence > from + CARRIED_COMMITS)
    report('H3', `epoch ${next.epoch} begins at commit ${sequence}, only ${from} was durable: ${owner}`);
}

function judgeEnded(session: SessionTrace, report: Report): void {
  const { record } = session;
  if (record?.state === 'live') report('S3', `taken over from a session that lives: ${session.id}`);
  if (record?.state === 'sealed' && !session.isClosed)
    report('S3', `taken over from a session whose log is open: ${session.id}`);
}

function judgeClaimant(state: BucketState, owner: SessionId, report: Report): void {
  if (!state.session(owner).hasBegun) report('S1', `claimed by a session without a record: ${owner}`);
}

function advances(base: Head, next: Head): boolean {
  return next.lastCommit.sequence > base.lastCommit.sequence;
}
