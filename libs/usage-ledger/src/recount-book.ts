import { LeaseholdError, type DatabaseId, type SessionId } from '@leasehold/foundation';
import {
  coverageOfFirst,
  HOUR_MS,
  hourOf,
  type CountedHour,
  type CoveredRange,
  type DatabaseBooks,
  type RecountedTime,
  type ReconciliationReport,
  type SizeMark,
  type UsageDifference,
  type UsageRecord,
  type WriteInterval,
} from '@leasehold/metering';
import type pg from 'pg';

import { columnsOf } from './columns.js';

/** Databases that are compared at a time. */
const PIECE = 500;
/** Differences of one reconciliation that are kept; all of them are counted. */
export const MAX_KEPT_DIFFERENCES = 1_000;
/** Past ones that are kept: more than a year of them. */
const KEPT_RECONCILIATIONS = 400;

/** Of one connection, and gone with it. Writes are joined where a record goes on where the one before ended. */
const TABLES = `
  CREATE TEMP TABLE told_writes (database_id uuid, hour int, from_commits bigint, from_units bigint, to_commits bigint,
    to_units bigint, PRIMARY KEY (database_id, hour, from_commits));
  CREATE INDEX ON told_writes (database_id, hour, to_commits);
  CREATE TEMP TABLE told_reads (database_id uuid, hour int, key_id text, requests bigint, read_units bigint,
    egress_bytes bigint, PRIMARY KEY (database_id, hour, key_id));
  CREATE TEMP TABLE told_sizes (database_id uuid, at timestamptz(3), bytes bigint, PRIMARY KEY (database_id, at))`;

const TELL_WRITES = `
  WITH told AS (
    SELECT DISTINCT ON (d, h, fc) d, h, fc, fu, tc, tu
    FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) AS t (d, h, fc, fu, tc, tu)
    ORDER BY d, h, fc, tc DESC
  ), grown AS (
    UPDATE told_writes w SET to_commits = t.tc, to_units = t.tu FROM told t
    WHERE w.database_id = t.d AND w.hour = t.h AND w.to_commits = t.fc RETURNING t.d, t.h, t.fc
  )
  INSERT INTO told_writes AS w SELECT * FROM told WHERE (d, h, fc) NOT IN (SELECT d, h, fc FROM grown)
  ON CONFLICT (database_id, hour, from_commits) DO UPDATE SET to_commits = greatest(w.to_commits, EXCLUDED.to_commits),
    to_units = CASE WHEN EXCLUDED.to_commits > w.to_commits THEN EXCLUDED.to_units ELSE w.to_units END`;
const TELL_READS = `
  INSERT INTO told_reads AS r
  SELECT d, h, k, sum(q), sum(u), sum(b)
  FROM unnest($1::uuid[], $2::int[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[]) AS t (d, h, k, q, u, b) GROUP BY d, h, k
  ON CONFLICT (database_id, hour, key_id) DO UPDATE SET requests = r.requests + EXCLUDED.requests,
    read_units = r.read_units + EXCLUDED.read_units, egress_bytes = r.egress_bytes + EXCLUDED.egress_bytes`;
const TELL_SIZES = `
  INSERT INTO told_sizes AS s SELECT d, to_timestamp(ms / 1000.0), max(b) FROM unnest($1::uuid[], $2::bigint[], $3::bigint[])
    AS t (d, ms, b) GROUP BY d, ms
  ON CONFLICT (database_id, at) DO UPDATE SET bytes = greatest(s.bytes, EXCLUDED.bytes)`;

const TAKEN = `
  SELECT COALESCE(max(number) FILTER (WHERE reaches_to < $2), 0) + 1 AS first, COALESCE(max(number), 0) AS last
  FROM usage_records WHERE session = $1`;
/** Those of organizations, purged ones too, and those that are told of, whoever they belong to. */
const NEXT_DATABASES = `
  SELECT id FROM (
    (SELECT database_id AS id FROM database_owners WHERE database_id > $1 ORDER BY 1 LIMIT ${PIECE})
    UNION (SELECT DISTINCT database_id FROM told_writes WHERE database_id > $1 ORDER BY 1 LIMIT ${PIECE})
    UNION (SELECT DISTINCT database_id FROM told_reads WHERE database_id > $1 ORDER BY 1 LIMIT ${PIECE})
    UNION (SELECT DISTINCT database_id FROM told_sizes WHERE database_id > $1 ORDER BY 1 LIMIT ${PIECE})
  ) AS found ORDER BY id LIMIT ${PIECE}`;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

const COUNTED = `
  SELECT database_id AS id, hour, key_id AS key, commits, write_units, requests, read_units, egress_bytes FROM usage_hours
  WHERE database_id = ANY($1::uuid[]) AND hour >= $2 AND hour < $3`;
