import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseCost } from '@leasehold/protocol';

import { call, expectStatus, signUp } from './src/api.js';
import type { Answer, Tenant } from './src/api.js';
import { Leasehold, parts } from './src/leasehold.js';

const GATEWAYS = 3;
/** Of all gateways together, each asking again as soon as it is answered. */
const CLIENTS = 24;
const UNITS = 60_000;
/** What a budget may be overrun by: 1 %, or 1,000 units where that is more. */
const OVERSHOOT_UNITS = Math.max(UNITS / 100, 1_000);
const MAX_VALUE_BYTES = 40_000;
/** A client has been told that the budget is used up so many times in a row: then it is. */
const REFUSED_IN_A_ROW = 3;
const RAISED_WITHIN_MS = 5_000;
const STOPPED_WITHIN_MS = 60_000;
const KNOWN_WITHIN_MS = 10_000;
const POLL_MS = 25;
/** What one that is killed may take with it, until its records would have told. */
const KILLED_SHARE = 0.05;
/** Nothing more has come to the records for so long. */
const QUIET_MS = 4_000;
/** Limits of tenants are not what is looked at here; records and roll-ups come each second. */
const SETTINGS = {
  TENANT_REQUESTS_PER_SECOND: '1000000',
  TENANT_BYTES_PER_SECOND: '10000000000',
  USAGE_INTERVAL_MS: '1000',
  ROLL_UP_INTERVAL_MS: '1000',
};

interface Load {
  /** What the answers said. */
  units: number;
  /** Of writes of which nobody knows whether they were applied. */
  unclearUnits: number;
  requests: number;
  /** Neither served nor refused for the budget. */
  others: Map<number, number>;
}

