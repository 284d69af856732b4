import { crc32 } from 'node:zlib';

import { assert } from './assert.js';

const INITIAL_BYTES = 256;

/** Appends fixed-width big-endian integers, varints and length-prefixed bytes to a growing buffer. */
export class ByteWriter {
  private buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  private length = 0;

  get size(): number {
    return this.length;
  }

  u8(value: number): this {
    const at = this.grow(1);
    this.buffer.writeUInt8(value, at);
    return this;
  }

  u16(value: number): this {
    const at = this.grow(2);
    this.buffer.writeUInt16BE(value, at);
    return this;
  }

  u32(value: number): this {
    const at = this.grow(4);
    this.buffer.writeUInt32BE(value, at);
    return this;
  }

  u48(value: number): this {
    const at = this.grow(6);
    this.buffer.writeUIntBE(value, at, 6);
    return this;
  }

  /** Unsigned LEB128 of a safe integer. */
  varint(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, 'varint takes an unsigned safe integer');
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.u8(rest);
  }

  raw(bytes: Uint8Array): this {
    const at = this.grow(bytes.byteLength);
    this.buffer.set(bytes, at);
    return this;
  }

  /** Varint length, then the bytes. */
  bytes(bytes: Uint8Array): this {
    return this.varint(bytes.byteLength).raw(bytes);
  }

  /** Varint byte length, then UTF-8. */
  text(text: string): this {
    return this.bytes(Buffer.from(text, 'utf8'));
  }

  /** CRC-32 (ISO-HDLC) of everything written since `from`. */
  crc32Since(from: number): this {
    return this.u32(crc32(this.buffer.subarray(from, this.length)));
  }

  /** A copy of what was written; the writer may go on. */
  toBytes(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.buffer, 0, this.length);
  }

  /** Makes room and returns where it begins. Replaces the buffer, so it must be called before the buffer is looked up. */
  private grow(bytes: number): number {
    const at = this.length;
    this.length += bytes;
    if (this.length > this.buffer.byteLength) {
      const larger = Buffer.allocUnsafe(Math.max(this.length, this.buffer.byteLength * 2));
      larger.set(this.buffer.subarray(0, at));
      this.buffer = larger;
    }
    return at;
  }
}
