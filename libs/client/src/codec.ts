import { textOfUtf8, utf8 } from './bytes.js';
import { InvalidError } from './errors.js';

/**
 * How values stand as bytes. Both ways may take their time (`Promise`), so a codec may encrypt, compress or validate.
 * `In` is what is written, `Out` what is read.
 */
export interface Codec<Out, In = Out> {
  encode(value: In): Uint8Array | Promise<Uint8Array>;
  decode(bytes: Uint8Array): Out | Promise<Out>;
}

const COUNTER_BYTES = 8;

/** Everything that JSON can say. The default. Whoever reads says which type it is: `db.get<User>(key)`; a collection with a schema makes sure. */
export function json<T = unknown>(): Codec<T> {
  return {
    encode: (value) => utf8(jsonText(value)),
    decode: (bytes) => readable('JSON', () => JSON.parse(textOfUtf8(bytes)) as T),
  };
}

/** As they are. */
export const bytes: Codec<Uint8Array> = { encode: (value) => value, decode: (value) => value };

/** UTF-8. */
export const text: Codec<string> = { encode: utf8, decode: (value) => readable('text', () => textOfUtf8(value)) };

/** What `sum`, `min` and `max` work on: unsigned numbers of 64 bits, 8 bytes, least byte first. */
export const counter: Codec<bigint> = {
  encode(value) {
    if (BigInt.asUintN(64, value) !== value) {
      throw new InvalidError({ code: 'invalid-value', message: 'a counter is from 0 to 2^64 - 1' });
    }
    const encoded = new Uint8Array(COUNTER_BYTES);
    new DataView(encoded.buffer).setBigUint64(0, value, true);
    return encoded;
  },
  decode: (value) =>
    readable('counter', () => {
      if (value.length !== COUNTER_BYTES) throw new RangeError('not 8 bytes');
      return new DataView(value.buffer, value.byteOffset).getBigUint64(0, true);
    }),
};

/** @throws InvalidError JSON does not have it */
export function jsonText(value: unknown): string {
  let text: string | undefined;
  let cause: unknown;
  try {
    // Undefined for undefined, functions and symbols; bigints and what contains itself it throws at.
    text = JSON.stringify(value) as string | undefined;
  } catch (error) {
    cause = error;
  }
  if (text === undefined) {
    throw new InvalidError({ code: 'invalid-value', message: 'the value is none that JSON has', cause });
  }
  return text;
}

function readable<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new InvalidError({
      code: 'undecodable-value',
      message: `the value is not ${what}: give the codec that it was written with`,
      cause,
    });
  }
}
