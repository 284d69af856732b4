import { setMaxListeners } from 'node:events';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { collectGarbage, compactDatabase, emptyHead } from '@leasehold/engine';
import { seededRandom, utf8 } from '@leasehold/foundation';
import { PENDING_LIMIT_BYTES } from '@leasehold/commit-log';
import type { Precondition } from '@leasehold/protocol';
import { LIMITS } from '@leasehold/protocol';

import type { TestWorker } from '../testing/test-workers.js';
import { ABSENT, databaseNamed, NONE, TAKEOVER_MS, textOf, TestWorkers } from '../testing/test-workers.js';

const DATABASE = databaseNamed(1);
const PRESENT: Precondition = { kind: 'present' };
/** Longer than any settlement goes on by itself. */
const SETTLEMENT_MS = 31_000;
/** Two of these do not fit inline. */
const LARGE = 'x'.repeat(40 * 1024);

let workers: TestWorkers;
let a: TestWorker;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
});

afterEach(() => workers.stop());

function fate(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  await workers.clock.advance(1);
  return (await Promise.race([promise, 'pending'])) === 'pending';
}

function compactor() {
  return { store: workers.bucket, clock: workers.clock, random: seededRandom(5) };
}

/** As many L0 files; each flush overflows the inline run. */
async function flushFiles(files: number): Promise<void> {
  for (let i = 0; i < files; i++) {
    await workers.settle(a.put(DATABASE, `f${i}-1`, LARGE));
    await workers.settle(a.put(DATABASE, `f${i}-2`, LARGE));
    await workers.settle(a.opened(DATABASE).flush());
  }
}

describe('conditional writes', () => {
  const version = { epoch: 1, sequence: 1 };

  it.each<[string, 'live' | 'deleted' | 'never', Precondition, boolean]>([
    ['none', 'never', NONE, true],
    ['none', 'live', NONE, true],
    ['absent', 'never', ABSENT, true],
    ['absent', 'deleted', ABSENT, true],
    ['absent', 'live', ABSENT, false],
    ['present', 'never', PRESENT, false],
    ['present', 'deleted', PRESENT, false],
    ['present', 'live', PRESENT, true],
    ['the present version', 'live', { kind: 'version', version }, true],
    ['another version', 'live', { kind: 'version', version: { epoch: 1, sequence: 9 } }, false],
    ['the same sequence of another epoch', 'live', { kind: 'version', version: { epoch: 2, sequence: 1 } }, false],
    ['a version', 'deleted', { kind: 'version', version }, false],
    ['a version', 'never', { kind: 'version', version }, false],
  ])('decides a demand for %s on a key that is %s', async (_, state, precondition, holds) => {
    await workers.settle(a.put(DATABASE, state === 'never' ? 'other' : 'k', 'v'));
    if (state === 'deleted') await workers.settle(a.delete(DATABASE, 'k'));
    const present = state === 'live' ? version : undefined;
    for (const write of [
      () => a.put(DATABASE, 'k', 'w', precondition),
      () => a.delete(DATABASE, 'k', holds ? NONE : precondition),
    ]) {
      const result = workers.settle(write());
      if (holds) await expect(result).resolves.toMatchObject({ epoch: 1 });
      else await expect(result).rejects.toMatchObject({ code: 'precondition-failed', present });
    }
  });

  it('gives one of 32 concurrent creations the key', async () => {
    const results = await workers.settle(
      Promise.all(Array.from({ length: 32 }, (_, i) => fate(a.put(DATABASE, 'k', `v${i}`, ABSENT)))),
    );
    expect(results.filter((result) => result === 'done')).toHaveLength(1);
    expect(results.filter((result) => result === 'precondition-failed')).toHaveLength(31);
    expect(await a.get(DATABASE, 'k')).toBe(`v${results.indexOf('done')}`);
  });

  it('loses no increment of 16 writers that compare and swap', async () => {
    await workers.settle(a.put(DATABASE, 'n', '0'));
    const increment = async (): Promise<void> => {
      for (;;) {
        const entry = await a.entry(DATABASE, 'n');
        if (entry === undefined) throw new Error('the counter is gone');
        const next = String(Number(textOf(entry.value)) + 1);
        if ((await fate(a.put(DATABASE, 'n', next, { kind: 'version', version: entry.version }))) === 'done') return;
      }
    };
    await workers.settle(
      Promise.all(
        Array.from({ length: 16 }, async () => {
          for (let i = 0; i < 4; i++) await increment();
        }),
      ),
    );
    expect(await a.get(DATABASE, 'n')).toBe('64');
  });

  it('reads files for the condition while nothing else is accepted in between', async () => {
    await flushFiles(1);
    const before = (await a.entry(DATABASE, 'f0-1'))?.version;
    // Another worker has no block in its cache.
    await workers.settle(a.release(DATABASE));
    const b = await workers.start();
    await workers.settle(b.put(DATABASE, 'other', 'x'));
    b.line.trouble('hold', `db/${DATABASE.databaseId}/sst`, ['get']);
    const conditional = b.put(DATABASE, 'f0-1', 'mine', { kind: 'version', version: before! });
    const behind = b.put(DATABASE, 'f0-1', 'last');
    expect(await isPending(behind)).toBe(true);
    b.line.mend();
    const [first, second] = await workers.settle(Promise.all([conditional, behind]));
    expect(second.sequence).toBe(first.sequence + 1);
    expect(await b.get(DATABASE, 'f0-1')).toBe('last');
  });
});

