import type { DatabaseId } from '@leasehold/foundation';
import { cover, type Coverage, type CoveredRange, type UsageRecord, type WriteInterval } from '@leasehold/metering';
import type pg from 'pg';

import { columnsOf } from './columns.js';

/** What became of a record that was read. */
export interface TakenRecord {
  /** False: it had been taken before, and nothing changed. */
  readonly isNew: boolean;
  /** Databases whose write counters in it contradict what is known: none of their writes in the record was counted. */
  readonly conflicts: readonly DatabaseId[];
}

interface Quantities {
  readonly commits: number;
  readonly writeUnits: number;
  readonly requests: number;
  readonly readUnits: number;
  readonly egressBytes: number;
}

/** What was used of a database in an hour. */
interface HourRow extends Quantities {
  readonly databaseId: DatabaseId;
  readonly hour: number;
  /** Empty for writes, and for reads of nobody's key. */
  readonly keyId: string;
}

const NOTHING: Quantities = { commits: 0, writeUnits: 0, requests: 0, readUnits: 0, egressBytes: 0 };

const MARK = `
  INSERT INTO usage_records (session, number, reaches_to) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`;

const COVERAGE = `
  SELECT database_id, from_commits, from_units, to_commits, to_units FROM usage_coverage
  WHERE database_id = ANY($1::uuid[]) ORDER BY database_id, from_commits`;
const FORGET_COVERAGE = 'DELETE FROM usage_coverage WHERE database_id = ANY($1::uuid[])';
const SET_COVERAGE = `
  INSERT INTO usage_coverage (database_id, from_commits, from_units, to_commits, to_units)
  SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])`;

const ADD_HOURS = `
  INSERT INTO usage_hours AS known (database_id, hour, key_id, commits, write_units, requests, read_units, egress_bytes)
  SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
  ON CONFLICT (database_id, hour, key_id) DO UPDATE SET
    commits = known.commits + EXCLUDED.commits, write_units = known.write_units + EXCLUDED.write_units,
    requests = known.requests + EXCLUDED.requests, read_units = known.read_units + EXCLUDED.read_units,
    egress_bytes = known.egress_bytes + EXCLUDED.egress_bytes`;

/** Of one moment the largest holds, as `storedByteMs` has it. */
const ADD_SIZES = `
  INSERT INTO usage_sizes AS known (database_id, at, bytes)
  SELECT id, to_timestamp(ms / 1000.0), max(size) FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS told (id, ms, size)
  GROUP BY id, ms
  ON CONFLICT (database_id, at) DO UPDATE SET bytes = greatest(known.bytes, EXCLUDED.bytes)`;

/** Inside of a transaction, and with no other taker beside it. */
export async function takeRecord(client: pg.ClientBase, record: UsageRecord): Promise<TakenRecord> {
  const { rowCount } = await client.query(MARK, [record.session, record.number, new Date(record.to)]);
  if (rowCount === 0) return { isNew: false, conflicts: [] };
  const { writes, conflicts } = await takeWrites(client, record);
  await addHours(client, [...writes, ...readsOf(record)]);
  await addSizes(client, record);
  return { isNew: true, conflicts };
}

async function takeWrites(client: pg.ClientBase, { databases }: UsageRecord) {
  const writing = databases.filter(({ writes }) => writes.length > 0);
  const known = await coverageOf(
    client,
    writing.map(({ database }) => database),
  );
  const covered = writing.map(({ database, writes }) => ({
    database,
    result: coverAll(known.get(database) ?? [], writes),
  }));
  const counted = covered.flatMap(({ database, result }) => (result === undefined ? [] : [{ database, ...result }]));
  await setCoverage(
    client,
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

/** Numbers of Postgres that may be large come as text. */
interface CoverageRow {
  readonly database_id: string;
  readonly from_commits: string;
  readonly from_units: string;
  readonly to_commits: string;
  readonly to_units: string;
}

async function coverageOf(client: pg.ClientBase, ids: readonly DatabaseId[]) {
  const { rows } = await client.query<CoverageRow>(COVERAGE, [ids]);
  const known = new Map<string, CoveredRange[]>();
  for (const row of rows) {
    const ranges = known.get(row.database_id) ?? [];
    known.set(row.database_id, ranges);
    ranges.push({
      from: { commits: Number(row.from_commits), writeUnits: Number(row.from_units) },
      to: { commits: Number(row.to_commits), writeUnits: Number(row.to_units) },
    });
  }
  return known;
}

async function setCoverage(
  client: pg.ClientBase,
  changed: readonly { readonly database: DatabaseId; readonly coverage: Coverage }[],
): Promise<void> {
  const ranges = changed.flatMap(({ database, coverage }) => coverage.map((range) => ({ database, ...range })));
  await client.query(FORGET_COVERAGE, [changed.map(({ database }) => database)]);
  const columns = columnsOf(ranges, 5, ({ database, from, to }) => [
    ...[database, from.commits, from.writeUnits, to.commits, to.writeUnits],
  ]);
  await client.query(SET_COVERAGE, columns);
}

/** One statement touches a row once: what belongs to one comes together first. */
async function addHours(client: pg.ClientBase, told: readonly HourRow[]): Promise<void> {
  const columns = columnsOf(joined(told), 8, ({ databaseId, hour, keyId, ...row }) => [
    ...[databaseId, hour, keyId],
    ...[row.commits, row.writeUnits, row.requests, row.readUnits, row.egressBytes],
  ]);
  await client.query(ADD_HOURS, columns);
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

async function addSizes(client: pg.ClientBase, { databases }: UsageRecord): Promise<void> {
  const marks = databases.flatMap(({ database, sizes }) => sizes.map((mark) => ({ database, ...mark })));
  const columns = columnsOf(marks, 3, ({ database, at, bytes }) => [database, at, bytes]);
  await client.query(ADD_SIZES, columns);
}
