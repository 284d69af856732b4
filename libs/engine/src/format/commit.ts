import { assert, ByteReader, ByteWriter, CorruptBytesError } from '@leasehold/foundation';

import type { Commit, Entry, RangeDelete } from '../entry.js';
import { ENGINE_LIMITS } from '../limits.js';
import {
  idempotencyRecordBytes,
  kindAndValueBytes,
  prefixedBytes,
  rangeBytes,
  readFlag,
  readIdempotencyRecord,
  readKey,
  readKindAndValue,
  readRange,
  readUsage,
  readVersion,
  usageBytes,
  varintBytes,
  versionBytes,
  writeIdempotencyRecord,
  writeKey,
  writeKindAndValue,
  writeRange,
  writeUsage,
  writeVersion,
} from './entry-codec.js';
import { CHECKSUM_BYTES, checksumOfSealed, openChecked, seal, sealedBytes } from './envelope.js';

/*
 * Payload of one frame of the commit log: the commits of one database in one segment (docs/formats/commit.md).
 *
 *     | "LHCM" | format version u16 | commit count varint |
 *     per commit, by ascending sequence:
 *         | epoch varint | sequence varint | committed at u48 | usage |
 *         | entry count varint | entries: key length varint, key, kind, expiry, value |
 *         | range delete count varint | range deletes: start, end |
 *         | has idempotency record u8: 0, 1 | record |
 *     | crc32 of everything before, u32 |
 *
 * Entries carry no version: all of a commit share one.
 */
const MAGIC = 'LHCM';
const FORMAT_VERSION = 2;
const COMMITTED_AT_BYTES = 6;
const FLAG_BYTES = 1;

/** @param roomOf memory of exactly so many bytes to write into; without, it is of its own */
export function encodeCommits(
  commits: readonly Commit[],
  roomOf?: (sizeBytes: number) => Buffer | undefined,
): Uint8Array {
  let bodyBytes = varintBytes(commits.length);
  for (const commit of commits) bodyBytes += commitBytes(commit);
  const sizeBytes = sealedBytes(bodyBytes);
  const writer = new ByteWriter(sizeBytes, roomOf?.(sizeBytes));
  return seal(writer, MAGIC, FORMAT_VERSION, () => {
    writer.varint(commits.length);
    let previous = 0;
    for (const commit of commits) {
      assert(commit.version.sequence > previous, 'commits are in order of their sequence');
      previous = commit.version.sequence;
      writeCommit(writer, commit);
    }
  });
}

/** CRC-32 of all that {@link encodeCommits} gives, from the checksum at its end: without another look at keys and values. */
export function checksumOfCommits(encoded: Uint8Array): number {
  return checksumOfSealed(encoded);
}

/** Keys and values are views on `bytes`. @throws CorruptBytesError on anything that {@link encodeCommits} does not write */
export function decodeCommits(bytes: Uint8Array): Commit[] {
  const reader: ByteReader = openChecked(bytes, MAGIC, FORMAT_VERSION);
  const commits: Commit[] = [];
  let previous = 0;
  for (let left = reader.varint(); left > 0; left--) {
    const commit = readCommit(reader);
    if (commit.version.sequence <= previous) throw new CorruptBytesError('commits are out of order');
    previous = commit.version.sequence;
    commits.push(commit);
  }
  reader.expectEnd();
  return commits;
}

/** Exactly the bytes that {@link writeCommit} appends. */
function commitBytes({ version, entries, rangeDeletes, idempotency, usage }: Commit): number {
  let bytes = versionBytes(version) + COMMITTED_AT_BYTES + usageBytes(usage) + varintBytes(entries.length);
  for (const entry of entries) bytes += prefixedBytes(entry.key.byteLength) + kindAndValueBytes(entry);
  bytes += varintBytes(rangeDeletes.length);
  for (const rangeDelete of rangeDeletes) bytes += rangeBytes(rangeDelete);
  return bytes + FLAG_BYTES + (idempotency === undefined ? 0 : idempotencyRecordBytes(idempotency));
}

/** Where key and value lie in what {@link encodeCommits} makes of a commit alone that has one entry. @param encodedBytes all of it */
export function onlyEntryPlaces(
  { entries, rangeDeletes, idempotency }: Commit,
  encodedBytes: number,
): { readonly keyAt: number; readonly valueAt: number } {
  const entry = entries[0];
  assert(entry !== undefined && entries.length === 1, 'a commit has one entry');
  // From the end: what comes before is of no fixed length.
  let at = encodedBytes - CHECKSUM_BYTES - FLAG_BYTES - varintBytes(rangeDeletes.length);
  if (idempotency !== undefined) at -= idempotencyRecordBytes(idempotency);
  for (const rangeDelete of rangeDeletes) at -= rangeBytes(rangeDelete);
  const valueAt = at - entry.value.byteLength;
  return { keyAt: at - kindAndValueBytes(entry) - entry.key.byteLength, valueAt };
}

function writeCommit(writer: ByteWriter, commit: Commit): void {
  const { version, committedAt, entries, rangeDeletes, idempotency, usage } = commit;
  assert(entries.length + rangeDeletes.length <= ENGINE_LIMITS.commitEntries, 'commit has more entries than the limit');
  writeVersion(writer, version);
  writer.u48(committedAt);
  writeUsage(writer, usage);
  writer.varint(entries.length);
  for (const entry of entries) {
    assert(entry.version.sequence === version.sequence, 'an entry has the version of its commit');
    writeKey(writer, entry.key);
    writeKindAndValue(writer, entry);
  }
  writer.varint(rangeDeletes.length);
  for (const rangeDelete of rangeDeletes) writeRange(writer, rangeDelete);
  writer.u8(idempotency === undefined ? 0 : 1);
  if (idempotency !== undefined) writeIdempotencyRecord(writer, idempotency);
}

function readCommit(reader: ByteReader): Commit {
  const version = readVersion(reader);
  const committedAt = reader.u48();
  const usage = readUsage(reader);
  const entries = readCounted(reader, (): Entry => {
    return { key: readKey(reader), version, ...readKindAndValue(reader) };
  });
  const rangeDeletes = readCounted(reader, (): RangeDelete => ({ ...readRange(reader), version }));
  const idempotency = readFlag(reader) ? readIdempotencyRecord(reader) : undefined;
  return { version, committedAt, entries, rangeDeletes, idempotency, usage };
}

function readCounted<T>(reader: ByteReader, read: () => T): T[] {
  const count = reader.varint();
  if (count > ENGINE_LIMITS.commitEntries) throw new CorruptBytesError(`commit has too many entries: ${count}`);
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(read());
  return items;
}
