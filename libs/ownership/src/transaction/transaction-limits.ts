import { LeaseholdError, MAX_SEQUENCE } from '@leasehold/foundation';
import type { KeyRange } from '@leasehold/engine';
import { ENGINE_LIMITS, NEVER } from '@leasehold/engine';

import { MAX_COUNTER } from './counter.js';
import type { EntryLifetime, Operation, Transaction } from './transaction.js';
import { VERSIONSTAMP_SUFFIX_BYTES } from './versionstamped-key.js';

/** Stated in the API reference; the formats hold twice as many entries. */
export const TRANSACTION_LIMITS = {
  /** Checks and operations together: what the API allows, and what KV Connect does, 1,000 operations and 100 checks. */
  parts: 1_100,
  /** Keys and values together: one segment of the commit log. */
  bytes: 4 * 1024 * 1024,
  /** Of a counter: a tag, not data. */
  prefixBytes: 16,
} as const;

const DIGEST_BYTES = 16;
/** What six bytes hold: past the year 10,000. */
const MAX_EXPIRY = 2 ** 48 - 1;
/** So that its end is an expiry for the next thousands of years. */
const MAX_TTL_MS = 2 ** 47 - 1;

/**
 * Everything that is wrong with a transaction whatever the database holds. Asked before anything is claimed for it.
 * @throws LeaseholdError `invalid`: too-many-operations, transaction-too-large, invalid-key, key-too-long, value-too-large,
 *   invalid-range, invalid-expiry, invalid-version, invalid-idempotency-key
 */
export function assertWithinLimits({ checks, ops, idempotencyKey }: Transaction): void {
  if (checks.length + ops.length > TRANSACTION_LIMITS.parts) {
    throw invalid('too-many-operations', `a transaction has at most ${TRANSACTION_LIMITS.parts} checks and operations`);
  }
  let bytes = 0;
  for (const check of checks) {
    if (check.kind === 'key') bytes += keyBytes(check.key);
    else {
      bytes += assertRange(check.range);
      assertSequence(check.since);
    }
  }
  for (const op of ops) bytes += operationBytes(op);
  if (bytes > TRANSACTION_LIMITS.bytes) {
    throw invalid('transaction-too-large', `a transaction has at most ${TRANSACTION_LIMITS.bytes} bytes`);
  }
  if (idempotencyKey === undefined) return;
  const { key, digest } = idempotencyKey;
  if (key.byteLength < 1 || key.byteLength > ENGINE_LIMITS.idempotencyKeyBytes) {
    throw invalid('invalid-idempotency-key', `an idempotency key has 1 to ${ENGINE_LIMITS.idempotencyKeyBytes} bytes`);
  }
  if (digest.byteLength !== DIGEST_BYTES) throw invalid('invalid-idempotency-key', 'a digest has 16 bytes');
}

/** @returns its bytes @throws LeaseholdError invalid-range */
export function assertRange({ start, end }: KeyRange): number {
  for (const bound of [start, end]) {
    if (bound !== undefined && bound.byteLength > ENGINE_LIMITS.keyBytes) {
      throw invalid('invalid-range', `bounds of a range have at most ${ENGINE_LIMITS.keyBytes} bytes`);
    }
  }
  return (start?.byteLength ?? 0) + (end?.byteLength ?? 0);
}

/** @throws LeaseholdError invalid-version */
export function assertSequence(sequence: number): void {
  if (!Number.isSafeInteger(sequence) || sequence < 0 || sequence > MAX_SEQUENCE) {
    throw invalid('invalid-version', 'a sequence is a whole number of 48 bits');
  }
}

/** @param suffixBytes that the key will have more than it has now @returns its bytes @throws LeaseholdError invalid-key, key-too-long */
export function keyBytes(key: Uint8Array, suffixBytes = 0): number {
  if (key.byteLength === 0) throw invalid('invalid-key', 'the key is empty');
  if (key.byteLength + suffixBytes > ENGINE_LIMITS.keyBytes) {
    throw invalid('key-too-long', `keys have at most ${ENGINE_LIMITS.keyBytes} bytes`);
  }
  return key.byteLength + suffixBytes;
}

function operationBytes(op: Operation): number {
  switch (op.op) {
    case 'put':
    case 'putVersionstamped': {
      assertLifetime(op);
      if (op.value.byteLength > ENGINE_LIMITS.valueBytes) {
        throw invalid('value-too-large', `values have at most ${ENGINE_LIMITS.valueBytes} bytes`);
      }
      const suffixBytes = op.op === 'put' ? 0 : VERSIONSTAMP_SUFFIX_BYTES;
      return keyBytes(op.key, suffixBytes) + op.value.byteLength;
    }
    case 'delete':
      return keyBytes(op.key);
    case 'deleteRange':
      return assertRange(op.range);
    case 'sum':
    case 'min':
    case 'max':
      assertLifetime(op);
      if (
        op.operand < 0n ||
        op.operand > MAX_COUNTER ||
        (op.prefix?.byteLength ?? 0) > TRANSACTION_LIMITS.prefixBytes
      ) {
        throw invalid('invalid-request', 'an operand is an unsigned number of 64 bits, its prefix at most 16 bytes');
      }
      return keyBytes(op.key) + (op.prefix?.byteLength ?? 0) + 8;
  }
}

function assertLifetime({ expiresAt = NEVER, ttlMs }: EntryLifetime): void {
  if (ttlMs !== undefined && (!Number.isSafeInteger(ttlMs) || ttlMs < 1 || ttlMs > MAX_TTL_MS || expiresAt !== NEVER)) {
    throw invalid('invalid-expiry', 'a lifetime is a whole number of ms, of 47 bits, in place of an expiry');
  }
  if (expiresAt === NEVER) return;
  if (!Number.isSafeInteger(expiresAt) || expiresAt < 0 || expiresAt > MAX_EXPIRY) {
    throw invalid('invalid-expiry', 'an expiry is a whole number of ms since 1970, of 48 bits');
  }
}

function invalid(code: string, message: string): LeaseholdError {
  return new LeaseholdError('invalid', code, message);
}
