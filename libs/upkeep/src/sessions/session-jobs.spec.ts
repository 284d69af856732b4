import { setMaxListeners } from 'node:events';

import { HeadStore, type Head } from '@leasehold/engine';
import { decodeUtf8, systemRandom, utf8, type DatabaseId, type SessionId } from '@leasehold/foundation';
import { FakeClock } from '@leasehold/foundation-testing';
import { SessionWatch } from '@leasehold/lease';
import { MemoryStore } from '@leasehold/object-store';
import { FaultyStore } from '@leasehold/object-store-testing';
import { CrashingSession, TTL_MS } from '@leasehold/upkeep-testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { RecoveredUsage, RecoveryReport } from './recover-session.js';
import { sessionJobs } from './session-jobs.js';

const DAY_MS = 86_400_000;
const SIGNAL = new AbortController().signal;
setMaxListeners(1_000, SIGNAL);
const LIVING = '01k9wq3m5v8x2c7b4n6d1f0g9z';
/** The ttl, a tenth, and two listings. */
const SILENT_MS = TTL_MS * 1.1 + 2_000;

function database(number: number): DatabaseId {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as DatabaseId;
}

describe('sessionJobs', () => {
  let clock: FakeClock;
  let memory: MemoryStore;
  let store: FaultyStore;
  let watch: SessionWatch;
  let recoveries: RecoveryReport[];
  let purges: string[];
  let asked: string[];
  const stops: (() => void)[] = [];

  beforeEach(async () => {
    clock = new FakeClock();
    memory = new MemoryStore(clock);
    store = new FaultyStore(memory, clock, systemRandom);
    recoveries = [];
    purges = [];
    asked = [];
    watch = await startWatch();
  });
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  const ctx = () => ({ store, clock, random: systemRandom });

  async function startWatch(): Promise<SessionWatch> {
    const started = new SessionWatch(ctx());
    await clock.settle(started.start());
    stops.push(() => started.stop());
    return started;
  }

  async function startSession(): Promise<CrashingSession> {
    const session = await CrashingSession.start(ctx());
    stops.push(() => session.kill());
    return session;
  }

  function jobs(watching = watch, usage?: RecoveredUsage) {
    return sessionJobs(
      {
        recover: { ...ctx(), watch: watching, ...(usage && { usage }) },
        purge: ctx(),
        queues: { enqueueRecovery: (id) => void asked.push(id) },
        reports: {
          recovered: (report) => void recoveries.push(report),
          purged: (outcome) => void purges.push(outcome),
        },
      },
      { databasesAtOnce: 4, watchTimeoutMs: 15_000, keepSessionsMs: DAY_MS },
    );
  }

  const recover = (sessionId: SessionId, watching = watch): Promise<void> =>
    clock.settle(jobs(watching).recover({ sessionId }, SIGNAL));

  /** The store's time is known by the records of those who live. */
  async function purge(sessionId: SessionId): Promise<void> {
    await memory.delete(`workers/${LIVING}`);
    await memory.put(`workers/${LIVING}`, utf8('renewed'), 'create');
    await clock.settle(jobs().purge({ sessionId }, SIGNAL));
  }

  async function headOf(databaseId: DatabaseId): Promise<Head> {
    const stored = await new HeadStore({ store: memory, clock, random: systemRandom }).load(databaseId);
    if (stored === undefined) throw new Error('no head');
    return stored.head;
  }

  const inlineKeys = (head: Head): readonly (string | undefined)[] => head.inline.map(({ key }) => decodeUtf8(key));

  /** Many databases with three commits each, of a session that was killed. */
  async function crashed(databases: number): Promise<SessionId> {
    const session = await startSession();
    for (let n = 1; n <= databases; n++) {
      await session.claim(database(n));
      for (let sequence = 1; sequence <= 3; sequence++) await session.commit(database(n), sequence);
    }
    session.kill();
    return session.id;
  }

  it('recovers every database of a killed session: all of its commits, the next epoch, no owner', async () => {
    const session = await crashed(20);
    await clock.advance(SILENT_MS);
    await recover(session);
    expect(recoveries).toEqual([{ outcome: 'recovered', databases: 20, published: 20, superseded: 0, quarantined: 0 }]);
    for (let n = 1; n <= 20; n++) {
      const head = await headOf(database(n));
      expect(head).toMatchObject({ epoch: 2, owner: undefined, lastCommit: { sequence: 3 } });
      expect(inlineKeys(head)).toEqual(['k1', 'k2', 'k3']);
    }
  });

  it('tells what every database has written, and ends when that is recorded', async () => {
    const session = await crashed(3);
    await clock.advance(SILENT_MS);
    const told = new Map<DatabaseId, number>();
    const recorded: (readonly number[])[] = [];
    let isDown = true;
    const usage: RecoveredUsage = {
      tell: ({ databaseId, lastCommit }) => void told.set(databaseId, lastCommit.sequence),
      recorded: async () => {
        if (isDown) throw new Error('the bucket does not answer');
        recorded.push([...told.values()]);
      },
    };
    const run = () => clock.settle(jobs(watch, usage).recover({ sessionId: session }, SIGNAL));
    await expect(run()).rejects.toThrow('the bucket does not answer');
    // All of them are published by now, and are told once more by whoever tries again, who knows nothing of the first.
    told.clear();
    isDown = false;
    await run();
    expect(recorded).toEqual([[3, 3, 3]]);
  });

  it('is safe twice, and beside itself', async () => {
    const session = await crashed(5);
    await clock.advance(SILENT_MS);
    const other = await startWatch();
    await clock.advance(SILENT_MS);
    await clock.settle(
      Promise.all([
        jobs().recover({ sessionId: session }, SIGNAL),
        jobs(other).recover({ sessionId: session }, SIGNAL),
      ]),
    );
    await recover(session);
    for (let n = 1; n <= 5; n++) {
      expect(await headOf(database(n))).toMatchObject({ epoch: 2, owner: undefined, lastCommit: { sequence: 3 } });
    }
    expect(recoveries.map(({ outcome }) => outcome)).toEqual(['recovered', 'recovered', 'recovered']);
  });

  it('leaves a session alone that renews, whoever asked', async () => {
    const session = await startSession();
    await session.claim(database(1));
    await session.commit(database(1), 1);
    await clock.advance(SILENT_MS);
    await recover(session.id);
    expect(recoveries.map(({ outcome }) => outcome)).toEqual(['live']);
    await session.commit(database(1), 2);
    expect(await headOf(database(1))).toMatchObject({ epoch: 1, owner: session.id });
  });

  it('waits until it has seen the silence for itself (S2), however long others have', async () => {
    const session = await crashed(1);
    await clock.advance(3_600_000);
    const newcomer = await startWatch();
    const begunMs = clock.monotonic();
    await recover(session, newcomer);
    expect(clock.monotonic() - begunMs).toBeGreaterThanOrEqual(TTL_MS * 1.1);
    expect(recoveries.map(({ outcome }) => outcome)).toEqual(['recovered']);
  });

  it('has nothing to do for a session that nobody knows', async () => {
    await recover('01k9wq3m5v8x2c7b4n6d1f0g9h' as SessionId);
    expect(recoveries.map(({ outcome }) => outcome)).toEqual(['nothing']);
  });

  it('publishes the others when one database cannot be, fails, and does the rest when it is run again', async () => {
    const session = await crashed(10);
    await clock.advance(SILENT_MS);
    const broken = `db/${database(4)}/head`;
    const put = memory.put.bind(memory);
    memory.put = (key, ...rest) =>
      key === broken ? Promise.resolve({ outcome: 'unknown', cause: 'lost' }) : put(key, ...rest);
    await expect(recover(session)).rejects.toThrow();
    for (const n of [1, 2, 3, 5, 6, 7, 8, 9, 10]) expect((await headOf(database(n))).owner).toBeUndefined();
    expect((await headOf(database(4))).owner).toBe(session);
    memory.put = put;
    await recover(session);
    expect(await headOf(database(4))).toMatchObject({ owner: undefined, lastCommit: { sequence: 3 } });
  });

  it.each(['fail-before', 'fail-after', 'late'] as const)('survives answers that never come: %s', async (fault) => {
    const session = await crashed(5);
    await clock.advance(SILENT_MS);
    store.setRates({ [fault]: 0.2 });
    for (let tries = 0; tries < 50 && recoveries.length === 0; tries++) await recover(session).catch(() => undefined);
    store.setRates({});
    await recover(session);
    for (let n = 1; n <= 5; n++) {
      const head = await headOf(database(n));
      expect(head).toMatchObject({ epoch: 2, owner: undefined, lastCommit: { sequence: 3 } });
      expect(inlineKeys(head)).toEqual(['k1', 'k2', 'k3']);
    }
  });

  it('purges a session when it is recovered and a day old, and not before (S5)', async () => {
    const session = await crashed(3);
    await clock.advance(SILENT_MS);
    await purge(session);
    await recover(session);
    await purge(session);
    clock.jumpWall(DAY_MS + 60_000);
    await purge(session);
    expect(purges.at(-1)).toBe('purged');
    expect(purges.slice(0, -1)).not.toContain('purged');
    expect(await memory.get(`workers/${session}`)).toBeUndefined();
    const left = (await memory.list(`log/${session}/`)).objects;
    // Its seals outlive it: nothing that lands late is ever taken for a segment of a living log.
    expect(left.length).toBeGreaterThan(0);
    for (const { sizeBytes } of left) expect(sizeBytes).toBe(left[0]?.sizeBytes);
    await purge(session);
    expect(purges.at(-1)).toBe('absent');
  });

  it('keeps what is not recovered, however old, and asks for its recovery', async () => {
    const session = await crashed(3);
    await clock.advance(SILENT_MS);
    clock.jumpWall(3 * DAY_MS);
    await purge(session);
    expect(purges).not.toContain('purged');
    expect(asked).toEqual([session]);
    expect(await memory.get(`workers/${session}`)).toBeDefined();
    await recover(session);
    clock.jumpWall(2 * DAY_MS);
    await purge(session);
    expect(purges.at(-1)).toBe('purged');
    for (let n = 1; n <= 3; n++) expect((await headOf(database(n))).lastCommit.sequence).toBe(3);
  });

  it('deletes what is left of a log whose record is gone', async () => {
    const session = await crashed(1);
    await clock.advance(SILENT_MS);
    await recover(session);
    clock.jumpWall(2 * DAY_MS);
    await memory.delete(`workers/${session}`);
    const late = `log/${session}/${String(500).padStart(20, '0')}`;
    await memory.put(late, utf8('landed late'), 'create');
    clock.jumpWall(2 * DAY_MS);
    await purge(session);
    expect(await memory.get(late)).toBeUndefined();
  });
});
