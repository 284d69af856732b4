import { beforeEach, describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { CorruptBytesError, seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import type { SessionContext } from '@leasehold/lease';
import { decodeSessionRecord, Session, SessionResumedError } from '@leasehold/lease';
import type { StoredObject } from '@leasehold/object-store';
import { MemoryStore } from '@leasehold/object-store';
import { FaultyStore } from '@leasehold/object-store-testing';

import { closeLog, isClosed } from './close-log.js';
import { ClosedLog, readTail } from './closed-log.js';
import { CommitLog } from './commit-log.js';
import { COMMIT_LOG_SETTINGS } from './commit-log-settings.js';
import { WINDOW_SEGMENTS } from './log-inventory.js';
import { decodeSegment, encodeSeal, encodeSegment, SEGMENT_HEADER_BYTES } from './segment.js';
import { HeldStore } from './testing/held-store.js';

const A = '00000000-0000-4000-8000-00000000000a' as DatabaseId;
const B = '00000000-0000-4000-8000-00000000000b' as DatabaseId;
const SETTINGS = {
  ...COMMIT_LOG_SETTINGS,
  maxSegmentBytes: 10_000,
  shareBytes: 1_000,
  maxInFlight: 64,
  putsPerSecond: 1_000_000,
  burstPuts: 64,
  hedgeShare: 0,
};

let clock: FakeClock;
let memory: MemoryStore;
/** The session's own way to the bucket. */
let own: HeldStore;
/** A contender's. */
let faulty: FaultyStore;
let contender: SessionContext;
let session: Session;
let log: CommitLog;

beforeEach(async () => {
  clock = new FakeClock();
  memory = new MemoryStore(clock);
  own = new HeldStore(memory);
  faulty = new FaultyStore(memory, clock, seededRandom(1));
  contender = { store: faulty, clock, random: seededRandom(5) };
  session = await Session.start(
    { store: own, clock, random: seededRandom(2) },
    { endpoint: 'http://a', pid: 1, host: 'a', ttlMs: 6_000 },
  );
  log = new CommitLog({ store: own, clock, random: seededRandom(3), session }, SETTINGS);
});

const keyOf = (number: number): string => bucketLayout.segment(session.id, number);

function append(databaseId: DatabaseId, sequence: number, epoch = 1): Promise<void> {
  const payload = Buffer.from(`${databaseId.at(-1)}${epoch}.${sequence}`);
  const durable = log.append({ databaseId, epoch, firstSequence: sequence, lastSequence: sequence, payload });
  durable.catch(() => undefined);
  return durable;
}

/** Appends sequences 1 … count of A, each in a segment of its own. */
async function fill(count: number): Promise<void> {
  for (let sequence = 1; sequence <= count; sequence++) await clock.settle(append(A, sequence));
}

async function read(key: string): Promise<StoredObject> {
  const object = await memory.get(key);
  if (object === undefined || object === 'not-modified') throw new Error(`no object ${key}`);
  return object;
}

async function overwrite(key: string, change: (bytes: Buffer) => void): Promise<void> {
  const bytes = Buffer.from((await read(key)).body);
  change(bytes);
  await memory.delete(key);
  await memory.put(key, bytes, 'create');
}

async function kinds(): Promise<string> {
  const { objects } = await memory.list(bucketLayout.log(session.id));
  let all = '';
  for (const { key } of objects) {
    const number = bucketLayout.parseSegment(session.id, key) ?? 0;
    all += decodeSegment({ sessionId: session.id, number }, (await read(key)).body).kind === 'seal' ? 's' : 'd';
  }
  return all;
}

const tailOf = async (closed: ClosedLog, databaseId: DatabaseId, epoch = 1, after = 0): Promise<string[]> =>
  (await clock.settle(readTail(contender, closed, databaseId, epoch, after))).map(({ payload }) =>
    Buffer.from(payload).toString(),
  );

describe('S3: closing a log', () => {
  it('catches up with a session that puts several segments for each that it tries to seal', async () => {
    const put = faulty.put.bind(faulty);
    let last = 0;
    let tried = 0;
    faulty.put = async (key, ...rest) => {
      if (bucketLayout.parseSegment(session.id, key) !== undefined) tried++;
      for (let i = 0; i < 8 && last < 200; i++) {
        const frame = {
          databaseId: A,
          epoch: 1,
          previousSegment: last,
          firstSequence: last + 1,
          lastSequence: last + 1,
        };
        const name = { sessionId: session.id, number: ++last };
        const body = encodeSegment(name, '00'.repeat(16), [{ ...frame, payload: Buffer.from('x') }]);
        await memory.put(keyOf(last), body, 'create');
      }
      return put(key, ...rest);
    };
    const closed = await clock.settle(closeLog(contender, session.id));
    expect(closed.dataSegments).toHaveLength(200);
    // One wave that it outruns, and one that ends behind all it has put.
    expect(tried).toBeLessThanOrEqual(2 * WINDOW_SEGMENTS);
    expect(await readTail({ store: memory }, closed, A, 1, 0)).toHaveLength(200);
  });

  it('seals the record, the lowest absent number and the 63 after it', async () => {
    await fill(3);
    const closed = await clock.settle(closeLog(contender, session.id));
    expect(decodeSessionRecord((await read(bucketLayout.session(session.id))).body).state).toBe('sealed');
    expect(await kinds()).toBe('ddd' + 's'.repeat(64));
    expect(closed.dataSegments).toEqual([1, 2, 3]);
    expect(await isClosed(contender, session.id)).toBe(true);
  });

  it('closes the log of a session that wrote nothing', async () => {
    const closed = await clock.settle(closeLog(contender, session.id));
    expect(closed.dataSegments).toEqual([]);
    expect(await kinds()).toBe('s'.repeat(64));
  });

  it('fills gaps behind the lowest seal and leaves data where it is', async () => {
    own.hold((key) => [keyOf(2), keyOf(4)].includes(key));
    for (let sequence = 1; sequence <= 5; sequence++) {
      void append(sequence % 2 === 0 ? B : A, Math.ceil(sequence / 2));
      await clock.advance(5);
    }
    const closed = await clock.settle(closeLog(contender, session.id));
    expect(closed.dataSegments).toEqual([1, 3, 5]);
    expect(await kinds()).toBe('dsdsd' + 's'.repeat(60));
    expect(await tailOf(closed, A)).toEqual(['a1.1', 'a1.2', 'a1.3']);
    expect(await tailOf(closed, B)).toEqual([]);
  });

  it('begins at the floor', async () => {
    await fill(5);
    log.flushed(A, 1, 4);
    await clock.advance(6_000);
    const closed = await clock.settle(closeLog(contender, session.id));
    expect(closed.floor).toBe(5);
    expect(closed.dataSegments).toEqual([5]);
    expect(await kinds()).toBe('d' + 's'.repeat(64));
    expect(await tailOf(closed, A, 1, 4)).toEqual(['a1.5']);
  });

  it('ignores what lands below the floor (S6)', async () => {
    await fill(5);
    log.flushed(A, 1, 4);
    await clock.advance(6_000);
    // A retry of long ago lands after its number was trimmed.
    const zombie = {
      databaseId: A,
      epoch: 1,
      previousSegment: 0,
      firstSequence: 2,
      lastSequence: 2,
      payload: Buffer.from('old'),
    };
    await memory.put(
      keyOf(2),
      encodeSegment({ sessionId: session.id, number: 2 }, 'ab'.repeat(16), [zombie]),
      'create',
    );
    const closed = await clock.settle(closeLog(contender, session.id));
    expect(closed.dataSegments).toEqual([5]);
    expect(await tailOf(closed, A, 1, 4)).toEqual(['a1.5']);
  });

  it('leaves nothing to recover of a session that ended clean or has no record', async () => {
    await fill(1);
    log.flushed(A, 1, 1);
    await session.sealClean();
    expect((await closeLog(contender, session.id)).dataSegments).toEqual([]);
    expect(await kinds()).not.toContain('s');
    await memory.delete(bucketLayout.session(session.id));
    const closed = await closeLog(contender, session.id);
    expect(await tailOf(closed, A)).toEqual([]);
    expect(await isClosed(contender, session.id)).toBe(true);
  });

  it('refuses a session that has renewed since it was seen silent (S2)', async () => {
    const { etag } = await read(bucketLayout.session(session.id));
    await clock.advance(2_000);
    await expect(closeLog(contender, session.id, { observedEtag: etag })).rejects.toBeInstanceOf(SessionResumedError);
    expect(await kinds()).toBe('');
    expect(await isClosed(contender, session.id)).toBe(false);
  });

  it('changes nothing when it is repeated', async () => {
    await fill(2);
    await clock.settle(closeLog(contender, session.id));
    const before = (await memory.list('')).objects;
    const again = await clock.settle(closeLog(contender, session.id));
    expect((await memory.list('')).objects).toEqual(before);
    expect(again.dataSegments).toEqual([1, 2]);
  });

  it('goes on where a contender stopped half way', async () => {
    await fill(2);
    faulty.setRates({ 'fail-before': 1 });
    const giveUp = new AbortController();
    const stopped = closeLog(contender, session.id, { signal: giveUp.signal }).catch((error: unknown) => error);
    await clock.advance(1);
    faulty.setRates({});
    giveUp.abort(new Error('enough'));
    await clock.settle(stopped);
    await memory.put(keyOf(3), encodeSeal({ sessionId: session.id, number: 3 }, 'ab'.repeat(16)), 'create');
    await memory.put(keyOf(40), encodeSeal({ sessionId: session.id, number: 40 }, 'ac'.repeat(16)), 'create');
    const closed = await clock.settle(closeLog(contender, session.id));
    expect(closed.dataSegments).toEqual([1, 2]);
    expect(await kinds()).toBe('dd' + 's'.repeat(64));
  });

  it('gives all contenders the same log, with replies lost and puts landing late', async () => {
    await fill(2);
    own.hold((key) => key.startsWith('log/'));
    for (let i = 0; i < 10; i++) {
      void append(i % 2 === 0 ? A : B, i % 2 === 0 ? 3 + i / 2 : Math.ceil(i / 2));
      await clock.advance(5);
    }
    const contenders = Array.from({ length: 4 }, (_, i) => {
      const store = new FaultyStore(memory, clock, seededRandom(100 + i), {
        'fail-after': 0.2,
        late: 0.1,
        'fail-before': 0.1,
        delay: 0.3,
      });
      // Reads are repeated by the caller's store in production.
      store.get = memory.get.bind(memory);
      store.list = memory.list.bind(memory);
      return { store, closing: closeLog({ store, clock, random: seededRandom(200 + i) }, session.id) };
    });
    // Meanwhile the session, which does not know yet, gets some of its puts through.
    for (const key of [keyOf(3), keyOf(6), keyOf(4), keyOf(12)]) {
      await own.land(key);
      await clock.advance(30);
    }
    const logs = await clock.settle(Promise.all(contenders.map(({ closing }) => closing)));
    for (const { store } of contenders) await store.landAll();
    const last = await clock.settle(closeLog(contender, session.id));
    for (const closed of logs) expect(closed.dataSegments).toEqual(last.dataSegments);
    expect(last.dataSegments).toEqual(expect.arrayContaining([1, 2, 3]));
    expect(await isClosed(contender, session.id)).toBe(true);
  });

  it('leaves a zombie no number to put at', async () => {
    await fill(1);
    own.hold((key) => key.startsWith('log/'));
    for (let i = 0; i < WINDOW_SEGMENTS; i++) {
      void append(A, 2 + i);
      await clock.advance(5);
    }
    expect(own.heldKeys).toHaveLength(WINDOW_SEGMENTS);
    const closed = await clock.settle(closeLog(contender, session.id));
    for (const key of own.heldKeys) expect(await own.land(key)).toEqual({ outcome: 'refused' });
    expect(closed.dataSegments).toEqual([1]);
  });

  it('accepts data that lands while it seals, at numbers that it has not sealed', async () => {
    await fill(1);
    own.hold((key) => key === keyOf(2));
    void append(A, 2);
    await clock.advance(5);
    // The listing was taken before, the put lands before the seal.
    const list = faulty.list.bind(faulty);
    faulty.list = async (...call) => {
      const page = await list(...call);
      if (own.heldKeys.length > 0) await own.release(keyOf(2));
      return page;
    };
    const closed = await clock.settle(closeLog(contender, session.id));
    expect(closed.dataSegments).toEqual([1, 2]);
    expect(await kinds()).toBe('dd' + 's'.repeat(64));
    expect(await tailOf(closed, A)).toEqual(['a1.1', 'a1.2']);
  });

  it('reports data behind the seals, which no session may write', async () => {
    await fill(1);
    await clock.settle(closeLog(contender, session.id));
    const frame = {
      databaseId: A,
      epoch: 1,
      previousSegment: 1,
      firstSequence: 2,
      lastSequence: 2,
      payload: Buffer.from('x'),
    };
    const number = 2 + WINDOW_SEGMENTS;
    await memory.put(
      keyOf(number),
      encodeSegment({ sessionId: session.id, number }, 'ab'.repeat(16), [frame]),
      'create',
    );
    await expect(closeLog(contender, session.id)).rejects.toMatchObject({ kind: 'corrupt', code: 'log-overrun' });
  });

  it('reads logs that are longer than a page', async () => {
    // No session leaves as many, unless its floor could not rise.
    for (let number = 1; number <= 1_100; number++) {
      const payload = Buffer.from(`a1.${number}`);
      const frame = { databaseId: A, epoch: 1, previousSegment: number - 1, payload };
      const frames = [{ ...frame, firstSequence: number, lastSequence: number }];
      await memory.put(
        keyOf(number),
        encodeSegment({ sessionId: session.id, number }, 'ab'.repeat(16), frames),
        'create',
      );
    }
    const closed = await clock.settle(closeLog(contender, session.id));
    expect(closed.dataSegments).toHaveLength(1_100);
    expect(await tailOf(closed, A, 1, 1_098)).toEqual(['a1.1099', 'a1.1100']);
  });
});

describe('S4: the tail of a database', () => {
  it('ends where its chain is broken by a missing segment', async () => {
    await fill(2);
    own.hold((key) => key === keyOf(3));
    void append(A, 3);
    await clock.advance(5);
    void append(A, 4);
    await clock.settle(append(B, 1));
    const closed = await clock.settle(closeLog(contender, session.id));
    expect(closed.dataSegments).toEqual([1, 2, 4, 5]);
    expect(await tailOf(closed, A)).toEqual(['a1.1', 'a1.2']);
    expect(await tailOf(closed, B)).toEqual(['b1.1']);
  });

  it('has only the epoch of the head', async () => {
    await fill(2);
    await clock.settle(append(A, 3, 4));
    await clock.settle(append(A, 4, 4));
    const closed = await clock.settle(closeLog(contender, session.id));
    expect(await tailOf(closed, A, 1, 0)).toEqual(['a1.1', 'a1.2']);
    expect(await tailOf(closed, A, 4, 2)).toEqual(['a4.3', 'a4.4']);
    expect(await tailOf(closed, A, 3, 2)).toEqual([]);
  });

  it('that does not continue the head is refused', async () => {
    own.hold(() => false);
    await clock.settle(append(A, 7));
    const closed = await clock.settle(closeLog(contender, session.id));
    await expect(readTail(contender, closed, A, 1, 3)).rejects.toMatchObject({ kind: 'corrupt', code: 'broken-tail' });
    expect(await tailOf(closed, A, 1, 6)).toEqual(['a1.7']);
  });

  it('is read once for all databases', async () => {
    await fill(20);
    for (let sequence = 1; sequence <= 5; sequence++) await clock.settle(append(B, sequence));
    const closed = await clock.settle(closeLog(contender, session.id));
    let reads = 0;
    const get = faulty.get.bind(faulty);
    faulty.get = (...call) => {
      reads++;
      return get(...call);
    };
    await Promise.all([tailOf(closed, A), tailOf(closed, B), tailOf(closed, A)]);
    expect(await tailOf(closed, B)).toHaveLength(5);
    expect(reads).toBe(25);
  });

  it('can be read again after a failure', async () => {
    await fill(3);
    const closed = await clock.settle(closeLog(contender, session.id));
    faulty.next('get', 'fail-before');
    await expect(readTail(contender, closed, A, 1, 0)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await tailOf(closed, A)).toHaveLength(3);
  });
});

describe('L3: damage in a closed log', () => {
  it('of a frame stops its database and no other', async () => {
    own.hold((key) => key === keyOf(1));
    void append(B, 1);
    void append(A, 1);
    await clock.advance(5);
    await own.releaseAll();
    await clock.settle(append(B, 2));
    const closed = await clock.settle(closeLog(contender, session.id));
    await overwrite(keyOf(2), (bytes) => bytes.writeUInt8(0, SEGMENT_HEADER_BYTES + 46));
    await expect(readTail(contender, closed, A, 1, 0)).rejects.toBeInstanceOf(CorruptBytesError);
    expect(await tailOf(closed, B)).toEqual(['b1.1', 'b1.2']);
  });

  it('that the head already contains is nobody’s matter', async () => {
    await fill(2);
    const closed = await clock.settle(closeLog(contender, session.id));
    await overwrite(keyOf(1), (bytes) => bytes.writeUInt8(0, SEGMENT_HEADER_BYTES + 46));
    await expect(readTail(contender, closed, A, 1, 0)).rejects.toBeInstanceOf(CorruptBytesError);
    expect(await tailOf(closed, A, 1, 1)).toEqual(['a1.2']);
    expect(await tailOf(closed, A, 9, 0)).toEqual([]);
  });

  it('of a whole segment stops every database: it could be anybody’s', async () => {
    await fill(2);
    const closed = await clock.settle(closeLog(contender, session.id));
    await overwrite(keyOf(2), (bytes) => bytes.fill(0));
    await expect(readTail(contender, closed, A, 1, 0)).rejects.toBeInstanceOf(CorruptBytesError);
    await expect(readTail(contender, closed, B, 1, 0)).rejects.toBeInstanceOf(CorruptBytesError);
  });

  it('of a segment that is gone is not the end of the log', async () => {
    await fill(2);
    const closed = await clock.settle(closeLog(contender, session.id));
    await memory.delete(keyOf(2));
    await expect(readTail(contender, closed, A, 1, 0)).rejects.toMatchObject({
      code: 'missing-segment',
      kind: 'corrupt',
    });
  });

  it('on the way is read again', async () => {
    await fill(2);
    const closed = await clock.settle(closeLog(contender, session.id));
    const get = faulty.get.bind(faulty);
    let damaged = 0;
    faulty.get = async (...call) => {
      const object = await get(...call);
      if (object === undefined || object === 'not-modified' || damaged++ >= 2) return object;
      return { ...object, body: object.body.slice(0, -30) };
    };
    expect(await tailOf(closed, A)).toEqual(['a1.1', 'a1.2']);
    expect(damaged).toBeGreaterThan(2);
  });

  it('does not make an unreadable object a hole that could be sealed', async () => {
    await fill(1);
    await memory.put(keyOf(2), new Uint8Array(SEGMENT_HEADER_BYTES), 'create');
    const closed = await clock.settle(closeLog(contender, session.id));
    expect(closed.dataSegments).toEqual([1, 2]);
    await expect(readTail(contender, closed, A, 1, 0)).rejects.toBeInstanceOf(CorruptBytesError);
  });
});

describe('an unknown session', () => {
  it('has an empty log', async () => {
    const closed = await closeLog(contender, '01jd4zq0s8c3k5m7p9r1t3v5x7' as SessionId);
    expect(closed).toBeInstanceOf(ClosedLog);
    expect(closed.dataSegments).toEqual([]);
  });
});
