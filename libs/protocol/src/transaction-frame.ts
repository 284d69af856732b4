import type { Version } from '@leasehold/foundation';
import {
  ByteReader,
  ByteWriter,
  decodeVersionstamp,
  encodeVersionstamp,
  isLeaseholdError,
  VERSIONSTAMP_BYTES,
} from '@leasehold/foundation';

import type { ByteRange } from './byte-range.js';
import type { Lifetime } from './lifetime.js';
import { LIMITS } from './limits.js';
import type { Precondition } from './precondition.js';
import { ProblemError } from './problem.js';
import type { TransactionCheck, TransactionOperation, TransactionRequest } from './transaction-request.js';

const FRAME_VERSION = 1;

const CHECKS = ['absent', 'present', 'version', 'range'] as const;
const OPERATIONS = ['put', 'delete', 'deleteRange', 'sum', 'min', 'max', 'putVersionstamped'] as const;
/** Set in the kind of a counter that has a prefix. */
const HAS_PREFIX = 0x80;
const HAS_START = 1;
const HAS_END = 2;
const LIFETIMES = ['none', 'ttl', 'at', 'never'] as const;

/** Above the keys and values of the largest transaction, and what stands between them. */
export const TRANSACTION_FRAME_BYTES = LIMITS.transactionBytes + LIMITS.transactionParts * 64;

/**
 * A transaction on the hop from gateway to worker: nothing is parsed or escaped twice, and however a client wrote it, the same request has the
 * same bytes (and so the same digest under an idempotency key).
 *
 *     | frame version u8 | check count varint | checks | operation count varint | operations |
 *     check:     | kind u8 | key bytes | version 10, of kind `version` |  or  | kind u8 | range | since u48 |
 *     operation: | kind u8 | key bytes | value bytes, or operand u64 as 8 raw bytes | lifetime |  or  | kind u8 | range |
 *                  a kind with the highest bit set has prefix bytes behind it
 *     range:     | flags u8 | start bytes | end bytes |      only those that the flags name
 *     lifetime:  | kind u8 | seconds, or wall ms, varint |   no number of kinds `none` and `never`
 */
export function encodeTransaction({ checks, ops }: TransactionRequest): Uint8Array {
  const writer = new ByteWriter().u8(FRAME_VERSION).varint(checks.length);
  for (const check of checks) writeCheck(writer, check);
  writer.varint(ops.length);
  for (const op of ops) writeOperation(writer, op);
  return writer.toBytes();
}

/** @throws ProblemError invalid-request: bytes that no gateway of this version writes */
export function decodeTransaction(bytes: Uint8Array): TransactionRequest {
  try {
    const reader = new ByteReader(bytes);
    if (reader.u8() !== FRAME_VERSION) throw malformed();
    const checks = readMany(reader, readCheck);
    const ops = readMany(reader, readOperation);
    reader.expectEnd();
    return { checks, ops };
  } catch (error) {
    if (isLeaseholdError(error, 'corrupt')) throw malformed(error);
    throw error;
  }
}

function writeCheck(writer: ByteWriter, check: TransactionCheck): void {
  if (check.kind === 'range') {
    writer.u8(CHECKS.indexOf('range'));
    writeRange(writer, check.range);
    writer.u48(check.since);
    return;
  }
  const { precondition } = check;
  // A check without a condition holds always: nobody writes one.
  if (precondition.kind === 'none') throw malformed();
  writer.u8(CHECKS.indexOf(precondition.kind)).bytes(check.key);
  if (precondition.kind === 'version') writer.raw(encodeVersionstamp(precondition.version));
}

function readCheck(reader: ByteReader): TransactionCheck {
  const kind = pick(CHECKS, reader.u8());
  if (kind === 'range') return { kind, range: readRange(reader), since: reader.u48() };
  const key = reader.bytes();
  const precondition: Precondition = kind === 'version' ? { kind, version: readVersion(reader) } : { kind };
  return { kind: 'key', key, precondition };
}

