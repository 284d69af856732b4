import { bucketLayout } from '@leasehold/bucket-layout';
import { SEAL_BYTES } from '@leasehold/commit-log';
import type { SessionId } from '@leasehold/foundation';
import type { SessionStatus } from '@leasehold/lease';
import type { ListedObject, ObjectStore } from '@leasehold/object-store';

import { listPages } from './listed-databases.js';

/**
 * What is missing of a session whose record was last edited `ageMs` ago.
 *
 * - `purge` when it is old enough (S5). One that lives edits its record every few seconds, so whatever is old has fallen
 *   silent; the job looks for itself, and asks for a recovery where there is still something to recover.
 * - `recover` when it has ended otherwise than by a drain: once more, if it has been done.
 */
export function needOfSession(status: SessionStatus, ageMs: number, keepMs: number): 'recover' | 'purge' | undefined {
  if (ageMs >= keepMs) return 'purge';
  return status === 'expired' || status === 'sealed' ? 'recover' : undefined;
}

/** What a listing says of one session's log. */
export interface ListedLog {
  readonly sessionId: SessionId;
  /** When its newest object was written, by the store's clock. */
  readonly changedAt: number;
  /** False when there are only seals, which outlive everything (S5). */
  readonly hasData: boolean;
}

/** Every log of the bucket, in the order of the session ids, one at a time in memory. */
export async function* listLogs(store: ObjectStore, signal: AbortSignal): AsyncGenerator<ListedLog> {
  let present: { sessionId: SessionId; changedAt: number; hasData: boolean } | undefined;
  for await (const objects of listPages(store, bucketLayout.logs, signal)) {
    for (const object of objects) {
      const sessionId = bucketLayout.parseLog(object.key);
      if (sessionId === undefined) continue;
      if (present?.sessionId !== sessionId) {
        if (present !== undefined) yield present;
        present = { sessionId, changedAt: 0, hasData: false };
      }
      present.changedAt = Math.max(present.changedAt, object.lastModifiedAt);
      present.hasData ||= !mayBeSeal(sessionId, object);
    }
  }
  if (present !== undefined) yield present;
}

function mayBeSeal(sessionId: SessionId, { key, sizeBytes }: ListedObject): boolean {
  return sizeBytes === SEAL_BYTES && bucketLayout.parseSegment(sessionId, key) !== undefined;
}
