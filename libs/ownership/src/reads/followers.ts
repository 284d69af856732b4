import type { Clock } from '@leasehold/foundation';

/** Feeds that wait on one database at a time; each holds a request open. */
export const MAX_FOLLOWERS = 1_000;

/** Those who wait for the next commit of one database. Nobody waits for long, and nobody is told what happened: all look again. */
export class Followers {
  private readonly waiting = new Set<() => void>();

  get count(): number {
    return this.waiting.size;
  }

  /** Resolves at the next {@link wake}, after `waitMs` or when the signal aborts. */
  next(clock: Clock, waitMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        this.waiting.delete(end);
        resolve();
      };
      const timer = clock.schedule(waitMs, end);
      signal.addEventListener('abort', end, { once: true });
      this.waiting.add(end);
    });
  }

  wake(): void {
    for (const end of [...this.waiting]) end();
  }
}
