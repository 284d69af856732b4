import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { emptyHead, ENGINE_LIMITS } from '@leasehold/engine';
import { utf8 } from '@leasehold/foundation';

import type { TestWorker } from '../../testing/test-workers.js';
import { ABSENT, databaseNamed, NONE, patient, TAKEOVER_MS, TestWorkers } from '../../testing/test-workers.js';
import { decodeCounter, encodeCounter } from './counter.js';
import type { Check, Operation, Transaction } from './transaction.js';

const DATABASE = databaseNamed(1);
const LARGE = 'x'.repeat(40 * 1024);

let workers: TestWorkers;
let a: TestWorker;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
});

afterEach(() => workers.stop());

const put = (key: string, value: string, expiresAt?: number): Operation => ({
  op: 'put',
  key: utf8(key),
  value: utf8(value),
  expiresAt,
});
const del = (key: string): Operation => ({ op: 'delete', key: utf8(key) });
const delRange = (start: string, end?: string): Operation => ({
  op: 'deleteRange',
  range: { start: utf8(start), end: end === undefined ? undefined : utf8(end) },
});
const absent = (key: string): Check => ({ kind: 'key', key: utf8(key), precondition: ABSENT });
const present = (key: string): Check => ({ kind: 'key', key: utf8(key), precondition: { kind: 'present' } });
const unchanged = (start: string, end: string, since: number): Check => ({
  kind: 'range',
  range: { start: utf8(start), end: utf8(end) },
  since,
});

function transact(tx: Partial<Transaction>, worker = a) {
  return workers.settle(worker.transact(DATABASE, tx));
}

function fate(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );
}

/** The database has one file, in which `f1` and `f2` lie, and nobody owns it. */
async function withFile(): Promise<void> {
  await workers.settle(a.open(DATABASE));
  await workers.settle(a.put(DATABASE, 'f1', LARGE));
  await workers.settle(a.put(DATABASE, 'f2', LARGE));
  await workers.settle(a.release(DATABASE));
}

describe.each(['with the claim', 'over the log'])('a transaction that goes %s', (way) => {
  beforeEach(async () => {
    if (way === 'over the log') await workers.settle(a.open(DATABASE));
  });

  it('applies all of it at one version', async () => {
    const { version, effect } = await transact({
      checks: [absent('a')],
      ops: [put('a', '1'), put('b', '2'), del('c')],
    });
    expect([version, effect]).toEqual([{ epoch: 1, sequence: 1 }, 'committed']);
    expect(await a.list(DATABASE)).toEqual({ a: '1', b: '2' });
    expect((await a.entry(DATABASE, 'b'))?.version).toEqual(version);
  });

  it('applies nothing when a check fails, and names the first', async () => {
    await transact({ ops: [put('a', '1')] });
    const refused = transact({ checks: [present('a'), absent('b'), absent('a'), present('z')], ops: [put('b', '2')] });
    await expect(refused).rejects.toMatchObject({
      code: 'precondition-failed',
      failedCheck: 2,
      present: { epoch: 1, sequence: 1 },
    });
    expect(await a.list(DATABASE)).toEqual({ a: '1' });
    expect((await transact({ ops: [put('c', '3')] })).version.sequence).toBe(2);
  });

  it('refuses what a claimed head can already refuse, and applies nothing', async () => {
    await expect(transact({ checks: [present('a')], ops: [put('a', '1')] })).rejects.toMatchObject({
      code: 'precondition-failed',
      present: undefined,
    });
    expect(await a.list(DATABASE)).toEqual({});
  });

  it('deletes a range and keeps what it puts there', async () => {
    await transact({ ops: [put('a', '1'), put('b', '1'), put('c', '1')] });
    await transact({ ops: [put('b', 'lost'), delRange('a', 'c'), put('a', '2')] });
    expect(await a.list(DATABASE)).toEqual({ a: '2', c: '1' });
    await workers.settle(a.opened(DATABASE).flush());
    expect(await a.list(DATABASE)).toEqual({ a: '2', c: '1' });
    await workers.settle(a.release(DATABASE));
    const b = await workers.start();
    expect(await workers.settle(b.list(DATABASE))).toEqual({ a: '2', c: '1' });
  });

  it('counts, and refuses to count with what is no number', async () => {
    const sum = (operand: bigint): Operation => ({ op: 'sum', key: utf8('n'), operand });
    await transact({ ops: [sum(2n)] });
    await transact({ ops: [sum(3n), put('t', 'text')] });
    expect(decodeCounter((await a.entry(DATABASE, 'n'))!.value)).toBe(5n);
    const refused = transact({ ops: [put('x', '1'), { op: 'max', key: utf8('t'), operand: 1n }] });
    await expect(refused).rejects.toMatchObject({ code: 'not-a-counter' });
    expect(await a.get(DATABASE, 'x')).toBeUndefined();
  });

  it('counts what was asked for, and one commit', async () => {
    const first = [put('k', 'x'.repeat(1_023)), put('k', 'x'.repeat(1_024)), del('d'), delRange('p', 'q')];
    expect(await transact({ ops: first })).toMatchObject({ writeUnits: 1 + 2 + 1 + 1 });
    expect(await transact({ ops: [{ op: 'sum', key: utf8('n'), operand: 1n }] })).toMatchObject({ writeUnits: 1 });
    await workers.settle(a.opened(DATABASE).flush());
    expect((await workers.headOf(DATABASE)).head.usage.total).toEqual({
      commits: 2,
      writeUnits: 1 + 2 + 1 + 1 + 1,
      writtenBytes: 1_024 + 1_025 + 1 + 2 + 9,
    });
  });
});

