import type { ByteReader, ByteWriter, DatabaseId, Ulid } from '@leasehold/foundation';
import { assert, compareBytes, CorruptBytesError, isDatabaseId } from '@leasehold/foundation';

import { ENGINE_LIMITS } from '../limits.js';
import { readFlag, readKey, writeKey } from './entry-codec.js';

/** What a head knows of one file: enough to skip it, or to read its index and filter with one range GET. */
export interface SstRef {
  readonly id: Ulid;
  readonly sizeBytes: number;
  /** All entries, tombstones included; at least 1. */
  readonly entries: number;
  readonly deletes: number;
  /** Bytes of keys and values of the puts. */
  readonly putBytes: number;
  /** Entries that a newer one of the same key hides within the file: kept for reads of the past, garbage when the retention window has passed them. */
  readonly superseded: number;
  /** Bytes of keys and values of the puts among them. */
  readonly supersededBytes: number;
  /** Puts that expire, superseded ones included. */
  readonly expiring: number;
  /** Wall ms of the last expiry in the file: from then on all of `expiring` is garbage. 0 when nothing expires. */
  readonly expiresThrough: number;
  /** Both inclusive. */
  readonly minKey: Uint8Array;
  readonly maxKey: Uint8Array;
  /** Commit range: the lowest and highest sequence of any entry. */
  readonly minSequence: number;
  readonly maxSequence: number;
  /**
   * Everything that the commits of these sequences, both inclusive, did to single keys is in the file, so that a change feed can be read
   * from it. Both 0: it is a merge and does not say so.
   */
  readonly coversFrom: number;
  readonly coversThrough: number;
  /** What range deletes up to this sequence hide was left out when the file was made. */
  readonly rangeDeletesThrough: number;
  /** Whose folder it lies in: undefined is the database's own, another's after a branch. */
  readonly folder: DatabaseId | undefined;
  /** The tail of the file starts here: filter, index, properties, footer. */
  readonly filterOffset: number;
  readonly filterLength: number;
  readonly indexOffset: number;
  readonly indexLength: number;
}

const ULID = /^[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}$/;
const ULID_CHARACTERS = 26;
const DATABASE_ID_CHARACTERS = 36;

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
 *     | id, 26 characters | size varint | entries varint | deletes varint | put bytes varint |
 *     | superseded varint | superseded bytes varint | expiring varint | expires through u48 | min key | max key |
 *     | min sequence u48 | max sequence u48 | covers from u48 | covers through u48 | range deletes through u48 |
 *     | filter length varint | index length varint | filter offset varint |
 *     | has folder u8: 0, 1 | folder, a database id of 36 characters |          absent without a folder
 *
 * Keys with varint lengths. The index follows the filter, so its offset is not written.
 */
export function writeSstRef(writer: ByteWriter, ref: SstRef): void {
  assert(ref.indexOffset === ref.filterOffset + ref.filterLength, 'the index follows the filter');
  writeUlid(writer, ref.id);
  writer.varint(ref.sizeBytes).varint(ref.entries).varint(ref.deletes).varint(ref.putBytes);
  writer.varint(ref.superseded).varint(ref.supersededBytes).varint(ref.expiring).u48(ref.expiresThrough);
  writeKey(writer, ref.minKey);
  writeKey(writer, ref.maxKey);
  writer.u48(ref.minSequence).u48(ref.maxSequence).u48(ref.coversFrom).u48(ref.coversThrough);
  writer.u48(ref.rangeDeletesThrough);
  writer.varint(ref.filterLength).varint(ref.indexLength).varint(ref.filterOffset);
  writer.u8(ref.folder === undefined ? 0 : 1);
  if (ref.folder !== undefined) writer.raw(Buffer.from(ref.folder, 'latin1'));
}

export function readSstRef(reader: ByteReader): SstRef {
  const id = readUlid(reader);
  const sizeBytes = reader.varint();
  const entries = reader.varint();
  const deletes = reader.varint();
  const putBytes = reader.varint();
  const superseded = reader.varint();
  const supersededBytes = reader.varint();
  const expiring = reader.varint();
  const expiresThrough = reader.u48();
  const minKey = readKey(reader);
  const maxKey = readKey(reader);
  const minSequence = reader.u48();
  const maxSequence = reader.u48();
  const coversFrom = reader.u48();
  const coversThrough = reader.u48();
  const rangeDeletesThrough = reader.u48();
  const filterLength = reader.varint();
  const indexLength = reader.varint();
  const filterOffset = reader.varint();
  const folder = readFlag(reader) ? readFolder(reader) : undefined;
  const indexOffset = filterOffset + filterLength;
  const ref: SstRef = {
    id,
    sizeBytes,
    entries,
    deletes,
    putBytes,
    superseded,
    supersededBytes,
    expiring,
    expiresThrough,
    minKey,
    maxKey,
    minSequence,
    maxSequence,
    coversFrom,
    coversThrough,
    rangeDeletesThrough,
    folder,
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
  if (ref.superseded >= ref.entries || ref.supersededBytes > ref.putBytes) return 'counts contradict each other';
  if (ref.expiring + ref.deletes > ref.entries) return 'counts contradict each other';
  if ((ref.expiring === 0) !== (ref.expiresThrough === 0)) return 'counts contradict each other';
  if (compareBytes(ref.minKey, ref.maxKey) > 0) return 'key range is reversed';
  if (ref.minSequence < 1 || ref.minSequence > ref.maxSequence) return 'commit range is reversed';
  if (ref.coversFrom > ref.coversThrough) return 'covered range is reversed';
  if (ref.coversThrough > 0 && ref.maxSequence > ref.coversThrough) return 'commits lie after the covered range';
  return undefined;
}

function readFolder(reader: ByteReader): DatabaseId {
  const id = Buffer.from(reader.raw(DATABASE_ID_CHARACTERS)).toString('latin1');
  if (!isDatabaseId(id)) throw new CorruptBytesError('file reference has a malformed folder');
  return id;
}
