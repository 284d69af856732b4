import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { compactDatabase, encodeHead, pinDatabase } from '@leasehold/engine';
import { systemClock, systemRandom, type DatabaseId } from '@leasehold/foundation';
import {
  databaseInspection,
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

  it('tells what it has claimed, taken over and found in its cache since it began', async () => {
    const [database] = await written(3);
    const first = sessionLoad.parse((await look('')).body);
    expect(first).toMatchObject({ claims: 3, takeovers: 0, coldStarts: 3 });
    expect(first.cache).toMatchObject({ hits: 0, misses: 0, diskHits: null });
    expect(Date.parse(first.startedAt)).toBeLessThanOrEqual(Date.now());
    // Too large to stay in the head: it is read from its file.
    await database?.put('large', new Uint8Array(100_000), worker);
    await worker.close();
    const next = await world.start(await world.serveBucket());
    for (let reads = 0; reads < 3; reads++) expect((await database?.key('large', next))?.status).toBe(200);
    await database?.put('k', 'w', next);
    const after = sessionLoad.parse((await look('', { at: next })).body);
    expect(after).toMatchObject({ claims: 1, takeovers: 1 });
    expect(after.coldStarts).toBeGreaterThan(0);
    expect(after.cache.misses).toBeGreaterThan(0);
    expect(after.cache.hits).toBeGreaterThan(0);
    expect(after.cache.limitBytes).toBeGreaterThan(after.cache.sizeBytes);
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

  it('tells what a database is made of, whoever owns it, and what it knows of its own', async () => {
    const [database] = await written(1);
    const id = database?.id as DatabaseId;
    // Files of their own, each, and pins on them.
    for (let n = 0; n < 3; n++) await database?.put(`large-${n}`, new Uint8Array(200_000), worker);
    const own = databaseInspection.parse((await look(`/inspections/${id}`)).body);
    const { session } = sessionLoad.parse((await look('')).body);
    expect(own.head).toMatchObject({ owner: session, epoch: 1, tenantId: 'tenant-a', name: 'orders', parent: null });
    expect(own.held).toMatchObject({ epoch: 1, acceptedSequence: 4, durableSequence: 4 });
    expect(own.held?.unflushedBytes).toBeGreaterThan(0);
    expect(own.pins).toEqual({ first: [], unreadable: 0, hasMore: false });

    await worker.close();
    const ctx = { store: world.store, clock: systemClock, random: systemRandom };
    const { pin } = (await pinDatabase(ctx, id, { holder: id, purpose: 'undo' })) ?? {};
    await compactDatabase(ctx, id, { l0Files: 1 });
    const other = await world.start(await world.serveBucket());
    const told = databaseInspection.parse((await look(`/inspections/${id}`, { at: other })).body);
    const head = await world.headOf(id);
    expect(told.held).toBe(null);
    expect(told.head).toMatchObject({
      sizeBytes: encodeHead(head as NonNullable<typeof head>).byteLength,
      edits: head?.trail.edits,
      lastCommit: { epoch: 1, sequence: 4, at: new Date(head?.lastCommittedAt ?? 0).toISOString() },
      inline: { entries: head?.inline.length },
    });
    const level = (name: string) => told.levels.find((each) => each.name === name);
    expect(level('l0')?.files).toBe(head?.l0.length);
    expect(level('l1')?.first.map((file) => [file.id, file.sizeBytes, file.entries, file.folder])).toEqual(
      head?.l1.map((ref) => [ref.id, ref.sizeBytes, ref.entries, null]),
    );
    expect(level('l1')?.first.length).toBeGreaterThan(0);
    expect(told.pins.first).toEqual([
      expect.objectContaining({ id: pin?.id, purpose: 'undo', holder: id, files: pin?.files.length, sequence: 4 }),
    ]);
  });

  it('tells no key and no value of a database', async () => {
    const database = new AskedDatabase();
    for (const key of ['secret-name', 'secret-other']) await database.put(key, 'secret-value'.repeat(20_000), worker);
    const text = JSON.stringify((await look(`/inspections/${database.id}`)).body);
    for (const told of ['secret', Buffer.from('secret').toString('base64').slice(0, 8), 'c2VjcmV0']) {
      expect(text).not.toContain(told);
    }
  });

  it('says so where a database was never written to, or its head is damaged', async () => {
    const [database] = await written(1);
    const never = await look(`/inspections/${new AskedDatabase().id}`);
    expect(never.body).toMatchObject({ status: 404, code: 'not-found' });
    const key = `db/${database?.id}/head`;
    const stored = await world.store.get(key);
    if (stored === undefined || stored === 'not-modified') throw new Error('no head');
    await world.store.put(key, stored.body.subarray(1), { match: stored.etag });
    const damaged = await look(`/inspections/${database?.id}`);
    expect(damaged.body).toMatchObject({ status: 500, code: 'corrupt-object' });
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
    for (const path of [
      '/owners/..%2fx',
      '/inspections/..%2fx',
      '/databases?after=x',
      '/databases?surplus=1',
      '/databases?limit=0',
    ]) {
      expect([path, (await look(path)).status]).toEqual([path, 400]);
    }
  });
});
