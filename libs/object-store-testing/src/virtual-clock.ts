import type { Clock, Timer } from '@leasehold/foundation';

interface Scheduled {
  readonly dueMs: number;
  readonly callback: () => void;
}

const EPOCH_MS = Date.UTC(2026, 0, 1);

/**
 * Time that passes only when somebody sleeps: `sleep` moves it forward at once and runs what falls due on the way. For tests of retries and
 * timeouts, where one thing happens at a time; concurrent sleepers each move the clock.
 */
export class VirtualClock implements Clock {
  private elapsedMs = 0;
  private scheduled: Scheduled[] = [];

  now(): number {
    return EPOCH_MS + this.elapsedMs;
  }

  monotonic(): number {
    return this.elapsedMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) throw signal.reason;
    this.advance(ms);
    if (signal?.aborted) throw signal.reason;
  }

  schedule(ms: number, callback: () => void): Timer {
    const entry = { dueMs: this.elapsedMs + ms, callback };
    this.scheduled.push(entry);
    return { cancel: () => void (this.scheduled = this.scheduled.filter((other) => other !== entry)) };
  }

  advance(ms: number): void {
    const untilMs = this.elapsedMs + ms;
    for (;;) {
      const due = this.scheduled.filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (!due) break;
      this.scheduled = this.scheduled.filter((entry) => entry !== due);
      this.elapsedMs = Math.max(this.elapsedMs, due.dueMs);
      due.callback();
    }
    this.elapsedMs = untilMs;
  }
}
