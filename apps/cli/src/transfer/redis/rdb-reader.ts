import type { FileReader } from './file-reader.js';
import { decompressLzf } from './lzf.js';
import type { Shape } from './rdb-format.js';

/** The longest string that Redis keeps. */
const MAX_STRING_BYTES = 512 * 1024 * 1024;
const COMPRESSED = 3;

/** A length, or what stands in its place: a number (1, 2 or 4 bytes) or a compressed string. */
type Length = { readonly length: number } | { readonly encoding: number };

/** Lengths, strings and whole values of a Redis dump. Everything throws Error where the file is damaged. */
export class RdbReader {
  constructor(private readonly file: FileReader) {}

  length(): number {
    const read = this.lengthOrEncoding();
    if ('encoding' in read) throw new Error('has no length where one belongs');
    return read.length;
  }

  string(): Uint8Array {
    const read = this.lengthOrEncoding();
    if ('length' in read) return this.file.bytes(checked(read.length));
    switch (read.encoding) {
      case 0:
        return digits(this.file.bytes(1).readInt8(0));
      case 1:
        return digits(this.file.bytes(2).readInt16LE(0));
      case 2:
        return digits(this.file.bytes(4).readInt32LE(0));
      case COMPRESSED: {
        const compressedBytes = checked(this.length());
        const sizeBytes = checked(this.length());
        return decompressLzf(this.file.bytes(compressedBytes), sizeBytes);
      }
      default:
        throw new Error(`has a string of unknown encoding ${read.encoding}`);
    }
  }

  /** Gets past a value. */
  skip(shape: Shape): void {
    if (shape === 'string') return this.skipString();
    if (shape === 'length') return void this.length();
    if (shape === 'scoreText') return this.skipScore();
    if (shape === 'module') return this.skipModule();
    if ('bytes' in shape) return this.file.skip(shape.bytes);
    for (let left = this.length(); left > 0; left--) {
      for (const part of shape.each) this.skip(part);
    }
  }

  private lengthOrEncoding(): Length {
    const first = this.file.byte();
    const low = first & 0x3f;
    switch (first >> 6) {
      case 0:
        return { length: low };
      case 1:
        return { length: (low << 8) | this.file.byte() };
      case 2:
        return { length: low === 0 ? this.file.bytes(4).readUInt32BE(0) : this.longLength() };
      default:
        return { encoding: low };
    }
  }

  private longLength(): number {
    // Of times and ids nothing but their end matters here: beyond 2^53 they are near enough.
    return Number(this.file.bytes(8).readBigUInt64BE(0));
  }

  private skipString(): void {
    const read = this.lengthOrEncoding();
    if ('length' in read) return this.file.skip(checked(read.length));
    if (read.encoding !== COMPRESSED) return this.file.skip(1 << read.encoding);
    const compressedBytes = checked(this.length());
    this.length();
    this.file.skip(compressedBytes);
  }

  /** Its digits behind their count; three counts are infinities and no number. */
  private skipScore(): void {
    const count = this.file.byte();
    if (count < 253) this.file.skip(count);
  }

  /** An id, then parts that each tell their kind, up to a zero. */
  private skipModule(): void {
    this.length();
    for (;;) {
      switch (this.length()) {
        case 0:
          return;
        case 1:
        case 2:
          this.length();
          break;
        case 3:
          this.file.skip(4);
          break;
        case 4:
          this.file.skip(8);
          break;
        case 5:
          this.skipString();
          break;
        default:
          throw new Error('has a value of a module that cannot be read');
      }
    }
  }
}

function checked(length: number): number {
  if (length > MAX_STRING_BYTES) throw new Error('has a string longer than Redis allows');
  return length;
}

function digits(number: number): Uint8Array {
  return Buffer.from(String(number), 'latin1');
}
