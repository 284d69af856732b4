import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';

import { FakeGateway } from '../testing/fake-gateway.js';
import { clientOf } from '../testing/test-client.js';
import type { Database } from './database.js';
import { UndecodableError } from './errors.js';
import { decodeKey } from './tuple.js';
import { SchemaError } from './validated.js';
import { versioned } from './versioned.js';

const user = z.object({ name: z.string().trim().min(1), role: z.enum(['admin', 'member']).default('member') });

describe('a collection', () => {
  let gateway: FakeGateway;
  let db: Database;

  beforeEach(async () => {
    gateway = await FakeGateway.start();
    db = clientOf(gateway);
  });
  afterEach(() => gateway.stop());

  it('takes and gives keys without its prefix', async () => {
    const orders = db.collection<number>({ prefix: ['users', 1, 'orders'] });
    await orders.put('first', 10);
    await orders.put(['2026', 7], 20);
    expect(await db.get(['users', 1, 'orders', '2026', 7])).toMatchObject({ value: 20 });
    expect(await orders.get(['2026', 7])).toMatchObject({ key: ['2026', 7], value: 20 });
    const { entries } = await orders.page();
    expect(entries.map(({ key }) => key)).toEqual([['2026', 7], ['first']]);
    const found: unknown[] = [];
    for await (const { key } of orders.list({ prefix: ['2026'] })) found.push(key);
    expect(found).toEqual([['2026', 7]]);
    await orders.delete('first');
    await db.put(['users', 1], 'beside');
    await orders.deleteRange({ all: true });
    expect((await db.page()).entries.map(({ key }) => key)).toEqual([['users', 1]]);
  });

  it('validates what is written, and writes what the schema makes of it', async () => {
    const users = db.collection({ prefix: ['users'], schema: user });
    await users.put(1, { name: ' Ada ' });
    expect((await users.get(1))?.value).toEqual({ name: 'Ada', role: 'member' });
    expect((await db.get(['users', 1]))?.value).toEqual({ name: 'Ada', role: 'member' });
    await expect(users.put(2, { name: '  ' })).rejects.toMatchObject({
      name: 'InvalidError',
      code: 'invalid-value',
      issues: [expect.objectContaining({ path: ['name'] })],
      message: expect.stringMatching(/^the written value does not fit its schema at name: /),
    });
    expect(await users.get(2)).toBeUndefined();
  });

  it('refuses to show what does not fit', async () => {
    await db.put(['users', 3], { name: 7 });
    const users = db.collection({ prefix: ['users'], schema: user });
    await expect(users.get(3)).rejects.toMatchObject({ code: 'undecodable-value' });
    await expect(users.page()).rejects.toMatchObject({ code: 'undecodable-value' });
  });

  it('tells the key of an entry that it cannot list, to go on behind it', async () => {
    const users = db.collection({ prefix: ['users'], schema: user });
    await db.put(['users', 1], { name: 'Ada' });
    await db.put(['users', 2], { name: 7 });
    const listing = (async () => {
      for await (const { key } of users.list()) expect(key).toEqual([1]);
    })();
    const error = (await listing.catch((error: unknown) => error)) as UndecodableError;
    expect(error).toBeInstanceOf(UndecodableError);
    expect(error).toMatchObject({ name: 'InvalidError', code: 'undecodable-value', cause: expect.any(SchemaError) });
    expect(decodeKey(error.key)).toEqual(['users', 2]);
    await expect(users.page()).rejects.toMatchObject({ key: error.key });
  });

  it('is read and written inside of a transaction, all or nothing', async () => {
    const users = db.collection({ prefix: ['users'], schema: user });
    await users.put(1, { name: 'Ada' });
    await db.transact(async (tx) => {
      const ada = await tx.in(users).get(1);
      tx.in(users).put(2, { name: `${ada?.value.name} II`, role: 'admin' });
      tx.put(['count'], 2);
    });
    expect((await users.get(2))?.value).toEqual({ name: 'Ada II', role: 'admin' });
    const broken = db.transact((tx) => {
      tx.put(['count'], 3);
      tx.in(users).put(3, { name: '' });
    });
    await expect(broken).rejects.toMatchObject({ code: 'invalid-value' });
    expect((await db.get(['count']))?.value).toBe(2);
  });

  it('tells its changes', async () => {
    const users = db.collection({ prefix: ['users'], schema: user });
    await db.put(['other', 1], 1);
    await users.put(1, { name: 'Ada' });
    for await (const { changes } of users.changes({ since: '0' })) {
      expect(changes).toEqual([{ op: 'put', key: [1], value: { name: 'Ada', role: 'member' }, expiresAt: undefined }]);
      break;
    }
  });

  it('brings old values to the present version when they are read, and leaves them as they are', async () => {
    const old = db.collection({ prefix: ['p'], codec: versioned<{ full: string }>({ version: 1 }) });
    await old.put('a', { full: 'Ada Lovelace' });
    await db.put(['p', 'z'], 'Grace Hopper');
    const people = db.collection({
      prefix: ['p'],
      schema: z.object({ first: z.string(), last: z.string() }),
      codec: versioned({
        version: 3,
        unversioned: 0,
        upcasts: {
          0: (name: string) => ({ full: name }),
          1: ({ full }: { full: string }) => full.split(' '),
          2: ([first, last]: string[]) => ({ first, last }),
        },
      }),
    });
    const { entries } = await people.page();
    expect(entries.map(({ value }) => value.last)).toEqual(['Lovelace', 'Hopper']);
    expect((await db.get(['p', 'a']))?.value).toEqual({ $version: 1, value: { full: 'Ada Lovelace' } });
    await people.put('a', { first: 'Ada', last: 'King' });
    expect((await db.get(['p', 'a']))?.value).toEqual({ $version: 3, value: { first: 'Ada', last: 'King' } });
    await expect(old.get('a')).rejects.toMatchObject({ code: 'undecodable-value' });
    await expect(old.get('z')).rejects.toMatchObject({ code: 'undecodable-value' });
    await expect(people.put('u', undefined as never)).rejects.toMatchObject({ code: 'invalid-value' });
    for (const none of [undefined, () => 1, Symbol('1'), { toJSON: () => undefined }, 1n]) {
      await expect(old.put('u', none as never)).rejects.toMatchObject({ code: 'invalid-value' });
    }
    expect(() => versioned({ version: 1.5 })).toThrow('a version is a whole number');
    const gap = db.collection({ prefix: ['p'], codec: versioned({ version: 9 }) });
    await expect(gap.get('a')).rejects.toThrow('there is no upcast from version 3');
  });
});