describe('what is known of a key at once', () => {
  /** For who has been asked within the last second. */
  function known(key: string): string | undefined {
    const entry = a.opened(DATABASE).lookupNow(utf8(key))?.entry;
    return entry && textOf(entry.value);
  }

  it('has ended when its time is over, also where nothing was written since', async () => {
    await workers.settle(a.put(DATABASE, 'stays', 'v'));
    const op = { op: 'put', key: utf8('k'), value: utf8('v'), ttlMs: 500 } as const;
    const { version } = await workers.settle(a.transact(DATABASE, { ops: [op] }));
    expect(version.sequence).toBe(2);
    const seen: (string | undefined)[] = [];
    for (let ms = 0; ms < 600; ms += 10) {
      seen.push(known('k'));
      expect(known('stays')).toBe('v');
      await workers.clock.advance(10);
    }
    const lived = seen.filter((value) => value === 'v').length;
    expect(lived).toBeGreaterThan(10);
    expect(seen).toEqual(seen.map((_, n) => (n < lived ? 'v' : undefined)));
    expect(lived).toBeLessThan(seen.length);
  });

  it('is what was written last, before and after it was flushed', async () => {
    for (const value of ['one', 'two', 'three']) {
      await workers.settle(a.put(DATABASE, 'k', value));
      for (const step of ['written', 'read again', 'flushed'] as const) {
        if (step === 'flushed') await workers.settle(a.opened(DATABASE).flush());
        await workers.settle(a.get(DATABASE, 'absent'));
        expect([step, known('k')]).toEqual([step, value]);
      }
    }
    await workers.settle(a.delete(DATABASE, 'k'));
    await workers.settle(a.get(DATABASE, 'absent'));
    expect(known('k')).toBeUndefined();
  });
});

