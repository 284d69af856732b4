import { Prisma, type PrismaClient } from './generated/client.js';

export type UsageStep = 'hour' | 'day' | 'month';
export type UsageGroup = 'database' | 'key';

/** Which usage of an organization is asked for. */
export interface UsageQuestion {
  /** Whole hours in UTC; `to` is not in it. */
  readonly from: Date;
  readonly to: Date;
  /** Steps of the calendar in UTC. */
  readonly step: UsageStep;
  readonly group: UsageGroup | undefined;
  /** Only of this database, by its id. */
  readonly databaseId: string | undefined;
  /** Behind the row of this place. */
  readonly after: { readonly from: Date; readonly group: string } | undefined;
  /** Rows at most. */
  readonly limit: number;
}

/** What was used in one step, of everything or of one database or key. */
export interface UsageRow {
  /** When the step begins. */
  readonly from: Date;
  /** The id of the database or key; empty where nothing groups, and for what no key did. */
  readonly group: string;
  readonly commits: bigint;
  readonly writeUnits: bigint;
  /** Reads by keys, and by tokens that keys made. */
  readonly requests: bigint;
  readonly readUnits: bigint;
  readonly egressBytes: bigint;
  /** Reads by tokens of people, which are free. */
  readonly freeReadUnits: bigint;
  /** Bytes times milliseconds. Not known by key. */
  readonly storedByteMs: bigint;
}

/** What organizations used, as far as records are rolled up (`UsageLedger`). Deleted databases stay in it; they store nothing any more. */
export class UsageReport {
  constructor(private readonly prisma: PrismaClient) {}

  /** Every record that was in the bucket then is in the report; undefined: nobody has looked yet. */
  async completeTo(): Promise<Date | undefined> {
    return (await this.prisma.usageProgress.findFirst())?.completeTo;
  }

  /** By time, then by group; steps and groups without usage have no row. */
  async rows(organizationId: string, question: UsageQuestion): Promise<readonly UsageRow[]> {
    const { from, to, step, group, databaseId, after, limit } = question;
    const [fromHour, toHour] = [hourOf(from), hourOf(to)];
    const usedGroup = { database: Prisma.sql`u.database_id::text`, key: Prisma.sql`u.key_id`, none: Prisma.sql`''` }[
      group ?? 'none'
    ];
    const storedGroup = group === 'database' ? Prisma.sql`s.database_id::text` : Prisma.sql`''`;
    const behind = after ? Prisma.sql`WHERE (step, grp) > (${after.from}::timestamptz, ${after.group})` : Prisma.empty;
    const rows = await this.prisma.$queryRaw<(Omit<UsageRow, 'storedByteMs'> & { readonly storedByteMs: string })[]>`
      WITH mine AS (
        SELECT id, deleted_at FROM databases
        WHERE organization_id = ${organizationId} AND (${databaseId}::uuid IS NULL OR id = ${databaseId}::uuid)
      ), used AS (
        SELECT date_trunc(${step}, to_timestamp(u.hour * 3600.0), 'UTC') AS step, ${usedGroup} AS grp,
          sum(commits) AS commits, sum(write_units) AS write_units,
          sum(requests) FILTER (WHERE key_id <> '') AS requests, sum(read_units) FILTER (WHERE key_id <> '') AS read_units,
          sum(egress_bytes) FILTER (WHERE key_id <> '') AS egress_bytes,
          sum(read_units) FILTER (WHERE key_id = '') AS free_read_units
        FROM usage_hours u JOIN mine ON mine.id = u.database_id
        WHERE u.hour >= ${fromHour} AND u.hour < ${toHour} GROUP BY 1, 2
      ), held AS (
        SELECT s.database_id, s.bytes, greatest(s.at, ${from}::timestamptz) AS since,
          least(lead(s.at) OVER (PARTITION BY s.database_id ORDER BY s.at), mine.deleted_at, ${to}::timestamptz, now()) AS until
        FROM usage_sizes s JOIN mine ON mine.id = s.database_id
        WHERE s.at < ${to}::timestamptz AND ${group !== 'key'}
      ), stored AS (
        SELECT b.step, ${storedGroup} AS grp, sum(s.bytes::numeric * round(1000 * extract(epoch FROM
          least(s.until, b.next) - greatest(s.since, b.step)))) AS byte_ms
        FROM held s CROSS JOIN LATERAL (
          SELECT g AS step, g + ${`1 ${step}`}::interval AS next FROM generate_series(
            date_trunc(${step}, s.since AT TIME ZONE 'UTC'), s.until AT TIME ZONE 'UTC', ${`1 ${step}`}::interval) AS g
        ) AS local CROSS JOIN LATERAL (
          SELECT local.step AT TIME ZONE 'UTC' AS step, local.next AT TIME ZONE 'UTC' AS next
        ) AS b
        WHERE s.bytes > 0 AND s.since < s.until AND b.step < s.until GROUP BY 1, 2
      ), everything AS (
        SELECT *, 0 AS byte_ms FROM used UNION ALL SELECT step, grp, 0, 0, 0, 0, 0, 0, byte_ms FROM stored
      )
      SELECT step AS "from", grp AS "group", COALESCE(sum(commits), 0)::bigint AS commits,
        COALESCE(sum(write_units), 0)::bigint AS "writeUnits", COALESCE(sum(requests), 0)::bigint AS requests,
        COALESCE(sum(read_units), 0)::bigint AS "readUnits", COALESCE(sum(egress_bytes), 0)::bigint AS "egressBytes",
        COALESCE(sum(free_read_units), 0)::bigint AS "freeReadUnits", sum(byte_ms)::numeric(60, 0)::text AS "storedByteMs"
      FROM everything ${behind} GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ${limit}::int`;
    // Of a large organization's month it is past what a bigint of Postgres holds.
    return rows.map(({ storedByteMs, ...row }) => ({ ...row, storedByteMs: BigInt(storedByteMs) }));
  }
}

function hourOf(time: Date): number {
  return Math.floor(time.getTime() / 3_600_000);
}
