import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { ulidFloorAt, utf8 } from '@leasehold/foundation';
import { openTestMetadata, startTestPostgres, type TestPostgres } from '@leasehold/metadata-testing';
import { encodeUsageRecord, type DatabaseUsage, type UsageRecord } from '@leasehold/metering';
import { MemoryStore } from '@leasehold/object-store';
import { VirtualClock } from '@leasehold/object-store-testing';
import { Reconciler, RollUp, USAGE_RECORDS } from '@leasehold/upkeep';
import { UsageLedger, UsageRecounts } from '@leasehold/usage-ledger';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NEVER = new AbortController().signal;
const KEY = '01jd000000000000000000000k';

describe('a reconciliation', () => {
  let postgres: TestPostgres;

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres.close());

  async function world() {
    const test = await openTestMetadata({ postgres });
    const { databaseUrl, metadata } = test;
    const organizationId = await test.newOrganization();
    const ledger = new UsageLedger(databaseUrl);
    const clock = new VirtualClock();
    // Noon of a day that is long past.
    clock.advance(Date.UTC(2026, 5, 10, 12) - clock.now());
    const today = Math.floor(clock.now() / DAY_MS) * DAY_MS;
    const store = new MemoryStore(clock);
    const recounts = new UsageRecounts(databaseUrl);
    const shared = { store, clock, ledger };
    const rollUp = new RollUp({
      ...shared,
      series: USAGE_RECORDS,
      onDamaged: () => undefined,
      onConflict: () => undefined,
    });
    const reconciler = new Reconciler({ ...shared, recounts });
    const sessionAt = (time: number, n: number) =>
      `${ulidFloorAt(time).slice(0, 10)}${String(n).padStart(16, '0')}` as SessionId;
    const put = async (session: SessionId, number: number, at: number, databases: readonly DatabaseUsage[]) => {
      const record: UsageRecord = { session, number, from: at - 15_000, to: at, databases };
      await store.put(bucketLayout.usageRecord(session, number), encodeUsageRecord(record), 'create');
    };
    const make = async (name: string) => (await metadata.databases.create(organizationId, name)).id as DatabaseId;
    const close = async () => {
      await ledger.close();
      await test.close();
    };
    return {
      databaseUrl,
      metadata,
      ledger,
      clock,
      today,
      store,
      recounts,
      rollUp,
      reconciler,
      sessionAt,
      put,
      make,
      close,
    };
  }

  const counter = (commits: number) => ({ commits, writeUnits: commits * 2 });
  /** A commit and a read in each of these hours, by a counter that goes on. */
  const usageAt = (database: DatabaseId, time: number, commits: number): DatabaseUsage => {
    const hour = Math.floor(time / HOUR_MS);
    return {
      database,
      writes: [{ hour, from: counter(commits), to: counter(commits + 1) }],
      reads: [{ hour, key: KEY, requests: 1, readUnits: 3, egressBytes: 100 }],
      sizes: [{ at: time, bytes: 1_000 + commits }],
    };
  };

  /** Two databases, six days, one record every six hours, by a session before the days that are recounted and one in them. */
  async function busyWorld() {
    const it = await world();
    const databases = [await it.make('a'), await it.make('b')].sort();
    const begin = it.today - 5 * DAY_MS;
    const sessions = [it.sessionAt(begin, 1), it.sessionAt(it.today - 2 * DAY_MS, 2)];
    for (let n = 0; n < 20; n++) {
      const at = begin + n * 6 * HOUR_MS;
      const which = at < it.today - 2 * DAY_MS ? 0 : 1;
      const number = which === 0 ? n + 1 : n + 1 - 12;
      await it.put(
        sessions[which] as SessionId,
        number,
        at,
        databases.map((id) => usageAt(id, at, n)),
      );
    }
    // Who opens it next tells again what was told, by the hour of the first that it knows of.
    const again = it.sessionAt(it.today - DAY_MS, 3);
    const hour = Math.floor((it.today - 2 * DAY_MS) / HOUR_MS);
    const [first] = databases as [DatabaseId];
    await it.put(again, 1, it.today - DAY_MS, [
      { database: first, writes: [{ hour, from: counter(0), to: counter(13) }], reads: [], sizes: [] },
    ]);
    await it.rollUp.pass(NEVER, { full: true });
    return { ...it, databases: databases as [DatabaseId, DatabaseId], sessions: sessions as [SessionId, SessionId] };
  }

  it('finds nothing where all is as the records say, and says what it has looked at', async () => {
    const { reconciler, metadata, today, close } = await busyWorld();
    const done = await reconciler.pass(NEVER);
    expect(done?.first).toEqual([]);
    expect(done?.report).toMatchObject({
      ...{ from: today - 3 * DAY_MS, to: today, sessions: 3, databases: 2, differences: 0 },
      ...{ damaged: 0, missing: 0, unread: 0 },
    });
    const [row] = await metadata.prisma.usageReconciliation.findMany({ include: { first: true } });
    expect(row).toMatchObject({
      fromAt: new Date(today - 3 * DAY_MS),
      toAt: new Date(today),
      differences: 0,
      first: [],
    });
    await close();
  });

  it.each([
    ['units that nobody wrote', 'UPDATE usage_hours SET write_units = write_units + 5', 'writeUnits', 2n, 7n],
    ['commits that are lost', 'UPDATE usage_hours SET commits = 0', 'commits', 1n, 0n],
    ['reads that are lost', `DELETE FROM usage_hours`, 'readUnits', 3n, 0n],
    ['a size that was another', 'UPDATE usage_sizes SET bytes = 1', 'storedBytes', 1_010n, 1n],
  ])('finds %s', async (_what, change, meter, recorded, counted) => {
    const { reconciler, metadata, today, databases, close } = await busyWorld();
    const at = today - 2.5 * DAY_MS;
    const where = change.includes('usage_sizes')
      ? `at = '${new Date(at).toISOString()}'`
      : `hour = ${Math.floor(at / HOUR_MS)} AND key_id ${change.startsWith('DELETE') ? '<>' : '='} ''`;
    await metadata.prisma.$executeRawUnsafe(`${change} WHERE database_id = '${databases[1]}' AND ${where}`);
    const done = await reconciler.pass(NEVER);
    expect(done?.first.filter((each) => each.meter === meter)).toEqual([
      expect.objectContaining({ database: databases[1], recorded: Number(recorded), counted: Number(counted) }),
    ]);
    const [row] = await metadata.prisma.usageReconciliation.findMany({ include: { first: true } });
    expect(row?.differences).toBe(done?.first.length);
    expect(row?.first).toContainEqual(
      expect.objectContaining({ databaseId: databases[1], hour: Math.floor(at / HOUR_MS), meter, recorded, counted }),
    );
    await close();
  });

  it('finds what was counted twice because nobody knew any more that it was counted', async () => {
    const it = await busyWorld();
    await it.metadata.prisma.usageCoverage.deleteMany({ where: { databaseId: it.databases[1] } });
    const hour = Math.floor((it.today - 2 * DAY_MS) / HOUR_MS);
    await it.put(it.sessionAt(it.today - DAY_MS, 4), 1, it.today - DAY_MS, [
      { database: it.databases[1], writes: [{ hour, from: counter(0), to: counter(13) }], reads: [], sizes: [] },
    ]);
    await it.rollUp.pass(NEVER, { full: true });
    const done = await it.reconciler.pass(NEVER);
    expect(done?.first).toEqual([
      { database: it.databases[1], hour, key: '', meter: 'commits', recorded: 1, counted: 14 },
      { database: it.databases[1], hour, key: '', meter: 'writeUnits', recorded: 2, counted: 28 },
    ]);
    await it.close();
  });

  it('finds a record that was never taken, and one that was taken and is gone', async () => {
    const { reconciler, metadata, store, today, sessions, databases, close } = await busyWorld();
    const gone = bucketLayout.usageRecord(sessions[0], 12);
    await store.delete(gone);
    await metadata.prisma.$executeRawUnsafe(
      `DELETE FROM usage_records WHERE session = '${sessions[1]}' AND number >= 8;
       `,
    );
    await metadata.prisma.$executeRawUnsafe(
      `DELETE FROM usage_hours WHERE hour = ${Math.floor((today - 6 * HOUR_MS) / HOUR_MS)}`,
    );
    const done = await reconciler.pass(NEVER);
    expect(done?.report).toMatchObject({ missing: 1 });
    const hours = new Set(done?.first.filter(({ meter }) => meter === 'readUnits').map(({ hour }) => hour));
    expect([...hours]).toEqual([
      Math.floor((today - 2.25 * DAY_MS) / HOUR_MS),
      Math.floor((today - 6 * HOUR_MS) / HOUR_MS),
    ]);
    expect(new Set(done?.first.map(({ database }) => database))).toEqual(new Set(databases));
    await close();
  });

  it('passes over a record that cannot be read, as the roll-up does', async () => {
    const it = await world();
    const session = it.sessionAt(it.today - 2 * DAY_MS, 1);
    const database = await it.make('a');
    await it.store.put(bucketLayout.usageRecord(session, 1), utf8('nonsense'), 'create');
    await it.put(session, 2, it.today - DAY_MS, [usageAt(database, it.today - DAY_MS, 0)]);
    await it.rollUp.pass(NEVER, { full: true });
    expect((await it.reconciler.pass(NEVER))?.report).toMatchObject({ damaged: 1, records: 1, differences: 0 });
    await it.close();
  });

  it('tells nothing of a record that is taken while it looks', async () => {
    const it = await busyWorld();
    const late = it.sessionAt(it.today - DAY_MS, 9);
    const recounts = {
      recount: <T>(time: { from: number; to: number }, work: Parameters<typeof it.recounts.recount<T>>[1]) =>
        it.recounts.recount<T>(time, async (book) => {
          let isTaken = false;
          const compare = book.compare.bind(book);
          book.compare = async (ids) => {
            if (!isTaken) {
              isTaken = true;
              await it.put(late, 1, it.today - DAY_MS, [usageAt(it.databases[0], it.today - DAY_MS, 20)]);
              await it.rollUp.pass(NEVER, { full: true });
            }
            return compare(ids);
          };
          return work(book);
        }),
    };
    const { store, clock, ledger } = it;
    const done = await new Reconciler({ store, clock, ledger, recounts }).pass(NEVER);
    expect(done?.report).toMatchObject({ sessions: 4, differences: 0 });
    await it.close();
  });

  it('is made by one at a time, and by nobody before anything is rolled up', async () => {
    const it = await world();
    expect(await it.reconciler.pass(NEVER)).toBeUndefined();
    await it.rollUp.pass(NEVER, { full: true });
    const inside = await it.recounts.recount({ from: 0, to: DAY_MS }, () => it.reconciler.pass(NEVER));
    expect(inside).toBeUndefined();
    expect(await it.reconciler.pass(NEVER)).toBeDefined();
    await it.close();
  });

  it('ends when it is told to', async () => {
    const it = await busyWorld();
    const reason = new Error('enough');
    await expect(it.reconciler.pass(AbortSignal.abort(reason))).rejects.toThrow('enough');
    expect(await it.metadata.prisma.usageReconciliation.count()).toBe(0);
    await it.close();
  });
});
