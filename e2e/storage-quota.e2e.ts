import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { call, expectStatus, postJson, signUp } from './src/api.js';
import type { Answer, Tenant } from './src/api.js';
import { Leasehold, parts } from './src/leasehold.js';
import { until } from './src/until.js';

/** Sizes are told soon, so that the test need not wait for long; databases are given up soon, which writes their files. */
const SOON = { IDLE_RELEASE_MS: '1000', USAGE_INTERVAL_MS: '1000', ROLL_UP_INTERVAL_MS: '1000' };
const LIMIT_BYTES = 50_000;
const VALUE = Buffer.alloc(20_000, 'v');
/** What it takes until the size of a database that is given up has come round. */
const TOLD_WITHIN_MS = 30_000;
const RELEASED_WITHIN_MS = 5_000;

describe('the storage of a tenant', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;
  let operator: string;

  const control = (path: string) => leasehold.ready.controlPlane + path;
  const as = (token: string) => ({ 'content-type': 'application/json', authorization: `Bearer ${token}` });

  async function agree(storageBytes: number | null): Promise<void> {
    const url = control(`/v1/admin/tenants/${tenant.organizationId}/quotas`);
    const init = { method: 'PATCH', headers: as(operator), body: JSON.stringify({ storageBytes }) };
    expectStatus(await call(url, init), 200);
  }

  async function used(): Promise<number> {
    const answer = await call(control('/v1/quotas'), { headers: as(tenant.token) });
    expectStatus(answer, 200);
    return answer.json<{ used: { storageBytes: number } }>().used.storageBytes;
  }

  const inDatabase = (name: string, method: string, path: string, body?: string | Uint8Array): Promise<Answer> =>
    call(`${leasehold.ready.gateway}/v1/db/${name}/${path}`, {
      method,
      headers: { authorization: `Bearer ${tenant.key}` },
      body: body as RequestInit['body'],
    });
  const isRefused = async () => (await inDatabase('main', 'PUT', 'keys/probe', 'p')).status === 429;
  const isTaken = async () => (await inDatabase('main', 'PUT', 'keys/probe', 'p')).status === 200;

  beforeAll(async () => {
    leasehold = await Leasehold.up({ environment: { ...(await parts()), ...SOON } });
    tenant = await signUp(leasehold.ready);
    expectStatus(await postJson(control('/v1/databases'), { name: 'second' }, tenant.token), 201);
    const login = await postJson(control('/v1/login'), leasehold.ready.admin);
    expectStatus(login, 200);
    operator = login.json<{ token: string }>().token;
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  it('is used up by all of its databases together, and then nothing more is written, but read and deleted', async () => {
    await agree(LIMIT_BYTES);
    for (const [name, keys] of [
      ['main', ['a', 'b']],
      ['second', ['a', 'b']],
    ] as const) {
      for (const key of keys) expectStatus(await inDatabase(name, 'PUT', `keys/${key}`, VALUE), 200);
    }
    // Asked in between, a database would not be given up.
    const toldMs = await until(async () => (await used()) >= LIMIT_BYTES, TOLD_WITHIN_MS);
    const refusedMs = await until(isRefused, RELEASED_WITHIN_MS);
    process.stderr.write(
      `a size is known after ${Math.round(toldMs)} ms with intervals of 1 s, and the gateway refuses ${Math.round(refusedMs)} ms later\n`,
    );
    expect((await inDatabase('second', 'PUT', 'keys/c', 'v')).json()).toMatchObject({
      code: 'quota-exceeded',
      quota: 'storageBytes',
      limit: LIMIT_BYTES,
    });
    expect((await inDatabase('main', 'GET', 'keys/a')).body.byteLength).toBe(VALUE.byteLength);
    expectStatus(await inDatabase('main', 'DELETE', 'keys/b'), 200);
  }, 90_000);

  it('has room again soon after a raise, and soon after a database is deleted', async () => {
    await agree(10 * LIMIT_BYTES);
    const raisedMs = await until(isTaken, RELEASED_WITHIN_MS);
    await agree(LIMIT_BYTES);
    await until(isRefused, RELEASED_WITHIN_MS);
    const url = control('/v1/databases/second');
    expect((await call(url, { method: 'DELETE', headers: as(tenant.token) })).status).toBeLessThan(300);
    const deletedMs = await until(isTaken, RELEASED_WITHIN_MS);
    process.stderr.write(
      `there is room again ${Math.round(raisedMs)} ms after a raise, and ${Math.round(deletedMs)} ms after a deletion\n`,
    );
  }, 60_000);
});
