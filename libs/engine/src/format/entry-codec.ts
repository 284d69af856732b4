import type { ByteReader, ByteWriter, Version } from '@leasehold/foundation';
import { assert, compareBytes, CorruptBytesError, MAX_EPOCH, MAX_SEQUENCE } from '@leasehold/foundation';

import type { Entry, IdempotencyRecord, RangeDelete, UsageCounters } from '../entry.js';
import { EMPTY_VALUE, NEVER } from '../entry.js';
import { ENGINE_LIMITS } from '../limits.js';

/*
 * Pieces that heads, SST blocks and commits share.
 *
 *     version   | epoch varint | sequence varint |
 *     kind      | u8: 1 put, 2 delete, 3 put that expires |      0 is never written, so that zeroed bytes are no entry
 *     expiry    | wall ms u48 |                                  for kind 3 only
 *     value     | length varint | bytes |                        absent for a delete
 *     entry     | key length varint | key | version | kind | expiry | value |
 */
export const KIND_PUT = 1;
export const KIND_DELETE = 2;
export const KIND_EXPIRING_PUT = 3;
const KIND_BYTES = 1;
const FLAG_BYTES = 1;
const TIME_BYTES = 6;
const DIGEST_BYTES = 16;

export function writeVersion(writer: ByteWriter, version: Version): void {
  writer.varint(version.epoch).varint(version.sequence);
}

export function readVersion(reader: ByteReader): Version {
  const epoch = reader.varint();
  const sequence = reader.varint();
  if (epoch > MAX_EPOCH || sequence > MAX_SEQUENCE) throw new CorruptBytesError('version is out of range');
  if ((epoch === 0) !== (sequence === 0)) throw new CorruptBytesError('version is half zero');
  return { epoch, sequence };
}

export function writeKindAndValue(writer: ByteWriter, entry: Entry): void {
  if (entry.kind === 'delete') {
    assert(entry.value.byteLength === 0, 'a delete has no value');
    writer.u8(KIND_DELETE);
  } else {
    assert(entry.value.byteLength <= ENGINE_LIMITS.valueBytes, 'value is longer than the limit');
    if (entry.expiresAt === NEVER) writer.u8(KIND_PUT);
    else writer.u8(KIND_EXPIRING_PUT).u48(entry.expiresAt);
    writer.bytes(entry.value);
  }
}

export function readKindAndValue(reader: ByteReader): Pick<Entry, 'kind' | 'value' | 'expiresAt'> {
  const kind = reader.u8();
  if (kind === KIND_DELETE) return { kind: 'delete', value: EMPTY_VALUE, expiresAt: NEVER };
  if (kind !== KIND_PUT && kind !== KIND_EXPIRING_PUT) throw new CorruptBytesError(`entry kind is not known: ${kind}`);
  const expiresAt = kind === KIND_EXPIRING_PUT ? reader.u48() : NEVER;
  const length = reader.varint();
  if (length > ENGINE_LIMITS.valueBytes) throw new CorruptBytesError(`value is too long: ${length}`);
  return { kind: 'put', value: reader.raw(length), expiresAt };
}

export function writeKey(writer: ByteWriter, key: Uint8Array): void {
  assert(key.byteLength >= 1 && key.byteLength <= ENGINE_LIMITS.keyBytes, 'key length is out of range');
  writer.bytes(key);
}

export function readKey(reader: ByteReader): Uint8Array {
  const length = reader.varint();
  if (length < 1 || length > ENGINE_LIMITS.keyBytes)
    throw new CorruptBytesError(`key length is out of range: ${length}`);
  return reader.raw(length);
}

export function writeEntry(writer: ByteWriter, entry: Entry): void {
  assert(entry.version.sequence > 0, 'an entry belongs to a commit');
  writeKey(writer, entry.key);
  writeVersion(writer, entry.version);
  writeKindAndValue(writer, entry);
}

export function readEntry(reader: ByteReader): Entry {
  const key = readKey(reader);
  const version = readVersion(reader);
  if (version.sequence === 0) throw new CorruptBytesError('entry has no version');
  return { key, version, ...readKindAndValue(reader) };
}

/** Exactly the bytes that {@link writeEntry} appends; the same for the pieces below. */
export function entryBytes(entry: Entry): number {
  return prefixedBytes(entry.key.byteLength) + versionBytes(entry.version) + kindAndValueBytes(entry);
}

export function kindAndValueBytes({ kind, value, expiresAt }: Entry): number {
  if (kind === 'delete') return KIND_BYTES;
  return KIND_BYTES + (expiresAt === NEVER ? 0 : TIME_BYTES) + prefixedBytes(value.byteLength);
}

