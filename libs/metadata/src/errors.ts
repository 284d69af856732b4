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

export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === UNIQUE_VIOLATION;
}
