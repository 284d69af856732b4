import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeUtf8, seededRandom, utf8 } from '@leasehold/foundation';

import type { Batch } from './batches.js';
import { batchesOf } from './batches.js';
import { Checkpoint } from './checkpoint.js';
import { CommitsInOrder } from './commits-in-order.js';
import type { ImportEntry, ImportSource } from './import-source.js';
import { ProgressReport } from './progress.js';
import { runExport } from './run-export.js';
import { runImport } from './run-import.js';

let folder: string;
let nowMs: number;
const said: string[] = [];
const now = (): number => nowMs;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leasehold-'));
  nowMs = 1_000_000;
  said.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const checkpointOf = (...about: string[]) => Checkpoint.of(about, { XDG_STATE_HOME: folder }, now);
const report = () => new ProgressReport((line) => void said.push(line), now);
let ids = 0;
const newId = () => `id ${ids++}`;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function entry(number: number, key = `k${String(number).padStart(6, '0')}`, value = `v${number}`): ImportEntry {
  return { key: utf8(key), value: utf8(value), nextPosition: number + 1 };
}

function sourceOf(entries: readonly ImportEntry[]): ImportSource {
  return {
    unit: 'rows',
    total: entries.length,
    fingerprint: 'f',
    entries: (from) => entries.slice(from),
    skipped: () => new Map([['list', 2]]),
    close: () => undefined,
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe('batches', () => {
  const settings = { maxEntries: 3, maxBytes: 100 };

  it('are cut by entries and by bytes, and lose nothing', async () => {
    const entries = [...Array(7).keys()].map((n) => entry(n)).concat(entry(7, 'k', 'x'.repeat(99)), entry(8));
    const batches = await all(batchesOf(entries, settings));
    expect(batches.map((batch) => batch.entries.length)).toEqual([3, 3, 1, 1, 1]);
    expect(batches.map((batch) => batch.nextPosition)).toEqual([3, 6, 7, 8, 9]);
    expect(batches.flatMap((batch) => batch.entries)).toEqual(entries);
  });

  it.each([
    ['an empty key', entry(0, ''), 'entry 1 has a key of 0 bytes'],
    ['a key that is too long', entry(0, 'k'.repeat(2_049)), 'entry 1 has a key of 2049 bytes'],
    ['a value that is too long', entry(0, 'k', 'v'.repeat(524_289)), 'entry 1 has a value of 524289 bytes'],
  ])('refuse %s', async (_what, wrong, message) => {
    await expect(all(batchesOf([wrong], settings))).rejects.toThrow(message);
  });
});

describe('commits in order', () => {
  const batch = (...numbers: number[]): Batch => ({
    entries: numbers.map((n) => entry(n)),
    sizeBytes: 1,
    nextPosition: Math.max(...numbers) + 1,
  });

  it('are told as written when all before them are', async () => {
    const answers: (() => void)[] = [];
    const written: number[] = [];
    const commits = new CommitsInOrder(
      () => new Promise((resolve) => answers.push(resolve)),
      3,
      ({ nextPosition }) => void written.push(nextPosition),
    );
    for (const n of [0, 1, 2]) await commits.send(batch(n));
    answers[2]?.();
    answers[1]?.();
    await turn();
    expect(written).toEqual([]);
    answers[0]?.();
    await turn();
    expect(written).toEqual([1, 2, 3]);
    await commits.end();
  });

  it('are no more at a time than they may be, and wait for those that share a key', async () => {
    const answers: (() => void)[] = [];
    let underWay = 0;
    let most = 0;
    const commits = new CommitsInOrder(
      async () => {
        most = Math.max(most, ++underWay);
        await new Promise<void>((resolve) => answers.push(resolve));
        underWay--;
      },
      2,
      () => undefined,
    );
    await commits.send(batch(0, 1));
    const shares = commits.send(batch(1, 2));
    await turn();
    expect(underWay).toBe(1);
    answers.shift()?.();
    await shares;
    expect(underWay).toBe(1);
    await commits.send(batch(3));
    const third = commits.send(batch(4));
    await turn();
    expect(most).toBe(2);
    answers.shift()?.();
    await third;
    for (const answer of answers) answer();
    await commits.end();
  });

  it('end with the first failure, and count nothing behind it', async () => {
    const written: number[] = [];
    const commits = new CommitsInOrder(
      ({ nextPosition }) => (nextPosition === 2 ? Promise.reject(new Error('no')) : Promise.resolve()),
      4,
      ({ nextPosition }) => void written.push(nextPosition),
    );
    for (const n of [0, 1, 2]) await commits.send(batch(n)).catch(() => undefined);
    await expect(commits.end()).rejects.toThrow('no');
    expect(written).toEqual([1]);
  });
});

describe('an import', () => {
  const entries = [...Array(5_000).keys()].map((n) => entry(n, `k${n % 1_700}`));

  it('that is killed again and again leaves what the source says, the last value of each key', async () => {
    const random = seededRandom(5);
    const database = new Map<string, string>();
    const applied = new Set<string>();
    let runs = 0;
    for (let done = false; !done; runs++) {
      expect(runs).toBeLessThan(1_000);
      let dies = false;
      // What is under way when a run dies lands later, in the midst of the next one.
      const commit = async (batch: Batch, idempotencyKey: string): Promise<void> => {
        for (let n = Math.floor(random.fraction() * 3); n > 0; n--) await turn();
        nowMs += 600;
        const isFirst = !applied.has(idempotencyKey);
        applied.add(idempotencyKey);
        for (const { key, value } of isFirst ? batch.entries : [])
          database.set(decodeUtf8(key) ?? '', decodeUtf8(value) ?? '');
        // It may have been written, and nobody hears of it.
        if (dies || (dies = random.fraction() < 0.5)) throw new Error('killed');
      };
      const importing = {
        source: sourceOf(entries),
        commit,
        checkpoint: checkpointOf('import'),
        progress: report(),
        nowMs: now,
        newId,
      };
      done = await runImport(importing).then(
        () => true,
        () => false,
      );
    }
    expect(runs).toBeGreaterThan(2);
    expect(database.size).toBe(1_700);
    for (let key = 0; key < 1_700; key++) {
      const last = entries.findLast((each) => decodeUtf8(each.key) === `k${key}`);
      expect(database.get(`k${key}`)).toBe(decodeUtf8(last?.value ?? new Uint8Array()));
    }
    expect(checkpointOf('import').read()).toBeUndefined();
  });

  it('goes on where it was, and tells so', async () => {
    const seen: number[] = [];
    const commit = async (batch: Batch): Promise<void> => {
      nowMs += 600;
      if (batch.nextPosition > 2_000) throw new Error('cut off');
    };
    const settings = { source: sourceOf(entries), progress: report(), nowMs: now, newId };
    await expect(runImport({ ...settings, commit, checkpoint: checkpointOf('a') })).rejects.toThrow('cut off');
    const again = async (batch: Batch): Promise<void> => void seen.push(batch.nextPosition - batch.entries.length);
    const {
      from,
      entries: written,
      skipped,
    } = await runImport({ ...settings, commit: again, checkpoint: checkpointOf('a') });
    expect(from).toBe(2_000);
    expect(seen[0]).toBe(2_000);
    expect(written).toBe(3_000);
    expect(skipped).toEqual({ list: 2 });
    // Of another transfer it knows nothing.
    expect(checkpointOf('b').read()).toBeUndefined();
  });

  it('writes again what it has written before, when it is asked anew', async () => {
    const names: string[] = [];
    const commit = async (_batch: Batch, idempotencyKey: string): Promise<void> => void names.push(idempotencyKey);
    for (let n = 0; n < 2; n++) {
      await runImport({
        source: sourceOf(entries),
        commit,
        checkpoint: checkpointOf('a'),
        progress: report(),
        nowMs: now,
        newId,
      });
    }
    expect(names).toHaveLength(20);
    expect(new Set(names).size).toBe(20);
  });

  it('passes over what has expired', async () => {
    const dated = entries.slice(0, 10).map((each, n) => ({ ...each, expiresAt: n < 4 ? now() : now() + 1 }));
    let written = 0;
    const commit = async (batch: Batch): Promise<void> => void (written += batch.entries.length);
    const { skipped } = await runImport({
      source: sourceOf(dated),
      commit,
      checkpoint: undefined,
      progress: report(),
      nowMs: now,
      newId,
    });
    expect(written).toBe(6);
    expect(skipped).toMatchObject({ 'expired entry': 4 });
  });

  it('tells how far it is, once in a while', async () => {
    const commit = async (): Promise<void> => void (nowMs += 2_500);
    await runImport({
      source: sourceOf(entries),
      commit,
      checkpoint: undefined,
      progress: report(),
      nowMs: now,
      newId,
    });
    expect(said.length).toBeGreaterThan(2);
    expect(said.length).toBeLessThan(10);
    expect(said[0]).toMatch(/^[\d,]+ entries, \d+ a second, \d+ %, about \d+ s left$/);
  });
});

describe('an export', () => {
  it('writes lines, and keeps where it stands only for bytes that are out', async () => {
    const chunks: Buffer[] = [];
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        chunks.push(chunk);
        nowMs += 600;
        setImmediate(done);
      },
    });
    const checkpoint = checkpointOf('export');
    const resumable = { checkpoint, mark: (bytes: number) => ({ bytes, inode: 1, tailHash: 'h' }) };
    const stands: number[] = [];
    const entries = async function* () {
      for (let n = 0; n < 5_000; n++) {
        const bytes = checkpoint.read()?.['bytes'];
        if (typeof bytes === 'number') stands.push(bytes);
        yield entry(n, undefined, 'x'.repeat(200));
      }
    };
    const context = { entries: entries(), version: 'v', output, from: 7, total: 5_000, resumable, progress: report() };
    const { entries: count, bytes } = await runExport(context);
    const text = Buffer.concat(chunks).toString();
    expect(count).toBe(5_000);
    expect(bytes).toBe(Buffer.byteLength(text));
    expect(text.split('\n')).toHaveLength(5_001);
    expect(stands.length).toBeGreaterThan(0);
    const written = new Set(
      chunks.map((_, n) => 7 + chunks.slice(0, n + 1).reduce((sum, each) => sum + each.byteLength, 0)),
    );
    for (const stand of stands) expect(written).toContain(stand);
  });

  it('fails with its output', async () => {
    const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error('disk full')) });
    const entries = (async function* () {
      yield entry(1);
    })();
    const context = {
      entries,
      version: 'v',
      output,
      from: 0,
      total: undefined,
      resumable: undefined,
      progress: report(),
    };
    await expect(runExport(context)).rejects.toThrow('disk full');
  });
});
