import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import type { SessionId } from '@leasehold/foundation';
import { parseVersion, toBase64Url, utf8 } from '@leasehold/foundation';
import { decodeSessionRecord } from '@leasehold/lease';
import type { LocalBucket } from '@leasehold/local-bucket';
import { DEFAULT_OWNERSHIP_SETTINGS } from '@leasehold/ownership';
import { FRAMES_PROTOCOL, HOP_HEADERS, HOP_LIFETIME_MS, LIMITS } from '@leasehold/protocol';
import type { RunningService } from '@leasehold/service-kit';
import { loadConfig } from '@leasehold/service-kit';

import { upgrade } from '../testing/framed-gateway.js';
import { AskedDatabase, waitFor, WorkerWorld } from '../testing/worker-world.js';
import { fleetWorkerConfig } from './fleet-worker.js';

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

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  return (await response.json()) as Record<string, unknown>;
}

async function versionOf(response: Response): Promise<string> {
  expect(response.status).toBe(200);
  const { version } = (await response.json()) as { version: string };
  return version;
}

describe('the routes of one key', () => {
  it('put, get and delete a value under a version', async () => {
    const put = await database.put('k', 'value', a);
    const etag = put.headers.get('etag');
    const version = await versionOf(put);
    expect(etag).toBe(`"${version}"`);
    expect(parseVersion(version)).toEqual({ epoch: 1, sequence: 1 });

    const got = await database.key('k', a);
    expect([got.status, got.headers.get('etag'), got.headers.get('content-type')]).toEqual([
      200,
      etag,
      'application/octet-stream',
    ]);
    expect(got.headers.get('cache-control')).toBe('no-store');
    expect(await got.text()).toBe('value');

    const deleted = await database.key('k', a, { method: 'DELETE' });
    expect(parseVersion(await versionOf(deleted))).toEqual({ epoch: 1, sequence: 2 });
    const gone = await database.key('k', a);
    expect(gone.status).toBe(404);
    expect(await problemOf(gone)).toMatchObject({ code: 'key-not-found' });
  });

  it('keep every byte, none, and as many as the limit allows', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const longest = new Uint8Array(LIMITS.valueBytes).fill(7);
    for (const value of [bytes, new Uint8Array(0), longest]) {
      expect((await database.put('k', value, a)).status).toBe(200);
      const got = await database.key('k', a);
      expect(Buffer.from(await got.arrayBuffer()).equals(Buffer.from(value))).toBe(true);
    }
  });

  it('refuse values and keys that are too large, and keys that are none', async () => {
    const tooLarge = await database.put('k', new Uint8Array(LIMITS.valueBytes + 1), a);
    expect([tooLarge.status, (await problemOf(tooLarge)).code]).toEqual([413, 'value-too-large']);
    const tooLong = await database.put('k'.repeat(LIMITS.keyBytes + 1), 'v', a);
    expect([tooLong.status, (await problemOf(tooLong)).code]).toEqual([400, 'key-too-long']);
    const longest = await database.put('k'.repeat(LIMITS.keyBytes), 'v', a);
    expect(longest.status).toBe(200);
    const malformed = await database.ask(a, '/keys64/not*base64');
    expect([malformed.status, (await problemOf(malformed)).code]).toEqual([400, 'invalid-key']);
  });

  it('answer 304 to who knows the present version', async () => {
    const version = await versionOf(await database.put('k', 'v', a));
    const same = await database.key('k', a, { headers: { 'if-none-match': `"${version}"` } });
    expect([same.status, await same.text(), same.headers.get('etag')]).toEqual([304, '', `"${version}"`]);
    await database.put('k', 'w', a);
    const other = await database.key('k', a, { headers: { 'if-none-match': `"${version}"` } });
    expect([other.status, await other.text()]).toEqual([200, 'w']);
  });

  it('apply a conditional write only where its condition holds, and show what is there instead', async () => {
    expect((await database.put('k', 'v', a, { 'if-none-match': '*' })).status).toBe(200);
    const version = (await database.key('k', a)).headers.get('etag');
    const second = await database.put('k', 'w', a, { 'if-none-match': '*' });
    expect([second.status, second.headers.get('etag')]).toEqual([412, version]);
    expect(await problemOf(second)).toMatchObject({ code: 'precondition-failed', version: version?.slice(1, -1) });
    const absent = await database.put('other', 'w', a, { 'if-match': '*' });
    expect([absent.status, absent.headers.get('etag')]).toEqual([412, null]);
    expect(await problemOf(absent)).toMatchObject({ code: 'precondition-failed', version: null });
    expect((await database.put('k', 'x', a, { 'if-match': version ?? '' })).status).toBe(200);
    const both = await database.put('k', 'y', a, { 'if-match': '*', 'if-none-match': '*' });
    expect([both.status, (await problemOf(both)).code]).toEqual([400, 'invalid-precondition']);
    expect(await (await database.key('k', a)).text()).toBe('x');
  });
});