describe('what is accepted and not yet durable (R2)', () => {
  beforeEach(async () => {
    await workers.settle(a.put(DATABASE, 'k', 'durable'));
    a.line.trouble('hold', 'log/');
  });

  it('is not acknowledged, and holds back every answer that shows it', async () => {
    const write = a.put(DATABASE, 'k', 'accepted');
    expect(await isPending(write)).toBe(true);
    const read = a.get(DATABASE, 'k');
    const refused = fate(a.put(DATABASE, 'k', 'x', ABSENT));
    const list = a.list(DATABASE);
    const state = a.access.state(DATABASE, { signal: new AbortController().signal });
    for (const answer of [read, refused, list, state]) expect(await isPending(answer)).toBe(true);
    expect(await a.get(DATABASE, 'never-written')).toBeUndefined();
    a.line.mend();
    await workers.settle(write);
    expect(await read).toBe('accepted');
    expect(await refused).toBe('precondition-failed');
    expect(await list).toEqual({ k: 'accepted' });
    expect((await state).version).toEqual({ epoch: 1, sequence: 2 });
  });

  it('holds back an answer that shows its deletion', async () => {
    const write = a.delete(DATABASE, 'k');
    expect(await isPending(write)).toBe(true);
    const read = a.get(DATABASE, 'k');
    expect(await isPending(read)).toBe(true);
    a.line.mend();
    await workers.settle(write);
    expect(await read).toBeUndefined();
  });

  it('is unknown to its writer and not answered to readers when the session ends first (H5)', async () => {
    const write = fate(a.put(DATABASE, 'k', 'accepted'));
    await workers.clock.advance(1);
    const read = fate(a.get(DATABASE, 'k'));
    const refused = fate(a.put(DATABASE, 'k', 'x', ABSENT));
    await workers.clock.advance(1);
    a.crash();
    expect(await write).toBe('outcome-unknown');
    expect(await read).toBe('owner-unavailable');
    expect(await refused).toBe('owner-unavailable');
  });

  it('is unknown to a writer who has no more time, and may well be applied', async () => {
    const time = new AbortController();
    const write = fate(a.put(DATABASE, 'k', 'accepted', NONE, { signal: time.signal }));
    await workers.clock.advance(1);
    const read = fate(a.get(DATABASE, 'k', { signal: time.signal }));
    await workers.clock.advance(1_000);
    time.abort();
    expect(await workers.settle(write)).toBe('outcome-unknown');
    expect(await workers.settle(read)).toBe('owner-unavailable');
    a.line.mend();
    await workers.clock.advance(1);
    expect(await a.get(DATABASE, 'k')).toBe('accepted');
  });

  it('is waited for by a release although its writer has left', async () => {
    const time = new AbortController();
    const write = fate(a.put(DATABASE, 'k', 'accepted', NONE, { signal: time.signal }));
    await workers.clock.advance(1);
    time.abort();
    await workers.settle(write);
    const release = a.release(DATABASE);
    expect(await isPending(release)).toBe(true);
    a.line.mend();
    await workers.settle(release);
    expect((await workers.headOf(DATABASE)).head).toMatchObject({ owner: undefined, lastCommit: { sequence: 2 } });
  });
});

describe('a write whose turn comes too late', () => {
  it('is not applied, and says so', async () => {
    await flushFiles(1);
    await workers.settle(a.release(DATABASE));
    const b = await workers.start();
    await workers.settle(b.put(DATABASE, 'other', 'x'));
    b.line.trouble('hold', `db/${DATABASE.databaseId}/sst`, ['get']);
    const first = fate(b.put(DATABASE, 'f0-1', 'x', ABSENT));
    const time = new AbortController();
    const second = fate(b.put(DATABASE, 'f0-1', 'y', NONE, { signal: time.signal }));
    await workers.clock.advance(1);
    time.abort();
    b.line.mend();
    expect(await workers.settle(first)).toBe('precondition-failed');
    expect(await workers.settle(second)).toBe('owner-unavailable');
    expect(await b.get(DATABASE, 'f0-1')).toBe(LARGE);
  });
});

describe('a write that waits for its turn past the deadline of the session (S1)', () => {
  it('is not applied, and says so', async () => {
    await flushFiles(1);
    await workers.settle(a.release(DATABASE));
    const b = await workers.start();
    await workers.settle(b.put(DATABASE, 'other', 'x'));
    b.line.trouble('hold', `db/${DATABASE.databaseId}/sst`, ['get']);
    b.line.trouble('cut', 'workers/', ['put']);
    const first = fate(b.put(DATABASE, 'f0-1', 'x', PRESENT));
    const second = fate(b.put(DATABASE, 'f0-1', 'y'));
    await workers.clock.advance(5_200);
    b.line.mend();
    // Before the renewal is confirmed.
    expect(await first).toBe('session-expired');
    expect(await second).toBe('session-expired');
    await workers.clock.advance(2_000);
    expect(await b.get(DATABASE, 'f0-1')).toBe(LARGE);
  });
});

