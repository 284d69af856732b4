import { describe, expect, it } from '@jest/globals';
import { VERSION_ZERO } from '@leasehold/foundation';
import type { SessionId } from '@leasehold/foundation';
import { ERROR_CODES, isErrorCode } from '@leasehold/protocol';

import {
  BackpressureError,
  DatabaseDeletedError,
  DatabaseFullError,
  DrainingError,
  ForeignDatabaseError,
  FutureVersionError,
  IdempotencyKeyReusedError,
  IdempotencyKeysExhaustedError,
  MisdirectedError,
  NotACounterError,
  OwnerUnavailableError,
  PreconditionFailedError,
  QuarantinedError,
} from './errors.js';

describe('errors that reach callers', () => {
  it.each([
    [new MisdirectedError('s' as SessionId, 'http://w'), 421],
    [new PreconditionFailedError(VERSION_ZERO, 3), 412],
    [new NotACounterError(1), 422],
    [new IdempotencyKeyReusedError(), 422],
    [new IdempotencyKeysExhaustedError(), 429],
    [new DatabaseFullError(10), 409],
    [new FutureVersionError(10), 400],
    [new DatabaseDeletedError(), 404],
    [new ForeignDatabaseError(), 404],
    [new QuarantinedError(), 500],
    [new OwnerUnavailableError('m'), 503],
    [new DrainingError(), 503],
    [new BackpressureError('m'), 503],
  ])('have a code of the public table: %s', ({ code, kind, retryAfterMs }, status) => {
    expect(isErrorCode(code)).toBe(true);
    const entry = ERROR_CODES[code as keyof typeof ERROR_CODES];
    expect(entry.status).toBe(status);
    // A gateway answers what it is told: come again later means a time.
    if (kind === 'unavailable') expect(retryAfterMs).toBeGreaterThan(0);
  });
});
