import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { IdempotencyRecord } from '@leasehold/engine';
import { commitOf, emptyHead, Memtable } from '@leasehold/engine';
import { utf8 } from '@leasehold/foundation';

import type { TestWorker } from '../../testing/test-workers.js';
import { databaseNamed, patient, TAKEOVER_MS, TestWorkers } from '../../testing/test-workers.js';
import { countRecords, recentRecord } from './idempotency.js';
import type { IdempotencyKey, Operation } from './transaction.js';
import { IDEMPOTENCY_TTL_MS } from './transaction.js';

const DATABASE = databaseNamed(1);
const ADD: Operation = { op: 'sum', key: utf8('n'), operand: 1n };

let workers: TestWorkers;
let a: TestWorker;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
});

afterEach(() => workers.stop());

function keyed(name: string, request = 1): { readonly idempotencyKey: IdempotencyKey } {
  return { idempotencyKey: { key: utf8(name), digest: new Uint8Array(16).fill(request) } };
}

/** Adds one under an idempotency key. */
function add(name: string, worker = a, options = patient()) {
  return worker.transact(DATABASE, { ops: [ADD], ...keyed(name) }, options);
}

async function total(worker = a): Promise<number> {
  const entry = await workers.settle(worker.entry(DATABASE, 'n'));
  return entry === undefined ? 0 : Number(Buffer.from(entry.value).readBigUInt64LE());
}

function fate(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );
}

describe.each(['with the claim', 'over the log'])('a request under an idempotency key that went %s', (way) => {
  beforeEach(async () => {
    if (way === 'over the log') await workers.settle(a.open(DATABASE));
  });

  it('is applied once, and answered with its version however often it comes', async () => {
    const first = await workers.settle(add('i'));
    expect(first).toMatchObject({ effect: 'committed', writeUnits: 1 });
    await workers.settle(add('other'));
    expect(await workers.settle(add('i'))).toEqual({ version: first.version, effect: 'repeated', writeUnits: 0 });
    expect(await total()).toBe(2);
  });

  it('is told before its own conditions are judged again', async () => {
    const create = () =>
      a.transact(DATABASE, {
        checks: [{ kind: 'key', key: utf8('n'), precondition: { kind: 'absent' } }],
        ops: [ADD],
        ...keyed('i'),
      });
    const { version } = await workers.settle(create());
    expect(await workers.settle(create())).toEqual({ version, effect: 'repeated', writeUnits: 0 });
  });

  it('is answered although the history that it checked is gone', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    const { head } = await workers.headOf(DATABASE);
    const check = (since: number) => ({
      checks: [{ kind: 'range', range: { start: utf8('k') }, since } as const],
      ops: [ADD],
      ...keyed('i'),
    });
    const { version } = await workers.settle(a.transact(DATABASE, check(1)));
    await workers.settle(a.release(DATABASE));
    const stored = await workers.headOf(DATABASE);
    await workers.heads.swap(stored, { ...stored.head, horizon: 2 });
    expect(head.horizon).toBe(0);
    expect(await workers.settle(a.transact(DATABASE, check(1)))).toEqual({
      version,
      effect: 'repeated',
      writeUnits: 0,
    });
    const other = a.transact(DATABASE, { ...check(1), ...keyed('j') });
    expect(await workers.settle(fate(other))).toBe('history-gone');
  });

  it('is not taken for another request under the same key', async () => {
    await workers.settle(add('i'));
    const other = a.transact(DATABASE, { ops: [ADD], ...keyed('i', 2) });
    await expect(workers.settle(other)).rejects.toMatchObject({ code: 'idempotency-key-reused', kind: 'conflict' });
    expect(await total()).toBe(1);
  });

  it('is applied once by those who send it at the same time', async () => {
    const all = await workers.settle(Promise.all(Array.from({ length: 16 }, () => add('i'))));
    expect(new Set(all.map(({ version }) => version.sequence)).size).toBe(1);
    expect(all.filter(({ effect }) => effect === 'committed')).toHaveLength(1);
    expect(await total()).toBe(1);
  });

  it.each(['flushed', 'released', 'taken over'])('is known when the database was %s meanwhile', async (what) => {
    const { version } = await workers.settle(add('i'));
    let server = a;
    if (what === 'flushed') await workers.settle(a.opened(DATABASE).flush());
    else {
      server = await workers.start();
      if (what === 'released') await workers.settle(a.release(DATABASE));
      else a.crash();
      await workers.clock.advance(TAKEOVER_MS);
    }
    expect(await workers.settle(add('i', server))).toEqual({ version, effect: 'repeated', writeUnits: 0 });
    const reused = server.transact(DATABASE, { ops: [ADD], ...keyed('i', 2) });
    expect(await workers.settle(fate(reused))).toBe('idempotency-key-reused');
    expect(await total(server)).toBe(1);
  });

  it('is forgotten after a day, not before', async () => {
    await workers.settle(add('i'));
    const idle = workers.clock.now();
    workers.clock.jumpWall(IDEMPOTENCY_TTL_MS - 1);
    await workers.clock.advance(2_000);
    expect(workers.clock.now()).toBeGreaterThan(idle + IDEMPOTENCY_TTL_MS);
    expect(await workers.settle(add('i'))).toMatchObject({ effect: 'committed' });
    workers.clock.jumpWall(IDEMPOTENCY_TTL_MS - 10_000);
    await workers.clock.advance(5_000);
    expect(await workers.settle(add('i'))).toMatchObject({ effect: 'repeated', writeUnits: 0 });
    expect(await total()).toBe(2);
  });
});

