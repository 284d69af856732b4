import { crc32 } from 'node:zlib';

import { LeaseholdError } from './errors.js';

/** Bytes in the store are not what a writer of this format would have written. */
export class CorruptBytesError extends LeaseholdError {
  override readonly name = 'CorruptBytesError';

  constructor(message: string) {
    super('corrupt', 'corrupt-object', message);
  }
}

/** Reads what {@link ByteWriter} wrote. Every read is bounded by the buffer: short or malformed input throws {@link CorruptBytesError}. */
export class ByteReader {
  private readonly buffer: Buffer;
  private offset: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
  }

  get position(): number {
    return this.offset;
  }

  get remaining(): number {
    return this.buffer.byteLength - this.offset;
  }

  u8(): number {
    return this.buffer.readUInt8(this.take(1));
  }

  u16(): number {
    return this.buffer.readUInt16BE(this.take(2));
  }

  u32(): number {
    return this.buffer.readUInt32BE(this.take(4));
  }

  u48(): number {
    return this.buffer.readUIntBE(this.take(6), 6);
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 0x80) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw new CorruptBytesError('varint is longer than a safe integer');
  }

  /** A view on the underlying buffer, not a copy. */
  raw(length: number): Uint8Array {
    const at = this.take(length);
    return this.buffer.subarray(at, at + length);
  }

  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  text(): string {
    return Buffer.from(this.bytes()).toString('utf8');
  }

  /** Reads a CRC-32 written by `crc32Since(from)` and compares. */
  expectCrc32Since(from: number): void {
    const actual = crc32(this.buffer.subarray(from, this.offset));
    if (this.u32() !== actual) throw new CorruptBytesError('checksum does not match');
  }

  expectEnd(): void {
    if (this.remaining !== 0) throw new CorruptBytesError(`trailing bytes: ${this.remaining}`);
  }

  private take(bytes: number): number {
    if (bytes > this.remaining) throw new CorruptBytesError(`needs ${bytes} bytes, has ${this.remaining}`);
    const at = this.offset;
    this.offset += bytes;
    return at;
  }
}