describe('flushing', () => {
  it('brings what was accepted into the head, and lets the log trim it', async () => {
    await workers.settle(a.put(DATABASE, 'k1', 'v1'));
    await workers.settle(a.put(DATABASE, 'k2', 'v2'));
    await workers.settle(a.opened(DATABASE).flush());
    expect((await workers.headOf(DATABASE)).head).toMatchObject({
      owner: a.session.id,
      epoch: 1,
      lastCommit: { sequence: 2 },
    });
    expect(a.opened(DATABASE).unflushedBytes).toBe(0);
    expect(a.log.laggards()).toEqual([]);
    expect(await a.list(DATABASE)).toEqual({ k1: 'v1', k2: 'v2' });
  });

  it('waits until everything in it is durable (H5)', async () => {
    await workers.settle(a.put(DATABASE, 'k1', 'v1'));
    a.line.trouble('hold', 'log/');
    const write = a.put(DATABASE, 'k2', 'v2');
    await workers.clock.advance(1);
    a.line.forget();
    const flush = a.opened(DATABASE).flush();
    await workers.clock.advance(1_000);
    expect(a.line.count('put', 'db/')).toBe(0);
    a.line.mend();
    await workers.settle(Promise.all([write, flush]));
    expect((await workers.headOf(DATABASE)).head.lastCommit.sequence).toBe(2);
  });

  it('happens once although its answer is lost', async () => {
    await workers.settle(a.open(DATABASE));
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.faulty.next('put', 'fail-after');
    await workers.settle(a.opened(DATABASE).flush());
    const { head } = await workers.headOf(DATABASE);
    expect(head.trail.edits).toBe(2);
    expect(head.inline).toHaveLength(1);
  });

  it('is made again on top of a compaction that came between (H1)', async () => {
    await flushFiles(4);
    await workers.settle(a.put(DATABASE, 'last', 'v'));
    const report = await workers.settle(compactDatabase(compactor(), DATABASE.databaseId));
    expect(report.outcome).toBe('compacted');
    await workers.settle(a.opened(DATABASE).flush());
    const { head } = await workers.headOf(DATABASE);
    expect(head).toMatchObject({ owner: a.session.id, epoch: 1, l0: [], lastCommit: { sequence: 9 } });
    expect(head.inline.map(({ key }) => textOf(key))).toEqual(['last']);
    expect(Object.keys(await workers.settle(a.list(DATABASE)))).toHaveLength(9);
  });

  it('begins by itself when a memtable is full', async () => {
    const small = await workers.start({ flushBytes: 2_000 });
    for (let i = 0; i < 8; i++) await workers.settle(small.put(DATABASE, `k${i}`, 'x'.repeat(200)));
    await workers.clock.advance(1);
    expect((await workers.headOf(DATABASE)).head.lastCommit.sequence).toBeGreaterThanOrEqual(4);
    expect(small.opened(DATABASE).unflushedBytes).toBeLessThan(2_500);
    expect(Object.keys(await small.list(DATABASE))).toHaveLength(8);
  });

  it('keeps a memtable that could not be flushed readable, and flushes it with the next maintenance', async () => {
    const small = await workers.start({ flushBytes: 1_000 });
    await workers.settle(small.put(DATABASE, 'k0', 'v0'));
    small.line.trouble('cut', 'db/');
    await workers.settle(small.put(DATABASE, 'k1', 'x'.repeat(1_000)));
    await workers.clock.advance(SETTLEMENT_MS);
    expect(small.failures).toMatchObject([{ what: 'flush', error: { code: 'outcome-unknown' } }]);
    await workers.settle(small.put(DATABASE, 'k2', 'v2'));
    small.line.mend();
    expect(Object.keys(await small.list(DATABASE))).toEqual(['k0', 'k1', 'k2']);
    await workers.settle(small.maintenance.run());
    expect((await workers.headOf(DATABASE)).head.lastCommit.sequence).toBe(3);
    expect(small.opened(DATABASE).unflushedBytes).toBe(0);
  });

  it('fences the handle when its edit was applied and the database taken over before that was known', async () => {
    await workers.settle(a.open(DATABASE));
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    const b = await workers.start();
    a.line.trouble('lose', 'db/', ['put']);
    a.line.trouble('hold', 'db/', ['get']);
    const flush = a.opened(DATABASE).flush();
    await workers.clock.advance(1);
    const flushed = await workers.headOf(DATABASE);
    expect(flushed.head.lastCommit.sequence).toBe(1);
    await workers.heads.swap(flushed, { ...flushed.head, epoch: 2, owner: b.session.id });
    await workers.clock.advance(100);
    a.line.mend();
    await expect(workers.settle(flush)).rejects.toMatchObject({ kind: 'fenced' });
    await expect(workers.settle(a.get(DATABASE, 'k'))).rejects.toMatchObject({ code: 'misdirected' });
  });

  it('fences the handle when the head has another owner, and nothing is served at that epoch again (H1)', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    const base = await workers.headOf(DATABASE);
    const b = await workers.start();
    await workers.heads.swap(base, { ...base.head, epoch: 2, owner: b.session.id });
    await workers.settle(a.put(DATABASE, 'k2', 'v2'));
    await expect(workers.settle(a.opened(DATABASE).flush())).rejects.toMatchObject({ kind: 'fenced' });
    await expect(workers.settle(a.get(DATABASE, 'k'))).rejects.toMatchObject({ code: 'misdirected' });
    await expect(workers.settle(a.put(DATABASE, 'k', 'w'))).rejects.toMatchObject({ code: 'misdirected' });
  });
});

