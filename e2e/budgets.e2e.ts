import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { call, expectStatus, signUp } from './src/api.js';
import type { Tenant } from './src/api.js';
import type { Spent } from './src/budget-load.js';
import { BudgetLoad } from './src/budget-load.js';
import { Leasehold, parts } from './src/leasehold.js';
import { pause, until } from './src/until.js';

const GATEWAYS = 3;
/** 60,000 is the full size; half of it takes half the time and has the same bound. */
const UNITS = Number(process.env['BUDGET_UNITS'] ?? 30_000);
/** What a budget may be overrun by: 1 %, or 1,000 units where that is more. */
const OVERSHOOT_UNITS = Math.max(UNITS / 100, 1_000);
const RAISED_WITHIN_MS = 5_000;
const STOPPED_WITHIN_MS = 60_000;
const KNOWN_WITHIN_MS = 30_000;
/** What one that is killed may take with it, until its records would have told. */
const KILLED_SHARE = 0.05;
/** Nothing more has come to the records for so long, of which the roll-up has seen all. */
const QUIET_MS = 5_000;
/** Limits of tenants are not what is looked at here; records and roll-ups come each second. */
const SETTINGS = {
  TENANT_REQUESTS_PER_SECOND: '1000000',
  TENANT_BYTES_PER_SECOND: '10000000000',
  USAGE_INTERVAL_MS: '1000',
  ROLL_UP_INTERVAL_MS: '1000',
};

describe('a budget at three gateways', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;
  let load: BudgetLoad;

  function tell(what: string, { units, requests, others }: Spent, limit: number, ms: number): void {
    const over = units - limit;
    process.stderr.write(
      `${what}: ${units} of ${limit} units spent by ${requests} requests at ${GATEWAYS} gateways, ${Math.round((units * 1_000) / ms)} units/s, ` +
        `${over > 0 ? `${over} too many` : `${-over} left`} (${((100 * over) / limit).toFixed(2)} %); other answers: ${JSON.stringify([...others])}\n`,
    );
  }

  /** As it is rolled up. */
  async function usage() {
    const answer = await call(`${leasehold.ready.controlPlane}/v1/usage?step=month`, {
      headers: { authorization: `Bearer ${tenant.token}` },
    });
    expectStatus(answer, 200);
    const told = answer.json<{
      usage: { readUnits: number; writeUnits: number; commits: number }[];
      completeTo: string | null;
    }>();
    const { readUnits = 0, writeUnits = 0, commits = 0 } = told.usage[0] ?? {};
    const completeTo = Date.parse(told.completeTo ?? '1970-01-01');
    return { readUnits, writeUnits, commits, units: readUnits + writeUnits, completeTo };
  }

  /** Once nothing more comes. */
  async function settledUsage() {
    let before = await usage();
    for (let quietSince = Date.now(); before.completeTo < quietSince + QUIET_MS; await pause(100)) {
      const now = await usage();
      if (now.units !== before.units || now.commits !== before.commits) quietSince = Date.now();
      before = now;
    }
    return before;
  }

  beforeAll(async () => {
    leasehold = await Leasehold.up({ gateways: GATEWAYS, environment: { ...(await parts()), ...SETTINGS } });
    tenant = await signUp(leasehold.ready);
    load = new BudgetLoad(leasehold, tenant);
    expectStatus(await tenant.database.put('k', 'v'), 200);
  }, 240_000);
  afterAll(() => leasehold?.stop(), 60_000);

  it('is not overrun at full speed, and nearly all of it can be spent', async () => {
    await load.setBudget(1);
    // Until all of them go by it, nothing is measured.
    await load.untilAll(402, KNOWN_WITHIN_MS);
    await load.setBudget(UNITS);
    await load.untilAll(200, KNOWN_WITHIN_MS);
    const startedAt = performance.now();
    const spent = await load.spendUntil(402);
    tell('at full speed', spent, UNITS, performance.now() - startedAt);
    expect(spent.units).toBeLessThanOrEqual(UNITS + OVERSHOOT_UNITS);
    expect(spent.units).toBeGreaterThan(UNITS - OVERSHOOT_UNITS);
  }, 300_000);

  it('leaves everything to be read and deleted, for nothing', async () => {
    await load.untilAll(402, STOPPED_WITHIN_MS);
    for (let gateway = 0; gateway < GATEWAYS; gateway++) {
      // What the test before has read for nothing is over the rate that is free.
      await until(async () => (await load.ask(gateway, 'GET', 'k')).status === 200, KNOWN_WITHIN_MS);
      await pause(200);
      const read = await load.ask(gateway, 'GET', 'k');
      expect([read.status, read.headers.get('leasehold-cost')]).toEqual([200, 'read=0, write=0']);
    }
    const before = await settledUsage();
    expect((await load.ask(0, 'DELETE', 'k-0-0')).status).toBe(200);
    expect((await load.ask(0, 'GET', 'k-0-0')).status).toBe(404);
    await until(async () => (await usage()).commits > before.commits, KNOWN_WITHIN_MS);
    const after = await settledUsage();
    expect([after.writeUnits, after.readUnits]).toEqual([before.writeUnits, before.readUnits]);
  }, 240_000);

  it('lets in more within five seconds of a raise', async () => {
    const raisedAt = performance.now();
    await load.setBudget(2 * UNITS);
    await load.untilAll(200, RAISED_WITHIN_MS);
    const tookMs = performance.now() - raisedAt;
    process.stderr.write(`the last of ${GATEWAYS} gateways goes by a raise after ${Math.round(tookMs)} ms\n`);
    expect(tookMs).toBeLessThan(RAISED_WITHIN_MS);
  });

  it('is not overrun where a gateway is killed with what it holds', async () => {
    const limit = 2 * UNITS - (await settledUsage()).units;
    const startedAt = performance.now();
    const spending = load.spendUntil(402);
    await pause(1_500);
    process.kill(leasehold.ready.pids.gateways[0] as number, 'SIGKILL');
    const spent = await spending;
    tell('with one killed', spent, limit, performance.now() - startedAt);
    expect(spent.units).toBeLessThanOrEqual(limit + OVERSHOOT_UNITS);
    // With what was written of which nobody was told.
    const { units } = await settledUsage();
    process.stderr.write(`records tell of ${units} units, of ${2 * UNITS} that there were\n`);
    expect(units).toBeLessThanOrEqual(2 * UNITS + OVERSHOOT_UNITS);
    expect(units).toBeGreaterThan(2 * UNITS * (1 - KILLED_SHARE));
  }, 240_000);
});
