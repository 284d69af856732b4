import type { Clock, Timer } from '@leasehold/foundation';
import { assert } from '@leasehold/foundation';

import type { ArmedTimer } from './timer-heap.js';
import { TimerHeap } from './timer-heap.js';

/** Virtual time that `settle` spends at most on one promise before it calls it stuck. */
const SETTLE_LIMIT_MS = 600_000;
/** Timers that one `advance` or `settle` runs at most: a timer that re-arms itself with 0 ms would never end. */
const TIMERS_PER_CALL_LIMIT = 1_000_000;

/**
 * A clock that stands still until told otherwise. Timers follow the monotonic clock and run in order of their due
 * time, then of their arming; between two timers everything that is ready (promises, immediates) runs to its end.
 */
export class FakeClock implements Clock {
  private monotonicMs = 1_000;
  private wallMs: number;
  private readonly timers = new TimerHeap();

  constructor(startAt = Date.UTC(2026, 0, 1)) {
    this.wallMs = startAt;
  }

  now(): number {
    return this.wallMs;
  }

  monotonic(): number {
    return this.monotonicMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const onAbort = () => {
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
    const timer = this.timers.add(this.monotonicMs + Math.max(0, ms), callback);
    return { cancel: () => this.timers.remove(timer) };
  }

  get armedTimers(): number {
    return this.timers.size;
  }

  /** Moves both clocks and runs every timer that falls due on the way. */
  async advance(ms: number): Promise<void> {
    const until = this.monotonicMs + ms;
    await runReady();
    for (let ran = 0; ; ran++) {
      assert(ran < TIMERS_PER_CALL_LIMIT, 'timers re-arm themselves without end');
      const timer = this.timers.first;
      if (timer === undefined || timer.dueAt > until) break;
      await this.run(timer);
    }
    this.moveTo(until);
    await runReady();
  }

  /** Runs time forward until `promise` settles, and settles as it does. Fails when it needs more than `limitMs`. */
  async settle<T>(promise: Promise<T>, limitMs = SETTLE_LIMIT_MS): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    const until = this.monotonicMs + limitMs;
    await runReady();
    for (let ran = 0; !settled; ran++) {
      assert(ran < TIMERS_PER_CALL_LIMIT, 'timers re-arm themselves without end');
      const timer = this.timers.first;
      if (timer === undefined || timer.dueAt > until)
        throw new Error(`still pending after ${limitMs} ms of virtual time`);
      await this.run(timer);
    }
    return promise;
  }

  /** The wall clock jumps, forward (also: the machine slept) or back; no timer notices. */
  jumpWall(ms: number): void {
    this.wallMs += ms;
  }

  /** The process stands still: both clocks go on and no timer runs before the next `advance` or `settle`. */
  pause(ms: number): void {
    this.moveTo(this.monotonicMs + ms);
  }

  private async run(timer: ArmedTimer): Promise<void> {
    this.timers.remove(timer);
    this.moveTo(Math.max(this.monotonicMs, timer.dueAt));
    timer.callback();
    await runReady();
  }

  private moveTo(monotonicMs: number): void {
    this.wallMs += monotonicMs - this.monotonicMs;
    this.monotonicMs = monotonicMs;
  }
}

/** Lets everything that is ready run: immediates come after all microtasks. */
function runReady(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