describe('reading beside compaction and gc (G2)', () => {
  it('reads the head again when a file is gone', async () => {
    // Without history the files go with the compaction.
    await workers.heads.create({ ...emptyHead(DATABASE), options: { retentionMs: 0, maxBytes: 1e9 } });
    await flushFiles(4);
    await workers.settle(a.release(DATABASE));
    const b = await workers.start();
    await workers.settle(b.put(DATABASE, 'other', 'x'));
    await workers.settle(compactDatabase(compactor(), DATABASE.databaseId));
    await workers.clock.advance(1_000);
    const report = await workers.settle(collectGarbage(compactor(), DATABASE.databaseId, { minAgeMs: 0 }));
    expect(report.deletedFiles).toBe(4);
    expect(await workers.settle(b.get(DATABASE, 'f2-1'))).toBe(LARGE);
    expect(Object.keys(await workers.settle(b.list(DATABASE)))).toHaveLength(9);
    const version = (await b.entry(DATABASE, 'f1-1'))?.version;
    await workers.settle(b.put(DATABASE, 'f1-1', 'new', { kind: 'version', version: version! }));
    expect(await b.get(DATABASE, 'f1-1')).toBe('new');
  });

  it('calls a file that the newest head names and that is gone what it is: damage', async () => {
    await flushFiles(1);
    await workers.settle(a.release(DATABASE));
    const { objects } = await workers.bucket.list(`db/${DATABASE.databaseId}/sst/`);
    for (const { key } of objects) await workers.bucket.delete(key);
    const b = await workers.start();
    const corrupt = { kind: 'corrupt', code: 'corrupt-object' };
    await expect(workers.settle(b.get(DATABASE, 'f0-1'))).rejects.toMatchObject(corrupt);
    await workers.settle(b.put(DATABASE, 'other', 'x'));
    await expect(workers.settle(b.get(DATABASE, 'f0-1'))).rejects.toMatchObject(corrupt);
  });
});

