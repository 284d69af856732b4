/** What is known of a refusal beside its class. */
export interface ErrorFacts {
  /** Stable name, as in the table of error codes of the HTTP API, or of the client itself: `timeout`, `unreachable`, `invalid-argument`, … */
  readonly code: string;
  /** For people. Never contains a key or a value. */
  readonly message: string;
  /** To be quoted when something is reported; undefined where no answer came. */
  readonly requestId?: string | undefined;
  /** How long to wait before trying again, where that helps. */
  readonly retryAfterMs?: number | undefined;
  /** Of the problem that the service answered with; undefined where it was not the service that judged. */
  readonly status?: number | undefined;
  readonly cause?: unknown;
}

/**
 * Base of everything that the client throws, except what an abort signal gives as its reason. The class says what to do next; `code` is finer. By the
 * time one of these is thrown the client has tried again as often as its bounds allow.
 */
export class LeaseholdError extends Error {
  override readonly name: string = 'LeaseholdError';
  readonly code: string;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** HTTP status of the problem that the service answered with; undefined where it was not the service that judged. */
  readonly status: number | undefined;
  /** Whether the same call can succeed later, unchanged. */
  readonly retryable: boolean = false;

  constructor({ code, message, requestId, retryAfterMs, status, cause }: ErrorFacts) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.requestId = requestId;
    this.retryAfterMs = retryAfterMs;
    this.status = status;
  }
}

/** Somebody else changed it: read again and decide anew. Nothing was applied. */
export class ConflictError extends LeaseholdError {
  override readonly name = 'ConflictError';
  /** What is there instead: its version, `null` for no such key, undefined where the refusal does not tell. */
  readonly version: string | null | undefined;
  /** Position of the check that failed, of a transaction. */
  readonly failedCheck: number | undefined;

  constructor(
    facts: ErrorFacts & { readonly version?: string | null | undefined; readonly failedCheck?: number | undefined },
  ) {
    super(facts);
    this.version = facts.version;
    this.failedCheck = facts.failedCheck;
  }
}

/** The call itself is wrong: the same call fails again. Nothing was applied. */
export class InvalidError extends LeaseholdError {
  override readonly name = 'InvalidError';
}

/** An entry of a listing that the codec, the schema or the tuples cannot read; `cause` tells why. What lies behind it is listed from behind its key. */
export class UndecodableError extends InvalidError {
  constructor(
    facts: ErrorFacts,
    /** Of the entry, as it is stored, a prefix included: what `db.bytes` takes. */
    readonly key: Uint8Array,
  ) {
    super(facts);
  }
}

/** The database, or what else the call names, does not exist. A key without a value is no error: it reads as `undefined`. */
export class NotFoundError extends LeaseholdError {
  override readonly name = 'NotFoundError';
}

/** The key or token is not valid, or may not do this. */
export class UnauthorizedError extends LeaseholdError {
  override readonly name = 'UnauthorizedError';
}

/** A stated limit is reached; `retryAfterMs` says when to come back, where that is known. Nothing was applied. */
export class QuotaError extends LeaseholdError {
  override readonly name = 'QuotaError';
}

/** Nobody could serve it in time. Nothing was applied: try again later. */
export class UnavailableError extends LeaseholdError {
  override readonly name = 'UnavailableError';
  override readonly retryable = true;
}

/**
 * A write that may or may not have been applied, now or a little later. With the same `idempotencyKey` it can be sent again as it
 * is, for 24 hours; it is then applied once.
 */
export class UnknownOutcomeError extends LeaseholdError {
  override readonly name = 'UnknownOutcomeError';
  override readonly retryable = true;
  /** Under which the write was sent. */
  readonly idempotencyKey: string | undefined;

  constructor(facts: ErrorFacts & { readonly idempotencyKey?: string | undefined }) {
    super(facts);
    this.idempotencyKey = facts.idempotencyKey;
  }
}
