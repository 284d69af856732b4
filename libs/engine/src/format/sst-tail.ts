import type { DatabaseId } from '@leasehold/foundation';
import { assert, ByteReader, ByteWriter, CorruptBytesError, decodeUtf8, isDatabaseId } from '@leasehold/foundation';

import { readKey, writeKey } from './entry-codec.js';
import { verifyChecksum } from './envelope.js';
import { Filter } from './sst-filter.js';
import { SstIndex } from './sst-index.js';
import type { SstRef } from './sst-ref.js';
import { readUlid, writeUlid } from './sst-ref.js';

/*
 * docs/formats/sst.md
 *
 *     | block | block | … | filter | index | properties | footer |
 *                         ^ filterOffset                         ^ sizeBytes
 *                         |<--- the tail, read by one GET ------>|
 *
 *     properties | database id, 36 characters | file id, 26 characters | nonce, 16 bytes |
 *                | entries varint | deletes varint | put bytes varint |
 *                | superseded varint | superseded bytes varint | expiring varint | expires through u48 | min key | max key |
 *                | min sequence u48 | max sequence u48 | covers from u48 | covers through u48 | range deletes through u48 | crc32 of the properties before, u32 |
 *     footer     | filter offset u48 | filter length u32 | index length u32 | properties length u32 |
 *                | format version u16 | crc32 of the footer before, u32 | "LHST" |
 *
 * The file tells by itself everything that the head says of it, so that a bucket alone can be read back; and it names its
 * database and itself, so that bytes at a wrong place are noticed.
 */
const MAGIC = 'LHST';
const FORMAT_VERSION = 2;
const DATABASE_ID_CHARACTERS = 36;
export const SST_NONCE_BYTES = 16;
export const SST_FOOTER_BYTES = 28;

export type SstProperties = Pick<
  SstRef,
  | 'id'
  | 'entries'
  | 'deletes'
  | 'putBytes'
  | 'superseded'
  | 'supersededBytes'
  | 'expiring'
  | 'expiresThrough'
  | 'minKey'
  | 'maxKey'
  | 'minSequence'
  | 'maxSequence'
  | 'coversFrom'
  | 'coversThrough'
  | 'rangeDeletesThrough'
> & {
  readonly databaseId: DatabaseId;
};

export interface SstTail {
  readonly databaseId: DatabaseId;
  /** As the head of the file's database should have it. */
  readonly ref: SstRef;
  readonly filter: Filter;
  readonly index: SstIndex;
}

/** Properties and footer, which follow the filter and the index. `nonce` makes the file this writer's own (P1). */
export function encodeTailEnd(
  properties: SstProperties,
  nonce: Uint8Array,
  lengths: { readonly filterOffset: number; readonly filterLength: number; readonly indexLength: number },
): Uint8Array {
  assert(nonce.byteLength === SST_NONCE_BYTES, 'a file has a nonce of 16 bytes');
  const writer = new ByteWriter().raw(Buffer.from(properties.databaseId, 'latin1'));
  writeUlid(writer, properties.id);
  writer.raw(nonce).varint(properties.entries).varint(properties.deletes).varint(properties.putBytes);
  writer.varint(properties.superseded).varint(properties.supersededBytes);
  writer.varint(properties.expiring).u48(properties.expiresThrough);
  writeKey(writer, properties.minKey);
  writeKey(writer, properties.maxKey);
  writer.u48(properties.minSequence).u48(properties.maxSequence);
  writer.u48(properties.coversFrom).u48(properties.coversThrough).u48(properties.rangeDeletesThrough).crc32Since(0);
  const footer = writer.size;
  return writer
    .u48(lengths.filterOffset)
    .u32(lengths.filterLength)
    .u32(lengths.indexLength)
    .u32(footer)
    .u16(FORMAT_VERSION)
    .crc32Since(footer)
    .raw(Buffer.from(MAGIC, 'latin1'))
    .toBytes();
}

/** @param bytes end with the file and begin at the filter or before. @throws CorruptBytesError */
export function parseTail(bytes: Uint8Array, sizeBytes: number): SstTail {
  const footer = parseFooter(bytes);
  const tailLength = footer.filterLength + footer.indexLength + footer.propertiesLength + SST_FOOTER_BYTES;
  if (footer.filterOffset + tailLength !== sizeBytes) throw new CorruptBytesError('file has a wrong size');
  if (tailLength > bytes.byteLength) throw new CorruptBytesError('file tail is cut short');
  const tail = bytes.subarray(bytes.byteLength - tailLength);
  const { filterOffset, filterLength, indexLength } = footer;
  const properties = parseProperties(tail.subarray(filterLength + indexLength, tailLength - SST_FOOTER_BYTES));
  const { databaseId, ...rest } = properties;
  return {
    databaseId,
    ref: {
      ...rest,
      folder: undefined,
      sizeBytes,
      filterOffset,
      filterLength,
      indexOffset: filterOffset + filterLength,
      indexLength,
    },
    filter: Filter.parse(tail.subarray(0, filterLength)),
    index: SstIndex.parse(tail.subarray(filterLength, filterLength + indexLength), filterOffset),
  };
}

/** Where the tail of a file begins, by its last {@link SST_FOOTER_BYTES}. @throws CorruptBytesError */
export function filterOffsetOf(footer: Uint8Array): number {
  return parseFooter(footer).filterOffset;
}

function parseFooter(bytes: Uint8Array): {
  readonly filterOffset: number;
  readonly filterLength: number;
  readonly indexLength: number;
  readonly propertiesLength: number;
} {
  if (bytes.byteLength < SST_FOOTER_BYTES) throw new CorruptBytesError('file is cut short');
  const footer = bytes.subarray(bytes.byteLength - SST_FOOTER_BYTES);
  const magic = Buffer.from(footer.subarray(footer.byteLength - MAGIC.length)).toString('latin1');
  if (magic !== MAGIC) throw new CorruptBytesError(`magic is not ${MAGIC}`);
  const reader = new ByteReader(verifyChecksum(footer.subarray(0, footer.byteLength - MAGIC.length)));
  const fields = {
    filterOffset: reader.u48(),
    filterLength: reader.u32(),
    indexLength: reader.u32(),
    propertiesLength: reader.u32(),
  };
  const version = reader.u16();
  if (version !== FORMAT_VERSION)
    throw new CorruptBytesError(`${MAGIC} has a format version that is not known: ${version}`);
  return fields;
}

function parseProperties(bytes: Uint8Array): SstProperties {
  const reader = new ByteReader(verifyChecksum(bytes));
  const databaseId = decodeUtf8(reader.raw(DATABASE_ID_CHARACTERS));
  if (databaseId === undefined || !isDatabaseId(databaseId))
    throw new CorruptBytesError('file has a malformed database id');
  const id = readUlid(reader);
  reader.raw(SST_NONCE_BYTES);
  const properties: SstProperties = {
    databaseId,
    id,
    entries: reader.varint(),
    deletes: reader.varint(),
    putBytes: reader.varint(),
    superseded: reader.varint(),
    supersededBytes: reader.varint(),
    expiring: reader.varint(),
    expiresThrough: reader.u48(),
    minKey: readKey(reader),
    maxKey: readKey(reader),
    minSequence: reader.u48(),
    maxSequence: reader.u48(),
    coversFrom: reader.u48(),
    coversThrough: reader.u48(),
    rangeDeletesThrough: reader.u48(),
  };
  reader.expectEnd();
  return properties;
}
