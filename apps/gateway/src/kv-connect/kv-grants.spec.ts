import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Kv, KvKey } from '@deno/kv';
import { openKv } from '@deno/kv';

import { FakeEntries } from '../testing/fake-entries.js';
import type { FakeWorker } from '../testing/fake-worker.js';
import { DATABASE_ID, GatewayWorld } from '../testing/gateway-world.js';
import { TokenMaker } from '../testing/token-maker.js';

/** `['users', 'a']` as Deno KV writes the key, so far as every longer one begins with it. */
const PREFIX = Buffer.from('\x02users\0\x02a\0');
const MINE: KvKey = ['users', 'a', 'name'];
const THEIRS: KvKey = ['users', 'b', 'name'];

describe('a token with a key prefix, as the access token of KV Connect', () => {
  let world: GatewayWorld;
  let worker: FakeWorker;
  let entries: FakeEntries;
  let all: Kv;
  let mine: Kv;
  let token: string;

  const connect = (accessToken: string) => {
    const fetcher: typeof fetch = async (url, init) => {
      const answer = await fetch(url, init);
      // The client wants objects of its own realm, and what Node parses is of another than that of a test.
      return Object.assign(answer, { json: async () => JSON.parse(await answer.text()) as unknown });
    };
    return openKv(`${world.url}/kv/main`, { accessToken, fetcher, maxRetries: 0 });
  };
  async function valuesOf(list: Parameters<Kv['list']>[0], options?: Parameters<Kv['list']>[1]): Promise<unknown[]> {
    const values: unknown[] = [];
    for await (const { value } of mine.list(list, options)) values.push(value);
    return values;
  }
  const outside = /403.*outside-key-prefix/;

  beforeAll(async () => {
    world = new GatewayWorld();
    const maker = await TokenMaker.over(world.source);
    await world.start({ TENANT_BURST_REQUESTS: '100000' });
    worker = await world.addWorker();
    all = await connect(world.key);
    token = await maker.make(world.key, { keyPrefix: PREFIX });
    mine = await connect(token);
  });
  beforeEach(async () => {
    entries = new FakeEntries();
    worker.behaviour = entries.serve;
    await all.set(THEIRS, 'secret');
  });
  afterAll(async () => {
    all.close();
    mine.close();
    await world.stop();
  });

  it('reads and writes keys of its prefix', async () => {
    expect(await mine.set(MINE, 'Ada')).toMatchObject({ ok: true });
    expect((await mine.get(MINE)).value).toBe('Ada');
    expect(await valuesOf({ prefix: ['users', 'a'] })).toEqual(['Ada']);
    expect(await valuesOf({ prefix: ['users', 'a'] }, { reverse: true, limit: 1 })).toEqual(['Ada']);
    const { versionstamp } = await mine.get(MINE);
    expect(await mine.atomic().check({ key: MINE, versionstamp }).delete(MINE).commit()).toMatchObject({ ok: true });
    expect(await mine.atomic().check({ key: MINE, versionstamp: null }).commit()).toMatchObject({ ok: true });
  });

  it('sees no key behind its prefix where it asks for one that does not exist', async () => {
    for (const keys of [[MINE], [MINE, ['users', 'a', 'zzz']]]) {
      worker.received.length = 0;
      const found = await mine.getMany(keys);
      expect(found.map(({ value }) => value)).toEqual(keys.map(() => null));
    }
    // Nor has it been read at all.
    const { lists } = JSON.parse(worker.received[0]?.body.toString() ?? '{}') as { lists: { end64: string }[] };
    for (const { end64 } of lists) expect(Buffer.from(end64, 'base64url').subarray(0, PREFIX.length)).toEqual(PREFIX);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a key', () => mine.get(THEIRS)],
    ['one of many keys', () => mine.getMany([MINE, THEIRS])],
    ['a range', () => valuesOf({ prefix: ['users'] })],
    ['a range that begins inside', () => valuesOf({ start: MINE, end: ['users', 'c'] })],
    ['a write', () => mine.set(THEIRS, 'mine now')],
    ['a delete', () => mine.delete(THEIRS)],
    ['a check', () => mine.atomic().check({ key: THEIRS, versionstamp: null }).set(MINE, 1).commit()],
    ['a counter', () => mine.atomic().sum(['users', 'b', 'count'], 1n).commit()],
  ])('is refused %s outside', async (_what, ask) => {
    const before = entries.applied.length;
    worker.received.length = 0;
    await expect(ask()).rejects.toThrow(outside);
    expect([entries.applied.length, worker.received.length]).toEqual([before, 0]);
  });

  it('is refused a watch of a key outside, beside one inside', async () => {
    // Watch { repeated WatchKey { bytes key = 1 } = 1 }: the client tells nobody of a refusal.
    const field = (bytes: Uint8Array) => Buffer.concat([Buffer.from([0x0a, bytes.byteLength]), bytes]);
    const watch = (...keys: readonly string[]) => Buffer.concat(keys.map((key) => field(field(Buffer.from(key)))));
    const headers = {
      'content-type': 'application/x-protobuf',
      'x-denokv-version': '3',
      'x-denokv-database-id': DATABASE_ID,
    };
    worker.received.length = 0;
    const body = watch('\x02users\0\x02a\0', '\x02users\0\x02b\0');
    const answer = await world.call('POST', '/kv/main/v2/watch', { key: token, headers, body });
    expect([answer.status, answer.json()['code'], answer.json()['detail']]).toEqual([
      403,
      'outside-key-prefix',
      'keys.1: lies outside the key prefix of the caller',
    ]);
    expect(worker.received).toHaveLength(0);
  });
});
