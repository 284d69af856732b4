import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';

import { MemoryDemandBoard } from '../testing/memory-demand-board.js';
import { SharedRates } from './shared-rates.js';
import type { LimitedTenant, TenantLimit } from './tenant-limit.js';
import { limitUnder } from './tenant-limit.js';
import { TenantLimits } from './tenant-limits.js';

const RATE = 200;
const LIMIT: TenantLimit = {
  requestsPerSecond: RATE,
  burstRequests: 400,
  bytesPerSecond: 1_000_000,
  burstBytes: 2_000_000,
  concurrentRequests: 10_000,
};
const ACME: LimitedTenant = { id: 'acme' as TenantId };
const STEP_MS = 10;

class Gateway {
  readonly limits: TenantLimits;
  readonly rates: SharedRates;
  outages = 0;
  private due = 0;

  constructor(clock: FakeClock, board: MemoryDemandBoard, gatewayId: string) {
    this.limits = new TenantLimits(clock, { limitOf: ({ quotas }) => limitUnder(LIMIT, quotas), isShared: true });
    const onOutage = () => this.outages++;
    this.rates = new SharedRates(this.limits, board, { clock, gatewayId, onOutage });
  }

  /** @returns how many of those that are due were let in */
  serve(perSecond: number, tenant: LimitedTenant, bytes: number): number {
    let admitted = 0;
    for (this.due += (perSecond * STEP_MS) / 1_000; this.due >= 1; this.due--) {
      try {
        this.limits.enter(tenant, bytes).leave();
        admitted++;
      } catch {
        // Counted by who asks.
      }
    }
    return admitted;
  }
}