describe('a repetition of what is not durable yet', () => {
  it('waits with it, and is acknowledged with it', async () => {
    await workers.settle(a.open(DATABASE));
    a.line.trouble('hold', 'log/');
    const first = add('i');
    const second = add('i');
    const other = fate(a.transact(DATABASE, { ops: [ADD], ...keyed('i', 2) }));
    await workers.clock.advance(100);
    expect(await Promise.race([second, other, 'pending'])).toBe('pending');
    a.line.mend();
    const { version } = await workers.settle(first);
    expect(await workers.settle(second)).toEqual({ version, effect: 'repeated', writeUnits: 0 });
    expect(await other).toBe('idempotency-key-reused');
  });

  it('is as unknown as it when the session ends first', async () => {
    await workers.settle(a.open(DATABASE));
    a.line.trouble('hold', 'log/');
    const fates = [fate(add('i')), fate(add('i'))];
    await workers.clock.advance(1);
    a.crash();
    expect(await Promise.all(fates)).toEqual(['outcome-unknown', 'outcome-unknown']);
  });
});

describe('a request whose answer was lost', () => {
  it('is found applied by the next owner when its segment had landed', async () => {
    await workers.settle(a.open(DATABASE));
    a.line.trouble('hold-answer', 'log/', ['put']);
    const first = fate(add('i'));
    await workers.clock.advance(10);
    a.crash();
    expect(await first).toBe('outcome-unknown');
    const b = await workers.start();
    await workers.clock.advance(TAKEOVER_MS);
    expect(await workers.settle(add('i', b))).toEqual({
      version: { epoch: 1, sequence: 1 },
      effect: 'repeated',
      writeUnits: 0,
    });
    expect(await total(b)).toBe(1);
  });

  it('is applied by the next owner when it had not', async () => {
    await workers.settle(a.open(DATABASE));
    a.line.trouble('cut', 'log/', ['put']);
    const first = fate(add('i'));
    await workers.clock.advance(10);
    a.crash();
    expect(await first).toBe('outcome-unknown');
    const b = await workers.start();
    await workers.clock.advance(TAKEOVER_MS);
    expect(await workers.settle(add('i', b))).toMatchObject({ effect: 'committed', version: { epoch: 2 } });
    expect(await total(b)).toBe(1);
  });

  it('is found applied when the claim that carried it had landed', async () => {
    const time = new AbortController();
    a.line.trouble('hold-answer', 'db/', ['put']);
    const first = fate(add('i', a, { signal: time.signal }));
    await workers.clock.advance(10);
    time.abort();
    expect(await workers.settle(first)).toBe('outcome-unknown');
    a.line.mend();
    expect(await workers.settle(add('i'))).toEqual({
      version: { epoch: 1, sequence: 1 },
      effect: 'repeated',
      writeUnits: 0,
    });
    expect(await total()).toBe(1);
  });
});

