import type { SessionId } from '@leasehold/foundation';
import { LeaseholdError } from '@leasehold/foundation';

/** The deadline (S1) has passed without a confirmed renewal. A later renewal may resume service: nothing was applied. */
export class SessionExpiredError extends LeaseholdError {
  override readonly name = 'SessionExpiredError';

  constructor(sessionId: SessionId) {
    super('unavailable', 'session-expired', `session is past its deadline: ${sessionId}`);
  }
}

/** Somebody else has sealed the session, or it turned out never to have had its record. It will own nothing again. */
export class SessionLostError extends LeaseholdError {
  override readonly name = 'SessionLostError';

  constructor(sessionId: SessionId, how: string, cause?: unknown) {
    super('fenced', 'session-expired', `session is lost, ${how}: ${sessionId}`, { cause });
  }
}

/** The session was ended by its own process. */
export class SessionClosedError extends LeaseholdError {
  override readonly name = 'SessionClosedError';

  constructor(sessionId: SessionId) {
    super('closed', 'service-draining', `session is closed: ${sessionId}`);
  }
}

/** A contender meant to seal a session that it had seen silent, and the session has renewed since (S2). */
export class SessionResumedError extends LeaseholdError {
  override readonly name = 'SessionResumedError';

  constructor(sessionId: SessionId) {
    super('conflict', 'session-resumed', `session has renewed its record: ${sessionId}`);
  }
}