describe('rates that gateways share', () => {
  let clock: FakeClock;
  let board: MemoryDemandBoard;
  let gateways: Gateway[];

  beforeEach(async () => {
    clock = new FakeClock();
    board = new MemoryDemandBoard(clock);
    gateways = ['a', 'b', 'c'].map((id) => new Gateway(clock, board, id));
    for (const { rates } of gateways) {
      await clock.settle(rates.start());
      // They do not run in step.
      await clock.advance(300);
    }
  });
  afterEach(async () => {
    for (const { rates } of gateways) await clock.settle(rates.stop());
  });

  /** @returns how many requests were let in by each, in a second */
  async function load(perSecond: number, split: readonly number[], seconds: number, tenant = ACME, bytes = 0) {
    const admitted = gateways.map(() => 0);
    const parts = split.reduce((a, b) => a + b, 0);
    for (let ms = 0; ms < seconds * 1_000; ms += STEP_MS) {
      for (const [at, gateway] of gateways.entries()) {
        const asked = (perSecond * (split[at] ?? 0)) / parts;
        admitted[at] = (admitted[at] ?? 0) + gateway.serve(asked, tenant, bytes);
      }
      await clock.advance(STEP_MS);
    }
    return admitted.map((count) => count / seconds);
  }
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

  it.each([
    [[98, 1, 1], 1.5],
    [[98, 1, 1], 4],
    [[1, 1, 1], 1.1],
    [[1, 1, 1], 4],
    [[1, 0, 0], 2],
    [[60, 39, 1], 2],
  ])('let in the limit within five in a hundred, split %p, %p times as much asked', async (split, times) => {
    await load(times * RATE, split, 20);
    const admitted = sum(await load(times * RATE, split, 30));
    expect(admitted / RATE).toBeGreaterThan(0.95);
    expect(admitted / RATE).toBeLessThan(1.05);
  });

  it.each([[[98, 1, 1]], [[1, 1, 1]], [[1, 0, 0]]])(
    'refuse nothing of what is within the limit, split %p',
    async (split) => {
      const admitted = sum(await load(0.95 * RATE, split, 30));
      expect(admitted / RATE).toBeCloseTo(0.95, 2);
    },
  );

  it('let in the rate and three bursts at most, from the first request on, wherever the load goes', async () => {
    const splits = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [1, 1, 1],
    ];
    let admitted = 0;
    for (let second = 0; second < 40; second++) admitted += sum(await load(10 * RATE, splits[second % 4] ?? [], 1));
    // What comes while the shares still follow, each time the load has moved, lies in the bursts.
    expect(admitted).toBeLessThanOrEqual(40 * RATE * 1.05 + 3 * LIMIT.burstRequests);
  });

  it('share bytes as well', async () => {
    const asked = 2 * LIMIT.bytesPerSecond;
    const bytes = 20_000;
    for (const split of [
      [98, 1, 1],
      [1, 1, 1],
    ]) {
      await load(asked / bytes, split, 30, ACME, bytes);
      const admitted = sum(await load(asked / bytes, split, 30, ACME, bytes)) * bytes;
      expect(admitted / LIMIT.bytesPerSecond).toBeGreaterThan(0.9);
      expect(admitted / LIMIT.bytesPerSecond).toBeLessThan(1.05);
    }
  });

  it('follow a raise at once', async () => {
    await load(5 * RATE, [98, 1, 1], 20);
    const raised = { ...ACME, quotas: { requestsPerSecond: 2 * RATE, burstRequests: 400 } };
    await load(5 * RATE, [98, 1, 1], 2, raised);
    const admitted = sum(await load(5 * RATE, [98, 1, 1], 3, raised));
    expect(admitted / (2 * RATE)).toBeGreaterThan(0.9);
  });

  it('hold the last shares while the board is down, and then let in equal parts, never more than the limit', async () => {
    await load(4 * RATE, [98, 1, 1], 20);
    board.isDown = true;
    const held = await load(4 * RATE, [98, 1, 1], 9);
    expect(sum(held) / RATE).toBeGreaterThan(0.95);
    await load(4 * RATE, [98, 1, 1], 3);
    const lost = await load(4 * RATE, [98, 1, 1], 20);
    expect(lost[0]).toBeCloseTo(RATE / 3, -1);
    // The two that had little to do have a burst to spend.
    await load(4 * RATE, [1, 1, 1], 5);
    expect(sum(await load(4 * RATE, [1, 1, 1], 20)) / RATE).toBeLessThan(1.01);
    expect(gateways.map(({ outages }) => outages)).toEqual([1, 1, 1]);
    board.isDown = false;
    await load(4 * RATE, [98, 1, 1], 10);
    expect(sum(await load(4 * RATE, [98, 1, 1], 10)) / RATE).toBeCloseTo(1, 1);
  });

  it('give the part of a gateway that has stopped to the others at once, and of one that died a little later', async () => {
    await load(4 * RATE, [1, 1, 1], 20);
    await clock.settle(gateways[2]?.rates.stop() ?? Promise.resolve());
    expect(board.gateways).toEqual(['a', 'b']);
    await load(4 * RATE, [1, 1, 0], 4);
    expect(sum(await load(4 * RATE, [1, 1, 0], 10)) / RATE).toBeGreaterThan(0.95);
    // It says nothing any more, and does not take down what it said.
    board.isDown = true;
    await clock.settle(gateways[1]?.rates.stop() ?? Promise.resolve());
    board.isDown = false;
    expect(board.gateways).toEqual(['a', 'b']);
    expect(sum(await load(4 * RATE, [1, 0, 0], 3)) / RATE).toBeLessThan(0.9);
    await load(4 * RATE, [1, 0, 0], 4);
    expect(sum(await load(4 * RATE, [1, 0, 0], 10)) / RATE).toBeGreaterThan(0.95);
  });

  it('leave something to a gateway of which nothing was asked, also where the others are asked for all there is', async () => {
    const [other, idle] = gateways as [Gateway, Gateway];
    const demand = { requests: RATE, bytes: LIMIT.bytesPerSecond };
    for (const { rates } of gateways.slice(1)) await clock.settle(rates.stop());
    idle.limits.enter(ACME).leave();
    idle.limits.hear({ otherGateways: 1, others: new Map([[ACME.id, demand]]) });
    expect(() => idle.limits.enter(ACME).leave()).not.toThrow();
    const NEW: LimitedTenant = { id: 'new' as TenantId };
    other.limits.hear({ otherGateways: 1, others: new Map([[NEW.id, demand]]) });
    expect(() => other.limits.enter(NEW).leave()).not.toThrow();
  });

  it('keep the limits of tenants apart', async () => {
    const other: LimitedTenant = { id: 'other' as TenantId };
    await load(4 * RATE, [1, 1, 1], 10);
    expect(sum(await load(RATE / 2, [98, 1, 1], 10, other)) / RATE).toBeCloseTo(0.5, 1);
  });

  it('forget tenants of whom nothing is asked any more', async () => {
    await load(4 * RATE, [1, 1, 1], 10);
    await clock.advance(60_000);
    for (const { limits } of gateways) {
      for (let n = 0; n < 10; n++) limits.enter({ id: `passing-${n}` as TenantId }).leave();
      await clock.advance(20_000);
      for (let n = 0; n < 30; n++) limits.enter({ id: 'last' as TenantId }).leave();
      expect(limits.count).toBeLessThan(5);
    }
  });
});
