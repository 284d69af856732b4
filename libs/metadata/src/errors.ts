import { LeaseholdError } from '@leasehold/foundation';

import { Prisma } from './generated/client.js';

/** The e-mail address has an account already. */
export class EmailTakenError extends LeaseholdError {
  override readonly name = 'EmailTakenError';

  constructor() {
    super('conflict', 'email-taken', 'an account with this e-mail address exists');
  }
}

/** The organization has a database of this name already. */
export class DatabaseExistsError extends LeaseholdError {
  override readonly name = 'DatabaseExistsError';

  constructor() {
    super('conflict', 'database-exists', 'the organization has a database of this name');
  }
}

/** The address has an invitation already, or is a member's. Nothing was applied. */
export class AlreadyInvitedError extends LeaseholdError {
  override readonly name = 'AlreadyInvitedError';

  constructor(what: string) {
    super('conflict', 'conflict', what);
  }
}

/** It would be more than somebody may have. Nothing was applied. */
export class TooManyError extends LeaseholdError {
  override readonly name = 'TooManyError';

  constructor(what: string, limit: number) {
    super('quota', 'quota-exceeded', `${what}: at most ${limit}`);
  }
}

/** It would leave the organization without an owner. Nothing was applied. */
export class LastOwnerError extends LeaseholdError {
  override readonly name = 'LastOwnerError';

  constructor() {
    super('conflict', 'last-owner', 'the organization would have no owner');
  }
}

/** The database is not to be deleted. */
export class DatabaseProtectedError extends LeaseholdError {
  override readonly name = 'DatabaseProtectedError';

  constructor() {
    super('conflict', 'database-protected', 'the database is protected from deletion');
  }
}

/** It is not at the revision that the change is for. Nothing was applied. */
export class RevisionMismatchError extends LeaseholdError {
  override readonly name = 'RevisionMismatchError';

  constructor(readonly present: number) {
    super('conflict', 'precondition-failed', `it was changed meanwhile, and is at revision ${present}`);
  }
}

/** Together with those that are there it would be more labels than a database may have. Nothing was applied. */
export class TooManyLabelsError extends LeaseholdError {
  override readonly name = 'TooManyLabelsError';

  constructor(limit: number) {
    super('invalid', 'invalid-body', `labels: a database has at most ${limit}`);
  }
}

/** Postgres could not be asked: nothing was applied. */
export class MetadataUnavailableError extends LeaseholdError {
  override readonly name = 'MetadataUnavailableError';

  constructor(cause: unknown) {
    super('unavailable', 'unavailable', 'the metadata store does not answer', { cause, retryAfterMs: RETRY_AFTER_MS });
  }
}

/** The connection broke, or time ran out, after Postgres was asked: a write may or may not have been applied. */
export class MetadataOutcomeUnknownError extends LeaseholdError {
  override readonly name = 'MetadataOutcomeUnknownError';

  constructor(cause: unknown) {
    super('unknown', 'outcome-unknown', 'the metadata store did not confirm the request', {
      cause,
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
}

const RETRY_AFTER_MS = 1_000;
const UNIQUE_VIOLATION = 'P2002';
/** SQLSTATE, as raw statements tell it. */
const RAW_UNIQUE_VIOLATION = '23505';

export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Prisma.PrismaClientKnownRequestError)) return false;
  const wrapped = error.meta?.['driverAdapterError'] as { cause?: { originalCode?: unknown } } | undefined;
  return error.code === UNIQUE_VIOLATION || wrapped?.cause?.originalCode === RAW_UNIQUE_VIOLATION;
}
