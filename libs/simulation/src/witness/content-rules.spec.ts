import type { Commit, Entry, Head, RangeDelete, SstRef } from '@leasehold/engine';
import { commitOf, deleteEntry, emptyHead, putEntry } from '@leasehold/engine';
import { utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { databaseOf } from '../workload/databases.js';
import { judgeContents } from './content-rules.js';
import { entriesByKey } from './head-contents.js';

const EMPTY = emptyHead(databaseOf(0));

/** Entries by the file that holds them. */
class Files {
  private readonly entries = new Map<string, readonly Entry[]>();

  with(id: string, entries: readonly Entry[], more: Partial<SstRef> = {}): SstRef {
    this.entries.set(id, entries);
    // Nobody looks at the rest.
    return { id, ...more } as unknown as SstRef;
  }

  judge(base: Head, next: Head, commits: readonly Commit[] = []): string[] {
    const told: string[] = [];
    const fileOf = ({ id }: SstRef) => entriesByKey(this.entries.get(id) ?? []);
    judgeContents(base, next, commits, fileOf, (rule, what) => void told.push(`${rule}: ${what}`));
    return told;
  }
}

const version = (sequence: number, epoch = 1) => ({ epoch, sequence });
const put = (key: string, sequence: number, value = String(sequence), expiresAt?: number): Entry =>
  putEntry(utf8(key), version(sequence), utf8(value), expiresAt);
const gone = (key: string, sequence: number): Entry => deleteEntry(utf8(key), version(sequence));
const range = (start: string, end: string, sequence: number): RangeDelete => ({
  start: utf8(start),
  end: utf8(end),
  version: version(sequence),
});

/** Up to commit 9. */
function head(parts: Partial<Head>): Head {
  return { ...EMPTY, epoch: 1, lastCommit: version(9), inlineFrom: 10, ...parts };
}

describe('a compaction', () => {
  const files = new Files();
  const older = files.with('older', [put('a', 1), put('b', 2), put('c', 3)]);
  const newer = files.with('newer', [gone('a', 5), put('b', 6)]);
  const base = head({ l0: [newer, older] });
  const merged = (...entries: readonly Entry[]): Head => {
    const l1 = [files.with('merged', entries)];
    return head({ l0: [], l1, horizon: 6 });
  };

  it('may drop what is superseded or deleted, with the horizon', () => {
    expect(files.judge(base, merged(put('b', 6), put('c', 3)))).toEqual([]);
    expect(files.judge(base, merged(gone('a', 5), put('b', 6), put('b', 2), put('c', 3)))).toEqual([]);
  });

  it('may not drop it and leave the horizon (C1)', () => {
    const next = { ...merged(gone('a', 5), put('a', 1), put('b', 6), put('c', 3)), horizon: 0 };
    expect(files.judge(base, next)).toEqual(['C1: a read of b at 2 found commit 2 of epoch 1, and finds nothing']);
    expect(files.judge(base, { ...next, horizon: 5 })).toHaveLength(1);
    expect(files.judge(base, { ...next, horizon: 6 })).toEqual([]);
  });

  it('may not lose a key, change it, or make one up', () => {
    expect(files.judge(base, merged(put('b', 6)))).toEqual([
      'H2: a read of c at 9 found commit 3 of epoch 1, and finds nothing',
    ]);
    expect(files.judge(base, merged(put('b', 6), put('c', 3, 'other')))).toHaveLength(1);
    expect(files.judge(base, merged(put('b', 6), put('c', 3), put('d', 4)))).toEqual([
      'H2: a read of d at 9 found nothing, and finds commit 4 of epoch 1',
    ]);
  });

  it('may not bring back what a delete hides', () => {
    const next = head({ l0: [older], l1: [files.with('half', [put('b', 6)])], horizon: 6 });
    expect(files.judge(base, next)).toEqual(['H2: a read of a at 9 found nothing, and finds commit 1 of epoch 1']);
  });

  it('may not let a range delete go while something is left that it hides', () => {
    const hidden = head({ l0: [older], rangeDeletes: [range('a', 'c', 7)] });
    expect(files.judge(hidden, head({ l0: [older], horizon: 7 }))).toEqual([
      'H2: a read of a at 9 found nothing, and finds commit 1 of epoch 1',
      'H2: a read of b at 9 found nothing, and finds commit 2 of epoch 1',
    ]);
    const cleaned = head({ l1: [files.with('cleaned', [put('c', 3)])], horizon: 7 });
    expect(files.judge(hidden, cleaned)).toEqual([]);
    expect(files.judge(hidden, { ...cleaned, horizon: 6 })).toHaveLength(2);
  });

  it('may drop what has expired, but not what is older and would show then', () => {
    const lastCommittedAt = 1_000;
    const expiring = head({ l0: [files.with('expiring', [put('a', 4, 'x', 1_000), put('a', 1)])], lastCommittedAt });
    expect(files.judge(expiring, head({ horizon: 9, lastCommittedAt }))).toEqual([]);
    const next = head({ l1: [files.with('shown', [put('a', 1)])], horizon: 9, lastCommittedAt });
    expect(files.judge(expiring, next)).toEqual([
      'H2: a read of a at 9 found commit 4 of epoch 1, and finds commit 1 of epoch 1',
    ]);
    const forever = head({ l1: [files.with('forever', [put('a', 4)])], horizon: 9, lastCommittedAt });
    expect(files.judge(expiring, forever)).toHaveLength(1);
  });

  it('may not drop what expires after the last commit: the clock of its owner may be behind (C1)', () => {
    const lastCommittedAt = 999;
    const expiring = head({ l0: [files.with('later', [put('a', 4, 'x', 1_000)])], lastCommittedAt });
    expect(files.judge(expiring, head({ horizon: 9, lastCommittedAt }))).toEqual([
      'H2: a read of a at 9 found commit 4 of epoch 1, and finds nothing',
    ]);
  });
});

describe('an edit with commits', () => {
  const files = new Files();
  const file = files.with('file', [put('a', 1), put('b', 2)]);
  const base = head({ l0: [file], inline: [put('a', 7)], lastCommit: version(7) });
  const commits = [
    commitOf(version(8), [put('a', 8), put('c', 8)]),
    commitOf(version(9), [], { rangeDeletes: [range('b', 'c', 9)] }),
  ];

  it('brings them all, inline or in a file, with the range deletes or their effect', () => {
    const inline = [put('a', 8), put('a', 7), put('c', 8)];
    const rangeDeletes = [range('b', 'c', 9)];
    expect(files.judge(base, head({ l0: [file], inline, rangeDeletes }), commits)).toEqual([]);
    const flushed = files.with('flushed', inline);
    expect(files.judge(base, head({ l0: [flushed, file], rangeDeletes }), commits)).toEqual([]);
    const cleaned = files.with('cleaned', [put('a', 8), put('c', 8)]);
    expect(files.judge(base, head({ l1: [cleaned], horizon: 9 }), commits)).toEqual([]);
  });

  it('loses nothing of them (H5), and nothing of the past (C1)', () => {
    const rangeDeletes = [range('b', 'c', 9)];
    const next = head({ l0: [file], inline: [put('a', 8), put('a', 7)], rangeDeletes });
    expect(files.judge(base, next, commits)).toEqual([
      'H5: a read of c at 9 found commit 8 of epoch 1, and finds nothing',
    ]);
    expect(files.judge(base, { ...next, epoch: 2 }, commits)[0]).toMatch(/^H3: /);
    const trimmed = head({ l0: [file], inline: [put('a', 8), put('c', 8)], rangeDeletes });
    expect(files.judge(base, trimmed, commits)).toEqual([
      'C1: a read of a at 7 found commit 7 of epoch 1, and finds commit 1 of epoch 1',
    ]);
    const unhidden = head({ l0: [file], inline: [put('a', 8), put('a', 7), put('c', 8)] });
    expect(files.judge(base, unhidden, commits)).toEqual([
      'H5: a read of b at 9 found nothing, and finds commit 2 of epoch 1',
    ]);
  });

  it('keeps old versions of inline keys in a file of history, for reads of the past', () => {
    const ref = files.with('versions', [put('a', 8), put('a', 7), put('c', 8)], { coversThrough: 9 });
    const rangeDeletes = [range('b', 'c', 9)];
    const next = head({
      l0: [file],
      inline: [put('a', 8), put('c', 8)],
      rangeDeletes,
      history: [{ role: 'versions', ref }],
    });
    expect(files.judge(base, next, commits)).toEqual([]);
    const early = { ...ref, coversThrough: 7 };
    expect(files.judge(base, { ...next, history: [{ role: 'versions', ref: early }] }, commits)).toHaveLength(1);
  });

  it('may hold deletes of a commit that a claim carried, which nobody else knows', () => {
    const carried = commitOf(version(8, 2), [put('c', 8)]);
    const next = head({ epoch: 2, inline: [put('c', 8)], lastCommit: version(8, 2), horizon: 8 });
    expect(files.judge(base, next, [{ ...carried, entries: [put('c', 8)] }])).toEqual([]);
    const older = head({ epoch: 2, l0: [file], inline: [put('c', 8)], lastCommit: version(8, 2), horizon: 8 });
    expect(files.judge(base, older, [{ ...carried, entries: [put('c', 8)] }])).toEqual([
      'H3: a read of a at 8 found commit 7 of epoch 1, and finds commit 1 of epoch 1',
    ]);
  });
});
