import { describe, expect, it } from '@jest/globals';
import { ENGINE_LIMITS, NEVER } from '@leasehold/engine';
import { utf8 } from '@leasehold/foundation';
import { isErrorCode } from '@leasehold/protocol';

import type { Operation, Transaction } from './transaction.js';
import { assertWithinLimits, TRANSACTION_LIMITS } from './transaction-limits.js';

const KEY = utf8('k');
const put = (bytes: number): Operation => ({ op: 'put', key: KEY, value: new Uint8Array(bytes) });
const tx = (rest: Partial<Transaction>): Transaction => ({ checks: [], ops: [], ...rest });
const many = (count: number): Operation[] => Array.from({ length: count }, () => ({ op: 'delete', key: KEY }));
const DIGEST = new Uint8Array(16);

function codeOf(transaction: Transaction): string {
  try {
    assertWithinLimits(transaction);
    return 'fine';
  } catch (error) {
    const { code, kind } = error as { code: string; kind: string };
    expect(kind).toBe('invalid');
    expect(isErrorCode(code)).toBe(true);
    return code;
  }
}

describe('the limits of a transaction', () => {
  it.each<[string, string, Partial<Transaction>]>([
    ['an empty one', 'fine', {}],
    ['as many parts as there may be', 'fine', { ops: many(TRANSACTION_LIMITS.parts) }],
    [
      'one part more, be it a check',
      'too-many-operations',
      { ops: many(TRANSACTION_LIMITS.parts), checks: [{ kind: 'key', key: KEY, precondition: { kind: 'absent' } }] },
    ],
    ['the largest value', 'fine', { ops: [put(ENGINE_LIMITS.valueBytes)] }],
    ['a larger value', 'value-too-large', { ops: [put(ENGINE_LIMITS.valueBytes + 1)] }],
    ['4 MiB', 'fine', { ops: Array.from({ length: 8 }, () => put(ENGINE_LIMITS.valueBytes - 1)) }],
    [
      'more than 4 MiB',
      'transaction-too-large',
      { ops: Array.from({ length: 8 }, () => put(ENGINE_LIMITS.valueBytes)) },
    ],
    ['an empty key', 'invalid-key', { ops: [{ op: 'delete', key: new Uint8Array(0) }] }],
    ['a long key', 'key-too-long', { ops: [{ op: 'delete', key: new Uint8Array(2_049) }] }],
    [
      'an empty key in a check',
      'invalid-key',
      { checks: [{ kind: 'key', key: new Uint8Array(0), precondition: { kind: 'absent' } }] },
    ],
    ['a range of everything', 'fine', { ops: [{ op: 'deleteRange', range: {} }] }],
    ['a long bound', 'invalid-range', { ops: [{ op: 'deleteRange', range: { end: new Uint8Array(2_049) } }] }],
    ['a sequence below zero', 'invalid-version', { checks: [{ kind: 'range', range: {}, since: -1 }] }],
    ['a sequence and a half', 'invalid-version', { checks: [{ kind: 'range', range: {}, since: 1.5 }] }],
    ['no expiry', 'fine', { ops: [{ op: 'put', key: KEY, value: KEY, expiresAt: NEVER }] }],
    ['an expiry that is no number', 'invalid-expiry', { ops: [{ op: 'put', key: KEY, value: KEY, expiresAt: NaN }] }],
    ['an expiry far off', 'invalid-expiry', { ops: [{ op: 'put', key: KEY, value: KEY, expiresAt: 2 ** 48 }] }],
    ['a lifetime', 'fine', { ops: [{ op: 'put', key: KEY, value: KEY, ttlMs: 315_360_000_000 }] }],
    ['an empty lifetime', 'invalid-expiry', { ops: [{ op: 'put', key: KEY, value: KEY, ttlMs: 0 }] }],
    ['a long lifetime', 'invalid-expiry', { ops: [{ op: 'put', key: KEY, value: KEY, ttlMs: 2 ** 47 }] }],
    ['two ends', 'invalid-expiry', { ops: [{ op: 'sum', key: KEY, operand: 1n, ttlMs: 1, expiresAt: 5 }] }],
    ['the largest operand', 'fine', { ops: [{ op: 'sum', key: KEY, operand: 2n ** 64n - 1n }] }],
    ['a larger operand', 'invalid-request', { ops: [{ op: 'sum', key: KEY, operand: 2n ** 64n }] }],
    ['a negative operand', 'invalid-request', { ops: [{ op: 'min', key: KEY, operand: -1n }] }],
    ['a long prefix', 'invalid-request', { ops: [{ op: 'max', key: KEY, operand: 1n, prefix: new Uint8Array(17) }] }],
    ['an idempotency key', 'fine', { idempotencyKey: { key: new Uint8Array(255), digest: DIGEST } }],
    ['an empty one', 'invalid-idempotency-key', { idempotencyKey: { key: new Uint8Array(0), digest: DIGEST } }],
    ['a long one', 'invalid-idempotency-key', { idempotencyKey: { key: new Uint8Array(256), digest: DIGEST } }],
    ['a short digest', 'invalid-idempotency-key', { idempotencyKey: { key: KEY, digest: new Uint8Array(15) } }],
  ])('take or refuse %s: %s', (_, code, rest) => {
    expect(codeOf(tx(rest))).toBe(code);
  });
});
