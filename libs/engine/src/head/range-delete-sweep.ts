import type { RangeDelete } from '../entry.js';
import { compareKeys } from '../entry.js';

const NONE: readonly number[] = [];

/** Which range deletes cover a key, for a pass over keys in order: each joins and leaves once, so that a thousand of them cost a merge little. */
export class RangeDeleteSweep {
  private readonly byStart: readonly RangeDelete[];
  private next = 0;
  private active: RangeDelete[] = [];
  private sequences: readonly number[] = NONE;

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
    const isOver = ({ end }: RangeDelete): boolean => end !== undefined && compareKeys(end, key) <= 0;
    if (this.active.some(isOver)) {
      this.active = this.active.filter((rangeDelete) => !isOver(rangeDelete));
      changed = true;
    }
    if (changed) this.sequences = this.active.map(({ version }) => version.sequence).sort((a, b) => a - b);
    return this.sequences;
  }
}
