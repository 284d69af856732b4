import { describe, expect, it } from '@jest/globals';

import {
  ConflictError,
  InvalidError,
  QuotaError,
  UnauthorizedError,
  UnavailableError,
  UnknownOutcomeError,
} from './errors.js';
import type { CallState } from './retry-policy.js';
import { afterFailure, DEFAULT_RETRIES, jitter } from './retry-policy.js';

const facts = { code: 'some-code', message: 'some message', requestId: 'r-7' };
const write: CallState = {
  repeat: { idempotencyKey: 'key-1' },
  attempts: 1,
  isOpen: false,
  remainingMs: 60_000,
  staysRefused: () => false,
};
const read: CallState = { ...write, repeat: 'read' };
const decide = (error: Parameters<typeof afterFailure>[0], state: CallState) =>
  afterFailure(error, state, DEFAULT_RETRIES, 0.5);

describe('what happens after an attempt that failed', () => {
  it('sends again what was not applied, and what may be repeated', () => {
    expect(decide(new UnavailableError(facts), write)).toEqual({ kind: 'retry', delayMs: 25 });
    expect(decide(new UnknownOutcomeError(facts), { ...write, isOpen: true })).toMatchObject({ kind: 'retry' });
    expect(decide(new UnknownOutcomeError(facts), { ...read, isOpen: true })).toMatchObject({ kind: 'retry' });
    expect(decide(new QuotaError({ ...facts, code: 'too-many-requests' }), read)).toMatchObject({ kind: 'retry' });
  });

  it('never repeats what has no idempotency key, unless nothing was applied', () => {
    const create: CallState = { ...write, repeat: 'never' };
    expect(decide(new UnavailableError(facts), create)).toMatchObject({ kind: 'retry' });
    for (const error of [new UnknownOutcomeError(facts), new UnavailableError(facts)]) {
      expect(decide(error, { ...create, isOpen: true })).toMatchObject({
        kind: 'fail',
        error: expect.any(UnknownOutcomeError),
      });
    }
  });

  it('waits as long as the service asks, and gives up where the time does not suffice', () => {
    const error = new UnavailableError({ ...facts, retryAfterMs: 3_000 });
    expect(decide(error, write)).toEqual({ kind: 'retry', delayMs: 3_000 });
    expect(decide(error, { ...write, remainingMs: 3_000 })).toEqual({ kind: 'fail', error });
    expect(decide(error, { ...write, attempts: DEFAULT_RETRIES.attempts })).toEqual({ kind: 'fail', error });
  });

  it('gives up at once on what cannot help', () => {
    for (const error of [
      new InvalidError(facts),
      new UnauthorizedError(facts),
      new ConflictError(facts),
      new QuotaError(facts),
    ]) {
      expect(decide(error, write)).toEqual({ kind: 'fail', error });
    }
  });

  it('tells no refusal of a write that may still be applied by an earlier attempt', () => {
    const open = { ...write, isOpen: true, attempts: 2 };
    for (const error of [new ConflictError(facts), new UnauthorizedError(facts), new QuotaError(facts)]) {
      expect(decide(error, open)).toMatchObject({
        kind: 'fail',
        error: {
          name: 'UnknownOutcomeError',
          code: 'some-code',
          requestId: 'r-7',
          idempotencyKey: 'key-1',
          cause: error,
        },
      });
    }
    const invalid = new InvalidError({ ...facts, status: 400 });
    expect(decide(invalid, open)).toEqual({ kind: 'fail', error: invalid });
    // What the client itself found wrong, or a proxy, does not speak of the attempts before.
    for (const error of [new InvalidError(facts), new InvalidError({ ...facts, status: 405 })]) {
      expect(decide(error, open)).toMatchObject({ error: { name: 'UnknownOutcomeError', cause: error } });
    }
    const conflict = new ConflictError(facts);
    expect(decide(conflict, { ...open, staysRefused: () => true })).toEqual({ kind: 'fail', error: conflict });
  });

  it('never calls the outcome of a read unknown', () => {
    const last = { ...read, isOpen: true, attempts: DEFAULT_RETRIES.attempts };
    expect(decide(new UnknownOutcomeError(facts), last)).toMatchObject({
      kind: 'fail',
      error: { name: 'UnavailableError' },
    });
  });

  it('waits longer after each failure, up to a bound', () => {
    const longest = [1, 2, 3, 20, 5_000].map((attempts) => jitter(attempts, DEFAULT_RETRIES, 1));
    expect(longest).toEqual([50, 100, 200, 5_000, 5_000]);
    expect(jitter(3, DEFAULT_RETRIES, 0)).toBe(0);
  });
});
