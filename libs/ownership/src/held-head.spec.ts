import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commitOf, Memtable, putEntry } from '@leasehold/engine';
import { utf8 } from '@leasehold/foundation';

import type { TestWorker } from '../testing/test-workers.js';
import { databaseNamed, TestWorkers } from '../testing/test-workers.js';
import { HeldHead } from './held-head.js';

const DATABASE = databaseNamed(1);

let workers: TestWorkers;
let a: TestWorker;
let held: HeldHead;

beforeEach(async () => {
  workers = new TestWorkers();
  a = await workers.start();
  await workers.settle(a.put(DATABASE, 'k', 'v'));
  held = new HeldHead(a.context, await workers.headOf(DATABASE));
});

afterEach(() => workers.stop());

function oneCommit(): Memtable {
  const version = { epoch: 1, sequence: 1 };
  const memtable = new Memtable();
  memtable.put(commitOf(version, [putEntry(utf8('k'), version, utf8('v'))]));
  return memtable.freeze();
}

describe('the head that an owner holds', () => {
  it('never falls back behind what it has seen, whatever answer comes last', async () => {
    a.line.trouble('hold-answer', 'db/', ['put']);
    const edit = held.swapIn(oneCommit(), held.owner);
    await workers.clock.advance(1);
    const flushed = await workers.headOf(DATABASE);
    await workers.heads.swap(flushed, { ...flushed.head, horizon: 1 });
    await workers.settle(held.reload());
    expect(held.head.trail.edits).toBe(3);
    a.line.mend();
    await workers.settle(edit);
    expect(held.head).toMatchObject({ horizon: 1, lastCommit: { sequence: 1 } });
    expect(held.isFenced).toBe(false);
  });

  it('is what it was after a rest, and edits go on from it', async () => {
    const before = held.head;
    const sizeBytes = held.sizeBytes;
    held.rest();
    expect(held.sizeBytes).toBeLessThan(sizeBytes);
    expect(held.head).toEqual(before);
    expect(held.sizeBytes).toBe(sizeBytes);
    held.rest();
    await workers.settle(held.swapIn(oneCommit(), held.owner));
    expect(held.head.trail.edits).toBe(before.trail.edits + 1);
    expect(held.isFenced).toBe(false);
  });

  it('takes the same memtable twice for once', async () => {
    const memtable = oneCommit();
    await workers.settle(held.swapIn(memtable, held.owner));
    await workers.settle(held.swapIn(memtable, held.owner));
    expect((await workers.headOf(DATABASE)).head.inline).toHaveLength(1);
  });

  it('is given up together with the last memtable, in one edit', async () => {
    await workers.settle(held.swapIn(oneCommit(), undefined));
    const { head } = await workers.headOf(DATABASE);
    expect(head).toMatchObject({ owner: undefined, epoch: 1, lastCommit: { sequence: 1 } });
    expect(head.trail.edits).toBe(2);
    expect(held.epoch).toBe(1);
  });

  it.each<[string, Partial<{ epoch: number; owner: undefined }>]>([
    ['another epoch', { epoch: 2 }],
    ['no owner', { owner: undefined }],
  ])('is fenced by a head with %s', async (_, change) => {
    const base = await workers.headOf(DATABASE);
    await workers.heads.swap(base, { ...base.head, ...change });
    await expect(workers.settle(held.reload())).rejects.toMatchObject({ name: 'HandleClosedError' });
    expect(held.isFenced).toBe(true);
    await expect(workers.settle(held.swapIn(undefined, held.owner))).rejects.toMatchObject({ name: 'FencedError' });
  });

  it('leaves a quarantined database as it is, commits and owner (L3)', async () => {
    const base = await workers.headOf(DATABASE);
    await workers.heads.swap(base, { ...base.head, quarantined: true });
    const version = { epoch: 1, sequence: 2 };
    const memtable = new Memtable();
    memtable.put(commitOf(version, [putEntry(utf8('k'), version, utf8('w'))]));
    const flush = held.swapIn(memtable.freeze(), undefined);
    await expect(workers.settle(flush)).rejects.toMatchObject({ name: 'FencedError' });
    const { head } = await workers.headOf(DATABASE);
    expect(head).toMatchObject({ quarantined: true, owner: a.session.id, lastCommit: base.head.lastCommit });
    expect(held.isFenced).toBe(true);
  });

  it('is fenced when it sees a quarantine', async () => {
    const base = await workers.headOf(DATABASE);
    await workers.heads.swap(base, { ...base.head, quarantined: true });
    await expect(workers.settle(held.reload())).rejects.toMatchObject({ name: 'HandleClosedError' });
    expect(held.isFenced).toBe(true);
  });

  it('asks for a compaction and looks for it once a second, however many writes wait', async () => {
    a.told.length = 0;
    a.line.forget();
    for (let i = 0; i < 10; i++) held.waitForCompaction();
    await workers.clock.advance(1);
    expect(a.told).toHaveLength(1);
    expect(a.line.count('get', 'db/')).toBe(1);
    await workers.clock.advance(1_000);
    held.waitForCompaction();
    expect(a.told).toHaveLength(2);
  });
});
