import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { call, expectStatus, postJson, signUp } from './src/api.js';
import type { Answer, Tenant } from './src/api.js';
import { Leasehold } from './src/leasehold.js';

const GATEWAYS = 3;
/** What is decided at the control plane holds at every gateway within this. */
const EFFECTIVE_MS = 2_000;
const POLL_MS = 10;

describe('a database that is granted to another tenant', () => {
  let leasehold: Leasehold;
  let owner: Tenant;
  let guest: Tenant;
  let shared: string;

  const control = (path: string) => leasehold.ready.controlPlane + path;
  const ask = (gateway: string, { key }: Tenant, name: string, init: RequestInit = {}): Promise<Answer> =>
    call(`${gateway}/v1/db/${encodeURIComponent(name)}/keys/k`, {
      ...init,
      headers: { authorization: `Bearer ${key}` },
    });
  const atAll = (who: Tenant, name: string, init?: RequestInit) =>
    Promise.all(leasehold.ready.gateways.map((gateway) => ask(gateway, who, name, init)));
  const write = { method: 'PUT', body: 'by the guest' };

  async function grant(access: 'read' | 'write'): Promise<void> {
    const body = { organizationId: guest.organizationId, access };
    expectStatus(await postJson(control('/v1/databases/main/grants'), body, owner.token), 201);
  }

  /** Until every gateway answers so, and no later than they may. */
  async function effective(isSo: () => Promise<boolean>): Promise<void> {
    const startedAt = performance.now();
    while (!(await isSo())) {
      expect(performance.now() - startedAt).toBeLessThan(EFFECTIVE_MS);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  const all = async (status: number, init?: RequestInit) =>
    (await atAll(guest, shared, init)).every((answer) => answer.status === status);

  beforeAll(async () => {
    leasehold = await Leasehold.up({ gateways: GATEWAYS });
    [owner, guest] = [await signUp(leasehold.ready), await signUp(leasehold.ready)];
    expectStatus(await owner.database.put('k', 'of the owner'), 200);
    const me = await call(control('/v1/me'), { headers: { authorization: `Bearer ${owner.token}` } });
    shared = `${me.json<{ organization: { slug: string } }>().organization.slug}~main`;
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  it('is not there before, and read at every gateway within two seconds, and not written', async () => {
    const missing = await ask(leasehold.ready.gateway, guest, 'nobody~main');
    for (const answer of await atAll(guest, shared)) {
      expect({ ...answer.json<object>(), requestId: '' }).toEqual({ ...missing.json<object>(), requestId: '' });
    }
    await grant('read');
    await effective(() => all(200));
    for (const answer of await atAll(guest, shared)) expect(answer.body.toString()).toBe('of the owner');
    for (const { status } of await atAll(guest, shared, write)) expect(status).toBe(403);
    const listed = await call(control('/v1/shared-databases'), { headers: { authorization: `Bearer ${guest.token}` } });
    expect(listed.json()['databases']).toMatchObject([{ name: shared, access: 'read' }]);
  }, 20_000);

  it('is written where that is granted, and its owner sees it', async () => {
    await grant('write');
    await effective(() => all(200, write));
    expect((await owner.database.get('k')).body.toString()).toBe('by the guest');
    // The guest's own database of that name is another one.
    expect((await guest.database.get('k')).status).toBe(404);
  }, 20_000);

  it('is refused by the last gateway within two seconds of the end of the grant, and stays the owner’s', async () => {
    const path = `/v1/databases/main/grants/${guest.organizationId}`;
    const ended = await call(control(path), { method: 'DELETE', headers: { authorization: `Bearer ${owner.token}` } });
    expectStatus(ended, 204);
    await effective(() => all(404));
    for (const { status } of await atAll(guest, shared, write)) expect(status).toBe(404);
    expect((await owner.database.get('k')).body.toString()).toBe('by the guest');
  }, 20_000);
});