describe('the other routes', () => {
  it('list a range in pages', async () => {
    for (const key of ['a1', 'a2', 'a3', 'b1']) await database.put(key, `of ${key}`, a);
    const prefix = toBase64Url(utf8('a'));
    const first = await database.ask(a, `/keys?prefix64=${prefix}&limit=2&reverse=false&encoding=utf8`);
    expect(first.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const page = (await first.json()) as { entries: { key: string; value: string }[]; cursor: string };
    expect(page.entries.map(({ key, value }) => [key, value])).toEqual([
      ['a1', 'of a1'],
      ['a2', 'of a2'],
    ]);
    const rest = `/keys?prefix64=${prefix}&limit=2&reverse=false&encoding=utf8&cursor=${encodeURIComponent(page.cursor)}`;
    expect(await (await database.ask(a, rest)).json()).toMatchObject({ entries: [{ key: 'a3' }], cursor: null });
    const invalid = await database.ask(a, '/keys?limit=0&reverse=false&encoding=utf8');
    expect([invalid.status, (await problemOf(invalid)).code]).toEqual([400, 'invalid-limit']);
  });

  it('tell what is known of a database, and own nothing for it', async () => {
    const empty = { session: null, owner: null, epoch: 0, version: null, sizeBytes: 0, l0Files: 0 };
    expect(await (await database.ask(a, '/stats')).json()).toMatchObject(empty);
    expect(await (await database.ask(a, '/keys')).json()).toEqual({ entries: [], cursor: null });
    expect(await world.headOf(database.id)).toBeUndefined();
    const version = await versionOf(await database.put('k', 'v', a));
    const owner = (await world.headOf(database.id))?.owner;
    expect(await (await database.ask(a, '/stats')).json()).toMatchObject({
      session: owner,
      owner: { session: owner, pid: process.pid },
      epoch: 1,
      version,
    });
  });

  it('tell that the worker is ready, and count what it does', async () => {
    await database.put('k', 'v', a);
    expect((await world.look(a, '/readyz')).status).toBe(200);
    const metrics = await (await world.look(a, '/metrics')).text();
    expect(metrics).toMatch(/leasehold_worker_claims_total\{.*kind="free".*\} 1/);
    expect(metrics).toMatch(/leasehold_worker_open_databases(\{.*\})? 1/);
    expect(metrics).toMatch(/leasehold_worker_store_requests_total\{.*verb="put".*outcome="done".*\} \d+/);
  });
});

describe('the hop', () => {
  it.each<[string, Parameters<AskedDatabase['ask']>[2]]>([
    ['unsigned', { hop: null }],
    ['malformed', { hop: 'x' }],
    ['signed by somebody else', { hop: `${Date.now() + 30_000}.${'0'.repeat(64)}` }],
    ['expired', { expiresAt: Date.now() - 1 }],
    ['valid for too long', { expiresAt: Date.now() + 3 * HOP_LIFETIME_MS }],
    ['signed for another method', { signed: { method: 'PUT' } }],
    ['signed for another path', { signed: { path: '/internal/v1/databases/other/keys' } }],
    ['signed for another tenant', { signed: { headers: { [HOP_HEADERS.tenant]: 'tenant-b' } } }],
    ['signed for another database', { signed: { headers: { [HOP_HEADERS.database]: 'other' } } }],
    ['signed without its condition', { headers: { 'if-match': '*' }, signed: { headers: { 'if-match': '' } } }],
    ['signed without its wait', { headers: waitFor('s'), signed: { headers: waitFor('') } }],
    ['signed for another body', { signed: { body: 'other' } }],
  ])('that is %s lets nobody in', async (_, ask) => {
    await database.put('k', 'v', a);
    const answer = await database.key('k', a, ask);
    expect([answer.status, (await problemOf(answer)).code]).toEqual([401, 'unauthenticated']);
  });

  it('meant for another session, which was at this address before, is refused, and applied by nobody', async () => {
    const before = { [HOP_HEADERS.session]: '01arz3ndektsv4rrffq69g5fav' };
    const refused = await database.put('k', 'v', a, before);
    expect([refused.status, (await problemOf(refused)).code]).toEqual([503, 'session-expired']);
    expect(await upgrade(a.url, FRAMES_PROTOCOL, before)).toBe(503);
    expect((await database.key('k', a)).status).toBe(404);
    await database.put('k', 'v', a);
    const { session } = (await (await database.ask(a, '/stats')).json()) as { session: string };
    const now = { [HOP_HEADERS.session]: session };
    expect((await database.key('k', a, { headers: now })).status).toBe(200);
    const socket = await upgrade(a.url, FRAMES_PROTOCOL, now);
    expect(socket).not.toEqual(expect.any(Number));
    if (typeof socket !== 'number') socket.destroy();
  });

  it('names a database by its id, and who asks', async () => {
    const answer = await new (class extends AskedDatabase {
      override readonly id = 'not-an-id';
    })().ask(a, '/stats');
    expect([answer.status, (await problemOf(answer)).code]).toEqual([400, 'invalid-request']);
  });

  it('of another tenant finds no such database', async () => {
    await database.put('k', 'v', a);
    const read = await database.key('k', a, { tenant: 'tenant-b' });
    expect([read.status, (await problemOf(read)).code]).toEqual([404, 'database-not-found']);
    const write = await database.key('k', a, { tenant: 'tenant-b', method: 'PUT', body: 'x' });
    expect([write.status, (await problemOf(write)).code]).toEqual([404, 'database-not-found']);
  });
});

describe('two workers', () => {
  it('point to each other with the owner and its session', async () => {
    const b = await world.start(bucket);
    await database.put('k', 'v', a);
    const owner = (await world.headOf(database.id))?.owner as SessionId;
    for (const answer of [
      await database.put('k', 'w', b),
      await database.key('k', b),
      await database.ask(b, '/stats'),
    ]) {
      expect([answer.status, (await problemOf(answer)).code]).toEqual([421, 'misdirected']);
      expect(answer.headers.get(HOP_HEADERS.owner)).toBe(a.url);
      expect(answer.headers.get(HOP_HEADERS.ownerSession)).toBe(owner);
    }
  });

  it('wait no longer for an owner than the gateway listens, and say that nothing was applied', async () => {
    await database.put('k', 'v', a);
    const owner = (await world.headOf(database.id))?.owner as SessionId;
    const b = await world.start(bucket);
    const begunAt = performance.now();
    const headers = { ...waitFor(owner), [HOP_HEADERS.waitMs]: '300' };
    const refused = await database.key('k', b, { method: 'PUT', body: 'other', headers });
    expect([refused.status, (await problemOf(refused)).code]).toEqual([503, 'owner-unavailable']);
    expect(performance.now() - begunAt).toBeLessThan(3_000);
    expect(await (await database.key('k', a)).text()).toBe('v');
  });

  it('hand over at once when one drains, and its record says that nothing is left', async () => {
    await database.put('k', 'v', a);
    const owner = (await world.headOf(database.id))?.owner as SessionId;
    const b = await world.start(bucket);
    await a.close();
    const record = await world.store.get(bucketLayout.session(owner));
    expect(record !== undefined && record !== 'not-modified' && decodeSessionRecord(record.body).state).toBe('clean');
    expect((await world.headOf(database.id))?.lastCommit).toEqual({ epoch: 1, sequence: 1 });
    const begunAt = performance.now();
    const version = await versionOf(
      await database.key('k2', b, { method: 'PUT', body: 'v2', headers: waitFor(owner) }),
    );
    expect(parseVersion(version)).toEqual({ epoch: 2, sequence: 2 });
    // Far below the ttl, after which a silent session would have been taken over.
    expect(performance.now() - begunAt).toBeLessThan(3_000);
    expect(await (await database.key('k', b)).text()).toBe('v');
    expect(world.lost).toEqual([]);
  });

  it('acknowledge or disclaim every write that meets the drain', async () => {
    const b = await world.start(bucket);
    await database.put('first', 'v', a);
    const owner = (await world.headOf(database.id))?.owner as SessionId;
    const writes = Array.from({ length: 40 }, async (_, i) => {
      await new Promise((resolve) => setTimeout(resolve, i));
      const answer = await database.put(`k${i}`, 'v', a).catch(() => undefined);
      const { code } = answer === undefined || answer.ok ? { code: undefined } : await problemOf(answer);
      return answer?.ok ? 'acknowledged' : (code ?? 'no connection');
    });
    // One has its answer, however busy the machine is; others are under way.
    await Promise.race(writes);
    await a.close();
    const outcomes = await Promise.all(writes);
    expect(new Set(outcomes)).not.toContain('outcome-unknown');
    expect(outcomes.filter((outcome) => outcome === 'acknowledged').length).toBeGreaterThan(0);
    const list = await database.ask(b, '/keys?limit=100&reverse=false&encoding=utf8', { headers: waitFor(owner) });
    const { entries } = (await list.json()) as { entries: { key: string }[] };
    const found = new Set(entries.map(({ key }) => key));
    for (const [i, outcome] of outcomes.entries()) {
      expect([i, outcome, found.has(`k${i}`)]).toEqual([i, outcome, outcome === 'acknowledged']);
    }
  });

  it('take over from one that the bucket no longer hears, which serves nothing and ends when it hears of it', async () => {
    const ownBucket = await world.serveBucket();
    const cutOff = await world.start(ownBucket, { SESSION_TTL_MS: '1500' });
    await database.put('k', 'v', cutOff);
    const owner = (await world.headOf(database.id))?.owner as SessionId;
    await ownBucket.close();
    // Waits for the silence of the other, then takes everything over.
    const taken = await database.key('k2', a, { method: 'PUT', body: 'v2', headers: waitFor(owner) });
    expect(parseVersion(await versionOf(taken))).toEqual({ epoch: 2, sequence: 2 });
    expect(await (await database.key('k', a)).text()).toBe('v');
    const read = await database.key('k', cutOff);
    expect([read.status, (await problemOf(read)).code]).toEqual([503, 'session-expired']);
    expect((await world.look(cutOff, '/readyz')).status).toBe(503);
    await world.serveBucket(ownBucket.port);
    for (let i = 0; i < 100 && world.lost.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(world.lost).toMatchObject([{ name: 'SessionLostError' }]);
  }, 20_000);
});

describe('a worker whose queue of jobs is away', () => {
  it('writes on past the point where it wants a compaction', async () => {
    const value = new Uint8Array(LIMITS.valueBytes);
    let files = 0;
    for (let round = 0; round < 30 && files < DEFAULT_OWNERSHIP_SETTINGS.compactAtL0Files; round++) {
      const writes = Array.from({ length: 4 }, (_, i) => database.put(`k${round}-${i}`, value, a));
      expect((await Promise.all(writes)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      files = ((await (await database.ask(a, '/stats')).json()) as { l0Files: number }).l0Files;
    }
    expect(files).toBe(DEFAULT_OWNERSHIP_SETTINGS.compactAtL0Files);
    expect((await database.put('last', 'v', a)).status).toBe(200);
    expect((await database.key('k0-0', a)).status).toBe(200);
  }, 20_000);
});

describe('the start of a worker', () => {
  it('names the variable that is wrong', () => {
    const env = { LEASEHOLD_INTERNAL_SECRET: 'x'.repeat(32) };
    expect(() => loadConfig(fleetWorkerConfig, env)).toThrow(/DATABASE_URL/);
    expect(() => loadConfig(fleetWorkerConfig, { ...env, DATABASE_URL: 'postgres://x', SESSION_TTL_MS: '1' })).toThrow(
      /SESSION_TTL_MS/,
    );
    expect(() => loadConfig(fleetWorkerConfig, { DATABASE_URL: 'postgres://x' })).toThrow(/LEASEHOLD_INTERNAL_SECRET/);
    const same = { ...env, DATABASE_URL: 'postgres://x', LEASEHOLD_OPERATOR_SECRET: env.LEASEHOLD_INTERNAL_SECRET };
    expect(() => loadConfig(fleetWorkerConfig, same)).toThrow(/LEASEHOLD_OPERATOR_SECRET/);
  });

  it('serves with a disk cache too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lh-worker-'));
    const cached = await world.start(bucket, {
      BLOCK_CACHE_DIR: folder,
      BLOCK_CACHE_DISK_BYTES: `${32 * 1024 * 1024}`,
    });
    expect((await new AskedDatabase().put('k', 'v', cached)).status).toBe(200);
    await rm(folder, { recursive: true });
  });

  it('says so when the directory of its disk cache cannot be used, before it has a session', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'lh-worker-'));
    const folder = join(parent, 'file');
    await writeFile(folder, '');
    const { objects } = await world.store.list('workers/');
    await expect(world.start(bucket, { BLOCK_CACHE_DIR: folder })).rejects.toMatchObject({
      code: 'cache-directory-unusable',
    });
    expect((await world.store.list('workers/')).objects).toHaveLength(objects.length);
    await rm(parent, { recursive: true });
  });

  it('keeps nothing open when the bucket is away', async () => {
    const away = await world.serveBucket();
    await away.close();
    await expect(world.start(away)).rejects.toMatchObject({ kind: 'unavailable' });
  }, 40_000);
});
