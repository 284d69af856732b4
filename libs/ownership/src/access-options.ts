import type { Phases, SessionId } from '@leasehold/foundation';

/** How somebody asks for a database, besides for what. */
export interface AccessOptions {
  /** The caller could not reach this session: wait for its end instead of pointing there again. */
  readonly waitForOwner?: SessionId;
  /** Ends the caller's waiting, not the work. */
  readonly signal: AbortSignal;
  /** Told where the caller's time goes; nothing else depends on it. */
  readonly phases?: Phases;
  /** W3C Trace Context, for the bucket calls that are made for this caller alone. Not for what many share, as segments are. */
  readonly traceparent?: string;
}