describe('a transaction without operations', () => {
  it('answers with the last version, once what it saw is durable (R2)', async () => {
    await workers.settle(a.open(DATABASE));
    expect(await transact({})).toEqual({ version: { epoch: 0, sequence: 0 }, effect: 'nothing', writeUnits: 0 });
    a.line.trouble('hold', 'log/');
    const write = a.put(DATABASE, 'k', 'v');
    const check = a.transact(DATABASE, { checks: [present('k')] });
    await workers.clock.advance(10);
    expect(await Promise.race([check, 'pending'])).toBe('pending');
    a.line.mend();
    expect(await workers.settle(check)).toEqual({
      version: await workers.settle(write),
      effect: 'nothing',
      writeUnits: 0,
    });
    expect((await workers.settle(a.put(DATABASE, 'k', 'w'))).sequence).toBe(2);
  });
});

describe('a check on a range', () => {
  beforeEach(async () => {
    await workers.settle(a.put(DATABASE, 'b', '1'));
  });

  it.each<[string, Operation, string]>([
    ['a put in it', put('c', '1'), 'precondition-failed'],
    ['a delete in it', del('b'), 'precondition-failed'],
    ['a range delete that overlaps', delRange('c', 'z'), 'precondition-failed'],
    ['a put at its end', put('d', '1'), 'done'],
    ['a put before it', put('a', '1'), 'done'],
  ])('notices %s', async (_, op, expected) => {
    await transact({ ops: [op] });
    expect(await fate(transact({ checks: [unchanged('b', 'd', 1)], ops: [put('mine', '1')] }))).toBe(expected);
    expect(await fate(transact({ checks: [unchanged('b', 'd', 2)], ops: [put('mine', '1')] }))).toBe('done');
  });

  it('does not know the future', async () => {
    expect(await fate(transact({ checks: [unchanged('b', 'd', 9)] }))).toBe('invalid-version');
  });

  it('notices an expiry, gives it a version, and holds again when asked since then', async () => {
    const { version } = await transact({ ops: [put('c', 'soon gone', workers.clock.now() + 5_000)] });
    const check = (since: number) => transact({ checks: [unchanged('b', 'd', since)], ops: [put('mine', '1')] });
    await workers.clock.advance(6_000);
    const refused = await check(version.sequence).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'precondition-failed', failedCheck: 0, present: { sequence: 3 } });
    // What is read now is read at that version, and nothing has expired since.
    expect(await check(3)).toMatchObject({ version: { sequence: 4 } });
    await workers.settle(a.opened(DATABASE).flush());
    // Nobody asked for that delete, and nobody pays for it.
    const { usage } = (await workers.headOf(DATABASE)).head;
    expect(usage.total).toMatchObject({ commits: 4, writeUnits: 3 });
  });

  it('is judged on a state in which nothing of it changes before the commit', async () => {
    await workers.settle(a.release(DATABASE));
    await withFile();
    const b = await workers.start();
    await workers.settle(b.open(DATABASE));
    const { version } = await workers.settle(b.access.state(DATABASE, patient()));
    b.line.trouble('hold', `db/${DATABASE.databaseId}/sst`, ['get']);
    const checked = b.transact(DATABASE, {
      checks: [present('f1'), unchanged('f', 'g', version!.sequence)],
      ops: [put('other', '1')],
    });
    const inside = b.put(DATABASE, 'f3', 'v');
    const outside = b.put(DATABASE, 'z', 'v');
    expect((await workers.settle(outside)).sequence).toBe(version!.sequence + 1);
    expect(await Promise.race([inside, 'pending'])).toBe('pending');
    b.line.mend();
    expect((await workers.settle(checked)).version.sequence).toBe(version!.sequence + 2);
    expect((await workers.settle(inside)).sequence).toBe(version!.sequence + 3);
  });
});

