import { seededRandom, utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { arbitraryCommits, plain } from '../../testing/arbitraries.js';
import { memtableOf } from '../../testing/engine-world.js';
import type { Commit, Entry } from '../entry.js';
import { commitOf, deleteEntry, putEntry } from '../entry.js';
import { encodeCommits } from '../format/commit.js';
import { LoneCommit } from './lone-commit.js';
import { Memtable } from './memtable.js';

function at(sequence: number): { epoch: number; sequence: number } {
  return { epoch: 1, sequence };
}

/** A commit by what it tells, whatever it is made of. */
function told({ version, committedAt, entries, rangeDeletes, idempotency, usage }: Commit) {
  return { version, committedAt, entries: entries.map(plain), rangeDeletes, idempotency, usage };
}

describe('memory of a memtable', () => {
  it('keeps nothing of what a small commit was read from', () => {
    const segment = new Uint8Array(64 * 1024);
    const view = (from: number, to: number): Uint8Array => segment.subarray(from, to);
    const memtable = new Memtable();
    const idempotency = { key: view(1, 37), digest: view(40, 56), version: at(1), expiresAt: 9 };
    const rangeDeletes = [{ start: view(60, 70), end: view(70, 90), version: at(1) }];
    memtable.put(commitOf(at(1), [putEntry(view(100, 110), at(1), view(110, 120))], { idempotency, rangeDeletes }));
    const [entry] = [...memtable.entries()] as [Entry];
    const [record] = memtable.idempotency as [typeof idempotency];
    const [range] = memtable.rangeDeletes as [(typeof rangeDeletes)[0]];
    const kept = [entry.key, entry.value, record.key, record.digest, range.start, range.end];
    expect(kept.map(({ buffer }) => buffer.byteLength)).toEqual([10, 10, 36, 16, 10, 20]);
    expect(memtable.commits(0)[0]).toMatchObject({ idempotency: record, rangeDeletes: [range] });
  });

  it('keeps nothing that a head is to have of what a large commit was read from', () => {
    const segment = new Uint8Array(64 * 1024);
    const view = (from: number, to: number): Uint8Array => segment.subarray(from, to);
    const idempotency = { key: view(1, 255), digest: view(300, 316), version: at(1), expiresAt: 9 };
    const rangeDeletes = [{ start: view(400, 410), end: view(500, 600), version: at(1) }];
    const entries = Array.from({ length: 30 }, (_, i) => putEntry(utf8(`k${i}`), at(1), view(700, 800)));
    const memtable = memtableOf([commitOf(at(1), entries, { idempotency, rangeDeletes })]);
    const [record] = memtable.idempotency as [typeof idempotency];
    const [range] = memtable.rangeDeletes as [(typeof rangeDeletes)[0]];
    const kept = [record.key, record.digest, range.start, range.end];
    expect(kept.map(({ buffer }) => buffer.byteLength)).toEqual([254, 16, 10, 100]);
    expect(memtable.commits(0)[0]).toMatchObject({ idempotency: record, rangeDeletes: [range] });
  });

  it('does not hold on to the request or the log segment that a small commit came in', () => {
    const body = new Uint8Array(1024 * 1024);
    const entry = putEntry(body.subarray(10, 15), at(1), body.subarray(20, 1_000));
    const kept = memtableOf([commitOf(at(1), [entry])]).get(entry.key) as Entry;
    expect([kept.key.buffer.byteLength, kept.value.buffer.byteLength]).toEqual([5, 980]);
    expect(plain(kept)).toEqual(plain(entry));
  });

  it('keeps what is long of a single entry where its encoded commit lies, and what is short by itself', () => {
    const long = new Uint8Array(200).fill(7);
    const cases = [
      [utf8('k'), long, [false, true]],
      [long, utf8('v'), [true, false]],
      [long, long, [true, true]],
      [utf8('k'), new Uint8Array(0), [false, false]],
    ] as const;
    for (const [key, value, isShared] of cases) {
      const request = Buffer.concat([new Uint8Array(5), key, value]);
      const own = (from: number, length: number) => request.subarray(from, from + length);
      const entry = putEntry(own(5, key.length), at(1), own(5 + key.length, value.length), 9_000);
      const commit = commitOf(at(1), [entry], {
        rangeDeletes: [{ start: utf8('a'), end: utf8('b'), version: at(1) }],
        idempotency: { key: utf8('once'), digest: new Uint8Array(16), version: at(1), expiresAt: 5 },
      });
      const encoded = encodeCommits([commit]);
      const memtable = new Memtable();
      memtable.put(commit, encoded);
      request.fill(0);
      const kept = memtable.get(key) as Entry;
      expect([Uint8Array.from(kept.key), Uint8Array.from(kept.value), kept.expiresAt]).toEqual([key, value, 9_000]);
      expect([kept.key, kept.value].map((bytes) => bytes.buffer === encoded.buffer)).toEqual(isShared);
    }
  });

  it('keeps a single entry of any commit as it was, shared or not', () => {
    fc.assert(
      fc.property(arbitraryCommits, (commits) => {
        const [shared, copied] = [new Memtable(), new Memtable()];
        for (const commit of commits) {
          shared.put(commit, encodeCommits([commit]));
          copied.put(commit);
        }
        expect([...shared.entries()].map(plain)).toEqual([...copied.entries()].map(plain));
        expect(shared.sizeBytes).toBe(copied.sizeBytes);
      }),
    );
  });

  it('lets commits share memory once it holds more than a little, each as it was', () => {
    const random = seededRandom(5);
    const [shared, copied] = [new Memtable(), new Memtable()];
    const buffers = new Set<unknown>();
    for (let sequence = 1; sequence <= 400; sequence++) {
      const key = utf8(`key ${sequence % 7}`);
      const value = random.bytes(sequence % 5 === 0 ? 10 : 1_000);
      const entry = sequence % 11 === 0 ? deleteEntry(key, at(sequence)) : putEntry(key, at(sequence), value, 9_000);
      const usage = { commits: sequence, writeUnits: 2 * sequence, writtenBytes: 3 * sequence };
      const commit = commitOf(at(sequence), [entry], { committedAt: 1_000 + sequence, usage });
      const encoded = shared.encode(commit);
      expect(Buffer.from(encoded)).toEqual(Buffer.from(encodeCommits([commit])));
      buffers.add(encoded.buffer);
      shared.put(commit, encoded);
      copied.put(commit);
    }
    expect(buffers.size).toBeLessThan(40);
    expect([...shared.entries()].map(plain)).toEqual([...copied.entries()].map(plain));
    expect(shared.commits(0).map(told)).toEqual(copied.commits(0).map(told));
    expect(shared.usage).toEqual({ commits: 400, writeUnits: 800, writtenBytes: 1_200 });
    expect(shared.sizeBytes).toBe(copied.sizeBytes);
  });

  it.each([0, 2 ** 30 - 1, 2 ** 30, 1_764_000_000_123, 2 ** 48 - 1])(
    'tells when a commit was made: %i',
    (committedAt) => {
      const memtable = new Memtable();
      const commit = commitOf(at(1), [putEntry(utf8('k'), at(1), utf8('v'), 9_000)], { committedAt });
      memtable.put(commit, memtable.encode(commit));
      expect(memtable.commits(0).map((own) => [own instanceof LoneCommit, own.committedAt])).toEqual([
        [true, committedAt],
      ]);
      expect(memtable.lastCommittedAt).toBe(committedAt);
    },
  );

  it('shares none with commits of several entries, or of none: what is kept of those is copied', () => {
    const memtable = new Memtable();
    for (let sequence = 1; sequence <= 200; sequence++) {
      const keys = Array.from({ length: [1, 0, 2, 17][sequence % 4] as number }, (_, i) => utf8(`key ${i}`));
      const entries = keys.map((key) => putEntry(key, at(sequence), new Uint8Array(300)));
      const rangeDeletes = [{ start: utf8('a'), end: undefined, version: at(sequence) }];
      const commit = commitOf(at(sequence), entries, { rangeDeletes });
      const encoded = memtable.encode(commit);
      memtable.put(commit, encoded);
      const isShared = encoded.buffer.byteLength > encoded.byteLength;
      // A little is there before anything is shared.
      if (sequence > 100) expect([entries.length, isShared]).toEqual([entries.length, entries.length === 1]);
    }
  });

  it('has the memory again of what was encoded and not put', () => {
    const memtable = new Memtable();
    const commit = (sequence: number, fill: number): Commit =>
      commitOf(at(sequence), [putEntry(utf8('k'), at(sequence), new Uint8Array(500).fill(fill))]);
    for (let sequence = 1; sequence <= 60; sequence++) {
      memtable.put(commit(sequence, 1), memtable.encode(commit(sequence, 1)));
    }
    const refused = memtable.encode(commit(61, 2));
    memtable.giveBack(refused);
    const encoded = memtable.encode(commit(61, 3));
    expect([encoded.buffer === refused.buffer, encoded.byteOffset]).toEqual([true, refused.byteOffset]);
    memtable.put(commit(61, 3), encoded);
    expect(new Set(memtable.get(utf8('k'))?.value)).toEqual(new Set([3]));
    expect(new Set(memtable.get(utf8('k'), 60)?.value)).toEqual(new Set([1]));
  });
});
