import type { Clock, Timer } from '@leasehold/foundation';

import type { Gate } from './gate.js';

/**
 * The clock of one process: true time seen through an error of its own. The wall clock is off by as much as it was set off, and
 * jumps; the monotonic clock begins where it likes and goes on while the process stands still (A1). Timers come late to a process that is
 * paused, and not at all to one that is dead.
 */
export class ProcessClock implements Clock {
  /** @param offWallMs what the wall clock is wrong by */
  constructor(
    private readonly world: Clock,
    private readonly gate: Gate,
    private readonly originMs: number,
    private offWallMs: number,
  ) {}

  now(): number {
    return Math.floor(this.world.now() + this.offWallMs);
  }

  monotonic(): number {
    return this.world.monotonic() + this.originMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const onAbort = (): void => {
        timer.cancel();
        reject(signal?.reason as Error);
      };
      const timer = this.schedule(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  schedule(ms: number, callback: () => void): Timer {
    let isCancelled = false;
    const timer = this.world.schedule(ms, () =>
      this.gate.enter(() => {
        if (!isCancelled) callback();
      }),
    );
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  /** The wall clock is set; nothing that waits notices. */
  jump(ms: number): void {
    this.offWallMs += ms;
  }

  get errorMs(): number {
    return this.offWallMs;
  }
}