describe('transactions whose checks read files', () => {
  it('let pass what touches other keys, and nothing else', async () => {
    await withFile();
    const b = await workers.start();
    await workers.settle(b.open(DATABASE));
    b.line.trouble('hold', `db/${DATABASE.databaseId}/sst`, ['get']);
    const order: string[] = [];
    const run = (name: string, tx: Partial<Transaction>) =>
      b.transact(DATABASE, tx).then(
        () => order.push(name),
        () => order.push(`${name} refused`),
      );
    const all = [
      run('checked', { checks: [absent('f1')], ops: [put('f1', 'x')] }),
      run('range over it', { ops: [delRange('e', 'g')] }),
      run('behind the range', { ops: [put('f9', 'v')] }),
      run('apart', { ops: [put('q', 'v')] }),
    ];
    await workers.clock.advance(2_000);
    expect(order).toEqual(['apart']);
    b.line.mend();
    await workers.settle(Promise.all(all));
    expect(order).toEqual(['apart', 'checked refused', 'range over it', 'behind the range']);
    expect(await workers.settle(b.list(DATABASE))).toEqual({ f9: 'v', q: 'v' });
  });
});

describe('expiry', () => {
  it('begins with the commit, whatever the write has waited for', async () => {
    await transact({ ops: [put('k', 'old')] });
    a.crash();
    const b = await workers.start();
    const begunAt = workers.clock.now();
    const op: Operation = { op: 'put', key: utf8('k'), value: utf8('v'), ttlMs: TAKEOVER_MS };
    const write = b.transact(DATABASE, { ops: [op] }, patient(a.session.id));
    await workers.clock.advance(TAKEOVER_MS);
    await workers.settle(write);
    const entry = await workers.settle(b.entry(DATABASE, 'k'));
    expect(entry?.expiresAt).toBeGreaterThan(begunAt + TAKEOVER_MS);
  });

  it('is exact to the ms, for reads and conditions', async () => {
    const expiresAt = workers.clock.now() + 1_000;
    await transact({ ops: [put('k', 'v', expiresAt), put('stays', 'v')] });
    await workers.clock.advance(expiresAt - 1 - workers.clock.now());
    expect(await a.get(DATABASE, 'k')).toBe('v');
    expect(await fate(transact({ checks: [absent('k')] }))).toBe('precondition-failed');
    await workers.clock.advance(expiresAt - workers.clock.now());
    expect(await a.get(DATABASE, 'k')).toBeUndefined();
    expect(await a.list(DATABASE)).toEqual({ stays: 'v' });
    expect(await fate(transact({ checks: [present('k')] }))).toBe('precondition-failed');
    expect(await fate(workers.settle(a.put(DATABASE, 'k', 'new', ABSENT)))).toBe('done');
    expect(await a.get(DATABASE, 'k')).toBe('new');
  });

  it('starts a counter anew, and counting keeps it', async () => {
    const sum: Operation = { op: 'sum', key: utf8('n'), operand: 1n };
    await transact({ ops: [{ ...sum, expiresAt: workers.clock.now() + 1_000 }] });
    await transact({ ops: [sum] });
    expect(decodeCounter((await a.entry(DATABASE, 'n'))!.value)).toBe(2n);
    await workers.clock.advance(1_000);
    await transact({ ops: [sum] });
    expect(decodeCounter((await a.entry(DATABASE, 'n'))!.value)).toBe(1n);
  });

  it('is not undone when the clock is set back after a commit', async () => {
    const expiresAt = workers.clock.now() + 1_000;
    await transact({ ops: [put('k', 'v', expiresAt)] });
    await workers.clock.advance(2_000);
    await transact({ ops: [put('other', 'v')] });
    workers.clock.jumpWall(-1_500);
    expect(await a.get(DATABASE, 'k')).toBeUndefined();
    expect(await fate(transact({ checks: [absent('k')], ops: [put('k', 'again')] }))).toBe('done');
  });
});

