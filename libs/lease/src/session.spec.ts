import { beforeEach, describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import { seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import type { ObjectStore, PutCondition } from '@leasehold/object-store';
import { MemoryStore, nextTrail } from '@leasehold/object-store';
import { FaultyStore } from '@leasehold/object-store-testing';

import type { SessionContext } from './seal-record.js';
import { sealRecord } from './seal-record.js';
import { Session } from './session.js';
import { SessionClosedError, SessionExpiredError, SessionLostError } from './session-errors.js';
import type { SessionRecord } from './session-record.js';
import { decodeSessionRecord, encodeSessionRecord } from './session-record.js';

const TTL_MS = 6_000;
const RENEW_MS = TTL_MS / 3;
const SETTINGS = { endpoint: 'http://127.0.0.1:1', pid: 7, host: 'a', ttlMs: TTL_MS };

/** A store whose puts take a while, and that keeps every body it was sent. */
class SlowStore implements ObjectStore {
  putLatencyMs = 0;
  readonly sent: { readonly body: string; readonly condition: PutCondition }[] = [];

  constructor(
    private readonly inner: ObjectStore,
    private readonly clock: FakeClock,
  ) {}

  get: ObjectStore['get'] = (...call) => this.inner.get(...call);
  list: ObjectStore['list'] = (...call) => this.inner.list(...call);
  delete: ObjectStore['delete'] = (...call) => this.inner.delete(...call);

  put: ObjectStore['put'] = async (key, body, condition) => {
    this.sent.push({ body: Buffer.from(body).toString('hex'), condition });
    const latencyMs = this.putLatencyMs;
    if (latencyMs > 0) await this.clock.sleep(latencyMs);
    // Also when its client has given it up by then.
    return this.inner.put(key, body, condition);
  };
}

let clock: FakeClock;
let memory: MemoryStore;
let faulty: FaultyStore;
let store: SlowStore;
let ctx: SessionContext;

beforeEach(() => {
  clock = new FakeClock();
  memory = new MemoryStore(clock);
  faulty = new FaultyStore(memory, clock, seededRandom(1));
  store = new SlowStore(faulty, clock);
  ctx = { store, clock, random: seededRandom(2) };
});

async function recordOf(session: Session): Promise<SessionRecord> {
  const object = await memory.get(bucketLayout.session(session.id));
  if (object === undefined || object === 'not-modified') throw new Error('no record');
  return decodeSessionRecord(object.body);
}

describe('S1: starting a session', () => {
  it('resolves only when its record is confirmed', async () => {
    store.putLatencyMs = 100;
    let started = false;
    const starting = Session.start(ctx, SETTINGS).then((session) => {
      started = true;
      return session;
    });
    await clock.advance(99);
    expect(started).toBe(false);
    await clock.advance(1);
    const session = await starting;
    expect(await recordOf(session)).toMatchObject({ state: 'live', floor: 1, ttlMs: TTL_MS, sessionId: session.id });
    expect(session.serving()).toBe(true);
  });

  it('takes a lost reply to its creation for what it is', async () => {
    faulty.next('put', 'fail-after');
    const session = await clock.settle(Session.start(ctx, SETTINGS));
    expect((await recordOf(session)).trail.edits).toBe(1);
    expect(session.serving()).toBe(true);
  });

  it('fails when a contender sealed the record before it was confirmed', async () => {
    faulty.next('put', 'fail-after', 'fail-before');
    const starting = Session.start(ctx, SETTINGS);
    const failed = expect(starting).rejects.toBeInstanceOf(SessionLostError);
    await clock.advance(0);
    const [listed] = (await memory.list(bucketLayout.sessions)).objects;
    await sealRecord({ ...ctx, store: memory }, bucketLayout.parseSession(listed?.key ?? '') as never);
    await clock.advance(1_000);
    await failed;
  });
});

describe('S1: deadline', () => {
  it('counts the ttl from the first sending of the confirmed bytes', async () => {
    store.putLatencyMs = 500;
    const session = await clock.settle(Session.start(ctx, SETTINGS));
    session.stop();
    const other = await clock.settle(Session.start(ctx, SETTINGS));
    faulty.setRates({ 'fail-before': 1 });
    await clock.advance(TTL_MS - 500 - 1);
    expect(other.serving()).toBe(true);
    await clock.advance(1);
    expect(other.serving()).toBe(false);
    expect(() => other.assertServing()).toThrow(SessionExpiredError);
  });

  it('is not moved by repetitions of the same bytes', async () => {
    const startMs = clock.monotonic();
    const session = await Session.start(ctx, SETTINGS);
    // First sent at RENEW_MS, confirmed by a repetition some hundred ms later.
    faulty.next('put', 'fail-before', 'fail-before', 'fail-before', 'fail-before', 'fail-before');
    await clock.advance(RENEW_MS + 100);
    expect((await recordOf(session)).trail.edits).toBe(1);
    await clock.advance(RENEW_MS - 200);
    expect((await recordOf(session)).trail.edits).toBe(2);
    faulty.setRates({ 'fail-before': 1 });
    await clock.advance(startMs + RENEW_MS + TTL_MS - 1 - clock.monotonic());
    expect(session.serving()).toBe(true);
    await clock.advance(1);
    expect(session.serving()).toBe(false);
  });

  it('passes when the wall clock jumps ahead and the monotonic one does not', async () => {
    const session = await Session.start(ctx, SETTINGS);
    clock.jumpWall(TTL_MS);
    expect(session.serving()).toBe(false);
  });

  it('is not postponed by a wall clock that jumps back', async () => {
    const session = await Session.start(ctx, SETTINGS);
    faulty.setRates({ 'fail-before': 1 });
    clock.jumpWall(-3_600_000);
    await clock.advance(TTL_MS);
    expect(session.serving()).toBe(false);
  });

  it('passes while the process stands still, before any timer runs', async () => {
    const session = await Session.start(ctx, SETTINGS);
    clock.pause(2 * TTL_MS);
    expect(session.serving()).toBe(false);
  });

  it('resumes service when a renewal on the same chain is confirmed', async () => {
    const session = await Session.start(ctx, SETTINGS);
    clock.pause(2 * TTL_MS);
    expect(session.serving()).toBe(false);
    await clock.advance(1);
    expect(session.serving()).toBe(true);
    expect(session.ended.aborted).toBe(false);
  });

  it('resumes service after an outage longer than any settlement', async () => {
    const session = await Session.start(ctx, SETTINGS);
    faulty.setRates({ 'fail-before': 1 });
    await clock.advance(120_000);
    expect(session.serving()).toBe(false);
    expect(session.ended.aborted).toBe(false);
    faulty.setRates({});
    await clock.advance(RENEW_MS + 1_000);
    expect(session.serving()).toBe(true);
  });
});

describe('S1: renewing', () => {
  it('renews every third of the ttl, measured from sending to sending', async () => {
    store.putLatencyMs = 300;
    const session = await clock.settle(Session.start(ctx, SETTINGS));
    await clock.advance(10 * RENEW_MS);
    expect((await recordOf(session)).trail.edits).toBe(11);
    expect(session.serving()).toBe(true);
  });

  it('keeps one renewal in flight when the store is slower than the rhythm', async () => {
    const session = await Session.start(ctx, SETTINGS);
    store.putLatencyMs = 2.5 * RENEW_MS;
    store.sent.length = 0;
    await clock.advance(10 * RENEW_MS);
    // First at RENEW_MS, then one after the other.
    expect(store.sent).toHaveLength(4);
    expect(new Set(store.sent.map(({ condition }) => JSON.stringify(condition))).size).toBe(4);
    expect(session.ended.aborted).toBe(false);
  });

  it('does not miss its deadline because one answer never comes', async () => {
    const session = await Session.start(ctx, SETTINGS);
    const answering = store.put;
    store.put = (_key, _body, _condition, options) => {
      store.put = answering;
      return new Promise((resolve) => {
        options?.signal?.addEventListener('abort', () =>
          resolve({ outcome: 'unknown', cause: options.signal?.reason }),
        );
      });
    };
    for (let i = 0; i < 200; i++) {
      await clock.advance(100);
      expect(session.serving()).toBe(true);
    }
    expect((await recordOf(session)).trail.edits).toBeGreaterThan(8);
  });

  it('does not renew more often while the store fails', async () => {
    const session = await Session.start(ctx, SETTINGS);
    faulty.setRates({ 'fail-before': 1 });
    store.sent.length = 0;
    await clock.advance(300_000);
    // Pauses of a settlement reach a second, shortened by up to half.
    expect(store.sent.length).toBeLessThan(700);
    expect(session.ended.aborted).toBe(false);
  });

  it('gives every edit a nonce of its own and keeps the last ones', async () => {
    const session = await Session.start(ctx, SETTINGS);
    await clock.advance(3 * RENEW_MS);
    const { trail } = await recordOf(session);
    expect(trail.edits).toBe(4);
    expect(new Set(trail.nonces).size).toBe(4);
  });

  it('is over once the record is gone', async () => {
    const session = await Session.start(ctx, SETTINGS);
    await memory.delete(bucketLayout.session(session.id));
    await clock.advance(RENEW_MS);
    expect(session.ended.reason).toBeInstanceOf(SessionLostError);
    expect(() => session.assertServing()).toThrow(SessionLostError);
  });

  it('is over when its record becomes unreadable', async () => {
    const session = await Session.start(ctx, SETTINGS);
    await memory.delete(bucketLayout.session(session.id));
    await memory.put(bucketLayout.session(session.id), Buffer.from('nonsense'), 'create');
    // It is read a few times, for it may have come damaged.
    await clock.advance(2 * RENEW_MS);
    expect(session.ended.reason).toMatchObject({ kind: 'corrupt' });
  });
});

describe('P1: renewals of unknown outcome', () => {
  it('are repeated with the same bytes and condition', async () => {
    const session = await Session.start(ctx, SETTINGS);
    store.sent.length = 0;
    faulty.next('put', 'fail-before', 'fail-before', 'fail-after');
    await clock.advance(RENEW_MS + 500);
    expect(store.sent).toHaveLength(4);
    expect(new Set(store.sent.map((put) => JSON.stringify(put))).size).toBe(1);
    expect((await recordOf(session)).trail.edits).toBe(2);
    expect(session.serving()).toBe(true);
  });

  it('count as done when the record shows the own nonce', async () => {
    const session = await Session.start(ctx, SETTINGS);
    faulty.next('put', 'fail-after');
    await clock.advance(2 * RENEW_MS);
    expect((await recordOf(session)).trail.edits).toBe(3);
    expect(session.ended.aborted).toBe(false);
  });

  it('survive an abandoned put that lands later', async () => {
    const session = await Session.start(ctx, SETTINGS);
    faulty.next('put', 'late');
    await clock.advance(RENEW_MS + 500);
    await faulty.landAll();
    await clock.advance(3 * RENEW_MS);
    expect(session.serving()).toBe(true);
    expect((await recordOf(session)).trail.edits).toBe(5);
  });
});

describe('S3: a session whose record is sealed', () => {
  it('ends at its next renewal', async () => {
    const session = await Session.start(ctx, SETTINGS);
    await sealRecord({ ...ctx, store: memory }, session.id);
    expect(session.ended.aborted).toBe(false);
    await clock.advance(RENEW_MS);
    expect(session.ended.reason).toBeInstanceOf(SessionLostError);
    expect(session.serving()).toBe(false);
    expect((await recordOf(session)).state).toBe('sealed');
  });

  it('counts a renewal that reads itself back from the sealed record as refused', async () => {
    const session = await Session.start(ctx, SETTINGS);
    // Applied, reply lost; sealed on top of it before the repetition.
    faulty.next('put', 'fail-after');
    await clock.advance(RENEW_MS);
    await sealRecord({ ...ctx, store: memory }, session.id);
    const { trail } = await recordOf(session);
    expect(trail.edits).toBe(3);
    await clock.advance(1_000);
    expect(session.ended.reason).toBeInstanceOf(SessionLostError);
    expect(session.serving()).toBe(false);
  });

  it('ends when it is sealed while a renewal is in flight', async () => {
    const session = await Session.start(ctx, SETTINGS);
    store.putLatencyMs = 1_000;
    await clock.advance(RENEW_MS + 500);
    await sealRecord({ ...ctx, store: memory }, session.id);
    await clock.advance(500);
    expect(session.ended.reason).toBeInstanceOf(SessionLostError);
    expect((await recordOf(session)).state).toBe('sealed');
  });
});

describe('S6: floor', () => {
  it('is confirmed with the next renewal', async () => {
    const session = await Session.start(ctx, SETTINGS);
    let raised = false;
    void session.raiseFloor(5).then(() => (raised = true));
    await clock.advance(RENEW_MS - 1);
    expect(raised).toBe(false);
    expect(session.floor).toBe(1);
    await clock.advance(1);
    expect(raised).toBe(true);
    expect((await recordOf(session)).floor).toBe(5);
  });

  it('is not taken for confirmed while the renewal that names it is unknown', async () => {
    const session = await Session.start(ctx, SETTINGS);
    let raised = false;
    void session.raiseFloor(5).then(() => (raised = true));
    faulty.setRates({ 'fail-after': 1 });
    await clock.advance(RENEW_MS);
    expect((await recordOf(session)).floor).toBe(5);
    expect(raised).toBe(false);
    expect(session.floor).toBe(1);
    faulty.setRates({});
    await clock.advance(1_000);
    expect(raised).toBe(true);
  });

  it('that is wanted during a renewal waits for the next one', async () => {
    const session = await Session.start(ctx, SETTINGS);
    store.putLatencyMs = 100;
    await clock.advance(RENEW_MS + 50);
    let raised = false;
    void session.raiseFloor(5).then(() => (raised = true));
    await clock.advance(50);
    expect(raised).toBe(false);
    await clock.advance(RENEW_MS);
    expect(raised).toBe(true);
  });

  it('is sent at once when it is wanted soon, without a second renewal beside the first', async () => {
    const session = await Session.start(ctx, SETTINGS);
    store.putLatencyMs = 100;
    store.sent.length = 0;
    const first = session.raiseFloor(5, { soon: true });
    const second = session.raiseFloor(9, { soon: true });
    await clock.advance(100);
    expect(store.sent).toHaveLength(2);
    await first;
    expect(session.floor).toBe(5);
    await clock.advance(100);
    await second;
    expect(session.floor).toBe(9);
  });

  it('never falls', async () => {
    const session = await Session.start(ctx, SETTINGS);
    void session.raiseFloor(9);
    void session.raiseFloor(4);
    await clock.advance(RENEW_MS);
    expect(session.floor).toBe(9);
    await session.raiseFloor(3);
    expect((await recordOf(session)).floor).toBe(9);
  });

  it('is refused once the session has ended', async () => {
    const session = await Session.start(ctx, SETTINGS);
    const waiting = expect(session.raiseFloor(5)).rejects.toThrow('gone');
    session.fail(new Error('gone'));
    await waiting;
    await expect(session.raiseFloor(6)).rejects.toThrow('gone');
  });
});

describe('L5, S6: rollups', () => {
  const FIRST = { from: 1, to: 9 };
  const SECOND = { from: 10, to: 30 };

  it('are named and the floor is raised in one renewal', async () => {
    const session = await Session.start(ctx, SETTINGS);
    store.sent.length = 0;
    await session.raiseFloor(10, { rollups: [FIRST], soon: true });
    expect(store.sent).toHaveLength(1);
    expect(await recordOf(session)).toMatchObject({ floor: 10, rollups: [FIRST] });
    expect(session.rollups).toEqual([FIRST]);
  });

  it('are named until a list without them is confirmed, whatever becomes of the floor', async () => {
    const session = await Session.start(ctx, SETTINGS);
    await session.raiseFloor(31, { rollups: [FIRST, SECOND], soon: true });
    await clock.settle(session.raiseFloor(40, { soon: true }));
    expect(session.rollups).toEqual([FIRST, SECOND]);
    store.putLatencyMs = 100;
    let dropped = false;
    void session.raiseFloor(1, { rollups: [SECOND], soon: true }).then(() => (dropped = true));
    await clock.advance(99);
    expect([dropped, session.rollups]).toEqual([false, [FIRST, SECOND]]);
    await clock.advance(1);
    expect([dropped, session.rollups, session.floor]).toEqual([true, [SECOND], 40]);
  });

  it('that are wanted during a renewal wait for the next one, even at the same floor', async () => {
    const session = await Session.start(ctx, SETTINGS);
    await session.raiseFloor(31, { rollups: [FIRST, SECOND], soon: true });
    await clock.advance(0);
    store.putLatencyMs = 100;
    void session.raiseFloor(40, { soon: true });
    await clock.advance(50);
    let merged = false;
    void session.raiseFloor(31, { rollups: [{ from: 1, to: 30 }], soon: true }).then(() => (merged = true));
    await clock.advance(50);
    expect([merged, session.floor, session.rollups]).toEqual([false, 40, [FIRST, SECOND]]);
    await clock.advance(100);
    expect([merged, session.rollups]).toEqual([true, [{ from: 1, to: 30 }]]);
  });

  it('are not taken for named while the renewal is unknown', async () => {
    const session = await Session.start(ctx, SETTINGS);
    faulty.setRates({ 'fail-after': 1 });
    let named = false;
    void session.raiseFloor(10, { rollups: [FIRST], soon: true }).then(() => (named = true));
    await clock.advance(10);
    expect((await recordOf(session)).rollups).toEqual([FIRST]);
    expect([named, session.rollups]).toEqual([false, []]);
    faulty.setRates({});
    await clock.advance(1_000);
    expect([named, session.rollups]).toEqual([true, [FIRST]]);
  });

  it('never reach the floor', async () => {
    const session = await Session.start(ctx, SETTINGS);
    expect(() => session.raiseFloor(9, { rollups: [FIRST] })).toThrow('below the floor');
  });
});

describe('S6: sealing clean', () => {
  it('leaves a clean record and ends the session', async () => {
    const session = await Session.start(ctx, SETTINGS);
    await session.sealClean();
    expect((await recordOf(session)).state).toBe('clean');
    expect(session.ended.reason).toBeInstanceOf(SessionClosedError);
    const edits = (await recordOf(session)).trail.edits;
    await clock.advance(10 * RENEW_MS);
    expect((await recordOf(session)).trail.edits).toBe(edits);
  });

  it('serves nothing from the moment it is sent', async () => {
    const session = await Session.start(ctx, SETTINGS);
    store.putLatencyMs = 100;
    const sealing = session.sealClean();
    expect(session.serving()).toBe(false);
    await clock.settle(sealing);
  });

  it('follows a renewal in flight instead of racing it', async () => {
    const session = await Session.start(ctx, SETTINGS);
    store.putLatencyMs = 100;
    await clock.advance(RENEW_MS + 50);
    await clock.settle(Promise.all([session.sealClean(), session.sealClean()]));
    expect(await recordOf(session)).toMatchObject({ state: 'clean', trail: { edits: 3 } });
  });

  it('is not raced by a floor that is wanted soon', async () => {
    const session = await Session.start(ctx, SETTINGS);
    faulty.next('put', 'fail-before');
    const sealing = session.sealClean();
    await clock.advance(1);
    const raised = expect(session.raiseFloor(5, { soon: true })).rejects.toBeInstanceOf(SessionClosedError);
    await clock.settle(sealing);
    await raised;
    expect((await recordOf(session)).state).toBe('clean');
  });

  it('settles a lost reply', async () => {
    const session = await Session.start(ctx, SETTINGS);
    faulty.next('put', 'fail-after');
    await clock.settle(session.sealClean());
    expect((await recordOf(session)).state).toBe('clean');
  });

  it('fails when another sealed first', async () => {
    const session = await Session.start(ctx, SETTINGS);
    await sealRecord({ ...ctx, store: memory }, session.id);
    await expect(clock.settle(session.sealClean())).rejects.toBeInstanceOf(SessionLostError);
    expect((await recordOf(session)).state).toBe('sealed');
  });

  it('gives up in bounded time when the store does not answer', async () => {
    const session = await Session.start(ctx, SETTINGS);
    faulty.setRates({ 'fail-before': 1 });
    await clock.advance(RENEW_MS);
    await expect(clock.settle(session.sealClean(), 61_000)).rejects.toMatchObject({ kind: 'unknown' });
    expect(session.ended.aborted).toBe(true);
  });
});

describe('stopping', () => {
  it('leaves the record live and silent, as a crash does', async () => {
    const session = await Session.start(ctx, SETTINGS);
    session.stop();
    await clock.advance(10 * RENEW_MS);
    expect(await recordOf(session)).toMatchObject({ state: 'live', trail: { edits: 1 } });
    expect(clock.armedTimers).toBe(0);
  });

  it('does not disturb a record that somebody else edited', async () => {
    const session = await Session.start(ctx, SETTINGS);
    const object = await memory.get(bucketLayout.session(session.id));
    if (object === undefined || object === 'not-modified') throw new Error('no record');
    const record = decodeSessionRecord(object.body);
    const edited = { ...record, trail: nextTrail(record.trail, 'ee'.repeat(16)) };
    await memory.put(bucketLayout.session(session.id), encodeSessionRecord(edited), { match: object.etag });
    await clock.advance(RENEW_MS);
    expect(session.ended.reason).toBeInstanceOf(SessionLostError);
    expect(await recordOf(session)).toEqual(edited);
  });
});
