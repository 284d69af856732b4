import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { emptyHead } from '@leasehold/engine';
import type { DatabaseId, SessionId, TenantId } from '@leasehold/foundation';
import { toBase64Url, utf8 } from '@leasehold/foundation';
import type { LocalBucket } from '@leasehold/local-bucket';
import type { ReceivedEvent } from '@leasehold/protocol';
import { EventStreamReader, HOP_HEADERS, THROUGH_HEADER } from '@leasehold/protocol';
import type { RunningService } from '@leasehold/service-kit';

import type { Ask } from '../../testing/worker-world.js';
import { AskedDatabase, waitFor, WorkerWorld } from '../../testing/worker-world.js';

let world: WorkerWorld;
let bucket: LocalBucket;
let a: RunningService;
let database: AskedDatabase;

beforeEach(async () => {
  world = new WorkerWorld();
  bucket = await world.serveBucket();
  a = await world.start(bucket);
  database = new AskedDatabase();
}, 20_000);

afterEach(() => world.close(), 20_000);

interface Part {
  readonly events: readonly ReceivedEvent[];
  readonly through: number;
  readonly lastId: string;
}

const ask = (query: string, worker = a, more: Ask = {}) => database.ask(worker, `/changes?${query}`, more);

async function part(query: string, worker = a, more: Ask = {}): Promise<Part> {
  const response = await ask(query, worker, more);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const reader = new EventStreamReader();
  const events = reader.push(new Uint8Array(await response.arrayBuffer()));
  return { events, lastId: reader.lastId, through: Number(response.headers.get(THROUGH_HEADER)) };
}

async function refusal(response: Response): Promise<readonly [number, string]> {
  const { code } = (await response.json()) as { code: string };
  return [response.status, code];
}

const ownerOf = async () => (await world.headOf(database.id))?.owner as SessionId;
const dataOf = ({ events }: Part) => events.map(({ data }) => JSON.parse(data) as unknown);
const idOf = (epoch: number, sequence: number) =>
  epoch.toString(16).padStart(8, '0') + sequence.toString(16).padStart(12, '0');