describe('commit times', () => {
  it('never fall, not even when a takeover comes with a clock that is behind', async () => {
    await workers.settle(a.open(DATABASE));
    await transact({ ops: [put('k', '1')] });
    workers.clock.jumpWall(-3_600_000);
    await transact({ ops: [put('k', '2')] });
    await workers.settle(a.release(DATABASE));
    const before = (await workers.headOf(DATABASE)).head.lastCommittedAt;
    workers.clock.jumpWall(-3_600_000);
    const b = await workers.start();
    await transact({ ops: [put('k', '3')] }, b);
    expect((await workers.headOf(DATABASE)).head.lastCommittedAt).toBe(before);
  });
});

describe('the limits of a database', () => {
  async function withOptions(options: { maxBytes: number }): Promise<void> {
    await workers.heads.create({ ...emptyHead(DATABASE), options: { retentionMs: 0, ...options } });
  }

  it.each(['inline', 'unflushed'])('refuse data beyond its size, %s, and still delete', async (where) => {
    await withOptions({ maxBytes: 2_000 });
    if (where === 'unflushed') await workers.settle(a.open(DATABASE));
    await transact({ ops: [put('k1', 'x'.repeat(900)), put('k2', 'x'.repeat(900))] });
    expect(await fate(transact({ ops: [put('k3', 'x'.repeat(300))] }))).toBe('database-full');
    expect(await fate(transact({ ops: [del('k0'), put('k3', 'x'.repeat(300))] }))).toBe('database-full');
    expect(await fate(transact({ ops: [{ op: 'sum', key: utf8('n'.repeat(300)), operand: 1n }] }))).toBe(
      'database-full',
    );
    expect(await fate(transact({ ops: [del('k1'), delRange('k2')] }))).toBe('done');
    await workers.settle(a.opened(DATABASE).flush());
    expect(await fate(transact({ ops: [put('k3', 'x'.repeat(300))] }))).toBe('done');
    expect(Object.keys(await a.list(DATABASE))).toEqual(['k3']);
  });

  it('refuse range deletes that the head could not list, with time to come again', async () => {
    await workers.settle(a.open(DATABASE));
    const ranges = (count: number, from: number): Operation[] =>
      Array.from({ length: count }, (_, i) =>
        delRange(`r${from + 2 * i}`.padEnd(9, '0'), `r${from + 2 * i}`.padEnd(9, '1')),
      );
    await transact({ ops: ranges(1_000, 100_000) });
    const left = ENGINE_LIMITS.rangeDeletes - 1_000;
    await transact({ ops: ranges(left, 200_000) });
    const refused = transact({ ops: ranges(1, 300_000) });
    await expect(refused).rejects.toMatchObject({ code: 'overloaded', retryAfterMs: 1_000 });
    expect(a.told).toContain(`compaction ${DATABASE.databaseId}`);
    expect(await fate(transact({ ops: [put('k', 'v')] }))).toBe('done');
  });

  it('are asked before anything is claimed', async () => {
    a.line.forget();
    const tooLong = a.access.write(
      DATABASE,
      { key: new Uint8Array(2_049), value: utf8('v'), precondition: NONE },
      patient(),
    );
    expect(await fate(tooLong)).toBe('key-too-long');
    expect(a.line.requests).toEqual([]);
  });
});

describe('transactions of many writers', () => {
  it('lose and double nothing: money moves between accounts', async () => {
    const accounts = ['alice', 'bob', 'carol'];
    await transact({
      ops: accounts.map((key): Operation => ({ op: 'put', key: utf8(key), value: encodeCounter(100n) })),
    });
    const transfer = async (from: string, to: string): Promise<void> => {
      for (;;) {
        const [source, target] = await Promise.all([a.entry(DATABASE, from), a.entry(DATABASE, to)]);
        const checks = [source!, target!].map(({ key, version }): Check => ({
          kind: 'key',
          key,
          precondition: { kind: 'version', version },
        }));
        const ops = [
          { ...put(from, ''), value: encodeCounter(decodeCounter(source!.value)! - 1n) },
          { ...put(to, ''), value: encodeCounter(decodeCounter(target!.value)! + 1n) },
        ];
        if ((await fate(a.transact(DATABASE, { checks, ops }))) === 'done') return;
      }
    };
    const moves = Array.from({ length: 30 }, (_, i) => transfer(accounts[i % 3]!, accounts[(i + 1) % 3]!));
    await workers.settle(Promise.all(moves));
    const { gets } = await a.access.readMany(DATABASE, { gets: accounts.map(utf8), scans: [] }, patient());
    const sums = gets.map((entry) => decodeCounter(entry!.value)!);
    expect(sums).toEqual([100n, 100n, 100n]);
  });
});
