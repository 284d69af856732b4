import type { Clock } from '@leasehold/foundation';

/** Far below what a lock's renewal or a request can wait for. */
const TURN_MS = 10;

/** Gives the event loop a turn in long loops, by time: what counts of work take depends on keys and machines. */
export class Turns {
  private since: number;

  /** @param turnMs work between two turns; in a worker others wait meanwhile */
  constructor(
    private readonly clock: Clock,
    private readonly turnMs = TURN_MS,
  ) {
    this.since = clock.monotonic();
  }

  /** To be asked every few hundred steps; undefined: go on. */
  take(): Promise<void> | undefined {
    if (this.clock.monotonic() - this.since < this.turnMs) return undefined;
    return this.clock.sleep(0).then(() => {
      this.since = this.clock.monotonic();
    });
  }
}
