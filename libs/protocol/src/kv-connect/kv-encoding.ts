/** How the bytes of a value are to be read, by the names of the protocol. */
export type KvEncoding = 'v8' | 'le64' | 'bytes';

/** A value as clients of KV Connect see it. */
export interface KvValue {
  readonly encoding: KvEncoding;
  /** Of `le64` always 8 bytes, least byte first. */
  readonly data: Uint8Array;
}

export const LE64_BYTES = 8;

const NUMBERS: Readonly<Record<KvEncoding, number>> = { v8: 1, le64: 2, bytes: 3 };

/** `ValueEncoding` of the protocol. */
export function encodingNumber(encoding: KvEncoding): number {
  return NUMBERS[encoding];
}

/** Undefined for a number that the protocol does not have, and for the unspecified one. */
export function encodingOfNumber(number: number): KvEncoding | undefined {
  return (Object.keys(NUMBERS) as KvEncoding[]).find((encoding) => NUMBERS[encoding] === number);
}
