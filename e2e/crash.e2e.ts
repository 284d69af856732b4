import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { freePortPair, Leasehold, parts } from './src/leasehold.js';
import { expectStatus, signUp, type Database, type Tenant } from './src/api.js';

/** The session's ttl is 5 s and a tenth is waited on top; sealing and taking over has to fit into the rest. */
const BACK_WITHIN_MS = 10_000;
/** After a cold start nobody has watched the dead sessions before, so their ttl is waited from then on, beside everything else that starts. */
const BACK_AFTER_COLD_START_MS = 20_000;

describe('killed processes', () => {
  let data: string;
  let environment: Readonly<Record<string, string>>;
  let port: number;
  let leasehold: Leasehold;
  let tenant: Tenant;
  const acknowledged = new Map<string, string>();

  beforeAll(async () => {
    data = await mkdtemp(path.join(tmpdir(), 'leasehold-crash-'));
    environment = await parts();
    port = await freePortPair();
    leasehold = await Leasehold.up({ data, port, environment });
    tenant = await signUp(leasehold.ready);
  }, 120_000);
  afterAll(async () => {
    await leasehold?.end('SIGTERM');
    await rm(data, { recursive: true, force: true });
  }, 60_000);

  it('lose no acknowledged put when the owner is killed, and then the next owner', async () => {
    await fill(tenant.database, 'first', 300);
    const first = await killOwner(tenant.database);
    await expectAllBack();
    await fill(tenant.database, 'second', 100);
    const second = await killOwner(tenant.database);
    expect(second).not.toBe(first);
    await expectAllBack();
  }, 90_000);

  it('lose no acknowledged put when the owner is killed in the middle of writes', async () => {
    const { database } = tenant;
    await database.put('running', 'yes');
    let running = true;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let n = 0; running; n++) {
        const key = `running/${writer}/${n}`;
        // A put whose outcome is unknown may be there or not; only what was acknowledged must be.
        const answer = await database.put(key, key).catch(() => undefined);
        if (answer?.status === 200) acknowledged.set(key, key);
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await killOwner(database);
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    running = false;
    await Promise.all(writers);
    await expectAllBack();
  }, 90_000);

  it('keep everything over a stop and a start, which takes less than 15 s', async () => {
    expect(await leasehold.end('SIGTERM')).toBe(0);
    const startedAt = Date.now();
    leasehold = await Leasehold.up({ data, port, environment });
    expect(Date.now() - startedAt).toBeLessThan(15_000);
    await expectAllBack();
  }, 90_000);

  it('keep everything when all processes die at once', async () => {
    await fill(tenant.database, 'last', 50);
    const { pids } = leasehold.ready;
    await leasehold.end('SIGKILL');
    for (const pid of [
      ...pids.workers,
      ...pids.gateways,
      pids.controlPlane,
      pids.compactor,
      ...(pids.bucket ? [pids.bucket] : []),
    ]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It noticed that its supervisor had died and ended by itself.
      }
    }
    leasehold = await Leasehold.up({ data, port, environment });
    await expectAllBack(BACK_AFTER_COLD_START_MS);
  }, 120_000);

  async function fill(database: Database, name: string, count: number): Promise<void> {
    const keys = Array.from({ length: count }, (_, n) => `${name}/${n}`);
    for (const batch of chunks(keys, 64)) {
      await Promise.all(
        batch.map(async (key) => {
          expectStatus(await database.put(key, `value ${key}`), 200);
          acknowledged.set(key, `value ${key}`);
        }),
      );
    }
  }

  async function killOwner(database: Database): Promise<number> {
    const { owner } = await database.stats();
    if (!owner) throw new Error('nobody owns the database');
    process.kill(owner.pid, 'SIGKILL');
    return owner.pid;
  }

  async function expectAllBack(withinMs = BACK_WITHIN_MS): Promise<void> {
    const deadline = Date.now() + withinMs;
    const missing = new Set(acknowledged.keys());
    while (missing.size > 0 && Date.now() < deadline) {
      for (const batch of chunks([...missing], 64)) {
        await Promise.all(
          batch.map(async (key) => {
            const answer = await tenant.database.get(key).catch(() => undefined);
            if (answer?.status === 200 && answer.body.toString() === acknowledged.get(key)) missing.delete(key);
            else if (answer?.status === 404) throw new Error(`lost: ${key}`);
          }),
        );
        if (Date.now() > deadline) break;
      }
    }
    expect([...missing]).toEqual([]);
  }
});

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
