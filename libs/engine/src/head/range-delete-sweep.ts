import type { RangeDelete } from '../entry.js';
import { compareKeys } from '../entry.js';

const NONE: readonly number[] = [];

/** Which range deletes cover a key, for a pass over keys in order: each joins and leaves once, so that a thousand of them cost a merge little. */
export class RangeDeleteSweep {
  private readonly byStart: readonly RangeDelete[];
  private next = 0;
  private active: RangeDelete[] = [];
  private sequences: readonly number[] = NONE;
  /** Of those that are active the first end: before it nothing leaves. */
  private firstEnd: Uint8Array | undefined;

  constructor(rangeDeletes: readonly RangeDelete[]) {
    this.byStart = [...rangeDeletes].sort((a, b) => compareKeys(a.start, b.start));
  }

  /** Sequences of the range deletes over `key`, ascending. Keys never go back. */
  at(key: Uint8Array): readonly number[] {
    if (this.byStart.length === 0) return NONE;
    let changed = false;
    for (let first = this.byStart[this.next]; first !== undefined && compareKeys(first.start, key) <= 0;) {
      this.active.push(first);
      changed = true;
      first = this.byStart[++this.next];
    }
    if (this.firstEnd !== undefined && compareKeys(this.firstEnd, key) <= 0) changed = true;
    if (changed) this.settle(key);
    return this.sequences;
  }

  /** Without those that end at the key or before it. */
  private settle(key: Uint8Array): void {
    this.active = this.active.filter(({ end }) => end === undefined || compareKeys(end, key) > 0);
    this.sequences = this.active.map(({ version }) => version.sequence).sort((a, b) => a - b);
    this.firstEnd = undefined;
    for (const { end } of this.active) {
      if (end !== undefined && (this.firstEnd === undefined || compareKeys(end, this.firstEnd) < 0))
        this.firstEnd = end;
    }
  }
}
