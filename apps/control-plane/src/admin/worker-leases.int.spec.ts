import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { seededRandom, systemClock, UlidSource, type SessionId } from '@leasehold/foundation';
import type { SessionLoad } from '@leasehold/protocol';

import { FleetWorld } from '../testing/fleet-world.js';
import { ToldWorker } from '../testing/told-worker.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const SECRET = 'between workers and control plane';
const NOBODYS = '00000000-0000-4000-8000-000000000000';
const SINCE = '2030-01-01T00:00:00.000Z';
const ids = new UlidSource(systemClock, seededRandom(1));
const [live, sealed, clean, elsewhere] = Array.from({ length: 4 }, () => ids.next() as SessionId) as [
  SessionId,
  SessionId,
  SessionId,
  SessionId,
];

const load: SessionLoad = {
  ...{ session: live, pid: 7, openDatabases: 2, openDatabasesBytes: 3_000, dirtyDatabases: 1 },
  ...{ unflushedMemoryBytes: 100, waitingRequests: 4, workUnits: 5, processBytes: 1_000_000, draining: false },
  log: { nextSegment: 12, looseSegments: 9, rollups: 1, unflushedBytes: 100 },
  ...{ startedAt: SINCE, claims: 20, takeovers: 3, coldStarts: 25 },
  cache: { sizeBytes: 10, limitBytes: 100, hits: 900, misses: 100, diskHits: null },
};
const owned = (databaseId: string) => ({
  ...{ databaseId, epoch: 3, ownedSince: SINCE, lastUsedAt: SINCE, unflushedBytes: 0 },
});

