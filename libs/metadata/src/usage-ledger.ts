import { cover, type Coverage, type CoveredRange, type UsageRecord, type WriteInterval } from '@leasehold/metering';

import type { Prisma, PrismaClient } from './generated/client.js';

/** What became of a record that was read. */
export interface TakenRecord {
  /** False: it had been taken before, and nothing changed. */
  readonly isNew: boolean;
  /** Databases whose write counters in it contradict what is known: none of their writes in the record was counted. */
  readonly conflicts: readonly string[];
}

/** What was used of a database in an hour. */
interface HourRow {
  readonly databaseId: string;
  readonly hour: number;
  /** Empty for writes, and for reads of nobody's key. */
  readonly keyId: string;
  readonly commits: number;
  readonly writeUnits: number;
  readonly requests: number;
  readonly readUnits: number;
  readonly egressBytes: number;
}

type Quantities = Omit<HourRow, 'databaseId' | 'hour' | 'keyId'>;

const NOTHING: Quantities = { commits: 0, writeUnits: 0, requests: 0, readUnits: 0, egressBytes: 0 };
/** Of all takers of this database; any number that nobody else uses. */
const TAKER_LOCK = 7_220_146;
/** Waiting for other takers, and for a record of many databases. */
const TRANSACTION = { maxWait: 10_000, timeout: 60_000 } as const;

/** Usage records of the bucket, rolled up into hours: each record once, each commit once, in whatever order they come. */
export class UsageLedger {
  constructor(private readonly prisma: PrismaClient) {}

  /** All of a record, or nothing of it. Durable when it resolves; a record that was taken before changes nothing. */
  async take(record: UsageRecord): Promise<TakenRecord> {
    return this.prisma.$transaction(async (transaction) => {
      // One after another: what is covered is read and written.
      await transaction.$executeRaw`SELECT pg_advisory_xact_lock(${TAKER_LOCK})`;
      const isNew = await transaction.$executeRaw`
        INSERT INTO usage_records (session, number, reaches_to)
        VALUES (${record.session}, ${record.number}, ${new Date(record.to)}) ON CONFLICT DO NOTHING`;
      if (isNew === 0) return { isNew: false, conflicts: [] };
      const { writes, conflicts } = await takeWrites(transaction, record);
      await addHours(transaction, [...writes, ...readsOf(record)]);
      await addSizes(transaction, record);
      return { isNew: true, conflicts };
    }, TRANSACTION);
  }
}

async function takeWrites(transaction: Prisma.TransactionClient, { databases }: UsageRecord) {
  const writing = databases.filter(({ writes }) => writes.length > 0);
  const known = await coverageOf(
    transaction,
    writing.map(({ database }) => database),
  );
  const covered = writing.map(({ database, writes }) => ({
    database,
    result: coverAll(known.get(database) ?? [], writes),
  }));
  const counted = covered.flatMap(({ database, result }) => (result === undefined ? [] : [{ database, ...result }]));
  await setCoverage(
    transaction,
    counted.filter(({ hours }) => hours.length > 0),
  );
  return {
    writes: counted.flatMap(({ database, hours }) =>
      hours.map((hour) => ({ databaseId: database, keyId: '', ...hour })),
    ),
    conflicts: covered.filter(({ result }) => result === undefined).map(({ database }) => database),
  };
}

/** Undefined: one of the intervals contradicts the others, and none is counted. */
function coverAll(known: Coverage, writes: readonly WriteInterval[]) {
  let coverage = known;
  const hours: (Quantities & { readonly hour: number })[] = [];
  for (const interval of writes) {
    const covered = cover(coverage, interval);
    if (covered === 'units-disagree') return undefined;
    ({ coverage } = covered);
    hours.push(...covered.added.map((added) => ({ ...NOTHING, hour: interval.hour, ...quantitiesOf(added) })));
  }
  return { coverage, hours };
}

function quantitiesOf({ from, to }: CoveredRange) {
  return { commits: to.commits - from.commits, writeUnits: to.writeUnits - from.writeUnits };
}

function readsOf({ databases }: UsageRecord): readonly HourRow[] {
  return databases.flatMap(({ database, reads }) =>
    reads.map(({ key, ...read }) => ({ ...NOTHING, databaseId: database, keyId: key ?? '', ...read })),
  );
}

