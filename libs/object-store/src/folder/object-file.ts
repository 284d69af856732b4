import { ByteReader, ByteWriter, CorruptBytesError, assert, fromHex, toHex } from '@leasehold/foundation';

/**
 * One object in one file, so that a rename replaces body and metadata together:
 *
 *     0   magic        'LHOB'
 *     4   version      u8, 1
 *     5   size         u48, of the body
 *     11  modified     u48, ms since the Unix epoch
 *     17  md5          16 bytes, of the body: its ETag
 *     33  crc-32       u32, of the 33 bytes before
 *     37  body
 */
export const OBJECT_HEADER_BYTES = 37;
const MAGIC = Uint8Array.from([0x4c, 0x48, 0x4f, 0x42]);
const FORMAT_VERSION = 1;
const MD5_BYTES = 16;

export interface ObjectHeader {
  readonly etag: string;
  readonly sizeBytes: number;
  readonly lastModifiedAt: number;
}

export function encodeObjectHeader(header: ObjectHeader): Uint8Array {
  const writer = new ByteWriter().raw(MAGIC).u8(FORMAT_VERSION).u48(header.sizeBytes).u48(header.lastModifiedAt);
  writer.raw(fromHex(header.etag) as Uint8Array).crc32Since(0);
  assert(writer.size === OBJECT_HEADER_BYTES, 'the header has a fixed size');
  return writer.toBytes();
}

/** @throws CorruptBytesError for anything that {@link encodeObjectHeader} would not have written */
export function decodeObjectHeader(bytes: Uint8Array): ObjectHeader {
  const reader = new ByteReader(bytes);
  if (toHex(reader.raw(MAGIC.byteLength)) !== toHex(MAGIC)) throw new CorruptBytesError('not an object file');
  const version = reader.u8();
  if (version !== FORMAT_VERSION) throw new CorruptBytesError(`object file has format version ${version}`);
  const sizeBytes = reader.u48();
  const lastModifiedAt = reader.u48();
  const etag = toHex(reader.raw(MD5_BYTES));
  reader.expectCrc32Since(0);
  return { etag, sizeBytes, lastModifiedAt };
}