const BEFORE = `
  SELECT database_id AS id, sum(commits) AS commits, sum(write_units) AS write_units FROM usage_hours
  WHERE database_id = ANY($1::uuid[]) AND hour < $2 GROUP BY 1`;
const COVERAGE = `
  SELECT database_id AS id, from_commits, from_units, to_commits, to_units FROM usage_coverage
  WHERE database_id = ANY($1::uuid[]) ORDER BY database_id, from_commits`;
const COUNTED_SIZES = `
  SELECT database_id AS id, at, bytes FROM usage_sizes WHERE database_id = ANY($1::uuid[]) AND at >= $2 AND at < $3`;
const TOLD_WRITES = `
  SELECT database_id AS id, hour, from_commits, from_units, to_commits, to_units FROM told_writes WHERE database_id = ANY($1::uuid[])`;
const TOLD_READS = `
  SELECT database_id AS id, hour, key_id AS key, requests, read_units, egress_bytes FROM told_reads WHERE database_id = ANY($1::uuid[])`;
const TOLD_SIZES = `SELECT database_id AS id, at, bytes FROM told_sizes WHERE database_id = ANY($1::uuid[])`;

const SAVE = `
  INSERT INTO usage_reconciliations (from_at, to_at, begun_at, ended_at, sessions, records, damaged, missing, unread, databases, differences)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`;
const SAVE_DIFFERENCES = `
  INSERT INTO usage_differences (reconciliation_id, position, database_id, hour, key_id, meter, recorded, counted)
  SELECT $1, i, d, h, k, m, r, c FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::bigint[])
    WITH ORDINALITY AS t (d, h, k, m, r, c, i)`;
const FORGET = `
  DELETE FROM usage_reconciliations WHERE id <= (SELECT id FROM usage_reconciliations ORDER BY id DESC OFFSET $1 LIMIT 1)`;

type Row = Readonly<Record<string, string>> & { readonly id: DatabaseId; readonly at: Date };

/** A second set of books for some past days, kept by one connection in tables of its own, beside the first. Whoever writes into it holds no more in memory than a record. */
export class RecountBook {
  private constructor(
    private readonly client: pg.ClientBase,
    private readonly time: RecountedTime,
  ) {}

  /** @throws LeaseholdError `unavailable`, as everything here does: the book is lost then */
  static async open(client: pg.ClientBase, time: RecountedTime): Promise<RecountBook> {
    const book = new RecountBook(client, time);
    await book.query(TABLES);
    return book;
  }

  /** Of the session's records, the one behind those that are taken and end before `from`, and the last that is taken (0: none is). */
  async taken(session: SessionId, from: number): Promise<{ readonly first: number; readonly last: number }> {
    const { rows } = await this.query<{ first: string; last: string }>(TAKEN, [session, new Date(from)]);
    return { first: Number(rows[0]?.first ?? 1), last: Number(rows[0]?.last ?? 0) };
  }

  /** What it says of the days that are recounted. Told once for each record. */
  async tell({ databases }: Pick<UsageRecord, 'databases'>): Promise<void> {
    const isInside = ({ hour }: { readonly hour: number }) =>
      hour >= hourOf(this.time.from) && hour < hourOf(this.time.to);
    const isWithin = ({ at }: SizeMark) => at >= this.time.from && at < this.time.to;
    const of = <T>(database: DatabaseId, all: readonly T[]) => all.map((each) => ({ database, ...each }));
    const writes = databases.flatMap(({ database, writes: all }) => of(database, all.filter(isInside)));
    const reads = databases.flatMap(({ database, reads: all }) => of(database, all.filter(isInside)));
    const sizes = databases.flatMap(({ database, sizes: all }) => of(database, all.filter(isWithin)));
    const writeColumns = columnsOf(writes, 6, (w) => [w.database, w.hour, ...countersOf(w)]);
    if (writes.length > 0) await this.query(TELL_WRITES, writeColumns);
    const readColumns = columnsOf(reads, 6, (r) => [
      ...[r.database, r.hour, r.key ?? '', r.requests, r.readUnits, r.egressBytes],
    ]);
    if (reads.length > 0) await this.query(TELL_READS, readColumns);
    const sizeColumns = columnsOf(sizes, 3, (s) => [s.database, s.at, s.bytes]);
    if (sizes.length > 0) await this.query(TELL_SIZES, sizeColumns);
  }

  /** Databases to compare, in the order of their ids; empty: behind the last. */
  async databases(after: DatabaseId | undefined): Promise<readonly DatabaseId[]> {
    const { rows } = await this.query<{ id: DatabaseId }>(NEXT_DATABASES, [after ?? FIRST_ID]);
    return rows.map(({ id }) => id);
  }

