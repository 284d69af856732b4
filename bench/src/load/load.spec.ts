import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';

import { closedLoop } from './closed-loop.js';
import { openLoop } from './open-loop.js';
import { interleaved, spread, summarize } from './rounds.js';
import { YcsbOperations } from './ycsb.js';
import { ScrambledZipfian, Zipfian } from './zipfian.js';

describe('open loop', () => {
  const settings = { ratePerSecond: 100, durationMs: 10_000, warmupMs: 1_000, maxInFlight: 10_000 };

  it('asks at the rate, whatever the answers take', async () => {
    const clock = new FakeClock();
    const { issued, latencies } = await clock.settle(
      openLoop({ clock, random: seededRandom(1) }, settings, () => clock.sleep(50)),
    );
    expect(issued).toBeGreaterThan(1_000);
    expect(issued).toBeLessThan(1_200);
    expect(latencies.percentileMs(50)).toBeGreaterThanOrEqual(50);
    expect(latencies.percentileMs(99)).toBeLessThan(53);
  });

  it('shows a stall in the latencies of all that were due meanwhile', async () => {
    const clock = new FakeClock();
    const stallsFrom = clock.monotonic() + 5_000;
    const stalled = async (): Promise<void> => {
      const now = clock.monotonic();
      await clock.sleep(now > stallsFrom && now < stallsFrom + 1_000 ? stallsFrom + 1_000 - now : 1);
    };
    const { latencies } = await clock.settle(openLoop({ clock, random: seededRandom(1) }, settings, stalled));
    // A tenth of the requests waited, half a second in the middle: a closed loop would have had one slow request.
    expect(latencies.percentileMs(95)).toBeGreaterThan(300);
    expect(latencies.percentileMs(80)).toBeLessThan(5);
  });

  it('counts from the due time when the driver itself was held up', async () => {
    const clock = new FakeClock();
    let held = false;
    const holdOnce = async (): Promise<void> => {
      if (!held && clock.monotonic() > 5_000) {
        held = true;
        clock.pause(2_000);
      }
    };
    const { latencies, worstLagMs, lagP99Ms } = await clock.settle(
      openLoop({ clock, random: seededRandom(1) }, settings, holdOnce),
    );
    expect(worstLagMs).toBeGreaterThan(1_900);
    expect(lagP99Ms).toBeGreaterThan(1_500);
    expect(lagP99Ms).toBeLessThan(worstLagMs);
    expect(latencies.percentileMs(90)).toBeGreaterThan(500);
  });

  it('fails with the first request that fails, and when too many are under way', async () => {
    const clock = new FakeClock();
    const load = { clock, random: seededRandom(1) };
    await expect(clock.settle(openLoop(load, settings, () => Promise.reject(new Error('no'))))).rejects.toThrow('no');
    const never = (): Promise<void> => new Promise(() => undefined);
    await expect(clock.settle(openLoop(load, { ...settings, maxInFlight: 5 }, never))).rejects.toThrow('more than 5');
  });
});

describe('closed loop', () => {
  it('asks again when it has its answer, and counts', async () => {
    const clock = new FakeClock();
    const result = await clock.settle(closedLoop(clock, { callers: 4, durationMs: 1_000 }, () => clock.sleep(10)));
    expect(result.operations).toBeGreaterThanOrEqual(400);
    expect(result.operations).toBeLessThanOrEqual(404);
    expect(result.perSecond).toBeCloseTo(400, -1);
    expect(result.latencies.percentileMs(50)).toBeCloseTo(10, 1);
  });

  it('lets the rest of the process run when every answer is there at once', async () => {
    const startedAt = performance.now();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const clock = { monotonic: () => performance.now() } as FakeClock;
    await closedLoop(clock, { callers: 1, durationMs: 100 }, () => Promise.resolve());
    clearInterval(timer);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(ticks).toBeGreaterThan(3);
  });
});

describe('zipfian choice', () => {
  const count = (next: () => number, items: number): number[] => {
    const counts = Array.from({ length: items }, () => 0);
    for (let i = 0; i < 100_000; i++) counts[next()]! += 1;
    return counts;
  };

  it('takes the first about as often as the distribution says', () => {
    const items = 1_000;
    const zipfian = new Zipfian(items, seededRandom(3));
    const counts = count(() => zipfian.next(), items);
    let zeta = 0;
    for (let i = 1; i <= items; i++) zeta += i ** -0.99;
    expect(counts[0]! / 100_000).toBeCloseTo(1 / zeta, 2);
    expect(counts[0]!).toBeGreaterThan(counts[1]!);
    expect(counts[1]!).toBeGreaterThan(counts[50]!);
  });

  it('spreads the hot ones when scrambled, and keeps to the range', () => {
    const items = 1_000;
    const scrambled = new ScrambledZipfian(items, seededRandom(3));
    const counts = count(() => scrambled.next(), items);
    expect(counts).toHaveLength(items);
    const hottest = counts.map((n, item) => [n, item] as const).sort(([a], [b]) => b - a);
    expect(hottest[0]![0]).toBeGreaterThan(10_000);
    expect(Math.abs(hottest[0]![1] - hottest[1]![1])).toBeGreaterThan(1);
  });
});

describe('YCSB operations', () => {
  const shares = (workload: 'A' | 'D' | 'E'): Record<string, number> => {
    const operations = new YcsbOperations(workload, 1_000, seededRandom(4));
    const counts: Record<string, number> = {};
    for (let i = 0; i < 10_000; i++) {
      const { kind } = operations.next();
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
    return counts;
  };

  it('come in the shares of their workload', () => {
    expect(shares('A')['update']! / 10_000).toBeCloseTo(0.5, 1);
    expect(shares('E')['scan']! / 10_000).toBeCloseTo(0.95, 1);
    expect(Object.keys(shares('D')).sort()).toEqual(['insert', 'read']);
  });

  it('insert new records, and read the latest ones most in workload D', () => {
    const operations = new YcsbOperations('D', 1_000, seededRandom(4));
    let newest = 999;
    let recent = 0;
    let reads = 0;
    for (let i = 0; i < 10_000; i++) {
      const { kind, record } = operations.next();
      if (kind === 'insert') expect(record).toBe(++newest);
      else {
        reads++;
        expect(record).toBeLessThanOrEqual(newest);
        if (record > newest - 10) recent++;
      }
    }
    expect(recent / reads).toBeGreaterThan(0.3);
  });
});

describe('rounds', () => {
  it('alternate, and are told by median and range', async () => {
    const order: string[] = [];
    const measure = (name: string, value: number) => async () => {
      order.push(name);
      return value + order.length;
    };
    const results = await interleaved(3, { a: measure('a', 0), b: measure('b', 100) });
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect(results).toEqual({ a: [1, 3, 5], b: [102, 104, 106] });
    const summary = summarize([5, 1, 3, 10]);
    expect(summary).toMatchObject({ median: 4, lowest: 1, highest: 10 });
    expect(spread(summary)).toBe('median of 4, 1 to 10');
    expect(() => summarize([])).toThrow('nothing was measured');
  });
});
