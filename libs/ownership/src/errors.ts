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
    /** Of a key: its present version, undefined when it does not exist. Of a range: that of the first change found. */
    readonly present: Version | undefined,
    /** Position among the checks of the transaction. */
    readonly failedCheck = 0,
  ) {
    super('conflict', 'precondition-failed', 'the key is not in the state that the request names');
  }
}

/** `sum`, `min` or `max` over a value that is no number. Nothing was applied. */
export class NotACounterError extends LeaseholdError {
  override readonly name = 'NotACounterError';

  constructor(operation: number) {
    super('conflict', 'not-a-counter', `the present value is not a number of 8 bytes: operation ${operation}`);
  }
}

/** The key was given to another request within its time. Nothing was applied for this one. */
export class IdempotencyKeyReusedError extends LeaseholdError {
  override readonly name = 'IdempotencyKeyReusedError';

  constructor() {
    super('conflict', 'idempotency-key-reused', 'the idempotency key belongs to another request');
  }
}

/** More requests with a key than a database remembers. Nothing was applied. */
export class IdempotencyKeysExhaustedError extends LeaseholdError {
  override readonly name = 'IdempotencyKeysExhaustedError';

  constructor() {
    super('quota', 'idempotency-keys-exhausted', 'the database remembers no further idempotency keys today', {
      retryAfterMs: 60_000,
    });
  }
}

/** The data has reached the size limit of the database. Nothing was applied; deletes still are. */
export class DatabaseFullError extends LeaseholdError {
  override readonly name = 'DatabaseFullError';

  constructor(maxBytes: number) {
    super('quota', 'database-full', `the database has reached its size limit in bytes: ${maxBytes}`);
  }
}

/** A version or time after the last commit: no answer about it can be given that stays true. */
export class FutureVersionError extends LeaseholdError {
  override readonly name = 'FutureVersionError';

  constructor(sequence: number) {
    super('invalid', 'invalid-version', `the version lies after the last commit of the database: ${sequence}`);
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

  constructor(waitsFor: string, retryAfterMs = 1_000) {
    super('unavailable', 'overloaded', `too much is waiting already: ${waitsFor}`, { retryAfterMs });
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
