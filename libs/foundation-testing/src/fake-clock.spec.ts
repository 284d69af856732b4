import { AssertionError, seededRandom, type Random, type Timer } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { FakeClock } from './fake-clock.js';

/** What a run of timers needs of a clock. */
interface TimerClock {
  monotonic(): number;
  schedule(ms: number, callback: () => void): Timer;
  readonly armedTimers: number;
  advance(ms: number): Promise<void>;
}

/** The same promises kept by looking at every timer each time. */
class NaiveClock implements TimerClock {
  private monotonicMs = 1_000;
  private armed: { readonly dueAt: number; readonly callback: () => void }[] = [];

  monotonic(): number {
    return this.monotonicMs;
  }

  schedule(ms: number, callback: () => void): Timer {
    const timer = { dueAt: this.monotonicMs + Math.max(0, ms), callback };
    this.armed.push(timer);
    return { cancel: () => this.remove(timer) };
  }

  get armedTimers(): number {
    return this.armed.length;
  }

  advance(ms: number): Promise<void> {
    const until = this.monotonicMs + ms;
    for (;;) {
      const dueAt = Math.min(...this.armed.map((timer) => timer.dueAt));
      const timer = this.armed.find((each) => each.dueAt === dueAt);
      if (timer === undefined || dueAt > until) break;
      this.remove(timer);
      this.monotonicMs = dueAt;
      timer.callback();
    }
    this.monotonicMs = until;
    return Promise.resolve();
  }

  private remove(timer: unknown): void {
    this.armed = this.armed.filter((each) => each !== timer);
  }
}

const STEPS = 150;
/** Few due times, so that many timers share one. */
const LONGEST_MS = 20;

/** Arms and cancels by chance, also while a timer runs and what has run or was cancelled before, and writes down what happens. */
async function turmoil(clock: TimerClock, random: Random): Promise<readonly string[]> {
  const trace: string[] = [];
  const timers: Timer[] = [];
  const upTo = (limit: number): number => Math.floor(random.fraction() * limit);
  const arm = (): void => {
    const id = timers.length;
    const act = (): void => {
      trace.push(`${id} at ${clock.monotonic()}, ${clock.armedTimers} armed`);
      for (let n = upTo(4); n > 1; n--) change();
    };
    timers.push(clock.schedule(upTo(LONGEST_MS) - 2, act));
  };
  const change = (): void => {
    if (upTo(3) === 0) return timers[upTo(timers.length)]?.cancel();
    // Bounded, for those that run arm further ones.
    if (timers.length < STEPS * 10) arm();
  };
  for (let step = 0; step < STEPS; step++) {
    for (let n = upTo(8); n > 0; n--) change();
    trace.push(`${clock.armedTimers} armed`);
    if (upTo(4) === 0) await clock.advance(upTo(LONGEST_MS));
  }
  for (const [id, timer] of timers.entries()) if (id % 3 === 0) timer.cancel();
  trace.push(`${clock.armedTimers} armed`);
  await clock.advance(LONGEST_MS * STEPS);
  return trace;
}

describe('FakeClock', () => {
  it('runs timers in the order of their due time, then of their arming, whatever is cancelled meanwhile', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const naive = await turmoil(new NaiveClock(), seededRandom(seed));
      expect(naive.length).toBeGreaterThan(STEPS * 2);
      expect(await turmoil(new FakeClock(), seededRandom(seed))).toEqual(naive);
    }
  });

  it('runs in order what was armed in any order, thousands at once', async () => {
    const clock = new FakeClock();
    const random = seededRandom(7);
    const ran: { readonly dueAt: number; readonly turn: number }[] = [];
    const timers = Array.from({ length: 5_000 }, (_, turn) => {
      const ms = Math.floor(random.fraction() * 1_000);
      return clock.schedule(ms, () => void ran.push({ dueAt: clock.monotonic(), turn }));
    });
    for (const [turn, timer] of timers.entries()) if (turn % 5 !== 0) timer.cancel();
    expect(clock.armedTimers).toBe(1_000);
    await clock.advance(1_000);
    expect(ran).toHaveLength(1_000);
    expect(ran).toEqual(ran.toSorted((a, b) => a.dueAt - b.dueAt || a.turn - b.turn));
    expect(clock.armedTimers).toBe(0);
  });

  it('cancels nothing else when a timer is cancelled twice, or after it ran', async () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    const early = clock.schedule(1, () => void ran.push('early'));
    const cancelled = clock.schedule(2, () => void ran.push('cancelled'));
    cancelled.cancel();
    cancelled.cancel();
    await clock.advance(1);
    clock.schedule(1, () => void ran.push('late'));
    early.cancel();
    cancelled.cancel();
    expect(clock.armedTimers).toBe(1);
    await clock.advance(1);
    expect(ran).toEqual(['early', 'late']);
  });

  it('lets everything that is ready run between two timers', async () => {
    const clock = new FakeClock();
    const ran: string[] = [];
    clock.schedule(1, () => {
      ran.push('first');
      setImmediate(() => ran.push('immediate'));
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => ran.push('promise'));
    });
    clock.schedule(1, () => void ran.push('second'));
    await clock.advance(1);
    expect(ran).toEqual(['first', 'promise', 'immediate', 'second']);
  });

  it('runs what fell due during a pause at the next move, in order, and not in the past', async () => {
    const clock = new FakeClock();
    const startedAt = clock.monotonic();
    const ran: string[] = [];
    clock.schedule(5, () => void ran.push(`late at ${clock.monotonic() - startedAt}`));
    clock.schedule(3, () => void ran.push(`early at ${clock.monotonic() - startedAt}`));
    clock.pause(10);
    expect(ran).toEqual([]);
    await clock.advance(0);
    expect(ran).toEqual(['early at 10', 'late at 10']);
  });

  it('runs time just as far as a promise needs', async () => {
    const clock = new FakeClock();
    const startedAt = clock.monotonic();
    let ranLater = false;
    clock.schedule(50, () => (ranLater = true));
    await clock.settle(clock.sleep(20).then(() => clock.sleep(20)));
    expect([clock.monotonic() - startedAt, ranLater, clock.armedTimers]).toEqual([40, false, 1]);
    await expect(clock.settle(new Promise(() => undefined), 5)).rejects.toThrow('still pending after 5 ms');
  });

  it('refuses a timer without a time', () => {
    expect(() => new FakeClock().schedule(Number.NaN, () => undefined)).toThrow(AssertionError);
  });
});
