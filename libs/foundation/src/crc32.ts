import { crc32 as nativeCrc32 } from 'node:zlib';

/** Up to here a loop in JavaScript has its answer before a call into native code has begun. */
const LOOP_BYTES = 64;
const POLYNOMIAL = 0xedb88320;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
  return remainder;
});

/**
 * CRC-32 (ISO-HDLC) of the bytes [from, to).
 * @param before the checksum of what comes before them, to go on from; nothing by default
 */
export function crc32Of(bytes: Uint8Array, from = 0, to = bytes.byteLength, before = 0): number {
  if (to - from > LOOP_BYTES) {
    return nativeCrc32(from === 0 && to === bytes.byteLength ? bytes : bytes.subarray(from, to), before);
  }
  let remainder = ~before;
  for (let at = from; at < to; at++) {
    remainder = (remainder >>> 8) ^ (TABLE[(remainder ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~remainder >>> 0;
}
