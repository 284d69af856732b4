import { assert, ByteReader, ByteWriter, CorruptBytesError, crc32Of } from '@leasehold/foundation';

/*
 * What every small object of the engine is wrapped in:
 *
 *     | magic, 4 ASCII characters | format version u16 | body | crc32 of everything before, u32 |
 *
 * The checksum is verified before the first field is looked at, so that a decoder meets either what an encoder wrote or nothing.
 */
const MAGIC_BYTES = 4;
const HEADER_BYTES = MAGIC_BYTES + 2;
export const CHECKSUM_BYTES = 4;

/** What a body of so many bytes comes to. */
export function sealedBytes(bodyBytes: number): number {
  return HEADER_BYTES + bodyBytes + CHECKSUM_BYTES;
}

/** Wraps what `writeBody` appends. `writer` must be empty. */
export function seal(writer: ByteWriter, magic: string, formatVersion: number, writeBody: () => void): Uint8Array {
  assert(writer.size === 0 && magic.length === MAGIC_BYTES, 'an envelope starts an object');
  for (let at = 0; at < MAGIC_BYTES; at++) writer.u8(magic.charCodeAt(at));
  writer.u16(formatVersion);
  writeBody();
  return writer.crc32Since(0).finish();
}

/** CRC-32 of all of a sealed object, its own checksum included: going on from that one is to look at four bytes in place of all. */
export function checksumOfSealed(sealed: Uint8Array): number {
  const at = sealed.byteLength - CHECKSUM_BYTES;
  return crc32Of(sealed, at, sealed.byteLength, new ByteReader(sealed, at).u32());
}

/** @returns a reader of the body. @throws CorruptBytesError unless magic, format version and checksum are right */
export function openChecked(bytes: Uint8Array, magic: string, formatVersion: number): ByteReader {
  if (bytes.byteLength < HEADER_BYTES + CHECKSUM_BYTES) throw new CorruptBytesError(`${magic} is cut short`);
  const header = new ByteReader(bytes);
  if (Buffer.from(header.raw(MAGIC_BYTES)).toString('latin1') !== magic)
    throw new CorruptBytesError(`magic is not ${magic}`);
  const found = header.u16();
  if (found !== formatVersion) throw new CorruptBytesError(`${magic} has a format version that is not known: ${found}`);
  const body = verifyChecksum(bytes);
  return new ByteReader(body, HEADER_BYTES);
}

/** `bytes` without the checksum that ends them. @throws CorruptBytesError when it does not match */
export function verifyChecksum(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength < CHECKSUM_BYTES) throw new CorruptBytesError('checksum is missing');
  const body = bytes.subarray(0, bytes.byteLength - CHECKSUM_BYTES);
  if (new ByteReader(bytes, body.byteLength).u32() !== crc32Of(body))
    throw new CorruptBytesError('checksum does not match');
  return body;
}
