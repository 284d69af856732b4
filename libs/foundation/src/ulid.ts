import { assert } from './assert.js';
import type { Clock } from './clock.js';
import type { Random } from './random.js';

/** 26 lower-case Crockford base32 characters: 48 bits of ms since the epoch, then 80 random bits. Sorts by time as text. */
export type Ulid = string;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const RANDOM_BITS = 80n;
/** 26 characters could hold two bits more. */
const ULID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

export function isUlid(text: string): text is Ulid {
  return ULID.test(text);
}

/**
 * Draws ULIDs that strictly increase within this source and lie above every id that it was told of, whatever the
 * clock says (G1: a new file's id must lie above gcFloor even on a machine whose clock is behind).
 */
export class UlidSource {
  private last = 0n;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** Later ids lie above `id`. */
  above(id: Ulid): this {
    const value = decode(id);
    if (value > this.last) this.last = value;
    return this;
  }

  next(): Ulid {
    const drawn = (BigInt(Math.max(0, Math.floor(this.clock.now()))) << RANDOM_BITS) | randomBits(this.random);
    this.last = drawn > this.last ? drawn : this.last + 1n;
    return encode(this.last);
  }
}

/** The smallest ULID of the given instant: everything drawn before that ms sorts below it. */
export function ulidFloorAt(wallMs: number): Ulid {
  return encode(BigInt(Math.max(0, Math.floor(wallMs))) << RANDOM_BITS);
}

/** Wall ms at which it was drawn, on the clock of whoever drew it; later, where it had to lie above another. */
export function ulidTime(id: Ulid): number {
  return Number(decode(id) >> RANDOM_BITS);
}

function randomBits(random: Random): bigint {
  let bits = 0n;
  for (const byte of random.bytes(10)) bits = (bits << 8n) | BigInt(byte);
  return bits;
}

function encode(value: bigint): Ulid {
  assert(value < 1n << 128n, 'ulid overflows 128 bits');
  let text = '';
  for (let i = 0, rest = value; i < 26; i++, rest >>= 5n) text = ALPHABET[Number(rest & 31n)] + text;
  return text;
}

function decode(id: Ulid): bigint {
  let value = 0n;
  for (const character of id) {
    const digit = ALPHABET.indexOf(character);
    assert(digit >= 0, 'not a lower-case ulid');
    value = (value << 5n) | BigInt(digit);
  }
  return value;
}
