import type { Footprint } from './footprint.js';
import { footprintsMeet } from './footprint.js';

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

  /** Those who wait or run. */
  get length(): number {
    return this.turns.size;
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
    try {
      // Each waits only for earlier ones, so none waits in a circle.
      for (const { over } of before) await over;
      return await task();
    } finally {
      this.turns.delete(turn);
      leave();
    }
  }
}
