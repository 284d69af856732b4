import { assert } from './assert.js';
import { crc32Of } from './crc32.js';

const INITIAL_BYTES = 256;
const LARGEST_U16 = 0xffff;
const LARGEST_U32 = 0xffffffff;
const LARGEST_U48 = 2 ** 48 - 1;
/** Below, bits can be taken by operators of 32 bits. */
const BITWISE_LIMIT = 2 ** 31;

/** Appends fixed-width big-endian integers, varints and length-prefixed bytes to a growing buffer. */
export class ByteWriter {
  private buffer: Buffer;
  private length = 0;

  /**
   * @param sizeBytes where it is known what it will come to: then nothing grows, and {@link finish} need not copy
   * @param into that many bytes to write into; without, in memory of its own
   */
  constructor(
    private readonly sizeBytes?: number,
    into?: Buffer,
  ) {
    assert(into === undefined || into.byteLength === sizeBytes, 'what is written into is as long as was said');
    // One that is handed over is alone in its memory: a part of a shared piece would keep all of that.
    this.buffer =
      into ?? (sizeBytes === undefined ? Buffer.allocUnsafe(INITIAL_BYTES) : Buffer.allocUnsafeSlow(sizeBytes));
  }

  get size(): number {
    return this.length;
  }

  u8(value: number): this {
    assert(value >= 0 && value <= 0xff, 'a number has 8 bits');
    const at = this.grow(1);
    this.buffer[at] = value;
    return this;
  }

  u16(value: number): this {
    assert(value >= 0 && value <= LARGEST_U16, 'a number has 16 bits');
    const at = this.grow(2);
    const { buffer } = this;
    buffer[at] = value >>> 8;
    buffer[at + 1] = value;
    return this;
  }

  u32(value: number): this {
    assert(value >= 0 && value <= LARGEST_U32, 'a number has 32 bits');
    this.put32(this.grow(4), value);
    return this;
  }

  u48(value: number): this {
    assert(value >= 0 && value <= LARGEST_U48, 'a number has 48 bits');
    const at = this.grow(6);
    const { buffer } = this;
    const high = Math.floor(value / 2 ** 32);
    buffer[at] = high >>> 8;
    buffer[at + 1] = high;
    this.put32(at + 2, value);
    return this;
  }

  /** Unsigned LEB128 of a safe integer. */
  varint(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, 'varint takes an unsigned safe integer');
    let rest = value;
    for (; rest >= BITWISE_LIMIT; rest = Math.floor(rest / 0x80)) this.u8((rest % 0x80) | 0x80);
    for (; rest >= 0x80; rest >>>= 7) this.u8((rest & 0x7f) | 0x80);
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
    return this.u32(crc32Of(this.buffer, from, this.length));
  }

  /** A copy of what was written; the writer may go on. */
  toBytes(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.buffer, 0, this.length);
  }

  /** What was written, without a copy where its length was told, which it must have. The writer may not go on. */
  finish(): Uint8Array {
    if (this.sizeBytes === undefined) return this.toBytes();
    assert(this.length === this.sizeBytes, 'what was written is as long as was said');
    return this.buffer;
  }

  private put32(at: number, value: number): void {
    const { buffer } = this;
    buffer[at] = value >>> 24;
    buffer[at + 1] = value >>> 16;
    buffer[at + 2] = value >>> 8;
    buffer[at + 3] = value;
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
