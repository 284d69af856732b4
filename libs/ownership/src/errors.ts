import type { SessionId, Version } from '@leasehold/foundation';
import { LeaseholdError } from '@leasehold/foundation';

/** Another live session owns the database: ask there. Nothing was applied. */
export class MisdirectedError extends LeaseholdError {
  override readonly name = 'MisdirectedError';

  constructor(
    readonly owner: SessionId,
    readonly endpoint: string,
  ) {
    super('conflict', 'misdirected', 'another session owns the database');
  }
}

/** The condition of a write did not hold. Nothing was applied. */
export class PreconditionFailedError extends LeaseholdError {
  override readonly name = 'PreconditionFailedError';

  constructor(
    /** The present version of the key; undefined when it does not exist. */
    readonly present: Version | undefined,
  ) {
    super('conflict', 'precondition-failed', 'the key is not in the state that the request names');
  }
}

/** The database was deleted; its head is a tombstone. */
export class DatabaseDeletedError extends LeaseholdError {
  override readonly name = 'DatabaseDeletedError';

  constructor() {
    super('not-found', 'database-not-found', 'the database was deleted');
  }
}

/** The database belongs to another tenant than the one that asks. Answered as if there were none. */
export class ForeignDatabaseError extends LeaseholdError {
  override readonly name = 'ForeignDatabaseError';

  constructor() {
    super('not-found', 'database-not-found', 'the tenant has no such database');
  }
}

/** Its log or head holds bytes that nobody wrote; it stays untouched until someone has looked. */
export class QuarantinedError extends LeaseholdError {
  override readonly name = 'QuarantinedError';

  constructor(cause?: unknown) {
    super('corrupt', 'corrupt-object', 'the database is quarantined', { cause });
  }
}

/** No right to serve was had in time. Nothing was applied. */
export class OwnerUnavailableError extends LeaseholdError {
  override readonly name = 'OwnerUnavailableError';

  constructor(message: string, cause?: unknown) {
    super('unavailable', 'owner-unavailable', message, { retryAfterMs: 500, cause });
  }
}

/** The worker is shutting down and takes no more work. Nothing was applied. */
export class DrainingError extends LeaseholdError {
  override readonly name = 'DrainingError';

  constructor() {
    super('closed', 'service-draining', 'the worker is shutting down', { retryAfterMs: 100 });
  }
}

/** Taking more would grow memory, or slow reads, without bound. Nothing was applied. */
export class BackpressureError extends LeaseholdError {
  override readonly name = 'BackpressureError';

  constructor(waitsFor: string) {
    super('unavailable', 'overloaded', `too much is waiting already: ${waitsFor}`, { retryAfterMs: 1_000 });
  }
}

/**
 * The log of this session still holds commits that no head contains: a clean record would disown them (S6). The session
 * has to end as a crash would, and others recover it.
 */
export class UnsettledDrainError extends LeaseholdError {
  override readonly name = 'UnsettledDrainError';

  constructor(databases: number, cause: unknown) {
    super('unavailable', 'drain-unsettled', `databases whose commits only the log holds: ${databases}`, { cause });
  }
}

/** Another session has taken the database over, which it may only do after sealing this one (H1). Ends a flush, never a request. */
export class FencedError extends LeaseholdError {
  override readonly name = 'FencedError';

  constructor() {
    super('fenced', 'database-fenced', 'the database was taken over by another session');
  }
}

/** The handle was given up or fenced between look-up and use: look it up again. Nothing was applied. Never leaves this library. */
export class HandleClosedError extends LeaseholdError {
  override readonly name = 'HandleClosedError';

  constructor(reason: string) {
    super('fenced', 'handle-closed', reason);
  }
}