describe('a budget at three gateways', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;

  const control = (path: string) => leasehold.ready.controlPlane + path;
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  async function setBudget(units: number): Promise<void> {
    const answer = await call(control('/v1/budgets/organization'), {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${tenant.token}` },
      body: JSON.stringify({ limit: { units }, hardStop: true }),
    });
    expectStatus(answer, 200);
  }

  const ask = (gateway: number, method: string, key: string, body?: Uint8Array): Promise<Answer> =>
    call(`${leasehold.ready.gateways[gateway % GATEWAYS]}/v1/db/main/keys/${key}`, {
      method,
      headers: { authorization: `Bearer ${tenant.key}` },
      ...(body && { body: body as NonNullable<RequestInit['body']> }),
    });
  const isStopped = async (gateway: number) => (await ask(gateway, 'PUT', 'probe', Buffer.from('p'))).status === 402;
  const isOpen = async (gateway: number) => (await ask(gateway, 'PUT', 'probe', Buffer.from('p'))).status === 200;

  /** Ms until it is so. */
  async function until(isSo: () => Promise<boolean>, withinMs: number): Promise<number> {
    const startedAt = performance.now();
    while (!(await isSo())) {
      if (performance.now() - startedAt > withinMs) throw new Error(`it is not so after ${withinMs} ms`);
      await pause(POLL_MS);
    }
    return performance.now() - startedAt;
  }

  /** Writes, of all sizes, and reads now and then, until nothing is written any more. */
  async function spendAll(load: Load, client: number): Promise<void> {
    for (let n = 0, refused = 0; refused < REFUSED_IN_A_ROW; n++) {
      const key = `k-${client}-${n % 5}`;
      const size = (n * 7_919 + client * 104_729) % MAX_VALUE_BYTES;
      const isRead = n % 4 === 3;
      const answer = await ask(client, isRead ? 'GET' : 'PUT', key, isRead ? undefined : Buffer.alloc(size, 'v')).catch(
        () => undefined,
      );
      load.requests++;
      if (answer?.status === 402) refused++;
      else if (answer?.status === 200) {
        const { readUnits, writeUnits } = parseCost(answer.headers.get('leasehold-cost') ?? undefined);
        load.units += readUnits + writeUnits;
        if (!isRead) refused = 0;
      } else if (!isRead && (answer === undefined || answer.json<{ code: string }>().code === 'outcome-unknown')) {
        load.others.set(answer?.status ?? 0, (load.others.get(answer?.status ?? 0) ?? 0) + 1);
        load.unclearUnits += Math.ceil((size + key.length) / 1_024);
        await pause(POLL_MS);
      } else load.others.set(answer?.status ?? 0, (load.others.get(answer?.status ?? 0) ?? 0) + 1);
    }
  }

  async function spendAllAtAll(): Promise<Load> {
    const load: Load = { units: 0, unclearUnits: 0, requests: 0, others: new Map() };
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => spendAll(load, client)));
    return load;
  }

  function tell(what: string, load: Load, limit: number, ms: number): void {
    const over = load.units - limit;
    const perSecond = Math.round((load.units * 1_000) / ms);
    process.stderr.write(
      `${what}: ${load.units} of ${limit} units spent by ${load.requests} requests at ${GATEWAYS} gateways, ${perSecond} units/s, ` +
        `${over > 0 ? `${over} too many` : `${-over} left`} (${((100 * over) / limit).toFixed(2)} %); other answers: ${JSON.stringify([...load.others])}\n`,
    );
  }

  beforeAll(async () => {
    leasehold = await Leasehold.up({ gateways: GATEWAYS, environment: { ...(await parts()), ...SETTINGS } });
    tenant = await signUp(leasehold.ready);
    expectStatus(await tenant.database.put('k', 'v'), 200);
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  it('is not overrun at full speed, and nearly all of it can be spent', async () => {
    await setBudget(1);
    // Until all of them go by it, nothing is measured.
    for (let gateway = 0; gateway < GATEWAYS; gateway++) await until(() => isStopped(gateway), KNOWN_WITHIN_MS);
    await setBudget(UNITS);
    const startedAt = performance.now();
    for (let gateway = 0; gateway < GATEWAYS; gateway++) await until(() => isOpen(gateway), KNOWN_WITHIN_MS);
    const load = await spendAllAtAll();
    tell('at full speed', load, UNITS, performance.now() - startedAt);
    expect(load.units).toBeLessThanOrEqual(UNITS + OVERSHOOT_UNITS);
    expect(load.units).toBeGreaterThan(UNITS - OVERSHOOT_UNITS);
  }, 120_000);

  it('leaves everything to be read and deleted, for nothing', async () => {
    for (let gateway = 0; gateway < GATEWAYS; gateway++) {
      await until(() => isStopped(gateway), STOPPED_WITHIN_MS);
      const read = await ask(gateway, 'GET', 'k');
      expect([read.status, read.headers.get('leasehold-cost')]).toEqual([200, 'read=0, write=0']);
    }
    const before = await settledUsage();
    expect((await ask(0, 'DELETE', 'k-0-0')).status).toBe(200);
    expect((await ask(0, 'GET', 'k-0-0')).status).toBe(404);
    await until(async () => (await usage()).commits > before.commits, KNOWN_WITHIN_MS);
    const after = await settledUsage();
    expect([after.writeUnits, after.readUnits]).toEqual([before.writeUnits, before.readUnits]);
  }, 90_000);

  it('lets in more within five seconds of a raise', async () => {
    const raisedAt = performance.now();
    await setBudget(2 * UNITS);
    const tookMs = await Promise.all(
      Array.from({ length: GATEWAYS }, async (_, gateway) => {
        await until(() => isOpen(gateway), RAISED_WITHIN_MS);
        return performance.now() - raisedAt;
      }),
    );
    process.stderr.write(
      `the last of ${GATEWAYS} gateways goes by a raise after ${Math.round(Math.max(...tookMs))} ms\n`,
    );
    expect(Math.max(...tookMs)).toBeLessThan(RAISED_WITHIN_MS);
  });

  it('is not overrun where a gateway is killed with what it holds', async () => {
    const before = (await settledUsage()).units;
    const startedAt = performance.now();
    const spending = spendAllAtAll();
    await pause(1_500);
    process.kill(leasehold.ready.pids.gateways[0] as number, 'SIGKILL');
    const load = await spending;
    const limit = 2 * UNITS - before;
    tell('with one killed', load, limit, performance.now() - startedAt);
    expect(load.units).toBeLessThanOrEqual(limit + OVERSHOOT_UNITS);
    // What records say in the end, with what was written of which nobody was told.
    const { units } = await settledUsage();
    process.stderr.write(`records tell of ${units} units, of ${2 * UNITS} that there were\n`);
    expect(units).toBeLessThanOrEqual(2 * UNITS + OVERSHOOT_UNITS);
    expect(units).toBeGreaterThan(2 * UNITS * (1 - KILLED_SHARE));
  }, 180_000);

  /** Once nothing more comes. */
  async function settledUsage() {
    let before = await usage();
    for (let quietSince = performance.now(); performance.now() - quietSince < QUIET_MS; await pause(POLL_MS)) {
      const now = await usage();
      if (now.units !== before.units || now.commits !== before.commits) quietSince = performance.now();
      before = now;
    }
    return before;
  }

  /** As it is rolled up. */
  async function usage() {
    const answer = await call(control('/v1/usage?step=month'), {
      headers: { authorization: `Bearer ${tenant.token}` },
    });
    expectStatus(answer, 200);
    const rows = answer.json<{ usage: { readUnits: number; writeUnits: number; commits: number }[] }>().usage;
    const [row] = rows;
    const { readUnits = 0, writeUnits = 0, commits = 0 } = row ?? {};
    return { readUnits, writeUnits, commits, units: readUnits + writeUnits };
  }
});