async function coverageOf(transaction: Prisma.TransactionClient, ids: readonly string[]) {
  const rows = await transaction.usageCoverage.findMany({
    where: { databaseId: { in: [...ids] } },
    orderBy: { fromCommits: 'asc' },
  });
  const known = new Map<string, CoveredRange[]>();
  for (const { databaseId, fromCommits, fromUnits, toCommits, toUnits } of rows) {
    const ranges = known.get(databaseId) ?? [];
    known.set(databaseId, ranges);
    ranges.push({
      from: { commits: Number(fromCommits), writeUnits: Number(fromUnits) },
      to: { commits: Number(toCommits), writeUnits: Number(toUnits) },
    });
  }
  return known;
}

async function setCoverage(
  transaction: Prisma.TransactionClient,
  changed: readonly { readonly database: string; readonly coverage: Coverage }[],
): Promise<void> {
  await transaction.usageCoverage.deleteMany({
    where: { databaseId: { in: changed.map(({ database }) => database) } },
  });
  await transaction.usageCoverage.createMany({
    data: changed.flatMap(({ database, coverage }) =>
      coverage.map(({ from, to }) => ({
        databaseId: database,
        fromCommits: from.commits,
        fromUnits: from.writeUnits,
        toCommits: to.commits,
        toUnits: to.writeUnits,
      })),
    ),
  });
}

/** One statement touches a row once: what belongs to one comes together first. */
async function addHours(transaction: Prisma.TransactionClient, told: readonly HourRow[]): Promise<void> {
  const rows = joined(told);
  await transaction.$executeRaw`
    INSERT INTO usage_hours AS known (database_id, hour, key_id, commits, write_units, requests, read_units, egress_bytes)
    SELECT * FROM unnest(
      ${rows.map(({ databaseId }) => databaseId)}::uuid[], ${rows.map(({ hour }) => hour)}::int[],
      ${rows.map(({ keyId }) => keyId)}::text[], ${rows.map(({ commits }) => commits)}::bigint[],
      ${rows.map(({ writeUnits }) => writeUnits)}::bigint[], ${rows.map(({ requests }) => requests)}::bigint[],
      ${rows.map(({ readUnits }) => readUnits)}::bigint[], ${rows.map(({ egressBytes }) => egressBytes)}::bigint[])
    ON CONFLICT (database_id, hour, key_id) DO UPDATE SET
      commits = known.commits + EXCLUDED.commits, write_units = known.write_units + EXCLUDED.write_units,
      requests = known.requests + EXCLUDED.requests, read_units = known.read_units + EXCLUDED.read_units,
      egress_bytes = known.egress_bytes + EXCLUDED.egress_bytes`;
}

function joined(rows: readonly HourRow[]): readonly HourRow[] {
  const byPlace = new Map<string, HourRow>();
  for (const row of rows) {
    const place = `${row.databaseId} ${row.hour} ${row.keyId}`;
    const other = byPlace.get(place) ?? NOTHING;
    byPlace.set(place, {
      ...row,
      commits: row.commits + other.commits,
      writeUnits: row.writeUnits + other.writeUnits,
      requests: row.requests + other.requests,
      readUnits: row.readUnits + other.readUnits,
      egressBytes: row.egressBytes + other.egressBytes,
    });
  }
  return [...byPlace.values()];
}

/** Of one moment the largest holds, as `storedByteMs` has it. */
async function addSizes(transaction: Prisma.TransactionClient, { databases }: UsageRecord): Promise<void> {
  const marks = databases.flatMap(({ database, sizes }) => sizes.map((mark) => ({ database, ...mark })));
  await transaction.$executeRaw`
    INSERT INTO usage_sizes AS known (database_id, at, bytes)
    SELECT id, to_timestamp(ms / 1000.0), max(size) FROM unnest(
      ${marks.map(({ database }) => database)}::uuid[], ${marks.map(({ at }) => at)}::bigint[],
      ${marks.map(({ bytes }) => bytes)}::bigint[]) AS told (id, ms, size)
    GROUP BY id, ms
    ON CONFLICT (database_id, at) DO UPDATE SET bytes = greatest(known.bytes, EXCLUDED.bytes)`;
}
