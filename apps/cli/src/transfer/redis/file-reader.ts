import { closeSync, openSync, readSync } from 'node:fs';

const BUFFER_BYTES = 1024 * 1024;

/** Bytes of a file, one after the other, in memory that does not grow with it. */
export class FileReader {
  private readonly descriptor: number;
  private buffer = Buffer.alloc(0);
  private at = 0;
  private bufferFrom = 0;

  constructor(path: string) {
    this.descriptor = openSync(path, 'r');
  }

  /** Of the next byte. */
  get position(): number {
    return this.bufferFrom + this.at;
  }

  byte(): number {
    if (this.at === this.buffer.byteLength) this.fill(1);
    return this.buffer[this.at++] as number;
  }

  /** A view that stays as it is. @throws Error when the file ends before */
  bytes(count: number): Buffer {
    if (this.buffer.byteLength - this.at < count) this.fill(count);
    const bytes = this.buffer.subarray(this.at, this.at + count);
    this.at += count;
    return bytes;
  }

  skip(count: number): void {
    let left = count;
    while (left > 0) {
      const step = Math.min(left, BUFFER_BYTES);
      this.bytes(step);
      left -= step;
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** At least so many from `at` on; into memory of its own, for views of the last one may be in use. */
  private fill(count: number): void {
    const rest = this.buffer.subarray(this.at);
    const filled = Buffer.allocUnsafe(Math.max(count, BUFFER_BYTES));
    filled.set(rest);
    this.bufferFrom += this.at;
    this.at = 0;
    let size = rest.byteLength;
    while (size < count) {
      const got = readSync(this.descriptor, filled, size, filled.byteLength - size, this.bufferFrom + size);
      if (got === 0) throw new Error('ends in the middle');
      size += got;
    }
    this.buffer = filled.subarray(0, size);
  }
}
