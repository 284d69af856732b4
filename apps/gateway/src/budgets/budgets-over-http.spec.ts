import { request as httpRequest } from 'node:http';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BudgetEntry } from '@leasehold/directory';

import { answerStored, loseReply, type FakeWorker } from '../testing/fake-worker.js';
import { DATABASE_ID, GatewayWorld } from '../testing/gateway-world.js';
import { MemoryBudgetLedger } from '../testing/memory-budget-ledger.js';
import { TokenMaker } from '../testing/token-maker.js';

const TARGET = '/v1/db/main/keys/k';
const TRANSACTIONS = '/v1/db/main/transactions';
const OTHER_DATABASE = '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d12';
const JSON_HEADERS = { 'content-type': 'application/json' };
const RAISED_WITHIN_MS = 3_000;

const budget = (id: string, more: Partial<BudgetEntry> = {}): BudgetEntry => ({
  id,
  scope: 'organization',
  subjectId: '',
  weights: { readUnit: 1, writeUnit: 1, egressByte: 0 },
  ...more,
});

describe('a budget over HTTP', () => {
  let world: GatewayWorld;
  let worker: FakeWorker;
  let ledger: MemoryBudgetLedger;

  beforeEach(async () => {
    ledger = new MemoryBudgetLedger();
    world = await new GatewayWorld({ ledger }).start();
    worker = await world.addWorker();
    const stored = answerStored(new Map());
    worker.behaviour = (hop, response) => {
      // As workers tell what a write has come to.
      if (hop.method !== 'GET') response.setHeader('leasehold-cost', 'read=0, write=1');
      return stored(hop, response);
    };
  });
  afterEach(() => world.stop());

  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  async function set(allowance: number, entry: BudgetEntry): Promise<void> {
    ledger.allow(entry.id, allowance);
    world.source.setBudgets('tenant-a', entry);
    while (!world.source.allTold) await pause(20);
    await pause(20);
  }
  const put = (more: { readonly key?: string } = {}) => world.call('PUT', TARGET, { body: 'v', ...more });
  const get = () => world.call('GET', TARGET);
  const transact = (...ops: readonly object[]) =>
    world.call('POST', TRANSACTIONS, { headers: JSON_HEADERS, body: JSON.stringify({ ops }) });
  const reads = () => world.usage.take().flatMap(({ reads: told }) => told);

  it('refuses the write that is one too many, before any work, and says which budget it is', async () => {
    await set(3, budget('b'));
    expect([(await put()).status, (await put()).status, (await put()).status]).toEqual([200, 200, 200]);
    const before = worker.received.length;
    for (const refused of [await put(), await transact({ op: 'put', key: 'k', value: 'v' })]) {
      expect(refused.status).toBe(402);
      expect(refused.json()).toMatchObject({
        code: 'budget-exceeded',
        budget: { id: 'b', scope: 'organization', subject: null },
        resetsAt: expect.stringMatching(/^\d{4}-\d{2}-01T00:00:00.000Z$/),
      });
      expect(refused.json()['retryAfterMs']).toBeUndefined();
    }
    expect(worker.received).toHaveLength(before);
  });

  it('lets everything be read past it, slowly and for nothing', async () => {
    await set(1, budget('b'));
    await put();
    world.usage.take();
    const answers = [];
    for (let n = 0; n < 30; n++) answers.push(await get());
    const served = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 429);
    expect(served.length).toBeGreaterThanOrEqual(20);
    expect(served.length).toBeLessThan(30);
    expect(served.every(({ headers }) => headers['leasehold-cost'] === 'read=0, write=0')).toBe(true);
    expect(refused[0]?.json()).toMatchObject({
      code: 'too-many-requests',
      violatedPolicies: ['budget'],
      retryAfterMs: expect.any(Number),
    });
    // What nobody is billed for, records tell as what no key did.
    expect(reads()).toMatchObject([{ key: null, requests: served.length, readUnits: served.length }]);
    expect(ledger.taken('b')).toBe(1);
  });

  it('lets everything be deleted past it', async () => {
    await set(1, budget('b'));
    await put();
    for (const allowed of [
      await world.call('DELETE', TARGET),
      await world.call('DELETE', '/v1/db/main/keys?prefix=k'),
      await transact({ op: 'delete', key: 'k' }, { op: 'deleteRange', range: { prefix: 'k' } }),
    ]) {
      expect(allowed.status).toBe(200);
    }
    const removals = worker.received.filter(({ headers }) => headers['leasehold-unbilled'] === 'true');
    expect(removals).toHaveLength(3);
    expect((await transact({ op: 'delete', key: 'k' }, { op: 'sum', key: 'n', operand: 1 })).status).toBe(402);
  });

  it('holds on while it is raised, and lets in more within seconds', async () => {
    await set(1, budget('b'));
    expect([(await put()).status, (await put()).status]).toEqual([200, 402]);
    ledger.allow('b', 100);
    const raisedAt = performance.now();
    while ((await put()).status !== 200) await pause(50);
    expect(performance.now() - raisedAt).toBeLessThan(RAISED_WITHIN_MS);
  });

  it('is nothing any more once it is deleted', async () => {
    await set(0, budget('b'));
    expect((await put()).status).toBe(402);
    world.source.setBudgets('tenant-a');
    while (!world.source.allTold) await pause(20);
    await pause(20);
    expect((await put()).status).toBe(200);
  });

  it('of a key stops that key alone', async () => {
    const other = world.source.addKey('tenant-a', ['data:read', 'data:write']);
    await set(1, budget('b', { scope: 'key', subjectId: world.key.slice(3, 29) }));
    expect([(await put()).status, (await put()).status]).toEqual([200, 402]);
    expect((await put({ key: other })).status).toBe(200);
    const maker = await TokenMaker.over(world.source);
    const statuses = [await put({ key: await maker.make(world.key) }), await put({ key: await maker.make(other) })];
    expect(statuses.map(({ status }) => status)).toEqual([402, 200]);
  });

  it('of a database stops that database alone', async () => {
    world.source.addDatabase('tenant-a', 'second', OTHER_DATABASE);
    await set(1, budget('b', { scope: 'database', subjectId: DATABASE_ID }));
    expect([(await put()).status, (await put()).status]).toEqual([200, 402]);
    expect((await world.call('PUT', '/v1/db/second/keys/k', { body: 'v' })).status).toBe(200);
  });

  it('counts what others write into a database that they were granted, whatever key they have', async () => {
    const theirs = world.source.addKey('tenant-b', ['data:read', 'data:write']);
    const entry = world.source.addDatabase('tenant-a', 'main', DATABASE_ID);
    world.source.share('tenant-b', 'a~main', entry, 'write');
    await set(2, budget('b'));
    const write = () => world.call('PUT', '/v1/db/a~main/keys/k', { key: theirs, body: 'v' });
    expect([(await write()).status, (await put()).status, (await write()).status]).toEqual([200, 200, 402]);
    expect(ledger.taken('b')).toBe(2);
  });

  it('counts nothing of what people read, who read on past it', async () => {
    await set(1, budget('b'));
    await put();
    const maker = await TokenMaker.over(world.source);
    const key = await maker.make(undefined);
    for (let n = 0; n < 40; n++) expect((await world.call('GET', TARGET, { key })).status).toBe(200);
  });

  it('counts what a read has come to, not what it might have', async () => {
    await set(10_000, budget('b'));
    await put();
    for (let n = 0; n < 20; n++) expect((await get()).headers['leasehold-cost']).toBe('read=1, write=0');
    await world.stop();
    expect(ledger.taken('b')).toBe(21);
  });

  it('counts a write in full whose outcome nobody knows', async () => {
    await set(100, budget('b'));
    worker.behaviour = loseReply;
    const lost = await world.call('PUT', TARGET, { body: 'v'.repeat(5_000) });
    expect(lost.json()).toMatchObject({ code: 'outcome-unknown' });
    await world.stop();
    expect(ledger.taken('b')).toBe(5);
  });

  it('keeps nothing reserved for clients that have gone', async () => {
    await set(10, budget('b'));
    const answer = worker.behaviour;
    let release = (): void => undefined;
    worker.behaviour = async (hop, response) => {
      await new Promise<void>((resolve) => (release = resolve));
      return answer(hop, response);
    };
    const { hostname, port } = new URL(world.url);
    const headers = { authorization: `Bearer ${world.key}` };
    const call = httpRequest({ hostname, port, method: 'PUT', path: TARGET, headers });
    call.on('error', () => undefined).end('v'.repeat(5_000));
    while (worker.received.length === 0) await pause(10);
    call.destroy();
    await pause(50);
    release();
    worker.behaviour = answer;
    // One for the first, or all of its five where nobody has heard what became of it.
    const statuses = [];
    for (let n = 0; n < 12; n++) statuses.push((await put()).status);
    const written = statuses.filter((status) => status === 200).length;
    expect(written).toBeGreaterThanOrEqual(5);
    expect(written).toBeLessThanOrEqual(9);
    // What is still reserved would be waited for.
    expect(statuses.at(-1)).toBe(402);
    await world.stop();
    expect(ledger.taken('b')).toBe(10);
  });

  it('counts of money the bytes of what was read, and none of what was written', async () => {
    await set(1_000_000, budget('m', { weights: { readUnit: 10, writeUnit: 1_000, egressByte: 1 } }));
    await put();
    await get();
    await get();
    await world.stop();
    expect(ledger.taken('m')).toBe(1_000 + 2 * (10 + 1));
  });

  it('counts nothing of a write that was not applied', async () => {
    await set(100, budget('b'));
    expect((await world.call('PUT', TARGET, { body: 'v', headers: { 'if-match': 'nonsense' } })).status).toBe(400);
    await world.stop();
    expect(ledger.taken('b')).toBe(0);
  });

  it('goes on without the ledger as far as is known, and then says that nobody can tell', async () => {
    await set(300, budget('b'));
    expect((await put()).status).toBe(200);
    ledger.isDown = true;
    const statuses = new Map<number, number>();
    for (let n = 0; n < 310; n++) {
      const { status } = await put();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses.keys()].sort()).toEqual([200, 503]);
    expect(statuses.get(200)).toBeLessThanOrEqual(299);
    // Nobody is locked out.
    expect((await get()).status).toBe(200);
    ledger.isDown = false;
    const upAt = performance.now();
    for (let status = 503; status === 503; await pause(50)) ({ status } = await put());
    expect(performance.now() - upAt).toBeLessThan(RAISED_WITHIN_MS);
    await world.stop();
    expect(ledger.taken('b')).toBeLessThanOrEqual(300);
  });
});
