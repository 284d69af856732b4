import type { Footprint } from './footprint.js';
import { footprintsMeet } from './footprint.js';

/** Those who wait or run; each holds its values in memory. */
const MAX_TURNS = 1_000;

/** Keys and ranges of all of them together: whoever comes is compared with each. */
const MAX_PARTS = 20_000;

interface Turn {
  readonly footprint: Footprint;
  readonly over: Promise<void>;
}

/**
 * Turns among transactions that touch the same keys, in the order in which they came. While one reads files for its checks, nothing
 * that it looks at changes; what touches other keys passes by.
 */
export class KeyTurns {
  private readonly turns = new Set<Turn>();
  private parts = 0;

  /** Those who wait or run. */
  get length(): number {
    return this.turns.size;
  }

  /** False when too many wait already. One always has room. */
  hasRoomFor(footprint: Footprint): boolean {
    if (this.turns.size === 0) return true;
    return this.turns.size < MAX_TURNS && this.parts + partsOf(footprint) <= MAX_PARTS;
  }

  /** True when nobody who waits or runs touches any of it. */
  isFree(footprint: Footprint): boolean {
    for (const turn of this.turns) if (footprintsMeet(turn.footprint, footprint)) return false;
    return true;
  }

  /** Runs a task once everybody who came before and touches the same has had a turn. A failed task does not stop the next. */
  async run<T>(footprint: Footprint, task: () => Promise<T>): Promise<T> {
    const before = [...this.turns].filter((turn) => footprintsMeet(turn.footprint, footprint));
    let leave = (): void => undefined;
    const turn: Turn = { footprint, over: new Promise((resolve) => (leave = resolve)) };
    this.turns.add(turn);
    this.parts += partsOf(footprint);
    try {
      // Each waits only for earlier ones, so none waits in a circle.
      for (const { over } of before) await over;
      return await task();
    } finally {
      this.turns.delete(turn);
      this.parts -= partsOf(footprint);
      leave();
    }
  }
}

function partsOf({ keys, spans }: Footprint): number {
  return 1 + keys.size + spans.length;
}
