import { encodeSeal, SEAL_BYTES } from '@leasehold/commit-log';
import { emptyHead, HeadStore } from '@leasehold/engine';
import { systemRandom, utf8, type DatabaseId, type SessionId, type TenantId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import type { SessionStatus } from '@leasehold/lease';
import { drawNonce, MemoryStore, StoreUnavailableError } from '@leasehold/object-store';
import { createFlushedDatabase } from '@leasehold/upkeep-testing';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { TURNS, turnOf } from './database-needs.js';
import { sweepBucket, type SweepContext, type SweepReport, type SweepSettings } from './sweep.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SETTINGS: SweepSettings = { intervalMs: DAY_MS, gcMinAgeMs: HOUR_MS, keepSessionsMs: DAY_MS, full: false };
const SIGNAL = new AbortController().signal;

function database(number: number): DatabaseId {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}` as DatabaseId;
}

function session(number: number): SessionId {
  return `01k9wq3m5v8x2c7b4n6d1f${String(number).padStart(4, '0')}` as SessionId;
}

describe('sweepBucket', () => {
  let clock: FakeClock;
  let store: MemoryStore;
  let asked: string[];
  let damaged: DatabaseId[];
  let statuses: Map<SessionId, SessionStatus>;

  beforeEach(() => {
    clock = new FakeClock();
    store = new MemoryStore(clock);
    asked = [];
    damaged = [];
    statuses = new Map();
  });

  const ctx = () => ({ store, clock, random: systemRandom });

  function sweep(settings: Partial<SweepSettings> = {}, changes: Partial<SweepContext> = {}): Promise<SweepReport> {
    return sweepBucket(
      {
        ...ctx(),
        watch: { status: (id) => statuses.get(id) ?? 'absent' },
        queues: {
          enqueueCompaction: (id) => void asked.push(`compact ${id}`),
          enqueueGc: (id) => void asked.push(`gc ${id}`),
          enqueueRecovery: (id) => void asked.push(`recover ${id}`),
          enqueuePurge: (id) => void asked.push(`purge ${id}`),
          room: () => Promise.resolve(),
        },
        onDamaged: (id) => void damaged.push(id),
        ...changes,
      },
      { ...SETTINGS, ...settings },
      SIGNAL,
    );
  }

  async function smallDatabase(id: DatabaseId): Promise<void> {
    await new HeadStore(ctx()).create(emptyHead({ databaseId: id, tenantId: 'tenant' as TenantId, name: 'orders' }));
  }

  /** With one file, which its head names. */
  const databaseWithFile = (id: DatabaseId): Promise<void> => createFlushedDatabase(ctx(), id, 1);

  /** A live worker, by whose record the sweep knows the store's time. */
  async function liveSession(id = session(9_999)): Promise<void> {
    await store.delete(`workers/${id}`);
    await store.put(`workers/${id}`, utf8('record'), 'create');
    statuses.set(id, 'live');
  }

  it('asks for a compaction that a flush wanted and nobody did', async () => {
    await createFlushedDatabase(ctx(), database(1), 4);
    await createFlushedDatabase(ctx(), database(2), 3);
    await smallDatabase(database(3));
    const report = await sweep();
    expect(asked).toEqual([`compact ${database(1)}`]);
    expect(report).toMatchObject({ databases: 3, headsRead: 2, asked: { compact: 1, gc: 0, recover: 0, purge: 0 } });
  });

  it('asks for the collection of files that no head names, when they are old enough', async () => {
    await createFlushedDatabase(ctx(), database(1), 1);
    await store.put(`db/${database(1)}/sst/01arz3ndektsv4rrffq69g5fav`, utf8('left over'), 'create');
    await liveSession();
    await sweep();
    expect(asked).toEqual([]);
    await clock.advance(2 * HOUR_MS);
    await liveSession();
    await sweep();
    expect(asked).toEqual([`gc ${database(1)}`]);
  });

  it('leaves quarantined and deleted databases alone', async () => {
    for (const [n, changes] of [{ quarantined: true }, { deletedAt: 5 }].entries()) {
      await createFlushedDatabase(ctx(), database(n), 4);
      const heads = new HeadStore(ctx());
      const stored = await heads.load(database(n));
      if (stored) await heads.swap(stored, { ...stored.head, ...changes });
    }
    await sweep();
    expect(asked).toEqual([]);
  });

  it('reads no head of a database in which nothing was written for three intervals, until its turn comes', async () => {
    const count = 12 * TURNS;
    for (let n = 0; n < count; n++) await databaseWithFile(database(n));
    await liveSession();
    expect((await sweep()).headsRead).toBe(count);

    await clock.advance(4 * DAY_MS);
    const read: number[] = [];
    for (let turn = 0; turn < TURNS; turn++) {
      await liveSession();
      read.push((await sweep()).headsRead);
      await clock.advance(DAY_MS);
    }
    expect(read).toEqual(Array.from({ length: TURNS }, () => count / TURNS));

    await liveSession();
    expect((await sweep({ full: true })).headsRead).toBe(count);
  });

  it('reads the head of an old database as soon as any file is written in it', async () => {
    await createFlushedDatabase(ctx(), database(31), 4);
    await clock.advance(10 * DAY_MS);
    // Not in its turn.
    while (Math.floor(clock.now() / DAY_MS) % TURNS === turnOf(database(31))) await clock.advance(DAY_MS);
    await liveSession();
    await sweep();
    expect(asked).toEqual([]);
    await store.put(`db/${database(31)}/sst/01arz3ndektsv4rrffq69g5fav`, utf8('left over'), 'create');
    await sweep();
    expect(asked).toEqual([`compact ${database(31)}`]);
  });

  it('judges what has changed by the store’s clock, however wrong its own is', async () => {
    for (let n = 1; n <= 5; n++) await databaseWithFile(database(n));
    await liveSession();
    clock.jumpWall(400 * DAY_MS);
    expect((await sweep()).headsRead).toBe(5);
  });

  it('asks for recoveries of ended sessions, and for purges of old ones', async () => {
    const wanted: readonly [SessionStatus, boolean, string | undefined][] = [
      ['live', false, undefined],
      ['expired', false, 'recover'],
      ['sealed', false, 'recover'],
      ['clean', false, undefined],
      ['absent', false, undefined],
      ['expired', true, 'purge'],
      ['sealed', true, 'purge'],
      ['clean', true, 'purge'],
      ['absent', true, 'purge'],
    ];
    const put = async (old: boolean): Promise<void> => {
      for (const [n, [status, isOld]] of wanted.entries()) {
        if (isOld !== old) continue;
        statuses.set(session(n), status);
        await store.put(`workers/${session(n)}`, utf8('record'), 'create');
      }
    };
    await put(true);
    await clock.advance(DAY_MS);
    await put(false);
    await sweep();
    expect(asked).toEqual(wanted.flatMap(([, , job], n) => (job === undefined ? [] : [`${job} ${session(n)}`])));
  });

  it('asks for the deletion of a log whose record is gone, but not for seals, nor for a log that is young', async () => {
    const seal = encodeSeal({ sessionId: session(2), number: 1 }, drawNonce(systemRandom));
    expect(seal.byteLength).toBe(SEAL_BYTES);
    const segment = (number: number): string => String(number).padStart(20, '0');
    await store.put(`log/${session(1)}/${segment(1)}`, utf8('a segment of data'), 'create');
    await store.put(`log/${session(2)}/${segment(1)}`, seal, 'create');
    await store.put(`log/${session(3)}/${segment(1)}`, seal, 'create');
    await store.put(`log/${session(3)}/rollup/${segment(1)}-${segment(2)}`, seal, 'create');
    await store.put(`log/${session(4)}/${segment(1)}`, utf8('of a session with a record'), 'create');
    await clock.advance(DAY_MS);
    await liveSession(session(4));
    await store.put(`log/${session(5)}/${segment(1)}`, utf8('of a session that has just begun'), 'create');
    await sweep();
    expect(asked).toEqual([`purge ${session(1)}`, `purge ${session(3)}`]);
  });

  it('goes on past a damaged head, and tells', async () => {
    await store.put(`db/${database(1)}/head`, utf8('no head'), 'create');
    await store.put(`db/${database(1)}/sst/01arz3ndektsv4rrffq69g5fav`, utf8('no file'), 'create');
    await createFlushedDatabase(ctx(), database(2), 4);
    const report = await sweep();
    expect([damaged, asked, report.damagedHeads]).toEqual([[database(1)], [`compact ${database(2)}`], 1]);
  });

  it('passes over names that are nobody’s', async () => {
    for (const key of ['db/notes', 'db/x/head', `db/${database(1)}/sst/x`, 'workers/x', 'log/x/1', 'log/readme']) {
      await store.put(key, utf8('?'), 'create');
    }
    expect(await sweep()).toMatchObject({ databases: 1, headsRead: 0, sessions: 0 });
    expect(asked).toEqual([]);
  });

  it('costs a LIST per thousand objects and a GET per changed head that has files', async () => {
    for (let n = 0; n < 1_400; n++) await smallDatabase(database(n));
    for (let n = 1_400; n < 2_100; n++) await databaseWithFile(database(n));
    await clock.advance(10 * DAY_MS);
    await liveSession();
    for (let n = 3_000; n < 3_010; n++) await databaseWithFile(database(n));
    const { requests, databases, headsRead } = await sweep();
    expect(databases).toBe(2_110);
    // 10 changed, and of the 700 others those whose turn it is.
    const turn = Math.floor(clock.now() / DAY_MS) % TURNS;
    let expected = 0;
    for (let n = 1_400; n < 2_100; n++) if (turnOf(database(n)) === turn) expected++;
    expect(headsRead).toBe(10 + expected);
    expect(expected).toBe(700 / TURNS);
    // 2,820 objects of databases, one record, no log.
    expect(requests).toEqual({ list: 3 + 1 + 1, get: headsRead, put: 0, delete: 0 });
  });

  it('waits for room in the queue rather than lose a job', async () => {
    for (let n = 0; n < 40; n++) await createFlushedDatabase(ctx(), database(n), 4);
    let waiting = 0;
    let free = 0;
    const room = async (): Promise<void> => {
      waiting++;
      await clock.sleep(100);
      free++;
    };
    const queues = { enqueueCompaction: () => void expect(free--).toBeGreaterThan(0), enqueueGc: () => undefined };
    await clock.settle(
      sweep({}, { queues: { ...queues, enqueueRecovery: () => undefined, enqueuePurge: () => undefined, room } }),
    );
    expect(waiting).toBe(40);
  });

  it('fails as a whole when the store does not answer, and stops when it is told to', async () => {
    await databaseWithFile(database(1));
    const down = Object.assign(Object.create(store) as MemoryStore, {
      get: () => Promise.reject(new StoreUnavailableError('down')),
    });
    await expect(sweep({}, { store: down })).rejects.toThrow(StoreUnavailableError);
    const aborted = AbortSignal.abort(new Error('the process is ending'));
    const stopped = sweepBucket(
      {
        ...ctx(),
        watch: { status: () => 'absent' },
        queues: {} as SweepContext['queues'],
        onDamaged: () => undefined,
      },
      SETTINGS,
      aborted,
    );
    await expect(stopped).rejects.toThrow('the process is ending');
  });
});