  /** Of one moment. Those of which there is nothing are left out. */
  async compare(ids: readonly DatabaseId[]): Promise<readonly DatabaseBooks[]> {
    await this.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const books = await this.read(ids);
    await this.query('COMMIT');
    return books;
  }

  /** @param first of the differences, some */
  async save(report: ReconciliationReport, first: readonly UsageDifference[]): Promise<void> {
    const { from, to, begunAt, endedAt, sessions, records, damaged, missing, unread, databases, differences } = report;
    const times = [from, to, begunAt, endedAt].map((ms) => new Date(ms));
    await this.query('BEGIN');
    const counts = [sessions, records, damaged, missing, unread, databases, differences];
    const { rows } = await this.query<{ id: string }>(SAVE, [...times, ...counts]);
    const kept = first.slice(0, MAX_KEPT_DIFFERENCES);
    const columns = columnsOf(kept, 6, (d) => [d.database, d.hour, d.key, d.meter, d.recorded, d.counted]);
    await this.query(SAVE_DIFFERENCES, [rows[0]?.id, ...columns]);
    await this.query(FORGET, [KEPT_RECONCILIATIONS]);
    await this.query('COMMIT');
  }

  private async query<T extends pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<pg.QueryResult<T>> {
    try {
      return await this.client.query<T>(text, values === undefined ? undefined : [...values]);
    } catch (cause) {
      throw new LeaseholdError('unavailable', 'unavailable', 'the usage ledger does not answer', { cause });
    }
  }

  private async read(ids: readonly DatabaseId[]): Promise<readonly DatabaseBooks[]> {
    const [from, to] = [hourOf(this.time.from), hourOf(this.time.to)];
    const ask = async (text: string, values: readonly unknown[] = [], of = ids) =>
      groupById((await this.query<Row>(text, [of, ...values])).rows);
    // One connection answers one question after another.
    const counted = await ask(COUNTED, [from, to]);
    const countedSizes = await ask(COUNTED_SIZES, [new Date(from * HOUR_MS), new Date(to * HOUR_MS)]);
    const toldWrites = await ask(TOLD_WRITES);
    const toldReads = await ask(TOLD_READS);
    const toldSizes = await ask(TOLD_SIZES);
    // Who tells again what a head knows begins at its first commit, whenever that was; all others tell of their own hour alone.
    const fromFirst = ids.filter((id) => toldWrites.get(id)?.some((row) => Number(row['from_commits']) === 0));
    const before = await ask(BEFORE, [from], fromFirst);
    const coverage = await ask(COVERAGE, [], fromFirst);
    return ids.flatMap((database): DatabaseBooks[] => {
      const hours = (counted.get(database) ?? []).map(hourRowOf);
      const writes = (toldWrites.get(database) ?? []).map((row): WriteInterval => ({
        hour: Number(row['hour']),
        ...rangeOf(row),
      }));
      const reads = (toldReads.get(database) ?? []).map(hourRowOf);
      const sizes = (toldSizes.get(database) ?? []).map(markOf);
      const marks = (countedSizes.get(database) ?? []).map(markOf);
      if ([hours, writes, reads, sizes, marks].every(({ length }) => length === 0)) return [];
      const [sum] = before.get(database) ?? [];
      const counts = { commits: Number(sum?.['commits'] ?? 0), writeUnits: Number(sum?.['write_units'] ?? 0) };
      const first = coverageOfFirst((coverage.get(database) ?? []).map(rangeOf), counts);
      return [{ database, told: { writes, reads, sizes }, counted: { hours, sizes: marks, before: first } }];
    });
  }
}

function countersOf({ from, to }: WriteInterval): readonly number[] {
  return [from.commits, from.writeUnits, to.commits, to.writeUnits];
}

function hourRowOf(row: Row): CountedHour {
  const number = (name: string) => Number(row[name] ?? 0);
  return {
    hour: number('hour'),
    key: row['key'] ?? '',
    commits: number('commits'),
    writeUnits: number('write_units'),
    requests: number('requests'),
    readUnits: number('read_units'),
    egressBytes: number('egress_bytes'),
  };
}

function rangeOf(row: Row): CoveredRange {
  const at = (side: string) => ({
    commits: Number(row[`${side}_commits`]),
    writeUnits: Number(row[`${side}_units`]),
  });
  return { from: at('from'), to: at('to') };
}

function markOf(row: Row): SizeMark {
  return { at: row.at.getTime(), bytes: Number(row['bytes']) };
}

function groupById(rows: readonly Row[]): ReadonlyMap<DatabaseId, readonly Row[]> {
  const groups = new Map<DatabaseId, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.id);
    if (group === undefined) groups.set(row.id, [row]);
    else group.push(row);
  }
  return groups;
}