describe('a part of the change feed', () => {
  it('tells commits in order, and how far it reaches', async () => {
    await database.put('a', '1', a);
    await database.key('a', a, { method: 'DELETE' });
    await database.put('b', 'x\ny', a);
    const whole = await part('since=0');
    expect(whole.events.map(({ id }) => id)).toEqual([idOf(1, 1), idOf(1, 2), idOf(1, 3)]);
    expect(dataOf(whole)).toEqual([
      { version: idOf(1, 1), changes: [{ op: 'put', key: 'a', value: '1' }] },
      { version: idOf(1, 2), changes: [{ op: 'delete', key: 'a' }] },
      { version: idOf(1, 3), changes: [{ op: 'put', key: 'b', value: 'x\ny' }] },
    ]);
    expect(whole.through).toBe(3);
    expect((await part('since=2&encoding=base64')).events.map(({ id }) => id)).toEqual([idOf(1, 3)]);
    expect(await part('since=3')).toEqual({ events: [], lastId: '', through: 3 });
  });

  it('names the place that a feed of other keys has reached', async () => {
    for (const key of ['a', 'b', 'c']) await database.put(key, '1', a);
    const ofB = await part(`since=0&prefix64=${toBase64Url(utf8('b'))}`);
    expect(ofB).toMatchObject({ events: [{ id: idOf(1, 2) }], lastId: idOf(1, 3), through: 3 });
  });

  it('says where the present is', async () => {
    expect(await part('encoding=json')).toEqual({ events: [], lastId: idOf(0, 0), through: 0 });
    await database.put('a', '1', a);
    expect(await part('encoding=json')).toEqual({ events: [], lastId: idOf(1, 1), through: 1 });
  });

  it('waits for a commit, and no longer than it was told to', async () => {
    await database.put('a', '1', a);
    const waiting = part('since=1&waitMs=20000');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await database.put('b', '2', a);
    expect((await waiting).events.map(({ id }) => id)).toEqual([idOf(1, 2)]);
    const begunAt = performance.now();
    expect((await part('since=2&waitMs=300')).events).toEqual([]);
    expect(performance.now() - begunAt).toBeGreaterThan(250);
  });

  it('hears of the first write to a database at once', async () => {
    const waiting = part('since=0&waitMs=20000');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await database.put('a', '1', a);
    expect((await waiting).through).toBe(1);
  });

  it('is refused where it cannot be told', async () => {
    await database.put('a', '1', a);
    expect(await refusal(await ask('since=2'))).toEqual([400, 'invalid-version']);
    expect(await refusal(await ask('since=x'))).toEqual([400, 'invalid-parameter']);
    expect(await refusal(await ask('since=0', a, { tenant: 'tenant-b' }))).toEqual([404, 'database-not-found']);
    expect(await refusal(await ask('since=0', a, { hop: null }))).toEqual([401, 'unauthenticated']);
    expect(await refusal(await ask('since=0', a, { signed: { path: '/other' } }))).toEqual([401, 'unauthenticated']);
  });

  it('is refused beyond what the database remembers, and of a deleted one', async () => {
    const identity = { databaseId: database.id as DatabaseId, tenantId: 'tenant-a' as TenantId, name: 'orders' };
    const head = { ...emptyHead(identity), epoch: 4, lastCommit: { epoch: 4, sequence: 9 }, horizon: 5 };
    await world.heads.create({ ...head, inlineFrom: 10 });
    expect(await refusal(await ask('since=4'))).toEqual([410, 'history-gone']);
    expect((await part('since=9')).through).toBe(9);
    const gone = new AskedDatabase();
    await world.heads.create({ ...emptyHead({ ...identity, databaseId: gone.id as DatabaseId }), deletedAt: 1 });
    expect(await refusal(await gone.ask(a, '/changes?since=0'))).toEqual([404, 'database-not-found']);
  });
});

describe('a change feed over two workers', () => {
  it('is told by the owner alone', async () => {
    await database.put('a', '1', a);
    const b = await world.start(bucket);
    for (const query of ['encoding=utf8', 'since=0', 'since=1&waitMs=10000']) {
      const answer = await ask(query, b);
      expect(answer.headers.get(HOP_HEADERS.ownerSession)).toBe(await ownerOf());
      expect(await refusal(answer)).toEqual([421, 'misdirected']);
    }
  });

  it('moves without a gap when its worker drains, which it does not hold up', async () => {
    await database.put('a', '1', a);
    const owner = await ownerOf();
    const b = await world.start(bucket);
    const waiting = part('since=1&waitMs=30000');
    const unborn = new AskedDatabase().ask(a, '/changes?since=0&waitMs=30000');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const begunAt = performance.now();
    await a.close();
    expect(performance.now() - begunAt).toBeLessThan(5_000);
    expect(await waiting).toMatchObject({ events: [], through: 1 });
    expect((await unborn).status).toBe(200);
    const following = part('since=1&waitMs=10000', b, { headers: waitFor(owner) });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await database.put('b', '2', b, waitFor(owner));
    expect((await following).events.map(({ id }) => id)).toEqual([idOf(2, 2)]);
    expect((await part('since=0', b)).events.map(({ id }) => id)).toEqual([idOf(1, 1), idOf(2, 2)]);
  }, 20_000);

  it('tells nothing more when its worker may not serve any more', async () => {
    const ownBucket = await world.serveBucket();
    const cutOff = await world.start(ownBucket, { SESSION_TTL_MS: '1500' });
    await database.put('a', '1', cutOff);
    const waiting = ask('since=1&waitMs=3000', cutOff);
    await ownBucket.close();
    expect(await refusal(await waiting)).toEqual([503, 'session-expired']);
  }, 20_000);
});