function writeOperation(writer: ByteWriter, op: TransactionOperation): void {
  const prefix = 'prefix' in op ? op.prefix : undefined;
  writer.u8(OPERATIONS.indexOf(op.op) | (prefix === undefined ? 0 : HAS_PREFIX));
  switch (op.op) {
    case 'put':
    case 'putVersionstamped':
      writer.bytes(op.key).bytes(op.value);
      return writeLifetime(writer, op.lifetime);
    case 'delete':
      writer.bytes(op.key);
      return;
    case 'deleteRange':
      return writeRange(writer, op.range);
    default: {
      const operand = Buffer.alloc(8);
      operand.writeBigUInt64BE(op.operand);
      if (prefix !== undefined) writer.bytes(prefix);
      writer.bytes(op.key).raw(operand);
      return writeLifetime(writer, op.lifetime);
    }
  }
}

function readOperation(reader: ByteReader): TransactionOperation {
  const kind = reader.u8();
  const op = pick(OPERATIONS, kind & ~HAS_PREFIX);
  const hasPrefix = (kind & HAS_PREFIX) !== 0;
  if (hasPrefix && !isCounter(op)) throw malformed();
  switch (op) {
    case 'put':
    case 'putVersionstamped':
      return { op, key: reader.bytes(), value: reader.bytes(), ...readLifetime(reader) };
    case 'delete':
      return { op, key: reader.bytes() };
    case 'deleteRange':
      return { op, range: readRange(reader) };
    default: {
      const prefix = hasPrefix ? { prefix: reader.bytes() } : {};
      const key = reader.bytes();
      const operand = Buffer.from(reader.raw(8)).readBigUInt64BE();
      return { op, key, operand, ...prefix, ...readLifetime(reader) };
    }
  }
}

function writeRange(writer: ByteWriter, { start, end }: ByteRange): void {
  writer.u8((start ? HAS_START : 0) | (end ? HAS_END : 0));
  if (start) writer.bytes(start);
  if (end) writer.bytes(end);
}

function readRange(reader: ByteReader): ByteRange {
  const flags = reader.u8();
  if (flags > (HAS_START | HAS_END)) throw malformed();
  const start = flags & HAS_START ? reader.bytes() : undefined;
  return { start, end: flags & HAS_END ? reader.bytes() : undefined };
}

function writeLifetime(writer: ByteWriter, lifetime: Lifetime | undefined): void {
  if (lifetime === undefined) writer.u8(LIFETIMES.indexOf('none'));
  else if ('ttlSeconds' in lifetime) writer.u8(LIFETIMES.indexOf('ttl')).varint(lifetime.ttlSeconds);
  else if (lifetime.expiresAt === Infinity) writer.u8(LIFETIMES.indexOf('never'));
  else writer.u8(LIFETIMES.indexOf('at')).varint(lifetime.expiresAt);
}

function readLifetime(reader: ByteReader): { readonly lifetime?: Lifetime } {
  switch (pick(LIFETIMES, reader.u8())) {
    case 'none':
      return {};
    case 'ttl':
      return { lifetime: { ttlSeconds: reader.varint() } };
    case 'at':
      return { lifetime: { expiresAt: reader.varint() } };
    case 'never':
      return { lifetime: { expiresAt: Infinity } };
  }
}

function isCounter(op: TransactionOperation['op']): boolean {
  return op === 'sum' || op === 'min' || op === 'max';
}

function readVersion(reader: ByteReader): Version {
  return decodeVersionstamp(reader.raw(VERSIONSTAMP_BYTES));
}

function readMany<T>(reader: ByteReader, read: (reader: ByteReader) => T): readonly T[] {
  const count = reader.varint();
  if (count > LIMITS.transactionParts) throw malformed();
  return Array.from({ length: count }, () => read(reader));
}

function pick<T>(list: readonly T[], index: number): T {
  const picked = list[index];
  if (picked === undefined) throw malformed();
  return picked;
}

function malformed(cause?: unknown): ProblemError {
  return new ProblemError('invalid-request', 'the hop carries no transaction that this worker understands', { cause });
}
