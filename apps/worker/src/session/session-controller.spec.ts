import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  databaseOwner,
  digestBody,
  HOP_HEADERS,
  ownedDatabases,
  SESSION_PATH,
  sessionLoad,
  signHop,
} from '@leasehold/protocol';
import type { RunningService } from '@leasehold/service-kit';

import { AskedDatabase, OPERATOR_SECRET, SECRET, WorkerWorld } from '../../testing/worker-world.js';

let world: WorkerWorld;
let worker: RunningService;

beforeEach(async () => {
  world = new WorkerWorld();
  worker = await world.start(await world.serveBucket());
}, 20_000);
afterEach(() => world.close(), 20_000);

async function look(
  rest: string,
  more: { secret?: string; headers?: Record<string, string>; at?: RunningService } = {},
) {
  const path = SESSION_PATH + rest;
  const { secret = OPERATOR_SECRET, headers = {}, at = worker } = more;
  const claims = { method: 'GET', path, headers, bodyDigest: digestBody(new Uint8Array(0)) };
  const hop = signHop(secret, { ...claims, expiresAt: Date.now() + 30_000 });
  const answer = await fetch(at.url + path, { headers: { ...headers, [HOP_HEADERS.hop]: hop, connection: 'close' } });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function written(count: number): Promise<readonly AskedDatabase[]> {
  const databases = Array.from({ length: count }, () => new AskedDatabase());
  for (const database of databases) expect((await database.put('k', 'v', worker)).status).toBe(200);
  return databases.sort((a, b) => (a.id < b.id ? -1 : 1));
}

describe('a session, to whoever looks after it', () => {
  it('tells its load and where its log is', async () => {
    const before = sessionLoad.parse((await look('')).body);
    await written(2);
    const after = sessionLoad.parse((await look('')).body);
    expect([before.openDatabases, after.openDatabases]).toEqual([0, 2]);
    expect(after.log.nextSegment).toBeGreaterThanOrEqual(before.log.nextSegment);
    expect(after).toMatchObject({ session: before.session, pid: process.pid, draining: false });
    expect(after.openDatabasesBytes).toBeGreaterThan(0);
  });

  it('lists what it owns page by page, each database once and in order', async () => {
    const since = Date.now();
    const databases = await written(5);
    const ids: string[] = [];
    let after = '';
    for (let page = 0; page < 3; page++) {
      const { databases: found, next } = ownedDatabases.parse((await look(`/databases?limit=2${after}`)).body);
      expect(next === null).toBe(page === 2);
      for (const { databaseId, epoch, ownedSince } of found) {
        ids.push(databaseId);
        expect(epoch).toBe(1);
        expect(Date.parse(ownedSince)).toBeGreaterThanOrEqual(since - 1);
      }
      after = `&after=${String(next)}`;
    }
    expect(ids).toEqual(databases.map(({ id }) => id));
  });

  it('says who owns a database, its own or not', async () => {
    const [database] = await written(1);
    const { session } = sessionLoad.parse((await look('')).body);
    const own = databaseOwner.parse((await look(`/owners/${database?.id}`)).body);
    expect(own).toMatchObject({ owner: session, epoch: 1, quarantined: false, deleted: false });
    expect(own.ownedSince).not.toBe(null);
    const other = await world.start(await world.serveBucket());
    const told = databaseOwner.parse((await look(`/owners/${database?.id}`, { at: other })).body);
    expect(told).toEqual({ ...own, ownedSince: null });
    expect((await look(`/owners/${new AskedDatabase().id}`)).body).toMatchObject({ status: 404, code: 'not-found' });
  });

  it('refuses who is not of the installation, who means another session, and what is no id', async () => {
    for (const secret of [SECRET, 'of another installation']) {
      expect((await look('', { secret })).body).toMatchObject({ code: 'unauthenticated' });
    }
    const silent = await world.start(await world.serveBucket(), { LEASEHOLD_OPERATOR_SECRET: '' });
    for (const secret of [SECRET, OPERATOR_SECRET, '']) {
      expect((await look('', { at: silent, secret })).body).toMatchObject({ status: 403, code: 'forbidden' });
    }
    const another = { [HOP_HEADERS.session]: '01jd4zq0s8c3k5m7p9r1t3v5x7' };
    expect((await look('', { headers: another })).body).toMatchObject({ code: 'session-expired' });
    for (const path of ['/owners/..%2fx', '/databases?after=x', '/databases?surplus=1', '/databases?limit=0']) {
      expect([path, (await look(path)).status]).toEqual([path, 400]);
    }
  });
});
