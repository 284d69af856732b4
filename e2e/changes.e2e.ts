import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseVersion, seededRandom } from '@leasehold/foundation';

import type { Tenant } from './src/api.js';
import { call, expectStatus, signUp } from './src/api.js';
import { FeedReader, someBytes } from './src/feed-reader.js';
import { Leasehold, parts } from './src/leasehold.js';
import { pause, until } from './src/until.js';

const SEED = 20_261_127;
const WRITERS = 4;
/** In this time the owner is killed twice and drained once. */
const COURSE_MS = 24_000;
const DISASTERS_AT_MS = [5_000, 11_000, 18_000];
const CATCH_UP_MS = 20_000;
/** One in so many values is too large to lie in the head. */
const LARGE_IN = 5;

interface Change {
  readonly op: string;
  readonly key: string;
  readonly value?: string;
}

describe('a change feed over processes that are killed', () => {
  let leasehold: Leasehold;
  let tenant: Tenant;
  const random = seededRandom(SEED);
  const pick = (limit: number): number => Math.floor(random.fraction() * limit);
  /** The only change of each commit, by its version. */
  const acknowledged = new Map<string, string>();
  /** Sent, and nobody told whether it was applied. */
  const unclear = new Set<string>();

  beforeAll(async () => {
    // Every few hundred writes are flushed, and the log is trimmed after them.
    leasehold = await Leasehold.up({ environment: { ...(await parts()), MAX_UNFLUSHED_BYTES: String(1024 * 1024) } });
    tenant = await signUp(leasehold.ready);
  }, 120_000);
  afterAll(async () => {
    await leasehold?.stop();
  }, 60_000);

  it('is heard whole: every commit once, in order, as it was acknowledged, by a reader that is killed at random points', async () => {
    const { database } = tenant;
    const reader = new FeedReader(`${database.url}/changes?since=0`, tenant.key);
    const patient = new FeedReader(`${database.url}/changes?since=0`, tenant.key);
    await write(0, 0);
    let isOver = false;
    const killed = (async () => {
      while (!isOver) {
        const answer = await reader.connect(someBytes(random));
        if (answer?.status !== 200) await pause(200);
      }
    })();
    const following = (async () => {
      while (!isOver) await patient.connect();
    })();
    const endsAt = Date.now() + COURSE_MS;
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let n = 1; Date.now() < endsAt; n++) await write(writer, n);
    });
    const pids = await disasters();
    await Promise.all(writers);
    // Only one that is sure to be there says where the end is.
    expectStatus(await database.put('last', 'last'), 200);
    const last = (await database.get('last')).headers.get('etag')?.slice(1, -1) ?? '';
    acknowledged.set(last, JSON.stringify({ op: 'put', key: 'last', value: 'last' }));
    await until(() => reader.lastId === last && patient.lastId === last, CATCH_UP_MS);
    isOver = true;
    reader.kill();
    patient.kill();
    await Promise.all([killed, following]);

    judge(reader, last);
    expect(patient.ids).toEqual(reader.ids);
    expect(new Set(pids).size).toBe(pids.length);
    expect(reader.connections).toBeGreaterThan(10);
    expect(acknowledged.size).toBeGreaterThan(200);
    // Three takeovers were pauses to it, and nothing more.
    expect(patient.connections).toBe(1);
    expect([reader.errors, patient.errors]).toEqual([[], []]);
    const { l0Files, l1Files, unflushedBytes, epoch } = await database.stats();
    expect(epoch).toBeGreaterThanOrEqual(4);
    expect(Number(l0Files) + Number(l1Files)).toBeGreaterThan(0);
    expect(Number(unflushedBytes)).toBeLessThan(2 * 1024 * 1024);
  }, 120_000);

  it('goes on from any event that was heard, and from the present where nothing is said', async () => {
    const { database } = tenant;
    const ids = [...acknowledged.keys()].sort();
    const from = ids[pick(ids.length - 1)]!;
    const reader = new FeedReader(`${database.url}/changes?since=${from}`, tenant.key);
    const present = new FeedReader(`${database.url}/changes?prefix=now/`, tenant.key);
    const both = [reader.connect(), present.connect()];
    await until(() => reader.lastId === ids.at(-1) && present.lastId === ids.at(-1), 10_000);
    expect(parseVersion(reader.ids[0]!)!.sequence).toBe(parseVersion(from)!.sequence + 1);
    expectStatus(await database.put('now/k', 'v'), 200);
    await until(() => present.events.length === 1, 5_000);
    reader.kill();
    present.kill();
    await Promise.all(both);
    expect(JSON.parse(present.events[0]!.data)).toMatchObject({ changes: [{ op: 'put', key: 'now/k', value: 'v' }] });
  }, 40_000);

  it('is silent as soon as its key is revoked', async () => {
    const { controlPlane } = leasehold.ready;
    const headers = { authorization: `Bearer ${tenant.token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'short-lived', scopes: ['data:read'] });
    const minted = await call(`${controlPlane}/v1/keys`, { method: 'POST', headers, body });
    expectStatus(minted, 201);
    const { id, key } = minted.json<{ id: string; key: string }>();
    const reader = new FeedReader(`${tenant.database.url}/changes`, key);
    const listening = reader.connect();
    await until(() => reader.lastId !== undefined, 5_000);
    const revoked = await call(`${controlPlane}/v1/keys/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${tenant.token}` },
    });
    expect(revoked.status).toBeLessThan(300);
    await pause(2_500);
    expectStatus(await tenant.database.put('secret', 's'), 200);
    await listening;
    expect(reader.events).toEqual([]);
    expect(reader.errors.map(({ data }) => (JSON.parse(data) as { code: string }).code)).toEqual(['invalid-api-key']);
    expect(await reader.connect()).toMatchObject({ status: 401 });
  }, 40_000);

  it.each([
    ['nonsense', 'since=x', 400, 'invalid-parameter'],
    ['a version of the future', 'since=0000000100ffffffffff', 400, 'invalid-version'],
    ['a prefix longer than any key', `prefix=${'p'.repeat(2_049)}`, 400, 'invalid-parameter'],
    ['another parameter', 'until=1', 400, 'invalid-parameter'],
  ])('is refused with a code: %s', async (_what, query, status, code) => {
    const answer = await tenant.database.request('GET', `/changes?${query}`);
    expect([answer.status, answer.json()['code']]).toEqual([status, code]);
  });

  async function write(writer: number, n: number): Promise<void> {
    const key = `${writer}/${pick(40)}`;
    const value = `${writer}-${n} ${'x'.repeat(pick(LARGE_IN) === 0 ? 50_000 : 20)}`;
    const isDelete = n > 0 && pick(5) === 0;
    const change = JSON.stringify(isDelete ? { op: 'delete', key } : { op: 'put', key, value });
    const sent = isDelete ? tenant.database.delete(key) : tenant.database.put(key, value);
    const answer = await sent.catch(() => undefined);
    const code = answer === undefined || answer.status === 200 ? undefined : answer.json<{ code: string }>().code;
    if (answer?.status === 200) acknowledged.set(answer.json<{ version: string }>().version, change);
    else if (code === undefined || code === 'outcome-unknown') unclear.add(change);
  }

  /** @returns those who owned the database, one after the other */
  async function disasters(): Promise<readonly number[]> {
    const begunAt = Date.now();
    const pids: number[] = [];
    for (const [index, atMs] of DISASTERS_AT_MS.entries()) {
      await pause(begunAt + atMs - Date.now());
      const { owner } = await tenant.database.stats();
      if (!owner) throw new Error('nobody owns the database');
      process.kill(owner.pid, index === 1 ? 'SIGTERM' : 'SIGKILL');
      pids.push(owner.pid);
    }
    return pids;
  }

  function judge(reader: FeedReader, last: string): void {
    const count = parseVersion(last)!.sequence;
    expect(reader.ids.map((id) => parseVersion(id)?.sequence)).toEqual(Array.from({ length: count }, (_, n) => n + 1));
    const heard = new Map(
      reader.events.map(({ id, data }) => [id, (JSON.parse(data) as { changes: Change[] }).changes]),
    );
    for (const [version, change] of acknowledged) {
      expect([version, JSON.stringify(heard.get(version)?.[0]), heard.get(version)?.length]).toEqual([
        version,
        change,
        1,
      ]);
    }
    for (const [version, changes] of heard) {
      if (!acknowledged.has(version)) expect(unclear).toContain(JSON.stringify(changes[0]));
    }
  }
});
