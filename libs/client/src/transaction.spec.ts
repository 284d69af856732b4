import { runInNewContext } from 'node:vm';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { FakeGateway } from '../testing/fake-gateway.js';
import { clientOf } from '../testing/test-client.js';
import { counter } from './codec.js';
import type { Database } from './database.js';
import type { Transaction } from './transaction.js';

describe('a transaction', () => {
  let gateway: FakeGateway;
  let db: Database;

  beforeEach(async () => {
    gateway = await FakeGateway.start();
    db = clientOf(gateway);
  });
  afterEach(() => gateway.stop());

  const numberAt = async (key: string) => (await db.get<number>([key]))?.value ?? 0;

  it('applies what follows from what it read, and returns what its work returned', async () => {
    await db.put(['a'], 10);
    const moved = await db.transact(async (tx) => {
      const [a, b] = await tx.getMany<number>([['a'], ['b']]);
      tx.put(['a'], (a?.value ?? 0) - 3);
      tx.put(['b'], (b?.value ?? 0) + 3);
      tx.sum(['moves'], 1);
      return 3;
    });
    expect([moved, await numberAt('a'), await numberAt('b')]).toEqual([3, 7, 3]);
    expect((await db.get(['moves'], { codec: counter }))?.value).toBe(1n);
    expect(gateway.store.sequence).toBe(2);
  });

  it('runs again while others change what it reads, and loses no update', async () => {
    const increment = () =>
      db.transact(async (tx) => {
        const n = await tx.get<number>(['n']);
        tx.put(['n'], (n?.value ?? 0) + 1);
      });
    await Promise.all(Array.from({ length: 12 }, increment));
    expect(await numberAt('n')).toBe(12);
  });

  it('refuses what comes after its work has returned', async () => {
    await db.put(['a'], 1);
    let late: Promise<unknown> = Promise.resolve();
    const ended = { name: 'InvalidError', code: 'transaction-ended' };
    let kept: Transaction | undefined;
    await db.transact((tx) => {
      kept = tx;
      late = tx.get(['a']).then(() => tx.put(['late'], 1));
      late.catch(() => undefined);
      tx.put(['b'], 1);
    });
    await expect(late).rejects.toMatchObject(ended);
    await expect(kept?.get(['a'])).rejects.toMatchObject(ended);
    for (const call of [() => kept?.put(['c'], 1), () => kept?.sum(['c'], 1), () => kept?.check(['a'], null)]) {
      expect(call).toThrow(expect.objectContaining(ended));
    }
    expect((await db.page()).entries.map(({ key }) => key)).toEqual([['a'], ['b']]);
  });

  it('gives up after its attempts', async () => {
    let runs = 0;
    const contended = db.transact(
      async (tx) => {
        runs += 1;
        await tx.get(['n']);
        await db.put(['n'], runs);
        tx.put(['n'], -1);
      },
      { attempts: 3 },
    );
    await expect(contended).rejects.toMatchObject({ name: 'ConflictError', code: 'precondition-failed' });
    expect([runs, await numberAt('n')]).toEqual([3, 3]);
  });

  it('reads one state, whatever is committed meanwhile', async () => {
    await db.put(['a'], 1);
    await db.put(['b'], 1);
    const seen: unknown[] = [];
    await db.transact(async (tx) => {
      const a = await tx.get<number>(['a']);
      if (seen.length === 0) await db.bytes.transact((other) => other.put('x', Uint8Array.of()));
      if (seen.length === 0) await db.put(['b'], 2);
      const b = await tx.get<number>(['b']);
      seen.push([a?.value, b?.value]);
      tx.put(['c'], 1);
    });
    expect(seen).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });

  it.each([
    ['added', (other: Database) => other.put(['list', 3], 1)],
    ['changed', (other: Database) => other.put(['list', 1], 2)],
    ['deleted', (other: Database) => other.delete(['list', 1])],
    ['deleted with a range', (other: Database) => other.deleteRange({ prefix: ['list'] })],
  ])('runs again when something that it listed is %s', async (_, disturb) => {
    for (const key of [1, 2]) await db.put(['list', key], 1);
    let runs = 0;
    await db.transact(async (tx) => {
      runs += 1;
      let sum = 0;
      for await (const { value } of tx.list<number>({ prefix: ['list'], pageSize: 1 })) sum += value;
      if (runs === 1) await disturb(db);
      tx.put(['sum'], sum);
    });
    expect(runs).toBe(2);
  });

  it.each([false, true])('checks of a listing only as far as it was read (reverse: %p)', async (reverse) => {
    for (const key of [1, 2, 3, 4]) await db.put(['list', key], 1);
    let runs = 0;
    const readTwo = async (disturbed: number) => {
      runs = 0;
      await db.transact(async (tx) => {
        runs += 1;
        for await (const _entry of tx.list({ prefix: ['list'], reverse, limit: 2, pageSize: 1 }));
        if (runs === 1) await db.put(['list', disturbed], 2);
        tx.put(['seen'], runs);
      });
      return runs;
    };
    expect([await readTwo(reverse ? 1 : 4), await readTwo(reverse ? 3 : 2)]).toEqual([1, 2]);
  });

  it('refuses to read what it wrote before', async () => {
    const afterWrite = async (write: Parameters<Database['transact']>[0], read: Parameters<Database['transact']>[0]) =>
      db.transact(async (tx) => {
        await write(tx);
        await read(tx);
      });
    const refusal = { name: 'InvalidError', code: 'read-after-write' };
    const list: Parameters<Database['transact']>[0] = async (tx) => {
      for await (const _entry of tx.list({ prefix: ['a'] }));
    };
    await expect(
      afterWrite(
        (tx) => tx.put(['a', 1], 1),
        (tx) => tx.get(['a', 1]),
      ),
    ).rejects.toMatchObject(refusal);
    await expect(afterWrite((tx) => tx.sum(['a', 1], 1), list)).rejects.toMatchObject(refusal);
    await expect(
      afterWrite(
        (tx) => tx.deleteRange({ prefix: ['a'] }),
        (tx) => tx.get(['a', 1]),
      ),
    ).rejects.toMatchObject(refusal);
    await expect(afterWrite((tx) => tx.deleteRange({ prefix: ['a'] }), list)).rejects.toMatchObject(refusal);
    await afterWrite((tx) => tx.put(['b'], 1), list);
    expect(gateway.store.sequence).toBe(1);
  });

  it('writes bytes of every kind', async () => {
    const { buffer } = Uint8Array.of(7, 8);
    const foreign = runInNewContext('Uint8Array.of(7, 8)') as Uint8Array;
    expect(foreign).not.toBeInstanceOf(Uint8Array);
    await db.transact((tx) => {
      for (const [n, value] of [buffer, new DataView(buffer), foreign, Promise.resolve(foreign)].entries()) {
        tx.bytes.put(`bytes ${n}`, value as Uint8Array);
      }
    });
    const { entries } = await db.bytes.page({ prefix: 'bytes' });
    expect(entries.map(({ value }) => [...value])).toEqual(Array(4).fill([7, 8]));
  });

  it('applies nothing when its work fails, and sends nothing when there is nothing to apply', async () => {
    const failing = db.transact((tx) => {
      tx.put(['a'], 1);
      throw new Error('not today');
    });
    await expect(failing).rejects.toThrow('not today');
    await db.put(['a'], 1);
    expect(await db.transact(async (tx) => (await tx.get(['a']))?.value)).toBe(1);
    expect(gateway.seen.filter(({ path }) => path === '/transactions')).toEqual([]);
  });

  it('demands versions that are known from elsewhere, without another run', async () => {
    let runs = 0;
    const demanding = db.transact((tx) => {
      runs += 1;
      tx.check(['a'], '*');
      tx.put(['b'], 1);
    });
    await expect(demanding).rejects.toMatchObject({ name: 'ConflictError', failedCheck: 0, version: null });
    expect(runs).toBe(1);
  });

  it('does not take a conflict of its work for one of its own', async () => {
    await db.put(['a'], 1);
    let runs = 0;
    const failing = db.transact(async () => {
      runs += 1;
      await db.bytes.commit({ checks: [{ key: 'x', version: '*' }], ops: [] });
    });
    await expect(failing).rejects.toMatchObject({ failedCheck: 0 });
    expect(runs).toBe(1);
  });

  it('runs again when the state that it reads is forgotten', async () => {
    await db.put(['a'], 1);
    let gone = 1;
    gateway.fate = ({ body }) =>
      body.includes('"at"') && gone-- > 0 ? { status: 410, body: '{"code":"history-gone"}' } : 'serve';
    let runs = 0;
    await db.transact(async (tx) => {
      runs += 1;
      await tx.get(['a']);
      await tx.get(['b']);
      tx.put(['c'], 1);
    });
    expect(runs).toBe(2);
  });

  it('ends with its signal', async () => {
    const controller = new AbortController();
    const ended = db.transact(
      async (tx) => {
        await tx.get(['a']);
        await db.put(['a'], 1);
        controller.abort(new Error('enough'));
        tx.put(['b'], 1);
      },
      { signal: controller.signal },
    );
    await expect(ended).rejects.toThrow('enough');
    expect(await db.get(['b'])).toBeUndefined();
  });
});
