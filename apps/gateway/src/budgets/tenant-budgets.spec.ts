import { describe, expect, it } from '@jest/globals';
import type { BudgetEntry, Spending } from '@leasehold/directory';
import type { TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';

import { MemoryBudgetLedger } from '../testing/memory-budget-ledger.js';
import { BudgetExchange } from './budget-exchange.js';
import { BudgetAccount } from './budget-account.js';
import type { Reservation } from './tenant-budgets.js';
import { TenantBudgets } from './tenant-budgets.js';

const BUDGET: BudgetEntry = {
  id: 'b',
  scope: 'organization',
  subjectId: '',
  weights: { readUnit: 1, writeUnit: 1, egressByte: 0 },
};
const OTHER: BudgetEntry = { ...BUDGET, id: 'c', scope: 'key', subjectId: 'k' };

const TENANT = 'tenant' as TenantId;
const units = (writeUnits: number): Spending => ({ readUnits: 0, writeUnits, egressBytes: 0 });

class Gateway {
  readonly budgets: TenantBudgets;
  readonly exchange: BudgetExchange;
  readonly told: string[] = [];
  spent = 0;

  constructor(
    readonly clock: FakeClock,
    ledger: MemoryBudgetLedger,
    gatewayId = 'a',
  ) {
    this.budgets = new TenantBudgets(clock, { gatewayId, onNeed: () => this.exchange.hurry() });
    this.exchange = new BudgetExchange(this.budgets, ledger, {
      clock,
      onOutage: () => this.told.push('outage'),
      onRecovery: () => this.told.push('recovery'),
    });
    this.exchange.start();
  }

  /** What became of a request, and how much time it took. */
  async ask(amount: number, budgets = [BUDGET], spent = amount): Promise<'done' | 'used-up' | 'unknown'> {
    const result = await this.begin(amount, budgets);
    if (typeof result === 'string') return result;
    this.budgets.settle(result, units(spent));
    this.spent += spent;
    return 'done';
  }

  async begin(amount: number, budgets = [BUDGET]): Promise<Reservation | 'used-up' | 'unknown'> {
    const asked = this.budgets.reserve(TENANT, budgets, units(amount));
    let result: Awaited<typeof asked> | undefined;
    void asked.then((value) => (result = value));
    for (let n = 0; result === undefined; n++) {
      if (n > 300) throw new Error('it waits for ever');
      await this.clock.advance(5);
    }
    return 'why' in result ? result.why : result;
  }
}

describe('the budgets of tenants at a gateway', () => {
  function world(allowance: number, startAt?: number) {
    const clock = new FakeClock(startAt);
    const ledger = new MemoryBudgetLedger();
    ledger.allow('b', allowance);
    return { clock, ledger, gateway: new Gateway(clock, ledger) };
  }

  it('asks once, and then spends what it holds without asking', async () => {
    const { ledger, gateway } = world(1_000_000);
    expect(await gateway.ask(1)).toBe('done');
    const asked = ledger.heard.length;
    for (let n = 0; n < 99; n++) expect(gateway.budgets.reserveHeld([BUDGET], units(1))).toBeDefined();
    expect(ledger.heard).toHaveLength(asked);
  });

  it('lets in exactly what there is, and says then that it is used up', async () => {
    const { ledger, gateway } = world(500);
    for (let n = 0; n < 500; n++) expect(await gateway.ask(1)).toBe('done');
    expect(await gateway.ask(1)).toBe('used-up');
    expect(ledger.taken('b')).toBe(500);
    await gateway.exchange.stop();
    expect(ledger.taken('b')).toBe(500);
  });

  it('refuses what is larger than what is left, and lets in what is not', async () => {
    const { gateway } = world(10);
    expect([await gateway.ask(11), await gateway.ask(10), await gateway.ask(1)]).toEqual([
      'used-up',
      'done',
      'used-up',
    ]);
  });

  it('counts what was settled, not what was reserved', async () => {
    const { gateway } = world(130);
    for (let n = 0; n < 130; n++) expect(await gateway.ask(Math.min(129, 130 - n), [BUDGET], 1)).toBe('done');
    expect(await gateway.ask(1)).toBe('used-up');
  });

  it('lets a request wait for others that may come to less than they hold', async () => {
    const { clock, gateway } = world(100);
    const first = (await gateway.begin(100)) as Reservation;
    const waiting = gateway.ask(50);
    await clock.advance(20);
    gateway.budgets.settle(first, units(10));
    expect(await waiting).toBe('done');
  });

  it('goes on within a second of a raise', async () => {
    const { clock, ledger, gateway } = world(3);
    for (const expected of ['done', 'done', 'done', 'used-up']) expect(await gateway.ask(1)).toBe(expected);
    ledger.allow('b', 10);
    const raisedAt = clock.monotonic();
    while ((await gateway.ask(1)) !== 'done') await clock.advance(50);
    expect(clock.monotonic() - raisedAt).toBeLessThanOrEqual(1_100);
  });

  it('gives back what it does not need any more, for another gateway to have', async () => {
    const { clock, ledger, gateway } = world(1_000);
    const other = new Gateway(clock, ledger, 'other');
    expect(await gateway.ask(400, [BUDGET], 1)).toBe('done');
    await clock.advance(60_000);
    expect(ledger.taken('b')).toBe(1);
    expect(await other.ask(999)).toBe('done');
  });

  it('has three of them at full speed never spend more than there is, and nearly all of it', async () => {
    const { clock, ledger, gateway } = world(5_000);
    const all = [gateway, new Gateway(clock, ledger, 'x'), new Gateway(clock, ledger, 'y')];
    const run = async (one: Gateway) => {
      while ((await one.ask(3, [BUDGET], 3)) === 'done');
    };
    await Promise.all(all.map(run));
    const spent = all.reduce((sum, one) => sum + one.spent, 0);
    expect(spent).toBeLessThanOrEqual(5_000);
    expect(spent).toBeGreaterThan(4_500);
  });

  it('does not spend what an ask gives back, from the moment that it is made', () => {
    const account = new BudgetAccount(BUDGET, 202601, 'a.1', 0);
    account.hear({ granted: 1_000, rest: 0, overdraft: 0 });
    account.reserve(30);
    expect(account.ask('nothing')).toMatchObject({ spent: 0, keep: 30 });
    // Nor where nobody has answered.
    account.miss();
    expect([account.room, account.judge(1)]).toEqual([0, 'ask']);
  });

  it('leaves alone what a gateway held that was killed', async () => {
    const { ledger, gateway } = world(100);
    expect(await gateway.ask(50, [BUDGET], 0)).toBe('done');
    const held = ledger.taken('b');
    expect(held).toBeGreaterThanOrEqual(50);
    // Its own time: the dead one says nothing any more.
    const other = new Gateway(new FakeClock(), ledger, 'other');
    while ((await other.ask(1)) === 'done');
    expect(other.spent).toBe(100 - held);
  });

  it('spends once what an answer had granted that was lost', async () => {
    const { clock, ledger, gateway } = world(1_000);
    expect(await gateway.ask(1)).toBe('done');
    ledger.losesAnswers = true;
    for (let n = 0; n < 20; n++) {
      await gateway.ask(20);
      await clock.advance(500);
    }
    ledger.losesAnswers = false;
    await clock.advance(2_000);
    while ((await gateway.ask(1)) === 'done');
    expect(gateway.spent).toBe(1_000);
    expect(gateway.told).toEqual(['outage', 'recovery']);
  });

  it('goes on without the ledger with what it holds, then with a bounded part of what was left, and then with nothing', async () => {
    const { clock, ledger, gateway } = world(200_000);
    expect(await gateway.ask(1)).toBe('done');
    ledger.isDown = true;
    const heldBefore = ledger.taken('b');
    let spent = 1;
    let verdict = await gateway.ask(10);
    for (; verdict === 'done'; verdict = await gateway.ask(10)) spent += 10;
    expect(verdict).toBe('unknown');
    // 1 % of it; the last request has no room for a part of it.
    expect(spent - heldBefore).toBeGreaterThan(1_980);
    expect(spent - heldBefore).toBeLessThanOrEqual(2_000);
    await clock.advance(10_000);
    expect(await gateway.ask(10)).toBe('unknown');
    ledger.isDown = false;
    await clock.advance(2_000);
    expect(await gateway.ask(10)).toBe('done');
    await clock.advance(1_100);
    expect(ledger.taken('b')).toBeGreaterThanOrEqual(spent + 10);
  });

  it('keeps what it holds while the ledger does not answer, however little is asked', async () => {
    const { clock, ledger, gateway } = world(200_000);
    expect(await gateway.ask(100)).toBe('done');
    ledger.isDown = true;
    await clock.advance(2_000);
    await gateway.ask(1);
    await clock.advance(120_000);
    expect(gateway.budgets.reserveHeld([BUDGET], units(20))).toBeDefined();
  });

  it('does not overdraw what was used up when the ledger fell silent', async () => {
    const { clock, ledger, gateway } = world(5);
    while ((await gateway.ask(1)) === 'done');
    ledger.isDown = true;
    await clock.advance(5_000);
    expect(await gateway.ask(1)).toBe('used-up');
  });

  it('holds of several budgets all, or of none anything', async () => {
    const { clock, ledger, gateway } = world(100);
    ledger.allow('c', 10);
    expect(await gateway.ask(10, [BUDGET, OTHER])).toBe('done');
    expect(await gateway.ask(1, [BUDGET, OTHER])).toBe('used-up');
    expect(await gateway.ask(90, [BUDGET])).toBe('done');
    await clock.advance(1_100);
    expect([ledger.taken('b'), ledger.taken('c')]).toEqual([100, 10]);
  });

  it('weighs what is asked', async () => {
    const { ledger, gateway } = world(0);
    ledger.allow('m', 1_000);
    const money: BudgetEntry = { ...BUDGET, id: 'm', weights: { readUnit: 2, writeUnit: 100, egressByte: 1 } };
    const reserved = await gateway.begin(10, [money]);
    expect(typeof reserved).toBe('object');
    gateway.budgets.settle(reserved as Reservation, { readUnits: 5, writeUnits: 9, egressBytes: 50 });
    expect(await gateway.ask(1, [money])).toBe('used-up');
    await gateway.exchange.stop();
    expect(ledger.taken('m')).toBe(10 + 900 + 50);
  });

  it('lets bytes be told for nothing past a budget of money, and past one of units as before', async () => {
    const { ledger, gateway } = world(5);
    ledger.allow('m', 5);
    const money: BudgetEntry = { ...BUDGET, id: 'm', weights: { readUnit: 1, writeUnit: 1, egressByte: 1 } };
    const bytes = { readUnits: 0, writeUnits: 0, egressBytes: 3 };
    for (const each of [BUDGET, money]) while ((await gateway.ask(1, [each])) === 'done');
    expect([gateway.budgets.spend([money], bytes), gateway.budgets.spend([BUDGET], bytes)]).toEqual([false, true]);
  });

  it('wants no more than the ledger can count, whatever a unit costs', async () => {
    const { clock, ledger, gateway } = world(0);
    ledger.allow('m', 1e18);
    const dear: BudgetEntry = { ...BUDGET, id: 'm', weights: { readUnit: 1, writeUnit: 1e15, egressByte: 0 } };
    for (let n = 0; n < 100; n++) await gateway.ask(50, [dear]);
    await clock.advance(3_000);
    expect(gateway.spent).toBe(1_000);
    for (const { spent, keep, want, need } of ledger.heard) {
      expect(Math.max(spent, keep, want, need)).toBeLessThan(2 ** 63);
    }
  });

  it('begins each month anew, and gives back what it held of the last', async () => {
    const { clock, ledger, gateway } = world(10, Date.UTC(2026, 1, 1) - 2_000);
    for (const expected of ['done', 'used-up']) expect(await gateway.ask(7)).toBe(expected);
    await clock.advance(2_000);
    expect(await gateway.ask(7)).toBe('done');
    expect(new Set(ledger.heard.map(({ month }) => month))).toEqual(new Set([202601, 202602]));
    await clock.advance(10_000);
    expect(ledger.taken('b')).toBe(14);
  });

  it('goes by the month that is, where the clock was ahead and is set right', async () => {
    const { clock, ledger, gateway } = world(10);
    expect(await gateway.ask(7)).toBe('done');
    clock.jumpWall(40 * 86_400_000);
    expect(await gateway.ask(7)).toBe('done');
    clock.jumpWall(-40 * 86_400_000);
    expect([await gateway.ask(4), await gateway.ask(3)]).toEqual(['used-up', 'done']);
    await gateway.exchange.stop();
    expect(ledger.taken('b')).toBe(17);
  });

  it('asks for many budgets in lots, one right behind the other', async () => {
    const { clock, ledger, gateway } = world(1);
    const many = Array.from({ length: 900 }, (_, n) => ({ ...BUDGET, id: `m${n}` }));
    for (const { id } of many) ledger.allow(id, 10);
    const asked = many.map((one) => gateway.budgets.reserve(TENANT, [one], units(1)));
    await clock.advance(100);
    expect((await Promise.all(asked)).every((result) => !('why' in result))).toBe(true);
    expect(new Set(ledger.heard.map(({ budgetId }) => budgetId)).size).toBe(900);
  });

  it('leaves to others what is too little for one that is refused', async () => {
    const { clock, ledger, gateway } = world(100);
    const other = new Gateway(clock, ledger, 'other');
    expect([await gateway.ask(101), await other.ask(90)]).toEqual(['used-up', 'done']);
    // Not even while such requests come again and again.
    const refused = Promise.all([gateway.ask(50), gateway.ask(50)]);
    expect([await gateway.ask(10), await refused]).toEqual(['done', ['used-up', 'used-up']]);
  });

  it('has a place for each tenant where another one fills all of them', async () => {
    const clock = new FakeClock();
    const budgets = new TenantBudgets(clock, { gatewayId: 'a', onNeed: () => undefined, maxWaiting: 2 });
    const crowd = [1, 2, 3].map((n) => budgets.reserve(TENANT, [BUDGET], units(n)));
    const single = budgets.reserve('other' as TenantId, [OTHER], units(1));
    await clock.advance(1);
    const asks = budgets.asks();
    budgets.hear(
      asks,
      asks.map(({ budgetId, month }) => ({ budgetId, month, granted: 100, rest: 0, overdraft: 0 })),
    );
    await clock.advance(1);
    expect(await single).toHaveLength(1);
    expect(await Promise.all(crowd)).toMatchObject([[{ amount: 1 }], { why: 'unknown' }, { why: 'unknown' }]);
  });

  it('refuses at once where too many wait', async () => {
    const clock = new FakeClock();
    const budgets = new TenantBudgets(clock, { gatewayId: 'a', onNeed: () => undefined, maxWaiting: 2 });
    void budgets.reserve(TENANT, [BUDGET], units(1));
    void budgets.reserve(TENANT, [BUDGET], units(1));
    expect(await budgets.reserve(TENANT, [BUDGET], units(1))).toMatchObject({ why: 'unknown' });
    expect(budgets.waitingCount).toBe(2);
  });

  it('forgets budgets that nobody uses, and nothing of what was spent of them', async () => {
    const { clock, ledger, gateway } = world(100);
    expect(await gateway.ask(60)).toBe('done');
    await clock.advance(700_000);
    expect([gateway.budgets.count, ledger.taken('b')]).toEqual([0, 60]);
    expect([await gateway.ask(41), await gateway.ask(40)]).toEqual(['used-up', 'done']);
  });
});
