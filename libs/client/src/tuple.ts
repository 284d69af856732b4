import { concatBytes, textOfUtf8, utf8 } from './bytes.js';
import { InvalidError } from './errors.js';

/** What a key is made of. */
export type KeyPart = Uint8Array | string | number | bigint | boolean;

/** Parts from the general to the special: `['users', 17, 'orders']`. Together at most 2,048 bytes when they are encoded. */
export type Key = readonly KeyPart[];

// One byte says what a part is, and sorts the kinds.
const BYTES = 0x01;
const TEXT = 0x02;
const NEGATIVE_LONG = 0x0b;
const ZERO = 0x14;
const POSITIVE_LONG = 0x1d;
const NUMBER = 0x21;
const FALSE = 0x26;
const TRUE = 0x27;

const END = 0x00;
/** Behind a 0 that belongs to the part and does not end it. */
const ESCAPE = 0xff;
/** Bytes of an integer whose length is in the kind itself. */
const SHORT_BYTES = 8;
/** Longer integers say their length in one byte. */
const LONG_BYTES = 255;

/**
 * A tuple as bytes whose order is that of the tuples: parts are compared one by one, a tuple comes before what it begins, and kinds sort as bytes, text,
 * bigint, number, false, true. It is the encoding of Deno KV (the tuple layer of FoundationDB), byte for byte, so that both see the same keys.
 *
 *     bytes    01 | bytes, each 00 as 00 ff  | 00
 *     text     02 | UTF-8, each 00 as 00 ff  | 00
 *     bigint   0b | length, inverted | magnitude, inverted     below -(2^64 - 1)
 *              14 - length | magnitude, inverted               negative; big endian, as short as it gets
 *              14                                              zero
 *              14 + length | magnitude
 *              1d | length | magnitude                         above 2^64 - 1
 *     number   21 | float64, big endian: the sign bit inverted, of negative numbers every bit
 *     false    26
 *     true     27
 *
 * -0 and 0 are two keys, and NaN is one, after infinity.
 * @throws InvalidError a part of another kind, an integer of more than 255 bytes
 */
export function encodeKey(key: Key): Uint8Array<ArrayBuffer> {
  return concatBytes(...key.flatMap(encodePart));
}

/** @throws InvalidError it is no tuple that {@link encodeKey} gives */
export function decodeKey(bytes: Uint8Array): Key {
  const parts: KeyPart[] = [];
  let at = 0;
  const take = (size: number): Uint8Array => {
    if (at + size > bytes.length) throw notTuple();
    return bytes.subarray(at, (at += size));
  };
  while (at < bytes.length) {
    const [kind = 0] = take(1);
    if (kind === BYTES || kind === TEXT) {
      let end = bytes.indexOf(END, at);
      while (end >= 0 && bytes[end + 1] === ESCAPE) end = bytes.indexOf(END, end + 2);
      if (end < 0) throw notTuple();
      const part = unescaped(take(end - at));
      at += 1;
      parts.push(kind === BYTES ? part : text(part));
    } else if (kind === NUMBER) parts.push(decodeNumber(take(8)));
    else if (kind === FALSE || kind === TRUE) parts.push(kind === TRUE);
    else if (kind >= NEGATIVE_LONG && kind <= POSITIVE_LONG) {
      const isNegative = kind < ZERO;
      const isLong = kind === NEGATIVE_LONG || kind === POSITIVE_LONG;
      const [length = 0] = isLong ? inverted(take(1), isNegative) : [Math.abs(kind - ZERO)];
      parts.push(decodeInteger(inverted(take(length), isNegative), isNegative));
    } else throw notTuple();
  }
  return parts;
}

function encodePart(part: KeyPart): (Uint8Array | readonly number[])[] {
  if (part instanceof Uint8Array) return [[BYTES], escaped(part), [END]];
  switch (typeof part) {
    case 'string':
      return [[TEXT], escaped(utf8(part)), [END]];
    case 'number':
      return [[NUMBER], encodeNumber(part)];
    case 'bigint':
      return encodeInteger(part);
    case 'boolean':
      return [[part ? TRUE : FALSE]];
    default:
      throw new InvalidError({
        code: 'invalid-key',
        message: 'parts of a key are Uint8Array, string, number, bigint or boolean',
      });
  }
}

function escaped(bytes: Uint8Array): Uint8Array | number[] {
  return bytes.includes(END) ? [...bytes].flatMap((byte) => (byte === END ? [END, ESCAPE] : [byte])) : bytes;
}

/** A copy, and no `Buffer` where it is a part of one. */
function unescaped(part: Uint8Array): Uint8Array {
  return new Uint8Array(part.includes(END) ? part.filter((byte, at) => byte !== ESCAPE || part[at - 1] !== END) : part);
}

function encodeNumber(number: number): Uint8Array {
  const bytes = new Uint8Array(8);
  // Written as a constant, NaN has the bits that engines agree on.
  new DataView(bytes.buffer).setFloat64(0, Number.isNaN(number) ? NaN : number);
  return flipped(bytes, (bytes[0] ?? 0) >= 0x80);
}

function decodeNumber(bytes: Uint8Array): number {
  const plain = flipped(bytes, (bytes[0] ?? 0) < 0x80);
  return new DataView(plain.buffer, plain.byteOffset).getFloat64(0);
}

/** The sign bit of it, or all of it when it is negative. */
function flipped(bytes: Uint8Array, isNegative: boolean): Uint8Array {
  return bytes.map((byte, at) => (isNegative ? byte ^ 0xff : at === 0 ? byte ^ 0x80 : byte));
}

function encodeInteger(integer: bigint): (Uint8Array | readonly number[])[] {
  const isNegative = integer < 0n;
  const magnitude: number[] = [];
  for (let rest = isNegative ? -integer : integer; rest > 0n; rest >>= 8n) magnitude.push(Number(rest & 0xffn));
  const { length } = magnitude;
  if (length > LONG_BYTES) {
    throw new InvalidError({ code: 'invalid-key', message: `an integer in a key has at most ${LONG_BYTES} bytes` });
  }
  const bytes = inverted(Uint8Array.from(magnitude.reverse()), isNegative);
  if (length <= SHORT_BYTES) return [[isNegative ? ZERO - length : ZERO + length], bytes];
  return [[isNegative ? NEGATIVE_LONG : POSITIVE_LONG], inverted(Uint8Array.of(length), isNegative), bytes];
}

function decodeInteger(magnitude: Uint8Array, isNegative: boolean): bigint {
  const integer = [...magnitude].reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  return isNegative ? -integer : integer;
}

function inverted(bytes: Uint8Array, isNegative: boolean): Uint8Array {
  return isNegative ? bytes.map((byte) => byte ^ 0xff) : bytes;
}

function text(bytes: Uint8Array): string {
  try {
    return textOfUtf8(bytes);
  } catch {
    throw notTuple();
  }
}

function notTuple(): InvalidError {
  return new InvalidError({
    code: 'undecodable-key',
    message: 'a key is no tuple: it was written as bytes, and is read by db.bytes',
  });
}
