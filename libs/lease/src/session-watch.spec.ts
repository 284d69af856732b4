import { beforeEach, describe, expect, it } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import type { SessionId } from '@leasehold/foundation';
import { seededRandom } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import type { ObjectStore } from '@leasehold/object-store';
import { MemoryStore, StoreUnavailableError } from '@leasehold/object-store';
import { FaultyStore } from '@leasehold/object-store-testing';

import type { SessionContext } from './seal-record.js';
import { sealRecord } from './seal-record.js';
import { Session } from './session.js';
import { decodeSessionRecord, encodeSessionRecord } from './session-record.js';
import { SessionWatch } from './session-watch.js';

const TTL_MS = 6_000;
/** Of the adapter of a real store. */
const REQUEST_TIMEOUT_MS = 5_000;
const SETTINGS = { endpoint: 'http://127.0.0.1:1', pid: 7, host: 'a', ttlMs: TTL_MS };
const STRANGER = '01jd4zq0s8c3k5m7p9r1t3v5x7' as SessionId;

/** While silent, calls hang until their client gives them up, as over a network that has lost its way. */
class HungStore implements ObjectStore {
  silent = false;

  constructor(
    private readonly inner: ObjectStore,
    private readonly clock: FakeClock,
  ) {}

  get: ObjectStore['get'] = async (key, options) => {
    if (await this.hung(options?.signal)) throw new StoreUnavailableError('no answer');
    return this.inner.get(key, options);
  };
  put: ObjectStore['put'] = async (key, body, condition, options) => {
    if (await this.hung(options?.signal)) return { outcome: 'unknown', cause: new Error('no answer') };
    return this.inner.put(key, body, condition, options);
  };
  delete: ObjectStore['delete'] = (...call) => this.inner.delete(...call);
  list: ObjectStore['list'] = async (prefix, options) => {
    if (await this.hung(options?.signal)) throw new StoreUnavailableError('no answer');
    return this.inner.list(prefix, options);
  };

  private async hung(signal: AbortSignal | undefined): Promise<boolean> {
    if (!this.silent) return false;
    await this.clock.sleep(REQUEST_TIMEOUT_MS, signal).catch(() => undefined);
    return true;
  }
}

/** Answers each listing and reading late, and never fails. */
class SlowStore implements ObjectStore {
  readonly put: ObjectStore['put'];
  readonly delete: ObjectStore['delete'];

  constructor(
    private readonly inner: ObjectStore,
    private readonly clock: FakeClock,
    private readonly latencyMs: number,
  ) {
    this.put = inner.put.bind(inner);
    this.delete = inner.delete.bind(inner);
  }

  get: ObjectStore['get'] = async (key, options) => {
    await this.clock.sleep(this.latencyMs);
    return this.inner.get(key, options);
  };
  list: ObjectStore['list'] = async (prefix, options) => {
    await this.clock.sleep(this.latencyMs);
    return this.inner.list(prefix, options);
  };
}

let clock: FakeClock;
let memory: MemoryStore;
let faulty: FaultyStore;
let own: SessionContext;
let watch: SessionWatch;

beforeEach(() => {
  clock = new FakeClock();
  memory = new MemoryStore(clock);
  faulty = new FaultyStore(memory, clock, seededRandom(1));
  own = { store: memory, clock, random: seededRandom(2) };
  watch = new SessionWatch({ store: faulty, clock, random: seededRandom(3) }, { intervalMs: 1_000 });
});

