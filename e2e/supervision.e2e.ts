import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Leasehold } from './src/leasehold.js';
import { call, expectStatus, signUp, type Tenant } from './src/api.js';

const BACK_WITHIN_MS = 15_000;

describe('a running Leasehold', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;

  beforeAll(async () => {
    leasehold = await Leasehold.up({ gateways: 2, workers: 3 });
    tenant = await signUp(leasehold.ready);
    await tenant.database.put('kept', 'yes');
  }, 120_000);
  afterAll(() => leasehold?.stop(), 60_000);

  it('has as many gateways and workers as it was asked for, each of them serving', async () => {
    const { gateways, pids } = leasehold.ready;
    expect([gateways.length, pids.gateways.length, pids.workers.length]).toEqual([2, 2, 3]);
    for (const gateway of gateways) {
      const read = await call(`${gateway}/v1/db/main/keys/kept`, {
        headers: { authorization: `Bearer ${tenant.key}` },
      });
      expect(read.body.toString()).toBe('yes');
    }
  });

  it('tells health, readiness and metrics of its gateways and control plane', async () => {
    for (const service of [...leasehold.ready.gateways, leasehold.ready.controlPlane]) {
      expectStatus(await call(`${service}/healthz`), 200);
      expectStatus(await call(`${service}/readyz`), 200);
      const metrics = await call(`${service}/metrics`);
      expectStatus(metrics, 200);
      expect(metrics.body.toString()).toMatch(/^# HELP /m);
    }
  });

  it('makes a revoked key useless within 2 s at every gateway', async () => {
    const minted = await call(`${leasehold.ready.controlPlane}/v1/keys`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${tenant.token}` },
      body: JSON.stringify({ name: 'short-lived', scopes: ['data:read'] }),
    });
    const { id, key } = minted.json<{ id: string; key: string }>();
    const read = (gateway: string) =>
      call(`${gateway}/v1/db/main/keys/kept`, { headers: { authorization: `Bearer ${key}` } });
    for (const gateway of leasehold.ready.gateways) expectStatus(await read(gateway), 200);
    const revoked = await call(`${leasehold.ready.controlPlane}/v1/keys/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${tenant.token}` },
    });
    expectStatus(revoked, 204);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    for (const gateway of leasehold.ready.gateways) expectStatus(await read(gateway), 401);
  });

  it('loses no request when the owner is asked to stop', async () => {
    const { database } = tenant;
    await database.put('drained', '0');
    const { owner } = await database.stats();
    process.kill(owner?.pid as number, 'SIGTERM');
    for (let n = 1; n <= 100; n++) expectStatus(await database.put('drained', String(n)), 200);
    expect((await database.get('drained')).body.toString()).toBe('100');
    expect((await database.stats()).owner?.pid).not.toBe(owner?.pid);
  }, 30_000);

  it.each([
    ['a gateway', (pids: Leasehold['ready']['pids']) => pids.gateways[0] as number],
    ['the control plane', (pids: Leasehold['ready']['pids']) => pids.controlPlane],
    ['the compactor', (pids: Leasehold['ready']['pids']) => pids.compactor],
    ['the bucket', (pids: Leasehold['ready']['pids']) => pids.bucket],
  ])(
    'brings %s back after a crash, and serves again',
    async (_name, pidOf) => {
      const pid = pidOf(leasehold.ready.pids);
      // With an external bucket there is none of ours to kill.
      if (pid === null) return;
      process.kill(pid, 'SIGKILL');
      const deadline = Date.now() + BACK_WITHIN_MS;
      for (;;) {
        const written = await tenant.database.put('after', 'a crash').catch(() => undefined);
        const account = await call(`${leasehold.ready.controlPlane}/v1/me`, {
          headers: { authorization: `Bearer ${tenant.token}` },
        }).catch(() => undefined);
        if (written?.status === 200 && account?.status === 200) break;
        if (Date.now() > deadline) throw new Error(`not back: put ${written?.status}, account ${account?.status}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect((await tenant.database.get('kept')).body.toString()).toBe('yes');
    },
    60_000,
  );
});
