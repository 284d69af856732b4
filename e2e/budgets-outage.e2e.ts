import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestPostgres, type TestPostgres } from '@leasehold/metadata-testing';

import { expectStatus, signUp } from './src/api.js';
import type { Tenant } from './src/api.js';
import { BudgetLoad, nothingSpent } from './src/budget-load.js';
import { Leasehold, parts } from './src/leasehold.js';
import { pause, until } from './src/until.js';

const GATEWAYS = 3;
const UNITS = 30_000;
const OVERSHOOT_UNITS = Math.max(UNITS / 100, 1_000);
/** By then each gateway holds what it spends in a while. */
const BEFORE_OUTAGE_UNITS = 10_000;
const KNOWN_WITHIN_MS = 30_000;
/** Connections are opened anew, and the directory is read again. */
const BACK_WITHIN_MS = 15_000;
const SETTINGS = { TENANT_REQUESTS_PER_SECOND: '1000000', TENANT_BYTES_PER_SECOND: '10000000000' };

describe('a budget while Postgres is down', () => {
  let postgres: TestPostgres;
  let leasehold: Leasehold;
  let tenant: Tenant;
  let load: BudgetLoad;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const environment = { ...(await parts()), DATABASE_URL: await postgres.createDatabase(), ...SETTINGS };
    leasehold = await Leasehold.up({ gateways: GATEWAYS, environment });
    tenant = await signUp(leasehold.ready);
    load = new BudgetLoad(leasehold, tenant);
    expectStatus(await tenant.database.put('k', 'v'), 200);
  }, 120_000);
  afterAll(async () => {
    await leasehold?.stop();
    await postgres?.close();
  }, 60_000);

  it('is spent as far as gateways hold it and a bit beyond, never overrun, and goes on afterwards', async () => {
    await load.setBudget(1);
    await load.untilAll(402, KNOWN_WITHIN_MS);
    await load.setBudget(UNITS);
    await load.untilAll(200, KNOWN_WITHIN_MS);
    const spent = nothingSpent();
    const spending = load.spendUntil(503, spent);
    await until(async () => spent.units > BEFORE_OUTAGE_UNITS, 60_000);
    await postgres.stop();
    const unitsBefore = spent.units;
    await spending;
    const withoutUnits = spent.units - unitsBefore;
    process.stderr.write(`${withoutUnits} units of ${UNITS} were spent without Postgres at ${GATEWAYS} gateways\n`);
    expect(withoutUnits).toBeGreaterThan(OVERSHOOT_UNITS / 2);
    expect(spent.units).toBeLessThanOrEqual(UNITS + OVERSHOOT_UNITS);
    // Nobody is locked out of what they have.
    await pause(1_000);
    expect((await load.ask(0, 'GET', 'k')).status).toBe(200);
    // What was too little for the last values may do for some small ones.
    await until(async () => (await load.probe(0)) === 503, KNOWN_WITHIN_MS);
    await postgres.resume();
    const backMs = await load.untilAll(200, BACK_WITHIN_MS);
    const all = await load.spendUntil(402, spent);
    process.stderr.write(
      `written again ${Math.round(backMs)} ms after Postgres is back; ${all.units} of ${UNITS} units spent in the end\n`,
    );
    expect(all.units).toBeLessThanOrEqual(UNITS + OVERSHOOT_UNITS);
    expect(all.units).toBeGreaterThan(UNITS - OVERSHOOT_UNITS);
  }, 240_000);
});
