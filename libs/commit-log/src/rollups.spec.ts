import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId } from '@leasehold/foundation';
import { seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import type { SessionRecord } from '@leasehold/lease';
import { decodeSessionRecord, Session } from '@leasehold/lease';
import type { StoredObject } from '@leasehold/object-store';
import { MemoryStore } from '@leasehold/object-store';
import { FaultyStore } from '@leasehold/object-store-testing';

import { closeLog } from './close-log.js';
import type { ClosedLog } from './closed-log.js';
import { readTail } from './closed-log.js';
import { CommitLog } from './commit-log.js';
import type { CommitLogSettings } from './commit-log-settings.js';
import { COMMIT_LOG_SETTINGS } from './commit-log-settings.js';
import { LogCache } from './log-cache.js';
import { LOOSE_LIMIT_SEGMENTS } from './log-keeper.js';
import { mapRollup } from './rollup.js';
import { HeldStore } from './testing/held-store.js';

const TTL_MS = 6_000;
const A = '00000000-0000-4000-8000-00000000000a' as DatabaseId;
const B = '00000000-0000-4000-8000-00000000000b' as DatabaseId;
const FOLD_AT = 10;
const SETTINGS: CommitLogSettings = {
  ...COMMIT_LOG_SETTINGS,
  putsPerSecond: 1_000_000,
  burstPuts: 64,
  hedgeShare: 0,
  foldAtSegments: FOLD_AT,
};

let clock: FakeClock;
let memory: MemoryStore;
let faulty: FaultyStore;
let store: HeldStore;
let session: Session;
let log: CommitLog;
let sequences: Map<DatabaseId, number>;

beforeEach(setUp);

async function setUp(): Promise<void> {
  clock = new FakeClock();
  memory = new MemoryStore(clock);
  faulty = new FaultyStore(memory, clock, seededRandom(1));
  store = new HeldStore(faulty);
  session = await Session.start(
    { store, clock, random: seededRandom(2) },
    { endpoint: 'http://a', pid: 1, host: 'a', ttlMs: TTL_MS },
  );
  sequences = new Map();
  open();
}

function open(settings: Partial<CommitLogSettings> = {}): void {
  log = new CommitLog({ store, clock, random: seededRandom(3), session }, { ...SETTINGS, ...settings });
}

function append(databaseId: DatabaseId, bytes?: number, isShared = false): Promise<void> {
  const sequence = (sequences.get(databaseId) ?? 0) + 1;
  sequences.set(databaseId, sequence);
  const text = Buffer.from(`${databaseId.at(-1)}${sequence}`);
  const payload = bytes === undefined ? text : Buffer.alloc(bytes, sequence);
  return log.append({ databaseId, epoch: 1, firstSequence: sequence, lastSequence: sequence, payload, isShared });
}

/** So many commits of the database, each in a segment of its own, and everything that follows from them at once. */
async function fill(count: number, databaseId: DatabaseId = A): Promise<void> {
  for (let i = 0; i < count; i++) await clock.settle(append(databaseId));
  await clock.advance(1);
}

async function recordOf(): Promise<SessionRecord> {
  const object = await memory.get(bucketLayout.session(session.id));
  if (object === undefined || object === 'not-modified') throw new Error('no record');
  return decodeSessionRecord(object.body);
}

/** Objects of the log: numbers of segments, and rollups as `from-to`. */
async function stored(): Promise<(number | string)[]> {
  const { objects } = await memory.list(bucketLayout.log(session.id));
  return objects.flatMap(({ key }) => {
    const rollup = bucketLayout.parseRollup(session.id, key);
    return bucketLayout.parseSegment(session.id, key) ?? (rollup ? `${rollup.from}-${rollup.to}` : []);
  });
}

const rollupKey = (from: number, to: number): string => bucketLayout.rollup(session.id, from, to);
const isRecord = (key: string): boolean => key.startsWith('workers/');
const isRollup = (key: string): boolean => key.includes('/rollup/');
const contender = (cache?: LogCache): Promise<ClosedLog> =>
  clock.settle(closeLog({ store: memory, clock, random: seededRandom(9) }, session.id, { cache }));
const tailOf = async (closed: ClosedLog, databaseId: DatabaseId, after = 0): Promise<string[]> =>
  (await readTail({ store: memory }, closed, databaseId, 1, after)).map(({ payload }) =>
    Buffer.from(payload).toString(),
  );
const names = (database: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${database}${from + i}`);

describe('L5: folding', () => {
  it('puts a rollup in the place of older segments, in one renewal, without a head', async () => {
    store.sent.length = 0;
    await fill(FOLD_AT);
    expect(await recordOf()).toMatchObject({ floor: FOLD_AT + 1, rollups: [{ from: 1, to: FOLD_AT }] });
    expect(await stored()).toEqual([`1-${FOLD_AT}`]);
    expect(store.sent.filter(isRecord)).toHaveLength(1);
    expect(store.sent.filter(isRollup)).toHaveLength(1);
    expect(log.laggards()).toEqual([A]);
    expect(log.looseSegments()).toBe(0);
    expect(await tailOf(await contender(), A)).toEqual(names('a', 1, FOLD_AT));
  });

  it('holds only what no head contains', async () => {
    for (let i = 0; i <= FOLD_AT; i++) {
      await clock.settle(append(i % 2 === 0 ? A : B));
      if (i === 6) log.flushed(A, 1, 3);
    }
    await clock.advance(1);
    expect((await recordOf()).rollups).toEqual([{ from: 2, to: FOLD_AT + 1 }]);
    const closed = await contender();
    expect(await tailOf(closed, A, 3)).toEqual(['a4', 'a5', 'a6']);
    expect(await tailOf(closed, B)).toEqual(names('b', 1, 5));
    // What a head contains is not in it: a head that did not would be found out.
    await expect(tailOf(closed, A)).rejects.toMatchObject({ code: 'broken-tail' });
  });

  it('writes no rollup when nothing of the range is needed', async () => {
    for (let sequence = 1; sequence <= 3 * FOLD_AT; sequence++) {
      await fill(1);
      log.flushed(A, 1, sequence);
    }
    await clock.advance(TTL_MS);
    expect(store.sent.filter(isRollup)).toEqual([]);
    expect(await recordOf()).toMatchObject({ floor: 3 * FOLD_AT + 1, rollups: [] });
    expect(await stored()).toEqual([]);
  });

  it('begins a chain anew behind a rollup, and recovery goes on from one to the other', async () => {
    await fill(FOLD_AT + 4);
    const closed = await contender();
    expect(closed.dataSegments).toEqual([11, 12, 13, 14]);
    expect(await tailOf(closed, A)).toEqual(names('a', 1, FOLD_AT + 4));
    expect(await tailOf(closed, A, FOLD_AT)).toEqual(names('a', FOLD_AT + 1, FOLD_AT + 4));
  });

  it('asks no database that writes seldom for a head put, however busy the others are', async () => {
    await fill(1, B);
    for (let i = 0; i < 60; i++) {
      await fill(FOLD_AT);
      log.flushed(A, 1, sequences.get(A) ?? 0);
    }
    await clock.advance(TTL_MS);
    expect((await recordOf()).rollups.length).toBeLessThanOrEqual(4);
    const closed = await contender();
    expect(await tailOf(closed, B)).toEqual(['b1']);
    expect(await tailOf(closed, A, 600)).toEqual([]);
  });

  it('keeps few rollups, by merging them, and loses nothing by it', async () => {
    let most = 0;
    for (let i = 0; i < 100; i++) {
      await fill(FOLD_AT);
      most = Math.max(most, (await recordOf()).rollups.length);
    }
    // All of them are small: three are kept until the fourth merges them.
    expect(most).toBe(3);
    expect((await stored()).filter((name) => typeof name === 'string')).toEqual(
      (await recordOf()).rollups.map(({ from, to }) => `${from}-${to}`),
    );
    expect(await tailOf(await contender(), A)).toEqual(names('a', 1, 100 * FOLD_AT));
  });

  it('drops a rollup that nobody needs from the record, and deletes it then', async () => {
    await fill(FOLD_AT);
    await fill(3, B);
    log.flushed(A, 1, FOLD_AT);
    await clock.advance(1);
    expect(await stored()).toContain(`1-${FOLD_AT}`);
    await clock.advance(TTL_MS / 3);
    expect(await recordOf()).toMatchObject({ floor: FOLD_AT + 1, rollups: [] });
    expect(await stored()).toEqual([11, 12, 13]);
    expect(await tailOf(await contender(), B)).toEqual(names('b', 1, 3));
  });

  it('never passes an unconfirmed segment', async () => {
    store.hold((key) => key === bucketLayout.segment(session.id, 6));
    for (let i = 0; i < 5; i++) await clock.settle(append(A));
    void append(B);
    for (let i = 0; i < 20; i++) await clock.settle(append(A));
    await clock.advance(TTL_MS);
    expect(await recordOf()).toMatchObject({ floor: 1, rollups: [] });
    await store.releaseAll();
    await clock.advance(1);
    expect(await recordOf()).toMatchObject({ floor: 27, rollups: [{ from: 1, to: 26 }] });
  });

  it('ends before the first unconfirmed segment, also when later ones are confirmed', async () => {
    const [first, second] = [9, 13].map((number) => bucketLayout.segment(session.id, number));
    store.hold((key) => key === first || key === second);
    for (let i = 1; i <= 20; i++) {
      void append(i === 9 || i === 13 ? B : A);
      await clock.advance(5);
    }
    await store.release(first as string);
    await clock.advance(1);
    expect(await recordOf()).toMatchObject({ floor: 13, rollups: [{ from: 1, to: 12 }] });
    expect(await stored()).toEqual([14, 15, 16, 17, 18, 19, 20, '1-12']);
    const closed = await contender();
    expect(await tailOf(closed, A)).toEqual(names('a', 1, 18));
    expect(await tailOf(closed, B)).toEqual(['b1']);
  });

  it('issues no segment beyond 512 behind the confirmed floor, and goes on when it rises', async () => {
    store.hold(isRollup);
    const appends: Promise<void>[] = [];
    for (let i = 0; i < 600; i++) {
      appends.push(append(A, 8));
      await clock.advance(5);
    }
    const segments = (): number[] => store.sent.flatMap((key) => bucketLayout.parseSegment(session.id, key) ?? []);
    expect(Math.max(...segments())).toBe(LOOSE_LIMIT_SEGMENTS);
    store.hold(() => false);
    await store.releaseAll();
    await clock.settle(Promise.all(appends));
    expect(Math.max(...segments())).toBeGreaterThan(LOOSE_LIMIT_SEGMENTS);
  });
});

describe('S6: the order of a fold', () => {
  it('creates and confirms the rollup, then renews, then deletes', async () => {
    store.hold((key) => isRollup(key) || isRecord(key));
    await fill(FOLD_AT);
    expect(store.heldKeys).toEqual([rollupKey(1, FOLD_AT)]);
    expect(await stored()).toHaveLength(FOLD_AT);
    await store.release(rollupKey(1, FOLD_AT));
    await clock.advance(1);
    expect(store.heldKeys).toEqual([bucketLayout.session(session.id)]);
    expect(await stored()).toHaveLength(FOLD_AT + 1);
    // The renewal lands and nobody hears of it.
    const renewal = store.take(bucketLayout.session(session.id));
    await renewal.apply();
    await clock.advance(100);
    expect(await stored()).toHaveLength(FOLD_AT + 1);
    store.hold(() => false);
    renewal.answer({ outcome: 'unknown', cause: new Error('reply was lost') });
    await clock.advance(2 * TTL_MS);
    expect(await stored()).toEqual([`1-${FOLD_AT}`]);
  });

  it.each([
    ['before its rollup has landed', 0],
    ['after its rollup has landed', 1],
    ['after its renewal has landed', 2],
  ])('leaves everything to recovery when it dies %s', async (_, steps) => {
    await fill(FOLD_AT);
    store.hold((key) => isRollup(key) || isRecord(key));
    await fill(FOLD_AT);
    if (steps >= 1) await store.release(rollupKey(11, 20));
    await clock.advance(1);
    if (steps >= 2) await store.land(bucketLayout.session(session.id));
    session.stop();
    const closed = await contender();
    expect(closed.floor).toBe(steps >= 2 ? 21 : 11);
    expect(await tailOf(closed, A)).toEqual(names('a', 1, 20));
  });

  it('keeps merged rollups until a renewal without them is confirmed', async () => {
    await fill(3 * FOLD_AT);
    expect((await recordOf()).rollups).toHaveLength(3);
    store.hold(isRecord);
    await fill(FOLD_AT);
    expect(store.sent.at(-2)).toBe(rollupKey(1, 40));
    expect(await stored()).toEqual(expect.arrayContaining(['1-10', '11-20', '21-30', '1-40', 31, 40]));
    store.hold(() => false);
    await store.releaseAll();
    await clock.advance(1);
    expect(await recordOf()).toMatchObject({ floor: 41, rollups: [{ from: 1, to: 40 }] });
    expect(await stored()).toEqual(['1-40']);
    expect(await tailOf(await contender(), A)).toEqual(names('a', 1, 40));
  });

  it('names what is named in every renewal, also in those for other reasons', async () => {
    await fill(FOLD_AT);
    // Of the second range nothing is needed any more when it has its turn; meanwhile the floor rises by itself.
    await fill(3, B);
    log.flushed(B, 1, 3);
    await clock.advance(10 * TTL_MS);
    expect(await recordOf()).toMatchObject({ floor: 14, rollups: [{ from: 1, to: FOLD_AT }] });
    expect(await tailOf(await contender(), A)).toEqual(names('a', 1, FOLD_AT));
  });

  it('does not take a lost reply for a failure', async () => {
    for (let i = 0; i < FOLD_AT - 1; i++) await clock.settle(append(A));
    faulty.next('put', 'none', 'fail-after', 'fail-after');
    await fill(1);
    await clock.advance(TTL_MS);
    expect(faulty.trace).toEqual(['put fail-after', 'put fail-after']);
    expect(await stored()).toEqual([`1-${FOLD_AT}`]);
    expect(session.ended.aborted).toBe(false);
  });

  it('tries again when the store cannot be read or written', async () => {
    open({ heldBytes: 0 });
    faulty.next('get', 'fail-before', 'fail-before');
    await fill(FOLD_AT);
    expect(store.sent.filter(isRollup)).toEqual([]);
    await clock.advance(TTL_MS);
    expect(await stored()).toEqual([`1-${FOLD_AT}`]);
  });
});

/** What a log that folds and merges has put, and what of its rollups it has read, with flushes in between. */
async function folded(isShared: boolean): Promise<{ puts: [string, string][]; reads: number }> {
  const puts: [string, string][] = [];
  const put = jest.spyOn(memory, 'put');
  const get = jest.spyOn(memory, 'get');
  for (let i = 1; i <= 12 * FOLD_AT; i++) {
    await clock.settle(append(i % 3 === 0 ? B : A, 1_000 + i, isShared));
    if (i % 25 === 0) log.flushed(B, 1, Math.floor(i / 6));
  }
  await clock.advance(1);
  for (const [key, body] of put.mock.calls) if (!isRecord(key)) puts.push([key, Buffer.from(body).toString('hex')]);
  const reads = get.mock.calls.filter(([key]) => isRollup(key)).length;
  put.mockRestore();
  get.mockRestore();
  return { puts, reads };
}

describe('L5: frames for a rollup', () => {
  it('are the same from memory that is shared as read back, byte for byte', async () => {
    const readBack = await folded(false);
    await setUp();
    const shared = await folded(true);
    expect(readBack.puts.filter(([key]) => isRollup(key)).length).toBeGreaterThanOrEqual(12);
    expect(shared.puts).toEqual(readBack.puts);
    expect(readBack.reads).toBeGreaterThan(0);
    expect(shared.reads).toBe(0);
  });

  it.each([false, true])(
    'are whole where heads come to contain them while it is written (shared: %s)',
    async (isShared) => {
      let flushes = 0;
      const sleep = jest.spyOn(clock, 'sleep').mockImplementation((ms) => {
        // A turn for others, in the middle of it.
        if (ms === 0 && flushes++ === 0) log.flushed(A, 1, FOLD_AT - 1);
        return new Promise((resolve) => clock.schedule(ms, resolve));
      });
      for (let i = 0; i < FOLD_AT; i++) await clock.settle(append(A, 300_000, isShared));
      await clock.advance(1);
      sleep.mockRestore();
      expect(flushes).toBeGreaterThan(0);
      const object = (await memory.get(rollupKey(1, FOLD_AT))) as StoredObject;
      const { intact, damage } = mapRollup({ sessionId: session.id, from: 1, to: FOLD_AT }, object.body);
      expect(damage).toEqual([]);
      expect(intact.map(({ payload }) => payload[0])).toEqual(Array.from({ length: FOLD_AT }, (_, i) => i + 1));
    },
  );

  it('are read back where memory did not hold them', async () => {
    open({ heldBytes: 6 });
    let reads = 0;
    const get = faulty.get.bind(faulty);
    faulty.get = (...call) => {
      reads++;
      return get(...call);
    };
    await fill(FOLD_AT);
    // Three frames of two bytes were held.
    expect(reads).toBe(FOLD_AT - 3);
    expect(await tailOf(await contender(), A)).toEqual(names('a', 1, FOLD_AT));
  });

  it('are read back where whoever appended them keeps them no longer, also when that was told before they were put', async () => {
    open({ heldBytes: 0, maxInFlight: 1 });
    const appends = [append(A, 100, true), append(A, 100, true)];
    log.unshared(A);
    await clock.settle(Promise.all(appends));
    const get = jest.spyOn(memory, 'get');
    for (let i = 2; i < FOLD_AT; i++) await clock.settle(append(B, 100, true));
    await clock.advance(1);
    const read = get.mock.calls.map(([key]) => bucketLayout.parseSegment(session.id, key));
    get.mockRestore();
    expect(read).toEqual([1, 2]);
    const closed = await contender();
    expect([await tailOf(closed, A), await tailOf(closed, B)]).toMatchObject([{ length: 2 }, { length: FOLD_AT - 2 }]);
  });

  it('that cannot be read back stay where they are until a head contains them, and everything else goes on (L3)', async () => {
    open({ heldBytes: 0 });
    for (let i = 0; i < 4; i++) await clock.settle(append(A));
    await clock.settle(append(B));
    await memory.delete(bucketLayout.segment(session.id, 5));
    await memory.put(bucketLayout.segment(session.id, 5), Buffer.from('nonsense'), 'create');
    await fill(30);
    expect(session.floor).toBe(5);
    expect(session.ended.aborted).toBe(false);
    expect(log.blockers()).toEqual([B]);
    log.flushed(B, 1, 1);
    expect(log.blockers()).toEqual([]);
    await clock.advance(TTL_MS);
    expect(session.floor).toBe(36);
    expect(await tailOf(await contender(), A)).toEqual(names('a', 1, 34));
  });

  it('that a merge cannot read back stay in their own rollup', async () => {
    await fill(3 * FOLD_AT);
    const object = await memory.get(rollupKey(11, 20));
    if (object === undefined || object === 'not-modified') throw new Error('no rollup');
    const bytes = Uint8Array.from(object.body);
    bytes[120] = (bytes[120] as number) ^ 1;
    await memory.delete(rollupKey(11, 20));
    await memory.put(rollupKey(11, 20), bytes, 'create');
    await fill(3 * FOLD_AT);
    expect((await recordOf()).rollups).toContainEqual({ from: 11, to: 20 });
    expect(session.floor).toBe(6 * FOLD_AT + 1);
    // Only this process still has them: they are to be flushed before it dies.
    expect(log.blockers()).toEqual([A]);
    log.flushed(A, 1, 20);
    expect(log.blockers()).toEqual([]);
    await clock.advance(TTL_MS);
    expect((await recordOf()).rollups).not.toContainEqual({ from: 11, to: 20 });
  });
});

describe('P2: the own tail', () => {
  it('comes from rollups and loose segments alike', async () => {
    await fill(2 * FOLD_AT + 3);
    const frames = await log.ownTail(A, 1, 7);
    expect(frames.map(({ payload }) => Buffer.from(payload).toString())).toEqual(names('a', 8, 23));
  });

  it('is read again when a fold deletes what it was about to read', async () => {
    for (let i = 0; i < FOLD_AT - 1; i++) await clock.settle(append(A));
    const get = faulty.get.bind(faulty);
    let folded = false;
    faulty.get = async (...call) => {
      if (!folded) {
        folded = true;
        await append(A);
        await new Promise((resolve) => setImmediate(resolve));
        await new Promise((resolve) => setImmediate(resolve));
      }
      return get(...call);
    };
    const frames = await clock.settle(log.ownTail(A, 1, 0));
    expect(await stored()).toEqual([`1-${FOLD_AT}`]);
    expect(frames.map(({ payload }) => Buffer.from(payload).toString()).slice(0, 9)).toEqual(names('a', 1, 9));
  });
});

describe('recovery with rollups', () => {
  it('S6: takes below the floor only what the record names, whatever lands there', async () => {
    await fill(FOLD_AT);
    const zombie = await memory.get(rollupKey(1, FOLD_AT));
    if (zombie === undefined || zombie === 'not-modified') throw new Error('no rollup');
    log.flushed(A, 1, FOLD_AT);
    await fill(2, B);
    await clock.advance(TTL_MS);
    expect(await recordOf()).toMatchObject({ rollups: [] });
    await memory.put(rollupKey(1, FOLD_AT), zombie.body, 'create');
    const closed = await contender();
    expect(await tailOf(closed, A)).toEqual([]);
    expect(await tailOf(closed, B)).toEqual(['b1', 'b2']);
  });

  it('takes a named rollup that is missing for damage, never for nothing (L3)', async () => {
    await fill(FOLD_AT);
    const closed = await contender();
    await memory.delete(rollupKey(1, FOLD_AT));
    await expect(tailOf(closed, A)).rejects.toMatchObject({ kind: 'corrupt', code: 'missing-segment' });
    await expect(tailOf(await contender(), B)).rejects.toMatchObject({ kind: 'corrupt', code: 'missing-segment' });
  });

  it('takes a log that was purged meanwhile for recovered (S5)', async () => {
    await fill(FOLD_AT + 2);
    const closed = await contender();
    await memory.delete(bucketLayout.session(session.id));
    await memory.delete(rollupKey(1, FOLD_AT));
    expect(await tailOf(closed, A)).toEqual([]);
    expect(await closed.databases({ store: memory })).toEqual([]);
  });

  it('tells every database with its last commit that counts', async () => {
    await fill(FOLD_AT);
    await fill(3, B);
    store.hold((key) => key === bucketLayout.segment(session.id, 14));
    void append(B).catch(() => undefined);
    await clock.advance(10);
    void append(B).catch(() => undefined);
    await clock.advance(10);
    await clock.settle(
      log.append({ databaseId: A, epoch: 4, firstSequence: 11, lastSequence: 13, payload: Buffer.from('x') }),
    );
    const closed = await contender();
    // B's fifth commit landed behind a hole: it was never acknowledged, and does not count.
    expect(await closed.databases({ store: memory })).toEqual([
      { databaseId: A, epoch: 4, lastSequence: 13, damaged: false },
      { databaseId: B, epoch: 1, lastSequence: 3, damaged: false },
    ]);
  });

  it('tells which database is damaged, and fails when it could be any', async () => {
    await fill(2);
    await fill(2, B);
    const key = bucketLayout.segment(session.id, 3);
    const object = await memory.get(key);
    if (object === undefined || object === 'not-modified') throw new Error('no segment');
    const bytes = Uint8Array.from(object.body);
    bytes[63 + 46] = (bytes[63 + 46] as number) ^ 1;
    await memory.delete(key);
    await memory.put(key, bytes, 'create');
    const closed = await contender();
    expect(await closed.databases({ store: memory })).toEqual([
      { databaseId: A, epoch: 1, lastSequence: 2, damaged: false },
      { databaseId: B, epoch: 1, lastSequence: 2, damaged: true },
    ]);
    await memory.delete(key);
    await memory.put(key, Buffer.from('nonsense'), 'create');
    await expect((await contender()).databases({ store: memory })).rejects.toMatchObject({ kind: 'corrupt' });
  });

  it('reads the log once for all databases while it fits into memory, and ranges of it where it does not', async () => {
    const databases = Array.from(
      { length: 50 },
      (_, i) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}` as DatabaseId,
    );
    for (let round = 0; round < 30; round++) {
      await clock.settle(Promise.all(databases.map((id) => append(id, 200))));
    }
    await clock.advance(1);
    const gets: boolean[] = [];
    const get = memory.get.bind(memory);
    memory.get = (key, options) => {
      if (key.startsWith('log/')) gets.push(options?.range !== undefined);
      return get(key, options);
    };
    const held = await contender(new LogCache(10_000_000));
    for (const id of databases) expect(await readTail({ store: memory }, held, id, 1, 0)).toHaveLength(30);
    const objects = (await stored()).length - 64;
    expect(gets.filter((ranged) => !ranged)).toHaveLength(objects);
    // A rollup's header and directory, and its frames of the first eight databases.
    expect(gets.filter((ranged) => ranged)).toHaveLength(2 + 8);
    gets.length = 0;
    const tight = await contender(new LogCache(20_000));
    for (const id of databases) {
      const frames = await readTail({ store: memory }, tight, id, 1, 0);
      expect(frames.map(({ payload }) => payload[0])).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    }
    expect(gets.filter((ranged) => !ranged).length).toBeGreaterThan(objects - 1);
    expect(gets.filter((ranged) => ranged).length).toBeGreaterThan(500);
  });

  it('takes about ten waves of requests at the longest log there may be', async () => {
    open({ foldAtSegments: LOOSE_LIMIT_SEGMENTS - 1 });
    await fill(LOOSE_LIMIT_SEGMENTS - 2);
    session.stop();
    // Every request takes a millisecond, so that waves are counted by the clock.
    const slow = new HeldStore(memory);
    const after = <T>(call: () => Promise<T>): Promise<T> => clock.sleep(1).then(call);
    slow.get = (...call) => after(() => memory.get(...call));
    slow.list = (...call) => after(() => memory.list(...call));
    slow.put = (...call) => after(() => memory.put(...call));
    const begunMs = clock.monotonic();
    const ctx = { store: slow, clock, random: seededRandom(9) };
    const closed = await clock.settle(closeLog(ctx, session.id));
    const tail = await clock.settle(readTail(ctx, closed, A, 1, 0));
    expect(tail).toHaveLength(LOOSE_LIMIT_SEGMENTS - 2);
    expect(clock.monotonic() - begunMs).toBeLessThanOrEqual(11);
  });
});
