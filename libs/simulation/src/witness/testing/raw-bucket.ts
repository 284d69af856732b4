import { bucketLayout } from '@leasehold/bucket-layout';
import type { Frame, RolledFrame } from '@leasehold/commit-log';
import { encodeRollup, encodeSeal, encodeSegment } from '@leasehold/commit-log';
import type { Entry, Head, SstRef } from '@leasehold/engine';
import {
  commitOf,
  decodeCommits,
  decodeHead,
  emptyHead,
  encodeCommits,
  encodeHead,
  encodePin,
  putEntry,
  sstWriterOfFlush,
} from '@leasehold/engine';
import type { DatabaseId, Random, SessionId, Ulid, Version } from '@leasehold/foundation';
import { seededRandom, utf8 } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import type { SessionRecord } from '@leasehold/lease';
import { decodeSessionRecord, encodeSessionRecord } from '@leasehold/lease';
import type { PutOutcome } from '@leasehold/object-store';
import { drawNonce, EMPTY_TRAIL, MemoryStore, nextTrail } from '@leasehold/object-store';

import { databaseOf } from '../../workload/databases.js';
import { BucketWitness } from '../bucket-witness.js';
import { WINDOW } from '../session-trace.js';

export const DAY_MS = 24 * 60 * 60 * 1_000;
export const TTL_MS = 5_000;
export const A = databaseOf(0).databaseId;
export const B = databaseOf(1).databaseId;
export const ONE = '01jd0000000000000000000001' as SessionId;
export const TWO = '01jd0000000000000000000002' as SessionId;

/** Commits `first` to `last` of one database, under one epoch. */
export interface FrameSketch {
  readonly database?: DatabaseId;
  readonly epoch?: number;
  readonly previous?: number;
  readonly first: number;
  readonly last?: number;
  /** Of every commit; its sequence by default. */
  readonly value?: string;
}

/** Puts whatever it is told to, past all code that would refuse: what a witness has to judge. */
export class RawBucket {
  readonly clock = new FakeClock();
  readonly memory = new MemoryStore(this.clock);
  readonly witness = new BucketWitness(this.memory, { clock: this.clock, keepSessionsMs: DAY_MS });
  private readonly random: Random = seededRandom(1);
  /** Of every commit in any frame, the entry that a head owes for it. */
  private readonly entries = new Map<string, Entry>();

  /** Of each violation, in their order. */
  get rules(): readonly string[] {
    return this.witness.violations.map(({ rule }) => rule);
  }

  /** Rules that were broken, once each. */
  broken(): readonly string[] {
    return [...new Set(this.rules)].sort();
  }

  /** Session ONE has claimed database A. */
  async owned(): Promise<void> {
    await this.session(ONE);
    await this.head(A, { epoch: 1, owner: ONE });
  }

  /** … and has written commits 1 to `count`, each in a segment of its own. */
  async written(count: number): Promise<void> {
    await this.owned();
    for (let n = 1; n <= count; n++) await this.segment(ONE, n, { first: n, previous: n - 1 });
  }

  /** Over what is there, if anything is. */
  async put(name: string, body: Uint8Array): Promise<PutOutcome> {
    const present = await this.memory.get(name);
    const condition =
      present === undefined || present === 'not-modified' ? ('create' as const) : { match: present.etag };
    return this.witness.put(name, body, condition);
  }

  delete(name: string): Promise<void> {
    return this.witness.delete(name);
  }

  /** The next edit of a session's record; the first one begins it. */
  async session(id: SessionId, change: Partial<SessionRecord> = {}): Promise<void> {
    const name = bucketLayout.session(id);
    const present = await this.memory.get(name);
    const base: SessionRecord =
      present === undefined || present === 'not-modified'
        ? {
            sessionId: id,
            endpoint: 'http://one',
            pid: 1,
            host: 'one',
            ttlMs: TTL_MS,
            state: 'live',
            floor: 1,
            rollups: [],
            trail: EMPTY_TRAIL,
          }
        : decodeSessionRecord(present.body);
    await this.put(name, encodeSessionRecord({ ...base, trail: nextTrail(base.trail, this.nonce()), ...change }));
  }

  async segment(id: SessionId, number: number, ...frames: readonly FrameSketch[]): Promise<void> {
    const encoded = frames.map(frameOf);
    for (const { databaseId, payload } of encoded) {
      for (const { version, entries } of decodeCommits(payload))
        this.entries.set(`${databaseId} ${version.sequence}`, entries[0] as Entry);
    }
    const body = encodeSegment({ sessionId: id, number }, this.nonce(), encoded);
    await this.put(bucketLayout.segment(id, number), body);
  }

  async seal(id: SessionId, number: number): Promise<void> {
    await this.put(bucketLayout.segment(id, number), encodeSeal({ sessionId: id, number }, this.nonce()));
  }

