import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { utf8 } from '@leasehold/foundation';

import type { TestWorker } from '../../testing/test-workers.js';
import { databaseNamed, patient, TestWorkers } from '../../testing/test-workers.js';
import { encodeCounter } from './counter.js';
import type { Check, Transaction } from './transaction.js';

const DATABASE = databaseNamed(1);
const LARGE = 'x'.repeat(40 * 1024);

let workers: TestWorkers;
let a: TestWorker;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
});

afterEach(() => workers.stop());

const put = (key: string, value: string) => ({ op: 'put', key: utf8(key), value: utf8(value) }) as const;
const present = (key: string): Check => ({ kind: 'key', key: utf8(key), precondition: { kind: 'present' } });

function fate(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );
}

/** Opened by a worker that has nothing of its file in memory. */
async function coldFile(keys: readonly string[]): Promise<TestWorker> {
  await workers.settle(a.open(DATABASE));
  for (const key of keys) await workers.settle(a.put(DATABASE, key, LARGE));
  await workers.settle(a.release(DATABASE));
  const b = await workers.start();
  await workers.settle(b.open(DATABASE));
  return b;
}

/** So many microtasks pass, at the most, between the answer of the store and the end of a turn. */
const MICROTASKS = 60;

describe('turns', () => {
  it('hold for who comes in between the last ones that leave', async () => {
    await coldFile(['f0', 'f1', 'f2', 'f3']);
    await workers.settle(workers.all[1]!.release(DATABASE));
    const broken: number[] = [];
    for (let ticks = 0; ticks < MICROTASKS; ticks++) {
      const b = await workers.start();
      await workers.settle(b.open(DATABASE));
      const order: string[] = [];
      const run = (name: string, tx: Partial<Transaction>) => b.transact(DATABASE, tx).then(() => order.push(name));
      const hold = () => b.line.trouble('hold', `db/${DATABASE.databaseId}/sst`, ['get']);
      await workers.settle(b.get(DATABASE, 'f0'));
      hold();
      const all = [run('1', { checks: [present('f1')] })];
      await workers.clock.advance(10);
      // Goes on with each microtask between the other two.
      const between = b.line.get(`db/${DATABASE.databaseId}/sst`).then(async () => {
        for (let i = 0; i < ticks; i++) await Promise.resolve();
        all.push(run('checked', { checks: [present('f3')], ops: [put('other', '1')] }));
      });
      all.push(run('2', { checks: [present('f2')] }));
      await workers.clock.advance(10);
      b.line.mend();
      hold();
      await between;
      await workers.clock.advance(10);
      all.push(run('behind', { ops: [put('other', '2')] }));
      await workers.clock.advance(1_000);
      b.line.mend();
      await workers.settle(Promise.all(all));
      if (order.indexOf('behind') < order.indexOf('checked')) broken.push(ticks);
      await workers.settle(b.release(DATABASE));
      b.crash();
    }
    expect(broken).toEqual([]);
  });
});

describe('a refusal', () => {
  beforeEach(() => workers.settle(a.open(DATABASE)));

  const held: Partial<Transaction>[] = [
    { checks: [present('k'), present('nowhere')] },
    { checks: [present('k')], ops: [{ op: 'sum', key: utf8('text'), operand: 1n }] },
    {
      ops: [
        { op: 'sum', key: utf8('k'), operand: 1n },
        { op: 'sum', key: utf8('text'), operand: 1n },
      ],
    },
  ];
  it.each(held)('waits for what the parts before the refused one have seen (R2): %#', async (tx) => {
    await workers.settle(a.put(DATABASE, 'text', 'text'));
    a.line.trouble('hold', 'log/');
    const write = a.access.write(
      DATABASE,
      { key: utf8('k'), value: encodeCounter(1n), precondition: { kind: 'none' } },
      patient(),
    );
    const refused = fate(a.transact(DATABASE, tx));
    await workers.clock.advance(10);
    expect(await Promise.race([refused, 'pending'])).toBe('pending');
    a.line.mend();
    await workers.settle(write);
    expect(await workers.settle(refused)).toMatch(/precondition-failed|not-a-counter/);
  });
});

