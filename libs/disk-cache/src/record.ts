import { crc32 } from 'node:zlib';

/*
 * What lies in a slab, back to back. Integers are big-endian.
 *
 *     0       4          8      10        14     14 + n       14 + n + v
 *     | crc32 | sequence | n    | v       | name | value      |
 *       u32     u32        u16    u32       UTF-8
 *
 * sequence: of the slab at the time of writing, so that a record of an earlier life of the same space is not taken for a
 * present one. The checksum covers everything after itself.
 */
const HEADER_BYTES = 14;

/** Names are those of objects, with a range: far below it. */
export const NAME_BYTES_LIMIT = 1_024;

export function recordBytes(name: string, value: Uint8Array): number {
  return HEADER_BYTES + Buffer.byteLength(name) + value.byteLength;
}

/** Header and name; the value follows it on disk without having been copied. */
export function encodePrefix(sequence: number, name: string, value: Uint8Array): Buffer {
  const nameBytes = Buffer.byteLength(name);
  const prefix = Buffer.allocUnsafe(HEADER_BYTES + nameBytes);
  prefix.writeUInt32BE(sequence, 4);
  prefix.writeUInt16BE(nameBytes, 8);
  prefix.writeUInt32BE(value.byteLength, 10);
  prefix.write(name, HEADER_BYTES);
  const checksum = crc32(prefix.subarray(4));
  // The checksum of nothing may come back as 0, whatever it began with.
  prefix.writeUInt32BE(value.byteLength === 0 ? checksum : crc32(value, checksum), 0);
  return prefix;
}

/**
 * - the value: a view on `record`
 * - `damaged`: not what was written
 * - `foreign`: whole, but of another name or another life of this space
 */
export function decodeRecord(record: Buffer, sequence: number, name: string): Uint8Array | 'damaged' | 'foreign' {
  if (record.byteLength < HEADER_BYTES) return 'damaged';
  const foundSequence = record.readUInt32BE(4);
  const nameBytes = record.readUInt16BE(8);
  const valueAt = HEADER_BYTES + nameBytes;
  if (record.byteLength !== valueAt + record.readUInt32BE(10)) return 'damaged';
  if (crc32(record.subarray(4)) !== record.readUInt32BE(0)) return 'damaged';
  if (foundSequence !== sequence || record.toString('utf8', HEADER_BYTES, valueAt) !== name) return 'foreign';
  return new Uint8Array(record.buffer, record.byteOffset + valueAt, record.byteLength - valueAt);
}
