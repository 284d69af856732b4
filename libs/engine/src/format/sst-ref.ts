import type { ByteReader, ByteWriter, Ulid } from '@leasehold/foundation';
import { assert, compareBytes, CorruptBytesError } from '@leasehold/foundation';

import { ENGINE_LIMITS } from '../limits.js';
import { readKey, writeKey } from './entry-codec.js';

/** What a head knows of one file: enough to skip it, or to read its index and filter with one range GET. */
export interface SstRef {
  readonly id: Ulid;
  readonly sizeBytes: number;
  /** All entries, tombstones included; at least 1. */
  readonly entries: number;
  readonly deletes: number;
  /** Bytes of keys and values of the puts. */
  readonly putBytes: number;
  /** Both inclusive. */
  readonly minKey: Uint8Array;
  readonly maxKey: Uint8Array;
  /** Commit range: the lowest and highest sequence of any entry. */
  readonly minSequence: number;
  readonly maxSequence: number;
  /** The tail of the file starts here: filter, index, properties, footer. */
  readonly filterOffset: number;
  readonly filterLength: number;
  readonly indexOffset: number;
  readonly indexLength: number;
}

const ULID = /^[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}$/;
const ULID_CHARACTERS = 26;

export function isUlid(text: string): text is Ulid {
  return ULID.test(text);
}

export function writeUlid(writer: ByteWriter, id: Ulid): void {
  assert(isUlid(id), 'not a lower-case ulid');
  writer.raw(Buffer.from(id, 'latin1'));
}

export function readUlid(reader: ByteReader): Ulid {
  const id = Buffer.from(reader.raw(ULID_CHARACTERS)).toString('latin1');
  if (!isUlid(id)) throw new CorruptBytesError('not a lower-case ulid');
  return id;
}

/*
 *     | id, 26 characters | size varint | entries varint | deletes varint | put bytes varint | min key | max key |
 *     | min sequence u48 | max sequence u48 | filter length varint | index length varint | filter offset varint |
 *
 * Keys with varint lengths. The index follows the filter, so its offset is not written.
 */
export function writeSstRef(writer: ByteWriter, ref: SstRef): void {
  assert(ref.indexOffset === ref.filterOffset + ref.filterLength, 'the index follows the filter');
  writeUlid(writer, ref.id);
  writer.varint(ref.sizeBytes).varint(ref.entries).varint(ref.deletes).varint(ref.putBytes);
  writeKey(writer, ref.minKey);
  writeKey(writer, ref.maxKey);
  writer.u48(ref.minSequence).u48(ref.maxSequence);
  writer.varint(ref.filterLength).varint(ref.indexLength).varint(ref.filterOffset);
}

export function readSstRef(reader: ByteReader): SstRef {
  const id = readUlid(reader);
  const sizeBytes = reader.varint();
  const entries = reader.varint();
  const deletes = reader.varint();
  const putBytes = reader.varint();
  const minKey = readKey(reader);
  const maxKey = readKey(reader);
  const minSequence = reader.u48();
  const maxSequence = reader.u48();
  const filterLength = reader.varint();
  const indexLength = reader.varint();
  const filterOffset = reader.varint();
  const indexOffset = filterOffset + filterLength;
  const ref: SstRef = {
    id,
    sizeBytes,
    entries,
    deletes,
    putBytes,
    minKey,
    maxKey,
    minSequence,
    maxSequence,
    filterOffset,
    filterLength,
    indexOffset,
    indexLength,
  };
  const fault = faultOfSstRef(ref);
  if (fault !== undefined) throw new CorruptBytesError(`file reference: ${fault}`);
  return ref;
}

function faultOfSstRef(ref: SstRef): string | undefined {
  if (ref.sizeBytes > ENGINE_LIMITS.sstBytes) return 'size is above the limit';
  if (ref.indexOffset + ref.indexLength >= ref.sizeBytes) return 'index lies outside the file';
  if (ref.entries < 1 || ref.deletes > ref.entries) return 'counts contradict each other';
  if (compareBytes(ref.minKey, ref.maxKey) > 0) return 'key range is reversed';
  if (ref.minSequence < 1 || ref.minSequence > ref.maxSequence) return 'commit range is reversed';
  return undefined;
}
