import { beforeEach, describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId } from '@leasehold/foundation';
import { seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { sealRecord, Session, SessionLostError } from '@leasehold/lease';
import { MemoryStore, UnknownOutcomeError } from '@leasehold/object-store';
import { FaultyStore } from '@leasehold/object-store-testing';

import { closeLog } from './close-log.js';
import type { CommitLogSettings } from './commit-log-settings.js';
import { CommitLog, PENDING_LIMIT_BYTES } from './commit-log.js';
import type { Frame } from './frame.js';
import { LogOverloadedError } from './log-errors.js';
import { WINDOW_SEGMENTS } from './log-inventory.js';
import { decodeSegment, encodeSeal } from './segment.js';
import { HeldStore } from './testing/held-store.js';

const TTL_MS = 6_000;
const SETTINGS: CommitLogSettings = {
  commitWindowMs: 5,
  maxSegmentBytes: 10_000,
  shareBytes: 256 * 1024,
  maxInFlight: 64,
  // Budget and hedging have their own tests below.
  putsPerSecond: 1_000_000,
  burstPuts: 64,
  hedgeShare: 0,
  foldAtSegments: 192,
  heldBytes: 100_000,
};
const A = '00000000-0000-4000-8000-00000000000a' as DatabaseId;
const B = '00000000-0000-4000-8000-00000000000b' as DatabaseId;
const C = '00000000-0000-4000-8000-00000000000c' as DatabaseId;

let clock: FakeClock;
let memory: MemoryStore;
let faulty: FaultyStore;
let store: HeldStore;
let session: Session;
let log: CommitLog;
let sequences: Map<DatabaseId, number>;
/** What was acknowledged or rejected, in order. */
let answers: string[];

beforeEach(async () => {
  clock = new FakeClock();
  memory = new MemoryStore(clock);
  faulty = new FaultyStore(memory, clock, seededRandom(1));
  store = new HeldStore(faulty);
  session = await Session.start(
    { store, clock, random: seededRandom(2) },
    { endpoint: 'http://a', pid: 1, host: 'a', ttlMs: TTL_MS },
  );
  sequences = new Map();
  answers = [];
  open();
});

function open(settings: Partial<CommitLogSettings> = {}): void {
  log = new CommitLog({ store, clock, random: seededRandom(3), session }, { ...SETTINGS, ...settings });
}

const NAMES = new Map([
  [A, 'a'],
  [B, 'b'],
  [C, 'c'],
]);

/** Appends the database's next commit; its answer goes to {@link answers} as `a1`, or `!a1` when it is unknown. */
function append(
  databaseId: DatabaseId,
  options: { readonly bytes?: number; readonly epoch?: number } = {},
): Promise<void> {
  const sequence = (sequences.get(databaseId) ?? 0) + 1;
  const durable = log.append({
    databaseId,
    epoch: options.epoch ?? 1,
    firstSequence: sequence,
    lastSequence: sequence,
    payload: new Uint8Array(options.bytes ?? 10).fill(sequence),
  });
  sequences.set(databaseId, sequence);
  const name = `${NAMES.get(databaseId)}${sequence}`;
  durable.then(
    () => answers.push(name),
    (error: unknown) => answers.push(error instanceof UnknownOutcomeError ? `!${name}` : `?${name}`),
  );
  return durable;
}

const keyOf = (number: number): string => bucketLayout.segment(session.id, number);
const isSegment = (key: string): boolean => key.startsWith('log/');
const holdSegments = (...numbers: readonly number[]): void =>
  store.hold(numbers.length === 0 ? isSegment : (key) => numbers.some((number) => key === keyOf(number)));
const sentSegments = (): number[] =>
  store.sent.filter(isSegment).map((key) => bucketLayout.parseSegment(session.id, key) ?? 0);

async function stored(): Promise<number[]> {
  const { objects } = await memory.list(bucketLayout.log(session.id));
  return objects.map(({ key }) => bucketLayout.parseSegment(session.id, key) ?? 0);
}

async function framesOf(number: number): Promise<readonly Frame[]> {
  const object = await memory.get(keyOf(number));
  if (object === undefined || object === 'not-modified') throw new Error(`no segment ${number}`);
  return decodeSegment({ sessionId: session.id, number }, object.body).frames;
}

describe('L1: group commit', () => {
  it('puts a write that arrives at an idle log at once', () => {
    holdSegments();
    void append(A);
    expect(sentSegments()).toEqual([1]);
  });

  it('collects for the window while a put is in flight', async () => {
    holdSegments();
    void append(A);
    void append(B);
    void append(C);
    void append(A);
    await clock.advance(4);
    expect(sentSegments()).toEqual([1]);
    await clock.advance(1);
    expect(sentSegments()).toEqual([1, 2]);
    await store.releaseAll();
    await clock.advance(0);
    expect((await framesOf(2)).map(({ databaseId }) => databaseId)).toEqual([B, C, A]);
    expect(answers).toEqual(['a1', 'b1', 'c1', 'a2']);
  });

  it('puts what was collected as soon as the log is idle again', async () => {
    holdSegments();
    void append(A);
    void append(B);
    await store.release(keyOf(1));
    await clock.advance(0);
    expect(sentSegments()).toEqual([1, 2]);
  });

  it('does not wait for the window when a segment is full', () => {
    holdSegments();
    void append(A);
    void append(B, { bytes: 6_000 });
    void append(C, { bytes: 6_000 });
    expect(sentSegments()).toEqual([1, 2]);
  });

  it('gives a commit that is larger than a segment one of its own', async () => {
    holdSegments(1);
    void append(A);
    void append(B);
    void append(C, { bytes: 50_000 });
    void append(A);
    await store.releaseAll();
    await clock.advance(5);
    expect((await framesOf(3)).map(({ databaseId }) => databaseId)).toEqual([C]);
    expect(answers).toHaveLength(4);
  });

  it('collects for the window after each segment, and no longer', async () => {
    holdSegments();
    void append(A);
    await clock.advance(1);
    void append(A);
    await clock.advance(5);
    expect(sentSegments()).toEqual([1, 2]);
    await clock.advance(1);
    void append(A);
    expect(sentSegments()).toEqual([1, 2]);
    await clock.advance(2);
    expect(sentSegments()).toEqual([1, 2]);
    await clock.advance(1);
    expect(sentSegments()).toEqual([1, 2, 3]);
    // The window has passed before anything came.
    await clock.advance(20);
    void append(A);
    expect(sentSegments()).toEqual([1, 2, 3, 4]);
  });

  it('keeps no more puts in flight than it may, and loses nothing by it', async () => {
    open({ maxInFlight: 2 });
    holdSegments();
    for (let i = 0; i < 5; i++) {
      void append(A, { bytes: 9_000 });
      await clock.advance(10);
    }
    expect(sentSegments()).toEqual([1, 2]);
    for (let number = 1; number <= 5; number++) {
      await store.release(keyOf(number));
      await clock.advance(5);
    }
    expect(answers).toEqual(['a1', 'a2', 'a3', 'a4', 'a5']);
  });
});

describe('L1: puts per second', () => {
  it('puts a write at once while there are puts to spend, and collects until the next one', async () => {
    open({ putsPerSecond: 10, burstPuts: 2 });
    for (const expected of [[1], [1, 2], [1, 2], [1, 2]]) {
      void append(A);
      await clock.advance(20);
      expect(sentSegments()).toEqual(expected);
    }
    await clock.advance(20);
    expect(sentSegments()).toEqual([1, 2, 3]);
    expect((await framesOf(3)).map(({ firstSequence }) => firstSequence)).toEqual([3, 4]);
    expect(answers).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('lets full segments pass: they are worth their put', async () => {
    open({ putsPerSecond: 1, burstPuts: 1 });
    for (let i = 0; i < 5; i++) void append(A, { bytes: 9_000 });
    await clock.advance(50);
    expect(sentSegments()).toEqual([1, 2, 3, 4]);
    await clock.advance(1_000);
    expect(answers).toHaveLength(5);
  });

  it('has nothing to do with acknowledgements and draining: both wait for what still collects', async () => {
    open({ putsPerSecond: 1, burstPuts: 1 });
    await clock.settle(append(A));
    void append(B);
    let idle = false;
    void log.idle().then(() => (idle = true));
    await clock.advance(500);
    expect([idle, answers]).toEqual([false, ['a1']]);
    await clock.advance(500);
    expect([idle, answers]).toEqual([true, ['a1', 'b1']]);
  });

  it('leaves no timer behind when the session ends', async () => {
    open({ putsPerSecond: 1, burstPuts: 1 });
    await clock.settle(append(A));
    void append(A);
    session.stop();
    await clock.advance(0);
    expect(clock.armedTimers).toBe(0);
    expect(answers).toEqual(['a1', '!a2']);
  });
});

describe('L1: a slow put', () => {
  it('is hedged, and whichever attempt lands, the write is acknowledged once', async () => {
    open({ hedgeShare: 0.04 });
    holdSegments(1);
    const durable = append(A);
    await clock.advance(600);
    expect(sentSegments()).toEqual([1, 1]);
    await store.land(keyOf(1));
    await store.release(keyOf(1));
    await clock.settle(durable);
    expect(await stored()).toEqual([1]);
    expect(session.ended.aborted).toBe(false);
  });

  it('that meets a seal ends the session, hedged or not (S3)', async () => {
    open({ hedgeShare: 0.04 });
    holdSegments(1);
    void append(A);
    await clock.advance(600);
    await memory.put(keyOf(1), encodeSeal({ sessionId: session.id, number: 1 }, 'ee'.repeat(16)), 'create');
    await store.releaseAll();
    await clock.advance(5);
    expect(session.ended.reason).toBeInstanceOf(SessionLostError);
    expect(answers).toEqual(['!a1']);
  });
});

describe('S4: the window of 64', () => {
  it('issues number n only when all up to n − 64 are confirmed', async () => {
    holdSegments(1);
    for (let i = 0; i < 80; i++) {
      void append(B);
      await clock.advance(5);
    }
    expect(Math.max(...sentSegments())).toBe(WINDOW_SEGMENTS);
    expect(sentSegments()).toHaveLength(WINDOW_SEGMENTS);
    await store.release(keyOf(1));
    await clock.advance(5);
    expect(Math.max(...sentSegments())).toBe(WINDOW_SEGMENTS + 1);
    expect(answers).toHaveLength(80);
  });
});

describe('S4: durability', () => {
  it('of one database does not wait for the slow put of another', async () => {
    holdSegments(1);
    void append(A);
    void append(B);
    await clock.advance(5);
    expect(answers).toEqual(['b1']);
    await store.release(keyOf(1));
    await clock.advance(0);
    expect(answers).toEqual(['b1', 'a1']);
  });

  it('waits for every earlier segment in the chain of the database', async () => {
    holdSegments(1, 3);
    void append(A);
    void append(A);
    await clock.advance(5);
    void append(A);
    await clock.advance(5);
    void append(A);
    await clock.advance(5);
    expect(await stored()).toEqual([2, 4]);
    expect(answers).toEqual([]);
    await store.release(keyOf(3));
    await clock.advance(0);
    expect(answers).toEqual([]);
    await store.release(keyOf(1));
    await clock.advance(0);
    expect(answers).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('makes each frame name the previous segment of its database in its epoch', async () => {
    holdSegments(1);
    void append(A);
    void append(B);
    void append(A);
    void append(A);
    await clock.advance(5);
    void append(B);
    await clock.advance(5);
    void append(A, { epoch: 4 });
    await clock.advance(5);
    void append(A, { epoch: 4 });
    await clock.advance(5);
    await store.releaseAll();
    await clock.advance(0);
    const previous = async (number: number): Promise<readonly (string | number | undefined)[]> =>
      (await framesOf(number)).flatMap(({ databaseId, previousSegment }) => [NAMES.get(databaseId), previousSegment]);
    expect(await previous(1)).toEqual(['a', 0]);
    expect(await previous(2)).toEqual(['b', 0, 'a', 1, 'a', 1]);
    expect(await previous(3)).toEqual(['b', 2]);
    expect(await previous(4)).toEqual(['a', 0]);
    expect(await previous(5)).toEqual(['a', 4]);
  });
});

describe('L2: order of acknowledgements', () => {
  it('is the order of versions within a database, whatever the order of the puts', async () => {
    holdSegments();
    for (let i = 0; i < 6; i++) {
      void append(A);
      void append(B);
      await clock.advance(5);
    }
    for (const key of [...store.heldKeys].reverse()) {
      await store.release(key);
      await clock.advance(5);
    }
    await store.releaseAll();
    await clock.advance(5);
    for (const name of ['a', 'b']) {
      expect(answers.filter((answer) => answer.startsWith(name))).toEqual([1, 2, 3, 4, 5, 6].map((i) => `${name}${i}`));
    }
  });
});

describe('P1: puts of unknown outcome', () => {
  it('are acknowledged once when the reply was lost', async () => {
    faulty.next('put', 'fail-after');
    await clock.settle(append(A));
    expect(await stored()).toEqual([1]);
    expect(session.ended.aborted).toBe(false);
  });

  it('are repeated with the same bytes until they are done', async () => {
    holdSegments(1);
    void append(A);
    for (let i = 0; i < 20; i++) {
      store.lose(keyOf(1));
      await clock.advance(1_000);
      expect(answers).toEqual([]);
    }
    await store.release(keyOf(1));
    await clock.advance(0);
    expect(answers).toEqual(['a1']);
  });

  it('are settled when an abandoned attempt lands before the repetition', async () => {
    faulty.next('put', 'late', 'fail-before');
    const durable = append(A);
    await clock.advance(0);
    await faulty.landAll();
    await clock.settle(durable);
    expect(await stored()).toEqual([1]);
    expect(session.ended.aborted).toBe(false);
  });

  it('are repeated when the store contradicts itself', async () => {
    faulty.next('put', 'fail-before', 'refuse');
    const durable = append(A);
    await clock.settle(durable);
    expect(await stored()).toEqual([1]);
    expect(session.ended.aborted).toBe(false);
  });

  it('outlast an outage that is longer than any settlement', async () => {
    faulty.setRates({ 'fail-before': 1 });
    const durable = append(A);
    await clock.advance(300_000);
    expect(answers).toEqual([]);
    faulty.setRates({});
    await clock.settle(durable);
    expect(answers).toEqual(['a1']);
  });
});

describe('S3, H5: a session that was sealed', () => {
  it('ends when it meets a seal, and answers everything pending as unknown', async () => {
    holdSegments(2);
    void append(A);
    await clock.advance(0);
    void append(A);
    await clock.advance(5);
    void append(A);
    void append(B);
    await memory.put(keyOf(2), encodeSeal({ sessionId: session.id, number: 2 }, 'ee'.repeat(16)), 'create');
    await store.release(keyOf(2));
    await clock.advance(5);
    expect(session.ended.reason).toBeInstanceOf(SessionLostError);
    expect(answers).toEqual(['a1', '!a2', '!a3', '!b1']);
    expect(() => append(A)).toThrow(SessionLostError);
  });

  it('never acknowledges what is confirmed after it ended', async () => {
    holdSegments();
    void append(A);
    session.fail(new Error('sealed'));
    await clock.advance(0);
    expect(answers).toEqual(['!a1']);
    await store.release(keyOf(1));
    await clock.advance(100);
    expect(answers).toEqual(['!a1']);
  });

  it('may still acknowledge what landed before its log was closed', async () => {
    holdSegments(1);
    void append(A);
    await sealRecord({ store: memory, clock, random: seededRandom(8) }, session.id);
    await store.release(keyOf(1));
    await clock.advance(0);
    expect(answers).toEqual(['a1']);
    const closed = await clock.settle(closeLog({ store: memory, clock, random: seededRandom(9) }, session.id));
    expect(closed.dataSegments).toEqual([1]);
  });

  it('ends on bytes that nobody should have written', async () => {
    await memory.put(keyOf(1), Buffer.from('nonsense'), 'create');
    void append(A);
    await clock.advance(5);
    expect(session.ended.reason).toMatchObject({ kind: 'corrupt', code: 'log-conflict' });
    expect(answers).toEqual(['!a1']);
  });
});

describe('H5: a segment that cannot be written', () => {
  it('ends the session: nobody waits for ever for a commit that was taken', async () => {
    const bad = log.append({
      databaseId: A,
      epoch: 2 ** 40,
      firstSequence: 1,
      lastSequence: 1,
      payload: new Uint8Array(1),
    });
    await expect(clock.settle(bad)).rejects.toBeInstanceOf(UnknownOutcomeError);
    expect(session.ended.aborted).toBe(true);
    await log.idle();
  });
});

describe('S6: floor and trimming', () => {
  async function confirmed(count: number, databaseId: DatabaseId): Promise<void> {
    for (let i = 0; i < count; i++) await clock.settle(append(databaseId));
  }

  it('deletes flushed segments after a confirmed renewal names the floor', async () => {
    await confirmed(5, A);
    log.flushed(A, 1, 3);
    await clock.advance(0);
    expect(await stored()).toEqual([1, 2, 3, 4, 5]);
    await clock.advance(TTL_MS / 3);
    expect(session.floor).toBe(4);
    expect(await stored()).toEqual([4, 5]);
  });

  it('deletes nothing while the renewal that names the floor is unknown', async () => {
    await confirmed(3, A);
    log.flushed(A, 1, 3);
    store.hold((key) => key.startsWith('workers/'));
    await clock.advance(TTL_MS / 3);
    expect(store.heldKeys).toHaveLength(1);
    // It lands, but nobody hears of it.
    await store.land(bucketLayout.session(session.id));
    await clock.advance(TTL_MS);
    expect(await stored()).toEqual([1, 2, 3]);
  });

  it('never passes an unconfirmed segment', async () => {
    holdSegments(2);
    await confirmed(1, A);
    void append(B);
    void append(C);
    await clock.advance(5);
    void append(A);
    await clock.advance(5);
    log.flushed(A, 1, 9);
    log.flushed(B, 1, 9);
    log.flushed(C, 1, 9);
    await clock.advance(TTL_MS);
    expect(session.floor).toBe(2);
    expect(await stored()).toEqual([3, 4]);
    await store.releaseAll();
    await clock.advance(TTL_MS);
    expect(session.floor).toBe(5);
    expect(await stored()).toEqual([]);
  });

  it('never passes a segment that one database still needs', async () => {
    await confirmed(1, A);
    await confirmed(1, B);
    await confirmed(2, A);
    log.flushed(A, 1, 3);
    expect(log.laggards()).toEqual([B]);
    await clock.advance(TTL_MS);
    expect(session.floor).toBe(2);
    expect(await stored()).toEqual([2, 3, 4]);
  });

  it('keeps a frame of which only a part is flushed', async () => {
    void log.append({ databaseId: A, epoch: 1, firstSequence: 1, lastSequence: 4, payload: new Uint8Array(10) });
    await clock.advance(5);
    log.flushed(A, 1, 3);
    await clock.advance(TTL_MS);
    expect(await stored()).toEqual([1]);
  });

  it('lets go of frames of epochs that are over, in segments and on their way there', async () => {
    holdSegments(1);
    void append(A);
    void append(A);
    log.flushed(A, 2, 0);
    await store.releaseAll();
    await clock.advance(5);
    expect(answers).toEqual(['a1', 'a2']);
    await clock.advance(TTL_MS);
    expect(await stored()).toEqual([]);
    expect(log.laggards()).toEqual([]);
  });

  it('does not let go of a newer epoch', async () => {
    await confirmed(1, A);
    await clock.settle(append(A, { epoch: 3 }));
    log.flushed(A, 1, 9);
    expect(log.laggards()).toEqual([A]);
    await clock.advance(TTL_MS);
    expect(await stored()).toEqual([2]);
  });

  it('sends a renewal of its own when much can be trimmed', async () => {
    for (let sequence = 1; sequence <= 192; sequence++) {
      await confirmed(1, A);
      log.flushed(A, 1, sequence);
    }
    await clock.advance(1);
    expect(session.floor).toBe(193);
    await clock.advance(TTL_MS);
    expect(await stored()).toEqual([]);
  });

  it('tries failed deletions again with the next ones', async () => {
    await confirmed(3, A);
    faulty.next('delete', 'fail-before', 'fail-before');
    log.flushed(A, 1, 2);
    await clock.advance(TTL_MS / 3);
    expect(await stored()).toEqual([1, 2, 3]);
    log.flushed(A, 1, 3);
    await clock.advance(TTL_MS / 3);
    expect(await stored()).toEqual([]);
  });

  it('begins a chain anew after all of it was trimmed', async () => {
    await confirmed(2, A);
    log.flushed(A, 1, 2);
    await clock.advance(TTL_MS);
    await confirmed(2, A);
    expect((await framesOf(3)).map(({ previousSegment }) => previousSegment)).toEqual([0]);
    expect((await framesOf(4)).map(({ previousSegment }) => previousSegment)).toEqual([3]);
  });

  it('knows what recovery would have to read', async () => {
    await confirmed(1, A);
    await confirmed(1, B);
    await confirmed(2, A);
    expect([log.unflushedBytes(), log.looseSegments(), log.laggards()]).toEqual([40, 4, [A, B]]);
    log.flushed(A, 1, 1);
    expect([log.unflushedBytes(), log.looseSegments(), log.laggards()]).toEqual([30, 3, [B, A]]);
    log.flushed(A, 1, 3);
    log.flushed(B, 1, 1);
    expect([log.unflushedBytes(), log.looseSegments(), log.laggards()]).toEqual([0, 0, []]);
  });
});

describe('P2: the own durable tail', () => {
  it('has the durable frames above a sequence, once nothing of the database is in flight', async () => {
    for (let i = 0; i < 3; i++) await clock.settle(append(A));
    holdSegments(4);
    void append(A);
    let frames: readonly Frame[] | undefined;
    void log.ownTail(A, 1, 1).then((tail) => (frames = tail));
    await clock.advance(100);
    expect(frames).toBeUndefined();
    await store.releaseAll();
    await clock.advance(0);
    expect(frames?.map(({ firstSequence }) => firstSequence)).toEqual([2, 3, 4]);
    expect(frames?.[0]?.payload).toEqual(Buffer.alloc(10, 2));
  });

  it('has only the epoch that is asked for', async () => {
    await clock.settle(append(A));
    await clock.settle(append(A, { epoch: 5 }));
    expect(await log.ownTail(A, 5, 1)).toHaveLength(1);
    expect(await log.ownTail(A, 7, 1)).toEqual([]);
    expect(await log.ownTail(B, 1, 0)).toEqual([]);
  });

  it('is refused once the session has ended', async () => {
    await clock.settle(append(A));
    session.fail(new Error('gone'));
    await expect(log.ownTail(A, 1, 0)).rejects.toThrow('gone');
  });

  it('does not take a damaged segment for the end', async () => {
    await clock.settle(append(A));
    await memory.delete(keyOf(1));
    await memory.put(keyOf(1), Buffer.from('nonsense'), 'create');
    await expect(log.ownTail(A, 1, 0)).rejects.toMatchObject({ kind: 'corrupt' });
  });
});

describe('bounds', () => {
  it('refuses before taking a commit when too much is pending, and takes it later', async () => {
    holdSegments();
    const bytes = PENDING_LIMIT_BYTES / 4;
    for (let i = 0; i < 4; i++) void append(A, { bytes });
    expect(() => append(A)).toThrow(LogOverloadedError);
    expect(sequences.get(A)).toBe(4);
    for (let number = 1; number <= 4; number++) {
      await clock.advance(5);
      await store.release(keyOf(number));
    }
    await clock.advance(5);
    expect(answers).toHaveLength(4);
    holdSegments(99);
    await clock.settle(append(A));
    expect(answers.at(-1)).toBe('a5');
  });

  it('refuses gaps and epochs that fall: they are bugs of the caller', async () => {
    await clock.settle(append(A, { epoch: 2 }));
    const commit = { databaseId: A, epoch: 2, firstSequence: 3, lastSequence: 3, payload: new Uint8Array(1) };
    expect(() => log.append(commit)).toThrow('no gaps');
    expect(() => log.append({ ...commit, firstSequence: 2, epoch: 1 })).toThrow('earlier epoch');
    expect(() => log.append({ ...commit, databaseId: B, firstSequence: 0 })).toThrow('at least one commit');
  });
});

describe('draining', () => {
  it('is idle when nothing is queued and nothing in flight', async () => {
    await log.idle();
    holdSegments();
    void append(A);
    void append(B);
    let idle = false;
    void log.idle().then(() => (idle = true));
    await store.release(keyOf(1));
    await clock.advance(0);
    expect(idle).toBe(false);
    await store.release(keyOf(2));
    await clock.advance(0);
    expect(idle).toBe(true);
  });

  it('tells when nothing of one database is in flight (H4)', async () => {
    holdSegments(1);
    void append(A);
    void append(B);
    let resolvedA = false;
    void log.resolved(A).then(() => (resolvedA = true));
    await clock.advance(5);
    await log.resolved(B);
    await log.resolved(C);
    expect(resolvedA).toBe(false);
    await store.releaseAll();
    await clock.advance(0);
    expect(resolvedA).toBe(true);
  });

  it('is idle and resolved when the session ends', async () => {
    faulty.setRates({ 'fail-before': 1 });
    void append(A);
    void append(B);
    const idle = log.idle();
    const resolved = log.resolved(A);
    session.fail(new Error('gone'));
    await clock.settle(Promise.all([idle, resolved]), 2_000);
    expect(answers).toEqual(['!a1', '!b1']);
  });

  it('leaves no timer behind', async () => {
    void append(A);
    void append(A);
    await clock.settle(log.idle());
    session.stop();
    await clock.advance(5);
    expect(clock.armedTimers).toBe(0);
  });
});
