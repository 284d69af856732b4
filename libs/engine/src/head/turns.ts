import type { Clock } from '@leasehold/foundation';

/** Far below what a lock's renewal or a request can wait for. */
const TURN_MS = 10;

/** Gives the event loop a turn in long loops, by time: what counts of work take depends on keys and machines. */
export class Turns {
  private since: number;

  constructor(private readonly clock: Clock) {
    this.since = clock.monotonic();
  }

  /** To be asked every few hundred steps; undefined: go on. */
  take(): Promise<void> | undefined {
    if (this.clock.monotonic() - this.since < TURN_MS) return undefined;
    return this.clock.sleep(0).then(() => {
      this.since = this.clock.monotonic();
    });
  }
}
