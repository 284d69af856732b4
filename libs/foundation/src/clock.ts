/**
 * The only source of time. Engine, lease and log code never touch the system clock or bare timers, so that the
 * simulation can run them in virtual time.
 */
export interface Clock {
  /** Wall time in ms since the Unix epoch. May jump either way. */
  now(): number;
  /** Monotonic ms from an arbitrary origin. May stand still while the machine sleeps. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `callback` once after `ms` unless cancelled. Does not keep the process alive. */
  schedule(ms: number, callback: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
  schedule: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** A point in time on both clocks; elapsed time is the larger of the two, so that neither a jump back nor a sleep hides time (S1). */
export interface Instant {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export function instant(clock: Clock): Instant {
  return { wallMs: clock.now(), monotonicMs: clock.monotonic() };
}

export function elapsedMsSince(clock: Clock, since: Instant): number {
  return elapsedMsBetween(since, instant(clock));
}

/** The same for who has looked at the clocks already: a look costs more than most of what is decided by it. */
export function elapsedMsBetween(since: Instant, until: Instant): number {
  return Math.max(until.wallMs - since.wallMs, until.monotonicMs - since.monotonicMs);
}