describe('back-pressure', () => {
  it('refuses writes while flushes are behind, and nothing of them is applied', async () => {
    const small = await workers.start({ flushBytes: 1_000 });
    await workers.settle(small.put(DATABASE, 'k', 'v'));
    small.line.trouble('hold', 'db/', ['put']);
    let accepted = 1;
    while ((await workers.settle(fate(small.put(DATABASE, `k${accepted}`, 'x'.repeat(100))))) === 'done') accepted++;
    expect(accepted).toBeLessThan(20);
    const refusal = { code: 'overloaded', kind: 'unavailable', retryAfterMs: 1_000 };
    await expect(workers.settle(small.put(DATABASE, 'refused', 'x'))).rejects.toMatchObject(refusal);
    expect(Object.keys(await small.list(DATABASE))).toHaveLength(accepted);
    small.line.mend();
    await workers.clock.advance(1);
    expect((await workers.settle(small.put(DATABASE, 'taken', 'x'))).sequence).toBe(accepted + 1);
  });

  it('refuses writes while L0 is full, and sees by itself that a compaction has caught up', async () => {
    a = await workers.start({ refuseAtL0Files: 4, compactAtL0Files: 4 });
    await flushFiles(4);
    a.told.length = 0;
    for (let i = 0; i < 5; i++) expect(await fate(a.put(DATABASE, 'k', 'v'))).toBe('overloaded');
    expect(a.told).toEqual([`compaction ${DATABASE.databaseId}`]);
    await workers.settle(compactDatabase(compactor(), DATABASE.databaseId));
    await workers.clock.advance(1_000);
    expect(await fate(a.put(DATABASE, 'k', 'v'))).toBe('overloaded');
    await workers.clock.advance(1);
    expect(await workers.settle(fate(a.put(DATABASE, 'k', 'v')))).toBe('done');
  });

  it('passes on that the log is overloaded; the number of the refused write goes to the next', async () => {
    await workers.settle(a.put(DATABASE, 'k', 'v'));
    a.line.trouble('hold', 'log/');
    const value = new Uint8Array(LIMITS.valueBytes);
    const signal = new AbortController().signal;
    setMaxListeners(0, signal);
    const others: Promise<string>[] = [];
    for (let i = 0; i * LIMITS.valueBytes < PENDING_LIMIT_BYTES; i++) {
      const request = { key: utf8('big'), value, precondition: NONE };
      others.push(fate(a.access.write(databaseNamed(2 + (i % 20)), request, { signal })));
    }
    await workers.clock.advance(10);
    const refused = a.access.write(DATABASE, { key: utf8('k'), value, precondition: NONE }, { signal });
    expect(await fate(refused)).toBe('overloaded');
    a.line.mend();
    await workers.settle(Promise.all(others));
    expect(await workers.settle(a.put(DATABASE, 'k2', 'v2'))).toEqual({ epoch: 1, sequence: 2 });
  });
});

describe('asking for compactions', () => {
  it('asks after each flush that leaves enough files', async () => {
    a = await workers.start({ compactAtL0Files: 3 });
    await flushFiles(2);
    expect(a.told).toEqual([`claimed ${DATABASE.databaseId}`]);
    await flushFiles(1);
    expect(a.told).toEqual([`claimed ${DATABASE.databaseId}`, `compaction ${DATABASE.databaseId}`]);
  });
});

describe('a takeover of a large tail', () => {
  it('carries it into a file when it does not fit inline', async () => {
    await workers.settle(a.open(DATABASE));
    for (let i = 0; i < 4; i++) await workers.settle(a.put(DATABASE, `k${i}`, LARGE));
    const b = await workers.start();
    a.crash();
    await workers.clock.advance(TAKEOVER_MS);
    expect(await workers.settle(b.put(DATABASE, 'k4', 'v'))).toEqual({ epoch: 2, sequence: 5 });
    const { head } = await workers.headOf(DATABASE);
    expect(head).toMatchObject({ lastCommit: { sequence: 5 }, l0: [{ entries: 4 }] });
    expect(head.inline.map(({ key }) => textOf(key))).toEqual(['k4']);
    expect(Object.keys(await workers.settle(b.list(DATABASE)))).toHaveLength(5);
  });
});

describe('writes while compaction is behind', () => {
  it('come slower with each file, and are refused at last', async () => {
    a = await workers.start({ refuseAtL0Files: 16 });
    await workers.settle(a.open(DATABASE));
    const delayOf = async (): Promise<number> => {
      const begunAt = workers.clock.monotonic();
      await workers.settle(a.put(DATABASE, 'k', 'v'));
      return workers.clock.monotonic() - begunAt;
    };
    await flushFiles(11);
    const delays = [await delayOf()];
    for (let files = 12; files < 16; files++) {
      await flushFiles(1);
      delays.push(await delayOf());
    }
    expect(delays[0]).toBeLessThan(20);
    expect([...delays].sort((x, y) => x - y)).toEqual(delays);
    expect(delays[4]! > delays[1]! && delays[4]! <= 1_000).toBe(true);
    expect(a.told).toContain(`compaction ${DATABASE.databaseId}`);
    await flushFiles(1);
    expect(await fate(a.put(DATABASE, 'k', 'v'))).toBe('overloaded');
  });
});