describe('watching sessions', () => {
  it('knows every session after its start', async () => {
    const a = await Session.start(own, SETTINGS);
    const b = await Session.start(own, { ...SETTINGS, endpoint: 'http://127.0.0.1:2' });
    await watch.start();
    expect(watch.live().map(({ sessionId }) => sessionId)).toEqual([a.id, b.id]);
    expect(watch.get(b.id)?.record.endpoint).toBe('http://127.0.0.1:2');
    expect(watch.status(STRANGER)).toBe('absent');
  });

  it('sees sessions come, end and go', async () => {
    await watch.start();
    const seen: string[] = [];
    watch.onChange((_, status) => seen.push(status));
    const session = await Session.start(own, SETTINGS);
    await clock.advance(1_000);
    expect(watch.status(session.id)).toBe('live');
    await session.sealClean();
    await clock.advance(1_000);
    expect(watch.status(session.id)).toBe('clean');
    expect(watch.live()).toEqual([]);
    await memory.delete(bucketLayout.session(session.id));
    await clock.advance(1_000);
    expect(watch.status(session.id)).toBe('absent');
    expect(seen).toEqual(['live', 'clean', 'absent']);
  });

  it('reads a record again only when its ETag has changed', async () => {
    const session = await Session.start(own, SETTINGS);
    session.stop();
    await watch.start();
    faulty.next('get', 'fail-before');
    await clock.advance(5_000);
    expect(faulty.trace).toEqual([]);
  });

  it('fails to start when the store does not answer', async () => {
    faulty.next('list', 'fail-before');
    await expect(watch.start()).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('takes a session whose record has become unreadable for silent, in the same time as any other', async () => {
    const session = await Session.start(own, SETTINGS);
    await watch.start();
    session.stop();
    const key = bucketLayout.session(session.id);
    await memory.delete(key);
    await memory.put(key, Buffer.from('nonsense'), 'create');
    await clock.advance(TTL_MS);
    expect(watch.status(session.id)).toBe('live');
    faulty.next('get', 'fail-before');
    await clock.advance(TTL_MS * 0.1 + 2_000);
    expect(watch.status(session.id)).toBe('expired');
    // It was read once: its ETag has not changed since, so the fault still waits for a read.
    expect(faulty.trace).toEqual([]);
    await expect(watch.refresh(session.id)).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(watch.refresh(session.id)).rejects.toMatchObject({ kind: 'corrupt' });
    await memory.delete(key);
    await clock.advance(1_000);
    expect(watch.status(session.id)).toBe('absent');
  });

  it('sees a record that can be read again', async () => {
    const session = await Session.start(own, SETTINGS);
    await watch.start();
    const key = bucketLayout.session(session.id);
    const object = await memory.get(key);
    if (object === undefined || object === 'not-modified') throw new Error('no record');
    session.stop();
    await memory.delete(key);
    await memory.put(key, Buffer.from('nonsense'), 'create');
    await clock.advance(2 * TTL_MS);
    expect(watch.status(session.id)).toBe('expired');
    await memory.delete(key);
    await memory.put(key, object.body, 'create');
    await clock.advance(1_000);
    expect(watch.status(session.id)).toBe('live');
  });

  it('does not believe a record under the name of another session', async () => {
    const session = await Session.start(own, SETTINGS);
    const object = await memory.get(bucketLayout.session(session.id));
    if (object === undefined || object === 'not-modified') throw new Error('no record');
    await memory.put(bucketLayout.session(STRANGER), object.body, 'create');
    await watch.start();
    expect(watch.live().map(({ sessionId }) => sessionId)).toEqual([session.id]);
    await expect(watch.refresh(STRANGER)).rejects.toMatchObject({ kind: 'corrupt' });
  });

  it('is not stopped by one unreadable record', async () => {
    await memory.put(bucketLayout.session(STRANGER), Buffer.from('nonsense'), 'create');
    const session = await Session.start(own, SETTINGS);
    await watch.start();
    expect(watch.status(session.id)).toBe('live');
    await expect(watch.refresh(STRANGER)).rejects.toMatchObject({ kind: 'corrupt' });
  });

  it('sees all records of a listing of several pages', async () => {
    const session = await Session.start(own, SETTINGS);
    session.stop();
    const object = await memory.get(bucketLayout.session(session.id));
    if (object === undefined || object === 'not-modified') throw new Error('no record');
    const record = decodeSessionRecord(object.body);
    for (let i = 0; i < 1_100; i++) {
      const sessionId = `0${String(i).padStart(25, '0')}` as SessionId;
      await memory.put(bucketLayout.session(sessionId), encodeSessionRecord({ ...record, sessionId }), 'create');
    }
    await watch.start();
    await clock.advance(1_000);
    expect(watch.status(`0${'1099'.padStart(25, '0')}` as SessionId)).toBe('live');
    expect(watch.status(session.id)).toBe('live');
  });
});

describe('S2: a silent session', () => {
  it('expires when its record was seen unchanged for its ttl and a tenth', async () => {
    const session = await Session.start(own, SETTINGS);
    session.stop();
    await watch.start();
    await clock.advance(6_000);
    expect(watch.status(session.id)).toBe('live');
    await clock.advance(1_000);
    expect(watch.status(session.id)).toBe('expired');
    expect(watch.live()).toEqual([]);
  });

  it('never expires while it renews', async () => {
    const session = await Session.start(own, SETTINGS);
    await watch.start();
    for (let i = 0; i < 60; i++) {
      await clock.advance(1_000);
      expect(watch.status(session.id)).toBe('live');
    }
  });

  it('is counted from the first sight of the ETag, not from what its record or the store says', async () => {
    const session = await Session.start(own, SETTINGS);
    session.stop();
    await clock.advance(3_600_000);
    await watch.start();
    expect(watch.status(session.id)).toBe('live');
    await clock.advance(6_000);
    expect(watch.status(session.id)).toBe('live');
  });

  it('does not expire by a jump of the wall clock', async () => {
    const session = await Session.start(own, SETTINGS);
    session.stop();
    await watch.start();
    clock.jumpWall(3_600_000);
    await clock.advance(1_000);
    expect(watch.status(session.id)).toBe('live');
  });

  it('does not expire while the store tells nothing', async () => {
    const session = await Session.start(own, SETTINGS);
    session.stop();
    await watch.start();
    faulty.setRates({ 'fail-before': 1 });
    await clock.advance(60_000);
    expect(watch.status(session.id)).toBe('live');
    faulty.setRates({});
    await clock.advance(6_000);
    expect(watch.status(session.id)).toBe('live');
    await clock.advance(2_000);
    expect(watch.status(session.id)).toBe('expired');
  });

  it('expires in its time although a listing fails', async () => {
    const session = await Session.start(own, SETTINGS);
    session.stop();
    await watch.start();
    await clock.advance(3_000);
    faulty.next('list', 'fail-before');
    await clock.advance(4_000);
    expect(watch.status(session.id)).toBe('expired');
  });

  it('expires in its time although each answer takes longer than the time between two looks', async () => {
    const slow = new SlowStore(memory, clock, 1_500);
    watch = new SessionWatch({ store: slow, clock, random: seededRandom(3) }, { intervalMs: 1_000 });
    const session = await Session.start(own, SETTINGS);
    session.stop();
    void watch.start();
    // Two answers until it is known, and one for the look that finds it silent.
    await clock.advance(TTL_MS * 1.1 + 5 * 1_500);
    expect(watch.status(session.id)).toBe('expired');
  });

  it.each([3_000, 10_000, 60_000])('is not taken for dead when nobody could renew for %i ms', async (outageMs) => {
    const hung = new HungStore(memory, clock);
    const worker = { ...own, store: hung };
    watch = new SessionWatch({ store: hung, clock, random: seededRandom(3) }, { intervalMs: 1_000 });
    const session = await Session.start(worker, SETTINGS);
    await watch.start();
    const seen = new Set<string>();
    for (let phaseMs = 0; phaseMs < 2_000; phaseMs += 400) {
      await clock.advance(4_000 + phaseMs);
      hung.silent = true;
      await clock.advance(outageMs);
      hung.silent = false;
      for (let i = 0; i < 100; i++) {
        await clock.advance(100);
        seen.add(watch.status(session.id));
      }
      expect(session.serving()).toBe(true);
    }
    expect([...seen]).toEqual(['live']);
  });

  it('does not expire because the watcher itself stood still', async () => {
    const session = await Session.start(own, SETTINGS);
    await watch.start();
    clock.pause(10 * TTL_MS);
    // The session renews first, then the watcher looks: both were due.
    await clock.advance(0);
    await clock.advance(1_000);
    expect(watch.status(session.id)).toBe('live');
  });

  it('is live again when its record changes', async () => {
    const session = await Session.start(own, SETTINGS);
    const cut = new FaultyStore(memory, clock, seededRandom(4));
    const remote = await Session.start({ ...own, store: cut }, SETTINGS);
    await watch.start();
    cut.setRates({ 'fail-before': 1 });
    await clock.advance(10_000);
    expect([watch.status(session.id), watch.status(remote.id)]).toEqual(['live', 'expired']);
    cut.setRates({});
    await clock.advance(4_000);
    expect(watch.status(remote.id)).toBe('live');
    expect(remote.serving()).toBe(true);
  });
});

describe('refreshing', () => {
  it('finds a session that is younger than the last listing', async () => {
    await watch.start();
    const session = await Session.start(own, SETTINGS);
    expect(watch.status(session.id)).toBe('absent');
    expect(await watch.refresh(session.id)).toMatchObject({ status: 'live' });
    expect(watch.status(session.id)).toBe('live');
  });

  it('proves that a record is absent', async () => {
    const session = await Session.start(own, SETTINGS);
    await watch.start();
    await memory.delete(bucketLayout.session(session.id));
    expect(await watch.refresh(session.id)).toBeUndefined();
    expect(watch.status(session.id)).toBe('absent');
  });

  it('throws rather than calling a session absent when the store does not answer', async () => {
    await watch.start();
    faulty.next('get', 'fail-before');
    await expect(watch.refresh(STRANGER)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('counts as a look at a silent record', async () => {
    const session = await Session.start(own, SETTINGS);
    session.stop();
    await watch.start();
    await clock.advance(6_500);
    faulty.next('list', 'fail-before');
    await clock.advance(600);
    expect(watch.status(session.id)).toBe('live');
    expect(await watch.refresh(session.id)).toMatchObject({ status: 'expired' });
  });
});

describe('waiting for the end of a session', () => {
  it('is over as soon as the record is sealed clean', async () => {
    const session = await Session.start(own, SETTINGS);
    await watch.start();
    let over = false;
    void watch.untilNotLive(session.id).then(() => (over = true));
    await clock.advance(500);
    expect(over).toBe(false);
    await session.sealClean();
    await clock.advance(500);
    expect(over).toBe(true);
  });

  it('does not wait for a listing when the session has already ended', async () => {
    const session = await Session.start(own, SETTINGS);
    await watch.start();
    await sealRecord(own, session.id);
    expect(watch.status(session.id)).toBe('live');
    await watch.untilNotLive(session.id);
    expect(watch.status(session.id)).toBe('sealed');
  });

  it('is over when the session has been silent long enough', async () => {
    const session = await Session.start(own, SETTINGS);
    session.stop();
    await watch.start();
    await clock.settle(watch.untilNotLive(session.id), 7_000);
    expect(watch.status(session.id)).toBe('expired');
  });

  it('is over in the moment in which silence may be judged, not with the listing after it', async () => {
    const session = await Session.start(own, SETTINGS);
    await clock.advance(400);
    await watch.start();
    const seenMs = clock.monotonic();
    session.stop();
    const ends: number[] = [];
    const wait = () => watch.untilNotLive(session.id).then(() => void ends.push(clock.monotonic() - seenMs));
    await clock.settle(Promise.all([wait(), wait(), clock.sleep(3_000).then(wait)]), 8_000);
    expect(ends).toEqual(Array.from({ length: 3 }, () => TTL_MS + TTL_MS / 10));
    expect(watch.status(session.id)).toBe('expired');
  });

  it('is not over while the session renews, however long, and asks little for that', async () => {
    const session = await Session.start(own, SETTINGS);
    await watch.start();
    let over = false;
    const waiting = watch.untilNotLive(session.id).then(() => (over = true));
    let reads = 0;
    const get = faulty.get.bind(faulty);
    faulty.get = (...call) => {
      reads++;
      return get(...call);
    };
    await clock.advance(60_000);
    expect(over).toBe(false);
    // Each renewal is read once; nothing is looked at besides.
    expect(reads).toBeLessThanOrEqual(31);
    session.stop();
    await clock.settle(waiting, 9_000);
  });

  it('goes on with the listings when the look at the moment of judgement fails', async () => {
    const session = await Session.start(own, SETTINGS);
    await watch.start();
    session.stop();
    const waiting = watch.untilNotLive(session.id);
    await clock.advance(TTL_MS * 1.1 - 1);
    faulty.next('get', 'fail-before');
    await clock.advance(1);
    expect(watch.status(session.id)).toBe('live');
    await clock.settle(waiting, 1_500);
  });

  it('is over at once for a session without record, and not because a read failed', async () => {
    await watch.start();
    await watch.untilNotLive(STRANGER);
    faulty.next('get', 'fail-before');
    await expect(watch.untilNotLive(STRANGER)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('shares one read among all who wait for the same session', async () => {
    const session = await Session.start(own, SETTINGS);
    await watch.start();
    let reads = 0;
    const get = faulty.get.bind(faulty);
    faulty.get = (...call) => {
      reads++;
      return get(...call);
    };
    const waiting = Promise.all(Array.from({ length: 50 }, () => watch.untilNotLive(session.id)));
    await clock.advance(0);
    expect(reads).toBe(1);
    await session.sealClean();
    await clock.settle(waiting);
  });

  it("ends with the caller's signal, and with the watch", async () => {
    const session = await Session.start(own, SETTINGS);
    await watch.start();
    const giveUp = new AbortController();
    const first = expect(watch.untilNotLive(session.id, giveUp.signal)).rejects.toThrow('enough');
    const second = expect(watch.untilNotLive(session.id)).rejects.toMatchObject({ kind: 'closed' });
    await clock.advance(10);
    giveUp.abort(new Error('enough'));
    await first;
    watch.stop();
    await second;
    session.stop();
    expect(clock.armedTimers).toBe(0);
  });
});
