import { toBase64Url, valueBytes } from './bytes.js';
import type { Bounds, ByteKey, ByteRange, DeletedRange } from './key-range.js';
import { boundsOf, deletedBounds, keyBytes, wireRange } from './key-range.js';
import type { LifetimeOptions, Version } from './options.js';
import { wireLifetime } from './wire.js';

/** What has to hold right before the operations of a commit: for a key its version, `null` (no such key) or `'*'` (any); for a range that nothing in it changed. */
export type ByteCheck =
  | { readonly key: ByteKey; readonly version: Version | null | '*' }
  | { readonly range: ByteRange; readonly since: Version };

/** `sum`, `min` and `max` work on unsigned numbers of 64 bits, 8 bytes, least byte first. */
export type ByteOperation =
  | ({ readonly op: 'put'; readonly key: ByteKey; readonly value: Uint8Array } & LifetimeOptions)
  | { readonly op: 'delete'; readonly key: ByteKey }
  | ({
      readonly op: 'sum' | 'min' | 'max';
      readonly key: ByteKey;
      readonly operand: bigint | number;
    } & LifetimeOptions)
  | { readonly op: 'deleteRange'; readonly range: DeletedRange<ByteRange> };

/** All of it is applied as one commit, or nothing. At most 1,000 checks and operations, 4 MiB of keys and values. */
export interface ByteCommit {
  readonly checks?: readonly ByteCheck[];
  readonly ops?: readonly ByteOperation[];
}

/** As `POST transactions` takes it. */
export function wireCommit({ checks = [], ops = [] }: ByteCommit): string {
  return JSON.stringify({ checks: checks.map(wireCheck), ops: ops.map(wireOperation) });
}

/**
 * Whether a check that failed once fails for ever. Versions never come back, and a range that has changed since a version stays changed; that
 * there is or is not a key can become true again.
 */
export function staysFailed(check: ByteCheck): boolean {
  return 'range' in check || (check.version !== null && check.version !== '*');
}

/** The keys that an operation touches. */
export function touchedBounds(operation: ByteOperation): Bounds | Uint8Array {
  return operation.op === 'deleteRange' ? deletedBounds(operation.range) : keyBytes(operation.key);
}

function wireCheck(check: ByteCheck) {
  if ('range' in check) return { range: wireRange(boundsOf(check.range)), since: check.since };
  return { key64: toBase64Url(keyBytes(check.key)), version: check.version };
}

function wireOperation(operation: ByteOperation) {
  const { op } = operation;
  if (op === 'deleteRange') return { op, range: wireRange(deletedBounds(operation.range)) };
  const key64 = toBase64Url(keyBytes(operation.key));
  if (op === 'delete') return { op, key64 };
  const lifetime = wireLifetime(operation);
  if (op === 'put') return { op, key64, value64: toBase64Url(valueBytes(operation.value)), ...lifetime };
  return { op, key64, operand: String(operation.operand), ...lifetime };
}
