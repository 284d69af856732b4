import type { ByteReader, ByteWriter, Version } from '@leasehold/foundation';
import { assert, CorruptBytesError, MAX_EPOCH, MAX_SEQUENCE } from '@leasehold/foundation';

import type { Entry, EntryKind } from '../entry.js';
import { EMPTY_VALUE } from '../entry.js';
import { ENGINE_LIMITS } from '../limits.js';

/*
 * Pieces that heads, SST blocks and commits share.
 *
 *     version   | epoch varint | sequence varint |
 *     kind      | u8: 1 put, 2 delete |                    0 is never written, so that zeroed bytes are no entry
 *     value     | length varint | bytes |                  absent for a delete
 *     entry     | key length varint | key | version | kind | value |
 */
const KIND_PUT = 1;
const KIND_DELETE = 2;

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
    writer.u8(KIND_PUT).bytes(entry.value);
  }
}

export function readKindAndValue(reader: ByteReader): { readonly kind: EntryKind; readonly value: Uint8Array } {
  const kind = reader.u8();
  if (kind === KIND_DELETE) return { kind: 'delete', value: EMPTY_VALUE };
  if (kind !== KIND_PUT) throw new CorruptBytesError(`entry kind is not known: ${kind}`);
  const length = reader.varint();
  if (length > ENGINE_LIMITS.valueBytes) throw new CorruptBytesError(`value is too long: ${length}`);
  return { kind: 'put', value: reader.raw(length) };
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

/** Exactly the bytes that {@link writeEntry} appends. */
export function entryBytes(entry: Entry): number {
  const value = entry.kind === 'delete' ? 0 : prefixedBytes(entry.value.byteLength);
  return (
    prefixedBytes(entry.key.byteLength) +
    varintBytes(entry.version.epoch) +
    varintBytes(entry.version.sequence) +
    1 +
    value
  );
}

function prefixedBytes(length: number): number {
  return varintBytes(length) + length;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}
