import { assert } from '@leasehold/foundation';

/** In the heap, or where it was. */
const REMOVED = -1;

export class ArmedTimer {
  /** Where the heap has it. */
  position = REMOVED;

  /**
   * @param dueAt on the clock's monotonic time
   * @param turn among those that are due at the same time
   */
  constructor(
    readonly dueAt: number,
    readonly turn: number,
    readonly callback: () => void,
  ) {}
}

/**
 * Armed timers by their due time, then by their arming. Every timer knows its place, so one that is cancelled leaves at once:
 * most are (a request's timeout), and nothing of them stays behind until they would have been due.
 */
export class TimerHeap {
  /** A binary heap: none is due before its parent, which stands at (position - 1) / 2. */
  private readonly timers: ArmedTimer[] = [];
  private armed = 0;

  get size(): number {
    return this.timers.length;
  }

  /** The next to run. */
  get first(): ArmedTimer | undefined {
    return this.timers[0];
  }

  add(dueAt: number, callback: () => void): ArmedTimer {
    assert(!Number.isNaN(dueAt), 'a timer needs a time');
    const timer = new ArmedTimer(dueAt, this.armed++, callback);
    this.timers.push(timer);
    this.rise(timer, this.timers.length - 1);
    return timer;
  }

  /** Does nothing when it has left before. */
  remove(timer: ArmedTimer): void {
    const { position } = timer;
    if (position === REMOVED) return;
    timer.position = REMOVED;
    const last = this.timers.pop();
    if (last === undefined || last === timer) return;
    // It may belong above the gap as well as below: it comes from another branch.
    this.rise(last, position);
    this.sink(last, last.position);
  }

  /** Puts the timer at the position or as far above it as it belongs. */
  private rise(timer: ArmedTimer, position: number): void {
    while (position > 0) {
      const parent = this.timers[(position - 1) >> 1];
      if (parent === undefined || !isBefore(timer, parent)) break;
      position = this.place(parent, position);
    }
    this.place(timer, position);
  }

  private sink(timer: ArmedTimer, position: number): void {
    for (;;) {
      const left = this.timers[2 * position + 1];
      const right = this.timers[2 * position + 2];
      const child = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, timer)) break;
      position = this.place(child, position);
    }
    this.place(timer, position);
  }

  /** Returns where the timer stood before. */
  private place(timer: ArmedTimer, position: number): number {
    const before = timer.position;
    this.timers[position] = timer;
    timer.position = position;
    return before;
  }
}

function isBefore(a: ArmedTimer, b: ArmedTimer): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.turn < b.turn);
}