describe('records beyond the list in the head', () => {
  it('are found in their files, also by a worker that has read none of them', async () => {
    await workers.settle(a.open(DATABASE));
    const versions = new Map<string, unknown>();
    for (let i = 0; i < 150; i++) {
      versions.set(`i${i}`, (await workers.settle(add(`i${i}`))).version);
      if (i % 50 === 49) await workers.settle(a.opened(DATABASE).flush());
    }
    const { head } = await workers.headOf(DATABASE);
    expect(head.idempotency.files.length).toBeGreaterThan(0);
    expect(head.idempotency.recent.length).toBeLessThanOrEqual(64);
    expect(countRecords([], head)).toBe(150);
    for (const name of ['i0', 'i60', 'i149']) {
      expect(await workers.settle(add(name))).toEqual({
        version: versions.get(name),
        effect: 'repeated',
        writeUnits: 0,
      });
    }
    await workers.settle(a.release(DATABASE));
    const b = await workers.start();
    for (const name of ['i1', 'i100']) {
      expect(await workers.settle(add(name, b))).toEqual({
        version: versions.get(name),
        effect: 'repeated',
        writeUnits: 0,
      });
    }
    expect(await total(b)).toBe(150);
    // What has run off is not looked for any more, and what is new is found nowhere.
    expect(await workers.settle(add('new', b))).toMatchObject({ effect: 'committed' });
    workers.clock.jumpWall(IDEMPOTENCY_TTL_MS);
    await workers.clock.advance(2_000);
    expect(await workers.settle(add('i1', b))).toMatchObject({ effect: 'committed' });
  });

  it('are applied once by those who look for them at the same time', async () => {
    await workers.settle(a.open(DATABASE));
    for (let i = 0; i < 70; i++) await workers.settle(add(`i${i}`));
    await workers.settle(a.release(DATABASE));
    const b = await workers.start();
    const all = await workers.settle(Promise.all(Array.from({ length: 8 }, () => add('new', b))));
    expect(all.filter(({ effect }) => effect === 'committed')).toHaveLength(1);
    expect(await total(b)).toBe(71);
  });
});

describe('records in memory', () => {
  const record = (name: string, sequence: number, expiresAt = 100): IdempotencyRecord => ({
    key: utf8(name),
    digest: new Uint8Array(16),
    version: { epoch: 1, sequence },
    expiresAt,
  });
  const memtableOf = (...records: IdempotencyRecord[]): Memtable => {
    const memtable = new Memtable();
    for (const idempotency of records) memtable.put(commitOf(idempotency.version, [], { idempotency }));
    return memtable;
  };
  const head = emptyHead(DATABASE);

  it('are found as the memtable grows, the newer before the older', () => {
    const older = memtableOf(record('a', 1), record('b', 2));
    const newer = memtableOf(record('a', 3));
    expect(recentRecord(utf8('a'), [newer, older], head, 0)?.version.sequence).toBe(3);
    expect(recentRecord(utf8('c'), [newer, older], head, 0)).toBeUndefined();
    newer.put(commitOf({ epoch: 1, sequence: 4 }, [], { idempotency: record('c', 4) }));
    expect(recentRecord(utf8('c'), [newer, older], head, 0)?.version.sequence).toBe(4);
    expect(countRecords([newer, older], head)).toBe(4);
  });

  it('end when their time has come', () => {
    const memtables = [memtableOf(record('a', 1, 100))];
    expect(recentRecord(utf8('a'), memtables, head, 99)).toBeDefined();
    expect(recentRecord(utf8('a'), memtables, head, 100)).toBeUndefined();
  });
});
