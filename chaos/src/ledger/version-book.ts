import type { Version } from '@leasehold/foundation';

/** Sequences of one database in a run; past it a run is too long for what it remembers. */
const SEQUENCES_LIMIT = 8 * 4_000_000;
const FIRST_BYTES = 1_024;

/**
 * Every version that one database has given out. Sequences go on across epochs without gaps, so no two writes share one, and
 * all of an epoch lie between those of its neighbours: two owners at a time would break one or the other.
 */
export class VersionBook {
  private bits = new Uint8Array(FIRST_BYTES);
  private readonly epochs = new Map<number, { min: number; max: number }>();

  /** Notes a version; what is wrong with it, if anything. */
  add({ epoch, sequence }: Version): 'given out before' | 'out of the order of epochs' | undefined {
    if (sequence >= SEQUENCES_LIMIT) throw new RangeError('the run is too long for its book of versions');
    if (this.has(sequence)) return 'given out before';
    this.grow(sequence);
    this.bits[sequence >> 3] = (this.bits[sequence >> 3] ?? 0) | (1 << (sequence & 7));
    const span = this.epochs.get(epoch) ?? { min: sequence, max: sequence };
    span.min = Math.min(span.min, sequence);
    span.max = Math.max(span.max, sequence);
    this.epochs.set(epoch, span);
    for (const [other, { min, max }] of this.epochs) {
      if ((other < epoch && max > span.min) || (other > epoch && min < span.max)) return 'out of the order of epochs';
    }
    return undefined;
  }

  has(sequence: number): boolean {
    return ((this.bits[sequence >> 3] ?? 0) & (1 << (sequence & 7))) !== 0;
  }

  private grow(sequence: number): void {
    const needed = (sequence >> 3) + 1;
    if (needed <= this.bits.byteLength) return;
    const larger = new Uint8Array(Math.max(needed, this.bits.byteLength * 2));
    larger.set(this.bits);
    this.bits = larger;
  }
}
