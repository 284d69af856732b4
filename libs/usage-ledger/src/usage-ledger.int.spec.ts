import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import type { Metadata } from '@leasehold/metadata';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';
import { decodeUsageRecord, encodeUsageRecord, MAX_TIME_MS } from '@leasehold/metering';
import type { DatabaseUsage, UsageRecord } from '@leasehold/metering';

import { UsageLedger } from './usage-ledger.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const HOUR = 482_000;
const KEY = '01jd000000000000000000000k';
const TAKERS = 8;
const at = (commits: number) => ({ commits, writeUnits: commits * 3 });

describe('the usage ledger', () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let ledger: UsageLedger;
  /** Each with a connection of its own, as compactors have: one ledger takes one record after another by itself. */
  let takers: readonly UsageLedger[];
  let sessions = 0;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    ledger = new UsageLedger(test.databaseUrl);
    takers = Array.from({ length: TAKERS }, () => new UsageLedger(test.databaseUrl));
    await Promise.all(takers.map((taker) => taker.completeTo()));
  });
  afterAll(async () => {
    for (const each of [ledger, ...takers]) await each.close();
    await test.close();
  });

  const takeAtOnce = (records: readonly UsageRecord[]) =>
    Promise.all(records.map((record, n) => (takers[n] ?? ledger).take(record)));
  const newDatabase = () => randomUUID() as DatabaseId;
  const usageOf = (database: DatabaseId, more: Partial<DatabaseUsage> = {}): DatabaseUsage => ({
    database,
    writes: [],
    reads: [],
    sizes: [],
    ...more,
  });
  /** Each of a session of its own. */
  const recordOf = (databases: readonly DatabaseUsage[]): UsageRecord => ({
    session: `01jd${String(++sessions).padStart(22, '0')}` as SessionId,
    number: 1,
    from: HOUR * 3_600_000,
    to: HOUR * 3_600_000 + 60_000,
    databases,
  });
  const interval = (from: number, to: number, hour = HOUR) => ({ hour, from: at(from), to: at(to) });
  const read = (key: string | null, hour = HOUR) => ({ hour, key, requests: 2, readUnits: 5, egressBytes: 700 });

  async function hours(databaseId: DatabaseId) {
    const rows = await metadata.prisma.usageHour.findMany({
      where: { databaseId },
      orderBy: [{ hour: 'asc' }, { keyId: 'asc' }],
    });
    return rows.map(({ hour, keyId, commits, writeUnits, requests, readUnits, egressBytes }) =>
      [hour - HOUR, keyId, commits, writeUnits, requests, readUnits, egressBytes].map((value) =>
        typeof value === 'bigint' ? Number(value) : value,
      ),
    );
  }

  it('rolls records up into hours, for each database and key', async () => {
    const [a, b] = [newDatabase(), newDatabase()];
    const first = [
      usageOf(a, { writes: [interval(0, 4), interval(4, 6, HOUR + 1)], reads: [read(KEY), read(KEY), read(null)] }),
      usageOf(b, { reads: [read(KEY, HOUR + 1)] }),
    ];
    await ledger.take(recordOf(first));
    await ledger.take(recordOf([usageOf(a, { writes: [interval(6, 7, HOUR + 1)], reads: [read(KEY)] })]));
    expect(await hours(a)).toEqual([
      [0, '', 4, 12, 2, 5, 700],
      [0, KEY, 0, 0, 6, 15, 2_100],
      [1, '', 3, 9, 0, 0, 0],
    ]);
    expect(await hours(b)).toEqual([[1, KEY, 0, 0, 2, 5, 700]]);
  });

  it('takes a record once, however often and by however many at once it is read', async () => {
    const database = newDatabase();
    const record = recordOf([usageOf(database, { writes: [interval(0, 2)], reads: [read(KEY)] })]);
    const taken = await takeAtOnce(Array.from({ length: TAKERS }, () => record));
    expect(taken.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await ledger.take(record)).toEqual({ isNew: false, conflicts: [] });
    expect(await hours(database)).toEqual([
      [0, '', 2, 6, 0, 0, 0],
      [0, KEY, 0, 0, 2, 5, 700],
    ]);
  });

  it('counts each commit once, where two sessions tell of it and at once', async () => {
    const database = newDatabase();
    const told = [interval(3, 9), interval(0, 4), interval(2, 3), interval(8, 12), interval(0, 9), interval(5, 12)];
    await takeAtOnce(told.map((one) => recordOf([usageOf(database, { writes: [one] })])));
    expect(await hours(database)).toEqual([[0, '', 12, 36, 0, 0, 0]]);
    const covered = await metadata.prisma.usageCoverage.findMany({ where: { databaseId: database } });
    expect(covered.map(({ fromCommits, toCommits }) => [fromCommits, toCommits])).toEqual([[0n, 12n]]);
  });

  it('counts no writes of a database whose counters contradict what is known, and the rest of the record', async () => {
    const [wrong, right] = [newDatabase(), newDatabase()].sort() as [DatabaseId, DatabaseId];
    await ledger.take(recordOf([usageOf(wrong, { writes: [interval(0, 4)] })]));
    const contradicting = { hour: HOUR, from: { commits: 6, writeUnits: 17 }, to: { commits: 7, writeUnits: 20 } };
    const record = recordOf([
      usageOf(wrong, { writes: [interval(4, 6), contradicting], reads: [read(KEY)] }),
      usageOf(right, { writes: [interval(0, 1)] }),
    ]);
    expect(await ledger.take(record)).toEqual({ isNew: true, conflicts: [wrong] });
    expect(await hours(wrong)).toEqual([
      [0, '', 4, 12, 0, 0, 0],
      [0, KEY, 0, 0, 2, 5, 700],
    ]);
    expect(await hours(right)).toEqual([[0, '', 1, 3, 0, 0, 0]]);
  });

  it('leaves nothing of a record when the connection dies before its end', async () => {
    const database = newDatabase();
    const record = recordOf([
      usageOf(database, { writes: [interval(0, 2)], reads: [read(KEY)], sizes: [{ at: 1_000, bytes: 5 }] }),
    ]);
    const { prisma } = metadata;
    await prisma.$executeRawUnsafe(`
      CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$`);
    await prisma.$executeRawUnsafe(
      'CREATE TRIGGER die AFTER INSERT ON usage_sizes FOR EACH ROW EXECUTE FUNCTION die()',
    );
    await expect(ledger.take(record)).rejects.toMatchObject({ kind: 'unavailable' });
    await prisma.$executeRawUnsafe('DROP FUNCTION die CASCADE');
    expect(await hours(database)).toEqual([]);
    expect(await ledger.take(record)).toEqual({ isNew: true, conflicts: [] });
    expect(await hours(database)).toHaveLength(2);
  });

  it('keeps the sizes of a database, of one moment the largest', async () => {
    const database = newDatabase();
    const sizes = (...marks: [number, number][]) =>
      usageOf(database, { sizes: marks.map(([at, bytes]) => ({ at, bytes })) });
    await ledger.take(recordOf([sizes([2_001, 40], [1_000, 10], [1_000, 12])]));
    await ledger.take(recordOf([sizes([2_001, 30], [3_000, 0])]));
    const rows = await metadata.prisma.usageSize.findMany({ where: { databaseId: database }, orderBy: { at: 'asc' } });
    expect(rows.map((row) => [row.at.getTime(), row.bytes])).toEqual([
      [1_000, 12n],
      [2_001, 40n],
      [3_000, 0n],
    ]);
  });

  it('takes the largest and latest of what a record can say', async () => {
    const database = newDatabase();
    const hour = Math.floor(MAX_TIME_MS / 3_600_000);
    const most = Number.MAX_SAFE_INTEGER;
    const usage = usageOf(database, {
      writes: [{ hour, from: at(0), to: { commits: most, writeUnits: most } }],
      reads: [{ hour, key: '~'.repeat(64), requests: most, readUnits: most, egressBytes: most }],
      sizes: [{ at: MAX_TIME_MS, bytes: most }],
    });
    const record = { ...recordOf([usage]), to: MAX_TIME_MS };
    expect(await ledger.take(decodeUsageRecord(encodeUsageRecord(record)))).toEqual({ isNew: true, conflicts: [] });
  });

  it('takes a record of nothing, and one of many databases', async () => {
    expect(await ledger.take(recordOf([]))).toEqual({ isNew: true, conflicts: [] });
    const databases = Array.from({ length: 3_000 }, newDatabase).sort();
    await ledger.take(recordOf(databases.map((id) => usageOf(id, { writes: [interval(0, 1)], reads: [read(KEY)] }))));
    const counted = await metadata.prisma.usageHour.count({ where: { databaseId: { in: databases } } });
    expect(counted).toBe(6_000);
  });

  it('takes a record of many tenants in a time that grows with them', async () => {
    const tenants = 4_000;
    const owners = Array.from({ length: tenants }, (_, n) => `many-${n}`);
    const ids = owners.map(newDatabase);
    await metadata.prisma.$executeRaw`
      INSERT INTO organizations (id, name, slug) SELECT id, id, id FROM unnest(${owners}::text[]) AS id`;
    await metadata.prisma.$executeRaw`
      INSERT INTO databases (id, organization_id, name)
      SELECT d, o, 'main' FROM unnest(${ids}::uuid[], ${owners}::text[]) AS t (d, o)`;
    const timeOf = async (from: number, to: number) => {
      const sizes = [{ at: HOUR * 3_600_000, bytes: 5 }];
      const record = recordOf([...ids.slice(from, to)].sort().map((id) => usageOf(id, { sizes })));
      const begunAt = performance.now();
      await ledger.take(record);
      return performance.now() - begunAt;
    };
    await timeOf(0, 200);
    const few = await timeOf(200, 600);
    const many = await timeOf(600, 3_800);
    // Eight times as many; by their square it would be sixty-four.
    expect(many / few).toBeLessThan(30);
    const counted = await metadata.prisma.organizationUsage.count({ where: { storageBytes: 5n } });
    expect(counted).toBe(3_800);
  });

  it('knows how far a session was taken, and up to when everything was', async () => {
    const record = recordOf([]);
    expect(await ledger.lastNumber(record.session)).toBe(0);
    await ledger.take({ ...record, number: 3 });
    await ledger.take({ ...record, number: 2 });
    expect(await ledger.lastNumber(record.session)).toBe(3);
    expect(await ledger.sessionsSince(record.to)).toContain(record.session);
    expect(await ledger.sessionsSince(record.to + 1)).not.toContain(record.session);
    expect(await ledger.completeTo()).toBeUndefined();
    for (const time of [5_000, 4_000]) await ledger.passed(time);
    expect(await ledger.completeTo()).toBe(5_000);
    expect(await metadata.usageReport.completeTo()).toEqual(new Date(5_000));
    await ledger.passed(Date.now() + 3_600_000);
    expect(await ledger.completeTo()).toBeLessThanOrEqual(Date.now() + 1_000);
  });
});