export function versionBytes({ epoch, sequence }: Version): number {
  return varintBytes(epoch) + varintBytes(sequence);
}

export function rangeBytes({ start, end }: Pick<RangeDelete, 'start' | 'end'>): number {
  return prefixedBytes(start.byteLength) + FLAG_BYTES + (end === undefined ? 0 : prefixedBytes(end.byteLength));
}

export function idempotencyRecordBytes({ key, version }: IdempotencyRecord): number {
  return prefixedBytes(key.byteLength) + DIGEST_BYTES + versionBytes(version) + TIME_BYTES;
}

export function usageBytes({ commits, writeUnits, writtenBytes }: UsageCounters): number {
  return varintBytes(commits) + varintBytes(writeUnits) + varintBytes(writtenBytes);
}

/** Of bytes behind their length. */
export function prefixedBytes(length: number): number {
  return varintBytes(length) + length;
}

export function varintBytes(value: number): number {
  let bytes = 1;
  for (let limit = 0x80; value >= limit; limit *= 0x80) bytes++;
  return bytes;
}

/*
 *     range         | start length varint | start | has end u8: 0, 1 | end length varint | end |    absent without an end
 *     range delete  | range | version |
 */
export function writeRange(writer: ByteWriter, { start, end }: Pick<RangeDelete, 'start' | 'end'>): void {
  assert(start.byteLength <= ENGINE_LIMITS.keyBytes, 'a range starts at a key');
  assert(end === undefined || compareBytes(start, end) < 0, 'a range is not empty');
  assert(end === undefined || end.byteLength <= ENGINE_LIMITS.keyBytes, 'a range ends at a key');
  writer.bytes(start).u8(end === undefined ? 0 : 1);
  if (end !== undefined) writer.bytes(end);
}

export function readRange(reader: ByteReader): Pick<RangeDelete, 'start' | 'end'> {
  const start = readBound(reader);
  const end = readFlag(reader) ? readBound(reader) : undefined;
  if (end !== undefined && compareBytes(start, end) >= 0) throw new CorruptBytesError('range is empty');
  return { start, end };
}

export function writeRangeDelete(writer: ByteWriter, rangeDelete: RangeDelete): void {
  writeRange(writer, rangeDelete);
  writeVersion(writer, rangeDelete.version);
}

export function readRangeDelete(reader: ByteReader): RangeDelete {
  const range = readRange(reader);
  const version = readVersion(reader);
  if (version.sequence === 0) throw new CorruptBytesError('range delete has no version');
  return { ...range, version };
}

/*
 *     idempotency record  | key length varint | key | digest, 16 bytes | version | expires at u48 |
 */
export function writeIdempotencyRecord(writer: ByteWriter, record: IdempotencyRecord): void {
  const { key, digest, version, expiresAt } = record;
  assert(key.byteLength >= 1 && key.byteLength <= ENGINE_LIMITS.idempotencyKeyBytes, 'idempotency key is out of range');
  assert(digest.byteLength === DIGEST_BYTES, 'a digest has 16 bytes');
  writer.bytes(key).raw(digest);
  writeVersion(writer, version);
  writer.u48(expiresAt);
}

export function readIdempotencyRecord(reader: ByteReader): IdempotencyRecord {
  const key = reader.bytes();
  if (key.byteLength < 1 || key.byteLength > ENGINE_LIMITS.idempotencyKeyBytes)
    throw new CorruptBytesError(`idempotency key is out of range: ${key.byteLength}`);
  return { key, digest: reader.raw(DIGEST_BYTES), version: readVersion(reader), expiresAt: reader.u48() };
}

/*
 *     usage  | commits varint | write units varint | written bytes varint |
 */
export function writeUsage(writer: ByteWriter, usage: UsageCounters): void {
  writer.varint(usage.commits).varint(usage.writeUnits).varint(usage.writtenBytes);
}

export function readUsage(reader: ByteReader): UsageCounters {
  return { commits: reader.varint(), writeUnits: reader.varint(), writtenBytes: reader.varint() };
}

export function readFlag(reader: ByteReader): boolean {
  const flag = reader.u8();
  if (flag > 1) throw new CorruptBytesError(`flag is neither 0 nor 1: ${flag}`);
  return flag === 1;
}

function readBound(reader: ByteReader): Uint8Array {
  const length = reader.varint();
  if (length > ENGINE_LIMITS.keyBytes) throw new CorruptBytesError(`bound of a range is too long: ${length}`);
  return reader.raw(length);
}
