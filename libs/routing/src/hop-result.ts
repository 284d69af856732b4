import type { SessionId } from '@leasehold/foundation';

/** What asking one worker came to. Answers that go to the client are not among them: they end the route. */
export type HopResult =
  /** 421: another session owns the database. Nothing was applied. */
  | { readonly kind: 'misdirected'; readonly from: SessionId; readonly owner: SessionId }
  /** No connection was made: nothing was received, so nothing was applied. */
  | { readonly kind: 'unreachable'; readonly from: SessionId }
  /** The connection broke, or no answer came in time, after the worker may have received the request. */
  | { readonly kind: 'lost'; readonly from: SessionId }
  /** The worker says that it cannot serve and that nothing was applied. */
  | {
      readonly kind: 'not-applied';
      readonly from: SessionId;
      readonly code: NotAppliedCode;
      readonly retryAfterMs: number | undefined;
    };

export const NOT_APPLIED_CODES = ['service-draining', 'session-expired', 'owner-unavailable'] as const;
/** The codes with which a worker guarantees that nothing was applied, and that asking again may help soon. */
export type NotAppliedCode = (typeof NOT_APPLIED_CODES)[number];

export function isNotAppliedCode(code: unknown): code is NotAppliedCode {
  return NOT_APPLIED_CODES.some((known) => known === code);
}
