import type { Random } from '@leasehold/foundation';
import { compareBytes, seededRandom, utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { plain, plainAll } from '../../testing/arbitraries.js';
import { claimedHead, EngineWorld } from '../../testing/engine-world.js';
import type { Commit, Entry, RangeDelete } from '../entry.js';
import { commitOf, deleteEntry, NEVER, putEntry } from '../entry.js';
import { decodeCommits, encodeCommits } from '../format/commit.js';
import type { Head } from '../format/head.js';
import { encodeHead } from '../format/head.js';
import { sstWriterOfFlush } from '../head/flush-files.js';
import { flushInto } from '../head/flush.js';
import { changesCompleteFrom } from '../head/history-files.js';
import { readChanges } from '../history/read-changes.js';
import { Memtable } from './memtable.js';

/** Seeds are fixed here, so that a failure repeats; the title names the seed. */
const SEEDS = Array.from({ length: 5 }, (_, i) => i + 1);
const COMMITS = 260;
/** Around what V8 keeps in its heap, what is copied, and pieces as they grow. */
const VALUE_BYTES = [0, 1, 63, 64, 65, 700, 1_000, 1_024, 4_096, 4_097, 9_000];
const KEY_BYTES = [1, 8, 64, 65, 300];
const RETENTION_MS = [0, 40, 60_000];
/** Values are parts of it. */
const NOISE = seededRandom(99).bytes(40_000);

/** A commit as the log and the memtable have it. */
interface Written {
  readonly commit: Commit;
  readonly payload: Uint8Array;
}

/** A view that somebody holds, and what it showed at first. */
interface Held {
  readonly bytes: Uint8Array;
  readonly shown: string;
}

/**
 * Two memtables of the same commits. One has its commits encoded in memory that they share, as an owner has them; the other gets them alone, each
 * in memory of its own, as whoever replays a log does. Appends are refused, commits repeated, and views held meanwhile.
 */
class Pair {
  readonly shared = new Memtable();
  readonly alone = new Memtable();
  readonly written: Written[] = [];
  readonly held: Held[] = [];
  refusals = 0;

  constructor(
    private readonly random: Random,
    private readonly expiryMs: number,
  ) {}

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random.fraction() * choices.length)] as T;
  }

  chance(probability: number): boolean {
    return this.random.fraction() < probability;
  }

  write(sequence: number): void {
    if (this.chance(0.1)) {
      this.refusals++;
      this.shared.giveBack(this.shared.encode(this.draw(sequence).commit));
    }
    const { commit, body } = this.draw(sequence);
    const payload = this.shared.encode(commit);
    this.shared.put(commit, payload);
    // What the other one is made of outlives the request.
    this.alone.put(decodeCommits(encodeCommits([commit]))[0] as Commit);
    this.written.push({ commit: decodeCommits(encodeCommits([commit]))[0] as Commit, payload });
    // Many entries are not copied, and neither is what is large: the request is theirs.
    if (commit.entries.length === 1) body.fill(0);
    if (this.chance(0.1)) this.repeat();
    if (this.chance(0.2)) this.hold();
  }

  /** As a log is replayed: with or without the bytes that the commit came in. */
  private repeat(): void {
    const { commit, payload } = this.pick(this.written);
    this.shared.put(commit, this.pick([undefined, payload, encodeCommits([commit])]));
    this.alone.put(commit);
  }

  private hold(): void {
    const entry = this.shared.get(this.pick(this.written).commit.entries[0]?.key ?? utf8('none'));
    if (entry === undefined) return;
    for (const bytes of [entry.key, entry.value]) this.held.push({ bytes, shown: hexOf(bytes) });
  }

  private noise(length: number): Uint8Array {
    const from = Math.floor(this.random.fraction() * (NOISE.length - length));
    return NOISE.subarray(from, from + length);
  }

  private key(): Uint8Array {
    return utf8(String(Math.floor(this.random.fraction() * 40)).padStart(this.pick(KEY_BYTES), 'k'));
  }

  /** Keys and values are views on one body. */
  private draw(sequence: number): { readonly commit: Commit; readonly body: Uint8Array } {
    const version = { epoch: 1, sequence };
    const drawn = new Map<string, [Uint8Array, Uint8Array]>();
    for (let left = this.pick([1, 1, 1, 1, 1, 1, 1, 1, 0, 2, 5, 17]); left > 0; left--) {
      const key = this.key();
      drawn.set(hexOf(key), [key, this.noise(this.pick(VALUE_BYTES))]);
    }
    const body = Buffer.concat([utf8('head of a request'), ...[...drawn.values()].flat()]);
    let at = 17;
    const next = (length: number): Uint8Array =>
      new Uint8Array(body.buffer, body.byteOffset + (at += length) - length, length);
    const entries = [...drawn.values()].map(([key, value]): Entry => {
      const [ownKey, ownValue] = [next(key.length), next(value.length)];
      if (this.chance(0.2)) return deleteEntry(ownKey, version);
      return putEntry(ownKey, version, ownValue, this.chance(0.2) ? sequence + this.expiryMs : NEVER);
    });
    const usage = { commits: sequence, writeUnits: 2 * sequence, writtenBytes: 2 ** 33 + sequence };
    const rest = { rangeDeletes: this.rangeDeletes(version), idempotency: this.record(version), usage };
    return { commit: commitOf(version, entries, { committedAt: sequence, ...rest }), body };
  }

  private rangeDeletes(version: Commit['version']): readonly RangeDelete[] {
    const [start, end] = [this.key(), this.key()].sort(compareBytes) as [Uint8Array, Uint8Array];
    if (!this.chance(0.05) || compareBytes(start, end) === 0) return [];
    return [{ start, end: this.chance(0.1) ? undefined : end, version }];
  }

  private record(version: Commit['version']): Commit['idempotency'] {
    if (this.chance(0.7)) return undefined;
    return {
      key: this.random.bytes(1 + (version.sequence % 255)),
      digest: this.random.bytes(16),
      version,
      expiresAt: 2 ** 40,
    };
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** All that a memtable tells, whatever it is made of. */
function told(memtable: Memtable): unknown {
  return plainAll({
    entries: [...memtable.entries()].map(plain),
    reverse: [...memtable.entries({}, true)].map(plain),
    commits: memtable.commits(0).map(({ version, committedAt, entries, rangeDeletes, idempotency, usage }) => {
      return { version, committedAt, entries: entries.map(plain), rangeDeletes, idempotency, usage };
    }),
    rangeDeletes: memtable.rangeDeletes,
    idempotency: memtable.idempotency,
    last: [memtable.lastVersion, memtable.lastCommittedAt, memtable.usage],
    size: [memtable.size, memtable.sizeBytes],
  });
}

/** What readers get of a head and what is above it: keys at several versions, a scan, the feed. */
async function read(world: EngineWorld, head: Head, memtables: readonly Memtable[]): Promise<unknown> {
  const view = world.view(head, ...memtables);
  const source = { memtables, head, files: { store: world.store, cache: world.cache } };
  const since = changesCompleteFrom(head);
  const page = await readChanges(source, { since, maxCommits: 10_000, maxBytes: 64 * 1024 * 1024 });
  return {
    scan: (await view.scan({ limit: 10_000, limitBytes: 64 * 1024 * 1024 })).entries.map(plain),
    feed: page.commits.map(({ version, entries, rangeDeletes }) => [
      version,
      entries.map(plain),
      plainAll(rangeDeletes),
    ]),
    through: page.through,
  };
}

/** Everything that the commits shared is somebody else's now; commits that have most of their memory to themselves may stay where they are. */
function useAgain(written: readonly Written[]): number {
  const mostOf = new Map<ArrayBufferLike, number>();
  for (const { payload } of written) {
    mostOf.set(payload.buffer, Math.max(mostOf.get(payload.buffer) ?? 0, payload.byteLength));
  }
  const pieces = [...mostOf].filter(([{ byteLength }, most]) => byteLength > 2 * most);
  for (const [piece] of pieces) new Uint8Array(piece).fill(0xff);
  return pieces.length;
}

describe('memory that the commits of a memtable share', () => {
  it.each(SEEDS)(
    'tells what memory of their own tells, to readers, feeds, the log, and the head (seed %i)',
    async (seed) => {
      const pair = new Pair(seededRandom(seed), seed % 2 === 0 ? 20 : 1_000_000);
      const iterators = [pair.shared.entries(), pair.shared.entries({}, true)];
      const met: Entry[] = [];
      for (let sequence = 1; sequence <= COMMITS; sequence++) {
        pair.write(sequence);
        const step = iterators[sequence % 2]?.next();
        if (step?.done === false) met.push(step.value);
      }
      pair.shared.freeze();
      expect(pair.refusals).toBeGreaterThan(0);
      expect(told(pair.shared)).toEqual(told(pair.alone));
      const known = new Set(
        pair.written.flatMap(({ commit }) => commit.entries.map((entry) => JSON.stringify(plain(entry)))),
      );
      expect(met.every((entry) => known.has(JSON.stringify(plain(entry))))).toBe(true);
      for (const { commit, payload } of pair.written) {
        expect(hexOf(payload)).toBe(hexOf(encodeCommits([commit])));
        for (const { key } of commit.entries) {
          for (const through of [commit.version.sequence - 1, commit.version.sequence, COMMITS]) {
            const [one, other] = [pair.shared.get(key, through), pair.alone.get(key, through)];
            expect(one && plain(one)).toEqual(other && plain(other));
          }
        }
      }
      for (const { bytes, shown } of pair.held) expect(hexOf(bytes)).toBe(shown);

      const world = new EngineWorld(seed);
      const before = claimedHead(RETENTION_MS[seed % 3]);
      expect(await read(world, before, [pair.shared])).toEqual(await read(world, before, [pair.alone]));
      const flush = (into: EngineWorld, memtable: Memtable, inlineLimitBytes: number): Promise<Head> =>
        flushInto(before, memtable, { inlineLimitBytes }, sstWriterOfFlush(into.ctx));
      // All of it inline, only what is newest, and none.
      const heads: [EngineWorld, Head, string][] = [];
      for (const inlineLimitBytes of [Infinity, 400_000, 0]) {
        const [own, other] = [new EngineWorld(seed), new EngineWorld(seed)];
        const head = await flush(own, pair.shared, inlineLimitBytes);
        const encoded = hexOf(encodeHead(head));
        expect(encoded).toBe(hexOf(encodeHead(await flush(other, pair.alone, inlineLimitBytes))));
        heads.push([own, head, encoded]);
      }
      const shown = await read(heads[0]![0], heads[0]![1], []);
      expect(useAgain(pair.written)).toBeGreaterThan(1);
      for (const [, head, encoded] of heads) expect(hexOf(encodeHead(head))).toBe(encoded);
      expect(await read(heads[0]![0], heads[0]![1], [])).toEqual(shown);
    },
  );
});
