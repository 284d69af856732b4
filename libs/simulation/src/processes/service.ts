import type { Entry } from '@leasehold/engine';
import type { SessionId } from '@leasehold/foundation';
import { isLeaseholdError } from '@leasehold/foundation';
import type { Session } from '@leasehold/lease';
import type { AccessOptions, DatabaseAccess } from '@leasehold/ownership';
import { MisdirectedError, PreconditionFailedError } from '@leasehold/ownership';
import type { NotAppliedCode } from '@leasehold/routing';
import { isNotAppliedCode } from '@leasehold/routing';

import type { Answer, EntryText, Request } from '../history/history.js';
import { databaseOf, tagOf } from '../workload/databases.js';
import { bytesOf, commitTextOf, idempotencyKeyOf, rangeOf, textOf, transactionOf } from '../workload/translation.js';
import { writtenAhead } from './short-way.js';

/** Entries of a snapshot; no database of a run has more. */
const SNAPSHOT_ENTRIES = 1_000;

/** What a gateway sends to a worker. */
export interface Hop {
  readonly database: number;
  readonly callId: string;
  readonly request: Request;
  readonly waitForOwner: SessionId | undefined;
}

/** What a worker sends back: an answer for the client, or word for the gateway that nothing was applied here. */
export type HopReply =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'misdirected'; readonly owner: SessionId }
  | { readonly kind: 'not-applied'; readonly code: NotAppliedCode; readonly retryAfterMs: number | undefined };

/**
 * What apps/worker does with a request of a gateway: the work, then the deadline (S1) with nothing awaited between it and the answer, and errors
 * by their codes. Everything else is the product's.
 * @throws whatever is no operating error: a bug
 */
export async function serve(
  access: DatabaseAccess,
  session: Session,
  hop: Hop,
  signal: AbortSignal,
): Promise<HopReply> {
  try {
    const options = { signal, waitForOwner: hop.waitForOwner };
    const answer = await work(access, hop, options);
    // What is durable rests on no deadline.
    if (answer.kind !== 'committed' || answer.effect === 'nothing') session.assertServing();
    return { kind: 'answer', answer };
  } catch (error) {
    return replyTo(error, session);
  }
}

function replyTo(error: unknown, session: Session): HopReply {
  if (error instanceof MisdirectedError) return { kind: 'misdirected', owner: error.owner };
  if (error instanceof PreconditionFailedError) {
    try {
      session.assertServing();
    } catch (late) {
      return replyTo(late, session);
    }
    const { present, failedCheck } = error;
    return { kind: 'answer', answer: { kind: 'refused', failedCheck, present: present && { ...present } } };
  }
  if (!isLeaseholdError(error) || error.kind === 'internal') throw error;
  const { code, retryAfterMs } = error;
  if (isNotAppliedCode(code)) return { kind: 'not-applied', code, retryAfterMs };
  if (error.kind === 'unknown') return { kind: 'answer', answer: { kind: 'unknown' } };
  return { kind: 'answer', answer: { kind: 'disclaimed', code } };
}

async function work(
  access: DatabaseAccess,
  { database, callId, request }: Hop,
  options: AccessOptions,
): Promise<Answer> {
  const identity = databaseOf(database);
  switch (request.kind) {
    case 'transact': {
      const key = request.keyed ? idempotencyKeyOf(callId) : undefined;
      const tx = transactionOf(request, tagOf(database), key);
      const ahead = writtenAhead(access, identity, tx, options.signal);
      if (ahead !== undefined) return { kind: 'committed', version: { ...(await ahead) }, effect: 'committed' };
      const { version, effect } = await access.transact(identity, tx, options);
      return { kind: 'committed', version: { ...version }, effect };
    }
    case 'get': {
      const entry = await access.get(identity, bytesOf(request.key), options);
      return { kind: 'entry', entry: entry && entryText(entry) };
    }
    case 'snapshot': {
      const scan = { ...rangeOf(request.range), limit: SNAPSHOT_ENTRIES };
      const at = request.at === undefined ? undefined : { version: { epoch: 1, sequence: request.at } };
      const { version, scans } = await access.readMany(identity, { gets: [], scans: [scan], at }, options);
      const entries = (scans[0]?.entries ?? []).map((entry) => ({ key: textOf(entry.key), ...entryText(entry) }));
      return { kind: 'snapshot', version: { ...version }, entries };
    }
    case 'feed': {
      const { since, maxCommits } = request;
      const { commits, through } = await access.changes(identity, { since, maxCommits }, options);
      return { kind: 'feed', commits: commits.map(commitTextOf), through };
    }
  }
}

function entryText({ value, version: { epoch, sequence } }: Entry): EntryText {
  return { value: textOf(value), version: { epoch, sequence } };
}
