import { bucketLayout } from '@leasehold/bucket-layout';
import type { Clock, Random, SessionId } from '@leasehold/foundation';
import { LeaseholdError } from '@leasehold/foundation';
import type { ObjectStore, StoredObject } from '@leasehold/object-store';
import { drawNonce, nextTrail, readDecoded, settleSwap } from '@leasehold/object-store';

import { SessionResumedError } from './session-errors.js';
import type { SessionRecord } from './session-record.js';
import { decodeSessionRecord, encodeSessionRecord, trailOfSessionRecord } from './session-record.js';

export interface SessionContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
}

export interface SealOptions {
  /**
   * The ETag under which the contender saw the record silent for too long (S2). A record that has another one by now
   * belongs to a session that lives, and sealing it is given up with {@link SessionResumedError}. Without it, a live
   * record is sealed whatever it says.
   */
  readonly observedEtag?: string;
  readonly signal?: AbortSignal;
}

/** Each lost attempt means that the session renewed in between, which it does every ttl/3. */
const ATTEMPTS_LIMIT = 20;

/**
 * The first half of sealing (S3): one CAS of the record from live to sealed. From then on no renewal is confirmed; the
 * session may still commit until its log is closed too.
 *
 * Safe to repeat and to run in several contenders: a record that is sealed or clean is never edited.
 *
 * @returns the record as it stands sealed or clean; undefined when it is absent, which means ended (S5)
 * @throws CorruptBytesError when the record stays unreadable; SessionResumedError, UnknownOutcomeError, StoreUnavailableError
 */
export async function sealRecord(
  ctx: SessionContext,
  sessionId: SessionId,
  options: SealOptions = {},
): Promise<SessionRecord | undefined> {
  const key = bucketLayout.session(sessionId);
  const { signal, observedEtag } = options;
  const decode = (object: StoredObject) => ({ etag: object.etag, record: decodeSessionRecord(object.body, sessionId) });
  let found = await readDecoded(async () => {
    const object = await ctx.store.get(key, { signal });
    return object === 'not-modified' ? undefined : object;
  }, decode);
  for (let attempt = 0; attempt < ATTEMPTS_LIMIT; attempt++) {
    if (found === undefined) return undefined;
    const { record, etag } = found;
    if (record.state !== 'live') return record;
    if (observedEtag !== undefined && etag !== observedEtag) throw new SessionResumedError(sessionId);
    const nonce = drawNonce(ctx.random);
    const sealed: SessionRecord = { ...record, state: 'sealed', trail: nextTrail(record.trail, nonce) };
    const swap = await settleSwap({ ...ctx, signal }, key, encodeSessionRecord(sealed), {
      condition: { match: etag },
      nonce,
      baseEdits: record.trail.edits,
      trailOf: trailOfSessionRecord,
    });
    if (swap.outcome === 'done') return sealed;
    found = swap.current && decode(swap.current);
  }
  throw new LeaseholdError(
    'unavailable',
    'session-busy',
    `session record changes faster than it can be sealed: ${sessionId}`,
  );
}