  async rollup(id: SessionId, from: number, to: number, ...frames: readonly (FrameSketch & { segment: number })[]) {
    const rolled = frames.map((sketch): RolledFrame => ({ ...frameOf(sketch), segment: sketch.segment }));
    const body = encodeRollup({ sessionId: id, from, to }, this.nonce(), rolled);
    await this.put(bucketLayout.rollup(id, from, to), body);
  }

  /** After its silence; the window begins at `lowest`. */
  async close(id: SessionId, lowest: number): Promise<void> {
    await this.clock.advance(2 * TTL_MS);
    await this.session(id, { state: 'sealed' });
    for (let i = 0; i < WINDOW; i++) await this.seal(id, lowest + i);
  }

  async headOf(id: DatabaseId): Promise<Head | undefined> {
    const present = await this.memory.get(bucketLayout.head(id));
    return present === undefined || present === 'not-modified' ? undefined : decodeHead(present.body);
  }

  /**
   * The next edit of a head; the first one begins the database. `commit` is the sequence of the last commit: what the log has of commits to there
   * is inline from `inlineFrom` on, unless `inline` says otherwise.
   */
  async head(id: DatabaseId, change: Partial<Head> & { readonly commit?: number } = {}): Promise<void> {
    const base = (await this.headOf(id)) ?? emptyHead({ ...databaseOf(0), databaseId: id });
    const { commit, ...fields } = change;
    const next = { ...base, trail: nextTrail(base.trail, this.nonce()), ...fields };
    const lastCommit = commit === undefined ? next.lastCommit : { epoch: base.epoch || 1, sequence: commit };
    const { inlineFrom } = next;
    const inline = change.inline ?? this.entriesOf(id, inlineFrom, lastCommit.sequence);
    await this.put(bucketLayout.head(id), encodeHead({ ...next, inline, lastCommit }));
  }

  /** A file with the entry of one commit, that of its own number by default. @returns what a head would say of it */
  async file(id: DatabaseId, number: number, commit = number): Promise<SstRef> {
    const { ref, body } = await fileOf(id, number, this.entries.get(`${id} ${commit}`));
    await this.put(bucketLayout.sst(id, ref.id), body);
    return ref;
  }

  async pin(folder: DatabaseId, number: number, files: readonly Ulid[]): Promise<string> {
    const id = ulid(number);
    const pin = { id, folder, holder: B, purpose: 'branch', sequence: 1, createdAt: 1, files } as const;
    const name = `${bucketLayout.pins(folder)}${id}`;
    await this.put(name, encodePin(pin, this.random.bytes(16)));
    return name;
  }

  private entriesOf(id: DatabaseId, from: number, through: number): readonly Entry[] {
    const found: Entry[] = [];
    for (let sequence = through; sequence >= from; sequence--) {
      const entry = this.entries.get(`${id} ${sequence}`);
      if (entry !== undefined) found.push(entry);
    }
    return found;
  }

  nonce(): string {
    return drawNonce(this.random);
  }
}

export function ulid(number: number): Ulid {
  return String(number).padStart(26, '0') as Ulid;
}

function entryOf(version: Version, value: string): Entry {
  return putEntry(utf8('k'), version, utf8(value));
}

function frameOf(sketch: FrameSketch): Frame {
  const { database = A, epoch = 1, previous = 0, first, last = first } = sketch;
  const commits = Array.from({ length: last - first + 1 }, (_, i) => {
    const version = { epoch, sequence: first + i };
    return commitOf(version, [entryOf(version, sketch.value ?? String(first + i))]);
  });
  return {
    databaseId: database,
    epoch,
    previousSegment: previous,
    firstSequence: first,
    lastSequence: last,
    payload: encodeCommits(commits),
  };
}

/** Files by number, which is the end of their ids. */
export async function fileOf(
  id: DatabaseId,
  number: number,
  entry: Entry = entryOf({ epoch: 1, sequence: number }, String(number)),
): Promise<{ readonly ref: SstRef; readonly body: Uint8Array }> {
  const clock = new FakeClock(0);
  const store = new MemoryStore(clock);
  const random = { ...seededRandom(1), bytes: (count: number) => new Uint8Array(count) };
  // The next id above the floor is the number itself.
  const head = { ...emptyHead({ ...databaseOf(0), databaseId: id }), gcFloor: ulid(number - 1) };
  const marks = { coversFrom: 0, coversThrough: 0, rangeDeletesThrough: 0 };
  const ref = await sstWriterOfFlush({ store, clock, random })(head, [entry], marks);
  const object = await store.get(bucketLayout.sst(id, ref.id));
  if (object === undefined || object === 'not-modified' || ref.id !== ulid(number)) throw new Error('no such file');
  return { ref, body: object.body };
}
