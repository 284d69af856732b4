import type { SessionRecord } from './session-record.js';

/**
 * - `live`: its record changed not long ago
 * - `expired`: its record has been silent for so long that a contender may seal it (S2)
 * - `sealed`: nobody edits the record any more; the log may have to be closed
 * - `clean`: sealed, and nothing is left to recover
 * - `absent`: no record
 */
export type SessionStatus = 'live' | 'expired' | 'sealed' | 'clean' | 'absent';

/** What one process has seen of another's session, on its own clock. */
export interface ObservedSession {
  readonly record: SessionRecord;
  readonly etag: string;
  /** Monotonic time at which an answer with this ETag first arrived. */
  readonly unchangedSinceMs: number;
  readonly status: Exclude<SessionStatus, 'absent'>;
}

/** A record must be silent for its ttl and so much of it more: the rates of two clocks may differ by a tenth (S2). */
const MARGIN_OF_TTL = 0.1;

export function firstSeen(record: SessionRecord, etag: string, arrivedMs: number): ObservedSession {
  return { record, etag, unchangedSinceMs: arrivedMs, status: record.state };
}

/**
 * True when a request sent at `sentMs` found the same ETag after the ttl and a tenth. Counting from the first answer's
 * arrival to the last request's sending can only make the wait longer, and so can counting only from `answeringSinceMs`.
 */
export function isSilent(observed: ObservedSession, sentMs: number, answeringSinceMs: number): boolean {
  return observed.record.state === 'live' && sentMs >= silentAtMs(observed, answeringSinceMs);
}

/** When a request has to be sent that can find a live session silent. */
export function silentAtMs(observed: ObservedSession, answeringSinceMs: number): number {
  const { ttlMs } = observed.record;
  return Math.max(observed.unchangedSinceMs, answeringSinceMs) + ttlMs + ttlMs * MARGIN_OF_TTL;
}

/** The same session after {@link isSilent} held. */
export function seenAgain(observed: ObservedSession): ObservedSession {
  return { ...observed, status: 'expired' };
}