describe('leases of workers', () => {
  let world: FleetWorld;
  let database: string;
  let worker: ToldWorker;

  beforeAll(async () => {
    world = await FleetWorld.start(SECRET, 'orders');
    ({ database } = world);
    worker = await ToldWorker.start(SECRET, live);
    await world.putSession(live, 'live', worker.url);
    await world.putSession(sealed, 'sealed', worker.url);
    await world.putSession(clean, 'clean', worker.url);
    await world.putSession(elsewhere, 'live', 'http://127.0.0.1:9');
  });
  afterAll(async () => {
    await worker.close();
    await world.close();
  });

  const ask = (path: string) => world.ask(path);

  it('shows the load of a session as its worker tells it, and why there is none', async () => {
    worker.tell('', load);
    expect((await ask(`/workers/${live}`)).body).toMatchObject({ session: live, logFloor: 3, load, loadMissing: null });
    for (const session of [sealed, clean]) {
      expect((await ask(`/workers/${session}`)).body).toMatchObject({ session, load: null, loadMissing: 'ended' });
    }
    expect((await ask(`/workers/${elsewhere}`)).body).toMatchObject({ load: null, loadMissing: 'no-answer' });
    // As a worker of another version does, and one that has no such route yet.
    worker.tell('', { ...load, openDatabases: 'many' });
    expect((await ask(`/workers/${live}`)).body).toMatchObject({ load: null, loadMissing: 'another-version' });
    worker.answers.delete('');
    expect((await ask(`/workers/${live}`)).body).toMatchObject({ load: null, loadMissing: 'another-version' });
    // Right, and longer than anything that a worker says: it is not read to its end.
    worker.tell('', { ...load, surplus: 'x'.repeat(2 ** 21) });
    expect((await ask(`/workers/${live}`)).body).toMatchObject({ load: null, loadMissing: 'no-answer' });
    for (const nobody of [ids.next(), 'nobody', live.slice(0, -1)]) {
      expect((await ask(`/workers/${nobody}`)).body).toMatchObject({ status: 404, code: 'not-found' });
    }
  });

  it('shows the load of all sessions where that is asked for', async () => {
    worker.tell('', load);
    const told = async (query: string) => (await ask(`/workers${query}`)).body['workers'] as readonly object[];
    expect(await told('?load=true')).toMatchObject([
      { session: live, load, loadMissing: null },
      { session: sealed, load: null, loadMissing: 'ended' },
      { session: clean, load: null, loadMissing: 'ended' },
      { session: elsewhere, load: null, loadMissing: 'no-answer' },
    ]);
    const asked = worker.asked.length;
    for (const each of await told('')) expect(each).not.toHaveProperty('load');
    expect(worker.asked.length).toBe(asked);
    for (const query of ['?load=yes', '?load=', '?loads=true']) {
      expect([query, (await ask(`/workers${query}`)).status]).toEqual([query, 400]);
    }
  });

  it('pages through what a session owns, and says whose it is', async () => {
    worker.tell('/databases?limit=1', { databases: [owned(database)], next: database });
    worker.tell(`/databases?limit=1&after=${database}`, { databases: [owned(NOBODYS)], next: null });
    const first = await ask(`/workers/${live}/databases?limit=1`);
    const known = { organizationId: world.tenant.organizationId, name: 'orders' };
    expect(first.body['databases']).toEqual([{ ...owned(database), ...known }]);
    const second = await ask(`/workers/${live}/databases?limit=1&cursor=${String(first.body['cursor'])}`);
    expect(second.body).toEqual({
      databases: [{ ...owned(NOBODYS), organizationId: null, name: null }],
      cursor: null,
    });
    expect((await ask(`/workers/${live}/databases?cursor=YQ`)).body).toMatchObject({ code: 'invalid-cursor' });
  });

  it('has no databases of a session that has ended or does not answer', async () => {
    expect((await ask(`/workers/${clean}/databases`)).body).toEqual({ databases: [], cursor: null });
    expect((await ask(`/workers/${sealed}/databases`)).body).toMatchObject({ status: 409, code: 'conflict' });
    expect((await ask(`/workers/${elsewhere}/databases`)).body).toMatchObject({ status: 503, code: 'unavailable' });
  });

  it('tells who owns a database and since when, by asking whoever lives', async () => {
    const lease = { epoch: 3, ownedSince: SINCE, quarantined: false, deleted: false };
    worker.tell(`/owners/${database}`, { ...lease, owner: live });
    const { body } = await ask(`/databases/${database}/lease`);
    expect(body).toMatchObject({ databaseId: database, name: 'orders', ...lease });
    expect(body['owner']).toMatchObject({ session: live, state: 'live', endpoint: worker.url });
    worker.tell(`/owners/${database}`, { ...lease, owner: sealed, ownedSince: null });
    const recovering = (await ask(`/databases/${database}/lease`)).body;
    expect(recovering).toMatchObject({ owner: { session: sealed, state: 'sealed' }, ownedSince: null });
    worker.tell(`/owners/${database}`, { ...lease, owner: null, ownedSince: null });
    expect((await ask(`/databases/${database}/lease`)).body).toMatchObject({ owner: null, ownedSince: null });
  });

  it('asks on where a worker does not answer, and says so when none does', async () => {
    // The other live session does not answer at all. This one is asked, and does not understand.
    const version = /another version/;
    const unheard = { status: 503, code: 'unavailable', detail: expect.stringMatching(version) };
    expect((await ask(`/databases/${NOBODYS}/lease`)).body).toMatchObject(unheard);
    expect((await ask(`/workers/${live}/databases?limit=7`)).body).toMatchObject(unheard);
    expect(worker.asked).toContain(`/owners/${NOBODYS}`);
    worker.tell(`/owners/${NOBODYS}`, { code: 'overloaded' }, 503);
    const silent = (await ask(`/databases/${NOBODYS}/lease`)).body;
    expect(silent).toMatchObject({ status: 503, code: 'unavailable', detail: expect.not.stringMatching(version) });
    worker.tell(`/owners/${NOBODYS}`, { code: 'not-found' }, 404);
    expect((await ask(`/databases/${NOBODYS}/lease`)).body).toMatchObject({ status: 404, code: 'not-found' });
    expect((await ask('/databases/orders/lease')).body).toMatchObject({ status: 404, code: 'not-found' });
  });

  it('says that the head is damaged where a worker cannot read it', async () => {
    worker.tell(`/owners/${database}`, { code: 'corrupt-object' }, 500);
    expect((await ask(`/databases/${database}/lease`)).body).toMatchObject({ status: 500, code: 'corrupt-object' });
  });

  it('asks nobody without the secret', async () => {
    await world.service.restart({ LEASEHOLD_OPERATOR_SECRET: '' });
    const before = worker.asked.length;
    expect((await ask(`/workers/${live}`)).body).toMatchObject({ load: null, loadMissing: 'not-configured' });
    expect((await ask(`/workers/${live}/databases`)).body).toMatchObject({ status: 503, code: 'unavailable' });
    expect((await ask(`/databases/${database}/lease`)).body).toMatchObject({ status: 503, code: 'unavailable' });
    expect(worker.asked.length).toBe(before);
    await world.service.restart();
  });
});
