import { describe, expect, it } from '@jest/globals';
import { ERROR_KINDS, LeaseholdError } from '@leasehold/foundation';

import { CODE_OF_KIND } from './code-of-kind.js';
import { ERROR_CODES } from './error-codes.js';
import type { ErrorCode } from './error-codes.js';
import { ProblemError, toProblem } from './problem.js';

describe('the table of error codes', () => {
  it('has a valid status, a title and a meaning for every stable name', () => {
    for (const [code, { status, title, meaning }] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(600);
      expect(title).not.toMatch(/\.$/);
      expect(meaning).toMatch(/\.$/);
    }
  });

  it('answers every kind of operating error', () => {
    for (const kind of ERROR_KINDS) expect(ERROR_CODES[CODE_OF_KIND[kind]]).toBeDefined();
  });

  it('never says that nothing was applied for an error that does not say so', () => {
    for (const kind of ['fenced', 'closed', 'unknown'] as const) expect(CODE_OF_KIND[kind]).toBe('outcome-unknown');
  });
});

describe('toProblem', () => {
  it('tells a problem error with status, members and headers', () => {
    const error = new ProblemError('precondition-failed', 'no match', {
      members: { version: null, status: 200, code: 'mine', requestId: 'mine' },
      headers: { etag: '"v"', 'content-type': 'text/html' },
    });
    expect(error.kind).toBe('conflict');
    expect(toProblem(error, 'r1')).toEqual({
      status: 412,
      headers: { etag: '"v"', 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
      body: {
        type: 'urn:leasehold:problem:precondition-failed',
        title: 'The precondition failed',
        status: 412,
        code: 'precondition-failed',
        detail: 'no match',
        requestId: 'r1',
        version: null,
      },
    });
  });

  it.each([
    [1, '1'],
    [1_000, '1'],
    [1_001, '2'],
  ])('says when to come again, %i ms, rounded up to seconds', (retryAfterMs, seconds) => {
    const { headers, body } = toProblem(new ProblemError('overloaded', 'later', { retryAfterMs }), 'r');
    expect([headers['retry-after'], body.retryAfterMs]).toEqual([seconds, retryAfterMs]);
  });

  it.each<[string, LeaseholdError, ErrorCode]>([
    ['a public code', new LeaseholdError('unavailable', 'session-expired', 'm'), 'session-expired'],
    ['an inner code', new LeaseholdError('quota', 'inner', 'm'), 'quota-exceeded'],
    ['a code that is a name of Object.prototype', new LeaseholdError('invalid', 'constructor', 'm'), 'invalid-request'],
  ])('tells an operating error with %s', (_what, error, code) => {
    expect(toProblem(error, 'r').body.code).toBe(code);
  });

  it.each([
    new TypeError('secret'),
    'secret',
    undefined,
    { message: 'secret' },
    new LeaseholdError('corrupt', 'x', 'secret'),
  ])('keeps what it does not know to itself', (error) => {
    const problem = toProblem(error, 'r');
    expect(problem.status).toBe(500);
    expect(JSON.stringify(problem)).not.toContain('secret');
  });
});
