import { describe, expect, it } from '@jest/globals';
import { MonthCost } from '@leasehold/billing';
import type { Clock } from '@leasehold/foundation';
import type { CostReckoning } from '@leasehold/metadata';

import { CostReckonings } from './cost-reckonings.js';

const MONTH = new Date('2026-06-01T00:00:00Z');
const PERIOD = { from: MONTH.getTime(), to: Date.UTC(2026, 6) };
const MINUTE_MS = 60_000;

/** Each takes as long as it is told to. */
class ToldReport {
  now = Date.UTC(2026, 5, 2);
  tookMs = 0;
  asked = 0;
  readonly clock: Clock = {
    now: () => this.now,
    monotonic: () => this.now,
    sleep: () => Promise.resolve(),
    schedule: () => ({ cancel: () => undefined }),
  };

  async reckon(organizationId: string): Promise<CostReckoning> {
    this.asked += 1;
    await Promise.resolve();
    const reckonedAt = new Date(this.now);
    this.now += this.tookMs;
    return {
      ...{ organizationId, period: PERIOD, currency: 'USD', cost: new MonthCost(PERIOD, [], []) },
      ...{ reckonedAt, completeTo: undefined },
    };
  }
}

describe('reckonings of costs', () => {
  it('are made anew for each question, where that is fast', async () => {
    const report = new ToldReport();
    const reckonings = new CostReckonings(report, report.clock);
    await reckonings.of('a', MONTH, undefined);
    report.tookMs = 2_999;
    await reckonings.of('a', MONTH, undefined);
    await reckonings.of('a', MONTH, undefined);
    expect(report.asked).toBe(3);
  });

  it('serve for a while where they took long, and nobody else', async () => {
    const report = new ToldReport();
    const reckonings = new CostReckonings(report, report.clock);
    report.tookMs = 3_000;
    const first = await reckonings.of('a', MONTH, undefined);
    report.now += 50_000;
    expect(await reckonings.of('a', MONTH, undefined)).toBe(first);
    expect((await reckonings.of('b', MONTH, undefined)).organizationId).toBe('b');
    report.now += 10_000;
    expect(await reckonings.of('a', MONTH, undefined)).not.toBe(first);
  });

  it('are the same ones for who goes on with them, until they are forgotten', async () => {
    const report = new ToldReport();
    const reckonings = new CostReckonings(report, report.clock);
    const first = await reckonings.of('a', MONTH, undefined);
    report.now += MINUTE_MS;
    await reckonings.of('a', MONTH, undefined);
    expect(await reckonings.of('a', MONTH, first.reckonedAt.getTime())).toBe(first);
    expect(await reckonings.of('b', MONTH, first.reckonedAt.getTime())).not.toBe(first);
    report.now += 10 * MINUTE_MS;
    expect(await reckonings.of('a', MONTH, first.reckonedAt.getTime())).not.toBe(first);
  });

  it('are made once for those who ask at the same time', async () => {
    const report = new ToldReport();
    const reckonings = new CostReckonings(report, report.clock);
    const both = await Promise.all([reckonings.of('a', MONTH, undefined), reckonings.of('a', MONTH, undefined)]);
    expect([report.asked, both[0]]).toEqual([1, both[1]]);
  });

  it('are kept of some months only, the latest', async () => {
    const report = new ToldReport();
    const reckonings = new CostReckonings(report, report.clock);
    const first = await reckonings.of('a', MONTH, undefined);
    for (let n = 0; n < 64; n += 1) await reckonings.of(`other ${n}`, MONTH, undefined);
    expect(await reckonings.of('a', MONTH, first.reckonedAt.getTime())).not.toBe(first);
  });
});
