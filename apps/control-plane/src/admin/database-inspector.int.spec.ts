import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { seededRandom, systemClock, UlidSource, type SessionId } from '@leasehold/foundation';
import type { DatabaseInspection } from '@leasehold/protocol';

import { FleetWorld } from '../testing/fleet-world.js';
import { ToldWorker } from '../testing/told-worker.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const SECRET = 'between workers and control plane';
const NOBODYS = '00000000-0000-4000-8000-000000000000';
const AT = '2030-01-01T00:00:00.000Z';
const ids = new UlidSource(systemClock, seededRandom(1));
/** Three are asked, the oldest: one of them answers. The owner is none of them. */
const [asked, silent, hanging, owning, ended] = Array.from({ length: 5 }, () => ids.next() as SessionId) as [
  SessionId,
  SessionId,
  SessionId,
  SessionId,
  SessionId,
];

const held = { epoch: 3, ownedSince: AT, lastUsedAt: AT, acceptedSequence: 12, durableSequence: 11 };

/** As a worker tells it; `owner` is whom the head names. */
function inspectionOf(databaseId: string, owner: string | null, sequence = 9): DatabaseInspection {
  return {
    databaseId,
    inspectedAt: AT,
    head: {
      ...{ sizeBytes: 900, edits: 4, editedAt: AT, tenantId: 'org', name: 'orders', epoch: 3, owner },
      ...{ quarantined: false, deletedAt: null, parent: null, gcFloor: null },
      lastCommit: { epoch: 3, sequence, at: AT },
      inline: { entries: 1, sizeBytes: 10, fromSequence: 9 },
      ...{ rangeDeletes: 0, idempotencyRecords: 0, entries: 10, liveBytes: 100, historyBytes: 0, maxBytes: 1_000 },
    },
    retention: { windowMs: 86_400_000, fromSequence: 0, fromAt: null },
    levels: [
      {
        ...{ name: 'l0', files: 2, sizeBytes: 3_000, entries: 30 },
        first: [
          {
            ...{ id: ids.next(), createdAt: AT, sizeBytes: 2_000, entries: 20, deletes: 1, superseded: 2, expiring: 0 },
            ...{ firstSequence: 1, lastSequence: 8, keys: { from: 0, to: 1 } },
            ...{ overlaps: 0, garbageShare: null, folder: null },
          },
        ],
      },
    ],
    pins: {
      first: [{ id: ids.next(), purpose: 'undo', holder: databaseId, sequence: 4, createdAt: AT, files: 2 }],
      ...{ unreadable: 0, hasMore: false },
    },
    held: null,
  };
}

describe('the inspection of a database', () => {
  let world: FleetWorld;
  let database: string;
  let any: ToldWorker;
  let owner: ToldWorker;

  const inspect = (id: string) => world.ask(`/databases/${id}/inspection`);

  beforeAll(async () => {
    world = await FleetWorld.start(SECRET, 'orders');
    ({ database } = world);
    any = await ToldWorker.start(SECRET, asked);
    owner = await ToldWorker.start(SECRET, owning);
    await world.putSession(asked, 'live', any.url);
    for (const nowhere of [silent, hanging]) await world.putSession(nowhere, 'live', 'http://127.0.0.1:9');
    await world.putSession(owning, 'live', owner.url);
    await world.putSession(ended, 'sealed', owner.url);
  });
  afterEach(() => {
    for (const worker of [any, owner]) worker.answers.clear();
  });
  afterAll(async () => {
    await any.close();
    await owner.close();
    await world.close();
  });

  const path = () => `/inspections/${database}`;

  it('is what its owner tells, whoever was asked first, with whose it is', async () => {
    const own = { ...inspectionOf(database, owning, 10), held: { ...held, unflushedBytes: 500 } };
    any.tell(path(), inspectionOf(database, owning));
    owner.tell(path(), own);
    const { status, body } = await inspect(database);
    expect(status).toBe(200);
    const known = { organizationId: world.tenant.organizationId, name: 'orders' };
    expect(body).toEqual({ ...own, ...known, owner: expect.objectContaining({ session: owning, state: 'live' }) });
  });

  it('is what another tells where the owner has ended, does not answer, or is not the owner any more', async () => {
    const byAnother = inspectionOf(database, owning);
    any.tell(path(), byAnother);
    expect((await inspect(database)).body).toMatchObject({ ...byAnother, name: 'orders', owner: { session: owning } });
    // It was taken over between the two questions.
    owner.tell(path(), inspectionOf(database, asked));
    expect((await inspect(database)).body).toMatchObject({ ...byAnother, owner: { session: owning } });
    owner.answers.clear();
    const over = inspectionOf(database, ended);
    any.tell(path(), over);
    const before = owner.asked.length;
    expect((await inspect(database)).body).toMatchObject({ ...over, owner: { state: 'sealed' }, held: null });
    expect(owner.asked.length).toBe(before);
    any.tell(path(), inspectionOf(database, null));
    expect((await inspect(database)).body).toMatchObject({ owner: null, held: null });
  });

  it('is refused where there is no such database, nobody answers, or the head is damaged', async () => {
    expect((await inspect('orders')).body).toMatchObject({ status: 404, code: 'not-found' });
    expect((await inspect(NOBODYS)).body).toMatchObject({ status: 503, code: 'unavailable' });
    any.tell(`/inspections/${NOBODYS}`, { code: 'not-found' }, 404);
    expect((await inspect(NOBODYS)).body).toMatchObject({ status: 404, code: 'not-found' });
    any.tell(path(), { code: 'corrupt-object' }, 500);
    expect((await inspect(database)).body).toMatchObject({ status: 500, code: 'corrupt-object' });
    any.tell(path(), { ...inspectionOf(database, null), levels: 'many' });
    expect((await inspect(database)).body).toMatchObject({ status: 503, code: 'unavailable' });
  });

  it('is for operators alone', async () => {
    any.tell(path(), inspectionOf(database, null));
    const { body } = await world.service.call('GET', `/v1/admin/databases/${database}/inspection`, {
      token: world.tenant.token,
    });
    expect(body).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('asks nobody without the secret', async () => {
    await world.service.restart({ LEASEHOLD_OPERATOR_SECRET: '' });
    const before = any.asked.length;
    expect((await inspect(database)).body).toMatchObject({ status: 503, code: 'unavailable' });
    expect(any.asked.length).toBe(before);
    await world.service.restart();
  });
});