describe('a check on a range that is in files', () => {
  it('does not pass over what expires while they are read (T5)', async () => {
    await workers.settle(a.open(DATABASE));
    const expiresAt = workers.clock.now() + 60_000;
    await workers.settle(a.transact(DATABASE, { ops: [{ ...put('f1', LARGE), expiresAt }] }));
    await workers.settle(a.put(DATABASE, 'f2', LARGE));
    await workers.settle(a.release(DATABASE));
    const b = await workers.start();
    await workers.settle(b.open(DATABASE));
    await workers.clock.advance(expiresAt - 1_000 - workers.clock.now());
    b.line.trouble('hold', `db/${DATABASE.databaseId}/sst`, ['get']);
    const checks: Check[] = [{ kind: 'range', range: { start: utf8('f') }, since: 2 }];
    const checked = fate(b.transact(DATABASE, { checks, ops: [put('mine', '1')] }));
    await workers.clock.advance(2_000);
    b.line.mend();
    expect(await workers.settle(checked)).toBe('precondition-failed');
  });
});

describe('a transaction whose caller has no more time', () => {
  it('is refused at once, though files are still being read, and is not applied', async () => {
    const b = await coldFile(['f1', 'f2']);
    b.line.trouble('hold', `db/${DATABASE.databaseId}/sst`, ['get']);
    const caller = new AbortController();
    const tx = { checks: [present('f1')], ops: [put('mine', '1')] };
    const refused = fate(b.transact(DATABASE, tx, { signal: caller.signal }));
    const behind = fate(b.transact(DATABASE, { ops: [put('f1', '1')] }, { signal: caller.signal }));
    await workers.clock.advance(10);
    caller.abort(new Error('enough'));
    await workers.clock.advance(0);
    expect(await Promise.race([refused, 'pending'])).toBe('owner-unavailable');
    expect(await Promise.race([behind, 'pending'])).toBe('owner-unavailable');
    b.line.mend();
    await workers.clock.advance(1_000);
    expect(await workers.settle(b.get(DATABASE, 'mine'))).toBeUndefined();
    expect(await workers.settle(b.get(DATABASE, 'f1'))).toBe(LARGE);
  });

  it('holds a release up until the files are read', async () => {
    const b = await coldFile(['f1', 'f2']);
    b.line.trouble('hold', `db/${DATABASE.databaseId}/sst`, ['get']);
    const caller = new AbortController();
    const refused = fate(b.transact(DATABASE, { checks: [present('f1')] }, { signal: caller.signal }));
    await workers.clock.advance(10);
    caller.abort(new Error('enough'));
    expect(await refused).toBe('owner-unavailable');
    const released = b.release(DATABASE);
    await workers.clock.advance(10);
    expect((await workers.headOf(DATABASE)).head.owner).toBe(b.session.id);
    b.line.mend();
    await workers.settle(released);
    expect((await workers.headOf(DATABASE)).head.owner).toBeUndefined();
  });
});

describe('a read whose caller has no more time', () => {
  it.each(['get', 'scan', 'readMany', 'changes'] as const)(
    'ends at once, though files are still being read: %s',
    async (what) => {
      const b = await coldFile(['f1', 'f2']);
      b.line.trouble('hold', `db/${DATABASE.databaseId}/sst`, ['get']);
      const caller = new AbortController();
      const options = { signal: caller.signal };
      const { access } = b;
      const reads = {
        get: () => access.get(DATABASE, utf8('f1'), options),
        scan: () => access.scan(DATABASE, { limit: 10 }, options),
        readMany: () => access.readMany(DATABASE, { gets: [utf8('f1')], scans: [] }, options),
        changes: () => access.changes(DATABASE, { since: 0, maxCommits: 10 }, options),
      };
      const ended = fate(reads[what]());
      await workers.clock.advance(10);
      caller.abort(new Error('enough'));
      await workers.clock.advance(0);
      expect(await Promise.race([ended, 'pending'])).toBe('owner-unavailable');
      b.line.mend();
    },
  );
});
