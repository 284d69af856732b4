import { seededRandom } from '@leasehold/foundation';

const KEY_DIGITS = 12;
const KEY_PREFIX = 'user';
export const KEY_BYTES = KEY_PREFIX.length + KEY_DIGITS;
/** Values are windows of one pool, so that making one costs nothing. */
const POOL_BYTES = 1024 * 1024;
/** Every other such stretch repeats the one before: what compresses to about half, as rows and documents do. */
const STRETCH_BYTES = 16;
const ZERO = 0x30;
const STEP = 7_919;

const prefix = Buffer.from(KEY_PREFIX);
const pool = makePool();

/** The key of the n-th record; in the order of numbers. */
export function recordKey(number: number): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  key.set(prefix);
  for (let at = KEY_BYTES - 1, left = number; at >= KEY_PREFIX.length; at--) {
    const rest = Math.floor(left / 10);
    key[at] = ZERO + left - rest * 10;
    left = rest;
  }
  return key;
}

/** A value of the n-th record; another one for every `turn`. */
export function recordValue(number: number, sizeBytes: number, turn = 0): Uint8Array {
  const start = ((number + turn) * STEP) % (POOL_BYTES - sizeBytes);
  return pool.subarray(start, start + sizeBytes);
}

function makePool(): Uint8Array {
  const bytes = seededRandom(11).bytes(POOL_BYTES);
  for (let at = STRETCH_BYTES; at < POOL_BYTES; at += 2 * STRETCH_BYTES) {
    bytes.copyWithin(at, at - STRETCH_BYTES, at);
  }
  return bytes;
}
