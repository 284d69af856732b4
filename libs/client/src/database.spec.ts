import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { FakeGateway } from '../testing/fake-gateway.js';
import { clientOf } from '../testing/test-client.js';
import { bytes, counter, text } from './codec.js';
import type { Database } from './database.js';
import type { ResponseFacts } from './response-facts.js';
import type { Key } from './tuple.js';

async function keysOf(entries: AsyncIterable<{ readonly key: Key }>): Promise<Key[]> {
  const keys: Key[] = [];
  for await (const { key } of entries) keys.push(key);
  return keys;
}

describe('a database', () => {
  let gateway: FakeGateway;
  let db: Database;

  beforeEach(async () => {
    gateway = await FakeGateway.start();
    db = clientOf(gateway);
  });
  afterEach(() => gateway.stop());

  it('writes, reads and deletes values by tuples', async () => {
    const { version } = await db.put(['users', 1], { name: 'Ada' });
    expect(await db.get(['users', 1])).toEqual({ key: ['users', 1], value: { name: 'Ada' }, version });
    await db.delete(['users', 1]);
    expect(await db.get(['users', 1])).toBeUndefined();
  });

  it('keeps values of any codec, empty ones too', async () => {
    await db.put(['b'], Uint8Array.of(), { codec: bytes });
    await db.put(['t'], 'ü', { codec: text });
    await db.put(['n'], 7n, { codec: counter });
    expect((await db.get(['b'], { codec: bytes }))?.value).toEqual(Uint8Array.of());
    expect((await db.get(['t'], { codec: text }))?.value).toBe('ü');
    expect((await db.get(['n'], { codec: counter }))?.value).toBe(7n);
    await expect(db.get(['t'])).rejects.toMatchObject({ name: 'InvalidError', code: 'undecodable-value' });
    const endless: { self?: object } = {};
    endless.self = endless;
    for (const value of [undefined, 1n, endless, () => 1]) {
      await expect(db.put(['u'], value)).rejects.toMatchObject({ name: 'InvalidError', code: 'invalid-value' });
    }
    expect(gateway.store.sequence).toBe(3);
  });

  it('stores the bytes of what is bytes, and refuses what is not', async () => {
    const words = Uint16Array.of(1, 2);
    await db.bytes.put('words', words as never);
    await db.bytes.commit({ ops: [{ op: 'put', key: 'again', value: words as never }] });
    for (const key of ['words', 'again']) {
      expect([...((await db.bytes.get(key))?.value ?? [])]).toEqual([1, 0, 2, 0]);
    }
    await db.bytes.put('buffer', words.buffer as never);
    expect((await db.bytes.get('buffer'))?.value).toHaveLength(4);
    for (const value of ['text', 5, [1, 2], null, undefined, {}] as never[]) {
      const wrong = { name: 'InvalidError', code: 'invalid-value' };
      await expect(db.bytes.put('words', value)).rejects.toMatchObject(wrong);
      await expect(db.bytes.commit({ ops: [{ op: 'put', key: 'words', value }] })).rejects.toMatchObject(wrong);
    }
    expect((await db.bytes.get('words'))?.value).toHaveLength(4);
  });

  it('refuses a condition without a value, which would be lost', async () => {
    await db.put(['k'], 1);
    const lost = [{ ifVersion: undefined }, { ifVersion: 7 }, { ifExists: false }, { ifExists: undefined }];
    for (const options of lost as object[]) {
      const wrong = { name: 'InvalidError', code: 'invalid-argument' };
      await expect(db.put(['k'], 2, options)).rejects.toMatchObject(wrong);
      await expect(db.delete(['k'], options)).rejects.toMatchObject(wrong);
    }
    expect((await db.get(['k']))?.value).toBe(1);
  });

  it('deletes everything only where nothing but that is said', async () => {
    await db.put(['keep', 1], 1);
    await db.put(['users', 1], 1);
    const wrong = { name: 'InvalidError', code: 'invalid-range' };
    for (const bound of [{ prefix: ['users'] }, { prefix: undefined }, { start: ['users'] }, { end: ['users'] }]) {
      const range = { ...bound, all: true } as never;
      await expect(db.deleteRange(range)).rejects.toMatchObject(wrong);
      const collection = db.collection({ prefix: ['users'] });
      await expect(collection.deleteRange(range)).rejects.toMatchObject(wrong);
      await expect(db.transact((tx) => tx.deleteRange(range))).rejects.toMatchObject(wrong);
    }
    await expect(db.bytes.deleteRange({ prefix: 'k', all: true } as never)).rejects.toMatchObject(wrong);
    expect((await db.page()).entries).toHaveLength(2);
    await db.deleteRange({ all: true });
    expect((await db.page()).entries).toEqual([]);
  });

  it('writes only where the condition holds, and says what is there instead', async () => {
    const first = await db.put(['k'], 1, { ifVersion: null });
    await expect(db.put(['k'], 2, { ifVersion: null })).rejects.toMatchObject({
      name: 'ConflictError',
      code: 'precondition-failed',
      version: first.version,
      requestId: 'r-1',
    });
    const second = await db.put(['k'], 2, { ifVersion: first.version });
    await expect(db.delete(['k'], { ifVersion: first.version })).rejects.toMatchObject({ version: second.version });
    await expect(db.put(['none'], 1, { ifExists: true })).rejects.toMatchObject({ version: null });
    await expect(db.put(['k'], 1, { ifExists: true, ifVersion: second.version })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    expect((await db.get(['k']))?.value).toBe(2);
  });

  it('says how long a key lives, and which write it is', async () => {
    await db.put(['k'], 1, { ttlSeconds: 60, idempotencyKey: 'mine' });
    expect(gateway.seen[0]?.headers).toMatchObject({ 'leasehold-ttl': '60', 'idempotency-key': 'mine' });
    await db.put(['k'], 1);
    await db.put(['k'], 1);
    const drawn = gateway.seen.slice(1).map(({ headers }) => headers['idempotency-key']);
    expect(drawn).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.not.stringMatching(String(drawn[0]))]);
  });

  it('lists what is below a prefix and between bounds, in both directions, page by page', async () => {
    for (const key of [['a'], ['a', 1], ['a', 2], ['a', 2, 'x'], ['a', 3], ['ab'], ['b', 1]]) await db.put(key, 1);
    const below: Key[] = [
      ['a', 1],
      ['a', 2],
      ['a', 2, 'x'],
      ['a', 3],
    ];
    expect(await keysOf(db.list({ prefix: ['a'], pageSize: 1 }))).toEqual(below);
    expect(await keysOf(db.list({ prefix: ['a'], reverse: true, pageSize: 3 }))).toEqual([...below].reverse());
    expect(await keysOf(db.list({ prefix: ['a'], start: ['a', 2] }))).toEqual(below.slice(1));
    expect(await keysOf(db.list({ prefix: ['a'], end: ['a', 2] }))).toEqual(below.slice(0, 1));
    expect(await keysOf(db.list({ start: ['a', 2], end: ['ab'] }))).toEqual(below.slice(1));
    expect(await keysOf(db.list({ prefix: ['a'], limit: 3, pageSize: 2 }))).toEqual(below.slice(0, 3));
    expect(await keysOf(db.list({ limit: 1, reverse: true }))).toEqual([['b', 1]]);
    expect(await keysOf(db.list({ limit: 0 }))).toEqual([]);
    for (const limit of [NaN, -1, 0.5, '3' as never]) {
      await expect(keysOf(db.list({ limit }))).rejects.toMatchObject({ name: 'InvalidError', code: 'invalid-limit' });
      const listed = db.transact((tx) => keysOf(tx.list({ limit })));
      await expect(listed).rejects.toMatchObject({ name: 'InvalidError', code: 'invalid-limit' });
    }
    expect(await keysOf(db.list())).toHaveLength(7);
  });

  it('shows one state over all pages of a listing, and stops asking when nobody takes more', async () => {
    for (let key = 0; key < 4; key++) await db.put([key], key);
    const seen: unknown[] = [];
    for await (const { key } of db.list({ pageSize: 2 })) {
      if (seen.push(key) === 1) await db.put([9], 9);
    }
    expect(seen).toEqual([[0], [1], [2], [3]]);
    const before = gateway.seen.length;
    for await (const _entry of db.list({ pageSize: 2 })) break;
    expect(gateway.seen.length).toBe(before + 1);
  });

  it('goes on with a page by its cursor', async () => {
    for (let key = 0; key < 3; key++) await db.put(['p', key], key);
    const first = await db.page({ prefix: ['p'], limit: 2 });
    const rest = await db.page({ prefix: ['p'], limit: 2, cursor: first.cursor ?? undefined, at: first.version });
    expect([first.entries.length, rest.entries.map(({ value }) => value), rest.cursor]).toEqual([2, [2], null]);
  });

  it('reads many keys and pages of one state in one trip, and the past', async () => {
    const { version } = await db.put(['a', 1], 'old');
    await db.put(['a', 1], 'new');
    const now = await db.read({ gets: [['a', 1], ['none']], lists: [{ prefix: ['a'] }] });
    expect(now.gets).toEqual([{ key: ['a', 1], value: 'new', version: now.version }, undefined]);
    expect(now.lists[0]?.entries).toHaveLength(1);
    const then = await db.read({ gets: [['a', 1]], at: version });
    expect([then.version, then.gets[0]?.value]).toEqual([version, 'old']);
    expect((await db.get(['a', 1], { at: version }))?.value).toBe('old');
    expect(gateway.seen.filter(({ path }) => path === '/reads')).toHaveLength(2);
  });

  it('deletes ranges in one commit, and everything only when told so', async () => {
    for (const key of [['a'], ['a', 1], ['a', 2], ['b']]) await db.put(key, 1);
    await db.deleteRange({ prefix: ['a'] });
    expect(await keysOf(db.list())).toEqual([['a'], ['b']]);
    for (const nothing of [{}, { prefix: [] }, { prefix: undefined }]) {
      await expect(async () => db.deleteRange(nothing)).rejects.toMatchObject({ code: 'invalid-range' });
      await expect(async () => db.bytes.deleteRange({ prefix: '' })).rejects.toMatchObject({ code: 'invalid-range' });
    }
    expect(await keysOf(db.list())).toHaveLength(2);
    await db.deleteRange({ all: true });
    expect(await keysOf(db.list())).toEqual([]);
  });

  it('leaves bytes that it is given as they are, those of Node too', async () => {
    for (const key of ['ab', 'abc', 'ac']) await db.bytes.put(key, Uint8Array.of(1));
    const prefix = Buffer.from('ab');
    await db.bytes.transact(async (tx) => {
      for await (const { key } of tx.list({ prefix })) tx.put(Buffer.concat([Buffer.from('x'), key]), Uint8Array.of(2));
    });
    await db.bytes.deleteRange({ prefix });
    expect(prefix.toString()).toBe('ab');
    const { entries } = await db.bytes.page();
    expect(entries.map(({ key }) => Buffer.from(key).toString())).toEqual(['ac', 'xab', 'xabc']);
  });

  it('refuses a Date that is no time', async () => {
    const never = new Date('soon');
    const wrong = { name: 'InvalidError', code: 'invalid-argument' };
    await expect(db.get(['k'], { at: never })).rejects.toMatchObject(wrong);
    await expect(db.page({ at: never })).rejects.toMatchObject(wrong);
    const ending = db.transact((tx) => tx.put(['k'], 1, { expiresAt: never }));
    await expect(ending).rejects.toMatchObject(wrong);
    expect(gateway.seen).toEqual([]);
  });

  it('has the same database in bytes, and says when a key is no tuple', async () => {
    const bytesDb = db.bytes;
    await bytesDb.put('plain', Uint8Array.of(1));
    expect(await bytesDb.get(Uint8Array.from(Buffer.from('plain')))).toMatchObject({ value: Uint8Array.of(1) });
    await bytesDb.commit({
      checks: [{ key: 'plain', version: '*' }],
      ops: [
        { op: 'put', key: 'pl', value: Uint8Array.of(2) },
        { op: 'sum', key: 'n', operand: 2n ** 63n },
      ],
    });
    expect((await bytesDb.page({ prefix: 'pl' })).entries.map(({ value }) => [...value])).toEqual([[2], [1]]);
    await expect(db.page()).rejects.toMatchObject({ code: 'undecodable-key' });
    await expect(bytesDb.get('')).rejects.toMatchObject({ code: 'invalid-key' });
  });

  it('asks only whether a value has changed, where it may keep values', async () => {
    const caching = clientOf(gateway, { cache: { maxBytes: 1_000 } });
    await db.put(['k'], 'one');
    const statuses: number[] = [];
    const watched = clientOf(gateway, {
      cache: { maxBytes: 1_000 },
      onResponse: ({ status }) => statuses.push(status),
    });
    for (let times = 0; times < 2; times++) expect((await watched.get(['k']))?.value).toBe('one');
    expect(statuses).toEqual([200, 304]);
    await db.put(['k'], 'two');
    expect((await watched.get(['k']))?.value).toBe('two');
    await db.delete(['k']);
    expect(await watched.get(['k'])).toBeUndefined();
    await db.put(['b'], Uint8Array.of(1), { codec: bytes });
    const kept = await caching.get(['b'], { codec: bytes });
    kept?.value.fill(9);
    expect((await caching.get(['b'], { codec: bytes }))?.value).toEqual(Uint8Array.of(1));
  });

  it('tells of each answer what it cost, and is not disturbed by who listens', async () => {
    const told: ResponseFacts[] = [];
    const listened = clientOf(gateway, {
      onResponse(facts) {
        told.push(facts);
        throw new Error('the listener is broken');
      },
    });
    await listened.put(['k'], 1);
    const cost = { readUnits: 1, writeUnits: 0 };
    expect(told).toEqual([{ method: 'PUT', status: 200, attempt: 1, cost, requestId: 'r-1', serverTiming: undefined }]);
  });
});
