export interface QueuedValue {
  readonly name: string;
  readonly value: Uint8Array;
}

/**
 * Values on their way to the disk, first in first out, one per name, bounded by their bytes. What is being written can be
 * had from here too, until it is written.
 */
export class WriteQueue {
  private readonly waiting = new Map<string, Uint8Array>();
  private readonly writing = new Map<string, Uint8Array>();
  private bytes = 0;

  constructor(private readonly limitBytes: number) {}

  get isHalfFull(): boolean {
    return this.bytes > this.limitBytes / 2;
  }

  get(name: string): Uint8Array | undefined {
    return this.waiting.get(name) ?? this.writing.get(name);
  }

  /** False when there is no room; then what waited under this name before is gone too. */
  offer(name: string, value: Uint8Array): boolean {
    const before = this.waiting.get(name);
    if (before !== undefined) {
      this.waiting.delete(name);
      this.bytes -= before.byteLength;
    }
    if (this.bytes + value.byteLength > this.limitBytes) return false;
    this.waiting.set(name, value);
    this.bytes += value.byteLength;
    return true;
  }

  /** The oldest, at most so many, and at most so many bytes but at least one. Ends the batch before. */
  nextBatch(limit: number, limitBytes: number): readonly QueuedValue[] {
    this.endBatch();
    let batchBytes = 0;
    for (const [name, value] of this.waiting) {
      if (this.writing.size >= limit) break;
      if (this.writing.size > 0 && batchBytes + value.byteLength > limitBytes) break;
      this.waiting.delete(name);
      this.writing.set(name, value);
      batchBytes += value.byteLength;
    }
    return Array.from(this.writing, ([name, value]) => ({ name, value }));
  }

  clear(): void {
    this.endBatch();
    this.waiting.clear();
    this.bytes = 0;
  }

  private endBatch(): void {
    for (const value of this.writing.values()) this.bytes -= value.byteLength;
    this.writing.clear();
  }
}
