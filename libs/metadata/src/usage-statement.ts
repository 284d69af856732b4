import { hourOf } from '@leasehold/metering';

import { Prisma } from './generated/client.js';
import type { UsageMeter, UsageQuestion, UsageRow } from './usage-question.js';
import type { UsageWindow } from './usage-window.js';

/** Past what a bigint of Postgres holds, of a large organization's month. */
export type UsageSqlRow = Omit<UsageRow, 'storedByteMs'> & { readonly storedByteMs: string };

const HAS: Readonly<Record<UsageMeter, Prisma.Sql>> = {
  writeUnits: Prisma.sql`sum(write_units) > 0`,
  readUnits: Prisma.sql`sum(read_units) > 0`,
  egressBytes: Prisma.sql`sum(egress_bytes) > 0`,
  freeReadUnits: Prisma.sql`sum(free_read_units) > 0`,
  storedByteMs: Prisma.sql`sum(byte_ms) > 0`,
};

/** The databases of an organization that a look is at; deleted ones, too, and those that are purged. With their label where it is asked for. */
export function databasesOfLook(
  organizationId: string,
  { databaseId, group }: Pick<UsageQuestion, 'databaseId' | 'group'>,
  afterId: string | undefined,
  limit: number | undefined,
): Prisma.Sql {
  const label = typeof group === 'object' ? group.label : undefined;
  return Prisma.sql`
    SELECT d.database_id AS id, d.deleted_at, ${label === undefined ? Prisma.sql`NULL::text` : Prisma.sql`l.value`} AS label
    FROM database_owners d
    ${label === undefined ? Prisma.empty : Prisma.sql`LEFT JOIN database_labels l ON l.database_id = d.database_id AND l.key = ${label}`}
    WHERE d.organization_id = ${organizationId}
      ${databaseId === undefined ? Prisma.empty : Prisma.sql`AND d.database_id = ${databaseId}::uuid`}
      ${afterId === undefined ? Prisma.empty : Prisma.sql`AND d.database_id > ${afterId}::uuid`}
    ${limit === undefined ? Prisma.empty : Prisma.sql`ORDER BY d.database_id LIMIT ${limit}::int`}`;
}

/**
 * The rows of one look, by time and place. Hours and sizes are looked up for each database by their primary keys, so that what it costs grows with what the databases of the
 * look have in its time, and neither with other organizations nor with what lies before.
 */
export function usageStatement(question: UsageQuestion, window: UsageWindow, mine: Prisma.Sql): Prisma.Sql {
  const { step, group, meter, after, limit } = question;
  const [from, to] = [new Date(window.from), new Date(window.to)];
  const [fromHour, toHour] = [hourOf(window.from), hourOf(window.to)];
  const behind =
    after?.place === undefined
      ? Prisma.empty
      : Prisma.sql`WHERE (step, place COLLATE "C") > (${after.from}::timestamptz, ${after.place})`;
  return Prisma.sql`
    WITH mine AS MATERIALIZED (${mine}), used AS (
      SELECT u.step, ${placeAndName(group, 'mine')}, u.commits, u.write_units,
        CASE WHEN u.key_id <> '' THEN u.requests ELSE 0 END AS requests,
        CASE WHEN u.key_id <> '' THEN u.read_units ELSE 0 END AS read_units,
        CASE WHEN u.key_id <> '' THEN u.egress_bytes ELSE 0 END AS egress_bytes,
        CASE WHEN u.key_id = '' THEN u.read_units ELSE 0 END AS free_read_units, 0::numeric AS byte_ms
      FROM mine CROSS JOIN LATERAL (
        SELECT date_trunc(${step}, to_timestamp(h.hour * 3600.0), 'UTC') AS step, h.key_id, sum(h.commits) AS commits,
          sum(h.write_units) AS write_units, sum(h.requests) AS requests, sum(h.read_units) AS read_units,
          sum(h.egress_bytes) AS egress_bytes
        FROM usage_hours h WHERE h.database_id = mine.id AND h.hour >= ${fromHour} AND h.hour < ${toHour} GROUP BY 1, 2
      ) AS u
    ), held AS (
      SELECT mine.id, mine.label, s.bytes, greatest(s.at, ${from}::timestamptz) AS since,
        least(lead(s.at) OVER (PARTITION BY mine.id ORDER BY s.at), mine.deleted_at, ${to}::timestamptz, now()) AS until
      FROM mine CROSS JOIN LATERAL (
        (SELECT at, bytes FROM usage_sizes WHERE database_id = mine.id AND at <= ${from}::timestamptz ORDER BY at DESC LIMIT 1)
        UNION ALL
        (SELECT at, bytes FROM usage_sizes
          WHERE database_id = mine.id AND at > ${from}::timestamptz AND at < ${to}::timestamptz)
      ) AS s
      WHERE ${group !== 'key'}
    ), stored AS (
      SELECT b.step, ${placeAndName(group, 's')},
        s.bytes::numeric * round(1000 * extract(epoch FROM least(s.until, b.next) - greatest(s.since, b.step))) AS byte_ms
      FROM held AS s CROSS JOIN LATERAL (
        SELECT g AS step, g + ${`1 ${step}`}::interval AS next FROM generate_series(
          date_trunc(${step}, s.since AT TIME ZONE 'UTC'), s.until AT TIME ZONE 'UTC', ${`1 ${step}`}::interval) AS g
      ) AS local CROSS JOIN LATERAL (
        SELECT local.step AT TIME ZONE 'UTC' AS step, local.next AT TIME ZONE 'UTC' AS next
      ) AS b
      WHERE s.bytes > 0 AND s.since < s.until AND b.step < s.until
    ), everything AS (
      SELECT * FROM used UNION ALL SELECT step, place, name, 0, 0, 0, 0, 0, 0, byte_ms FROM stored
    )
    SELECT step AS "from", place, max(name) AS "group", sum(commits)::bigint AS commits,
      sum(write_units)::bigint AS "writeUnits", sum(requests)::bigint AS requests, sum(read_units)::bigint AS "readUnits",
      sum(egress_bytes)::bigint AS "egressBytes", sum(free_read_units)::bigint AS "freeReadUnits",
      sum(byte_ms)::numeric(60, 0)::text AS "storedByteMs"
    FROM everything ${behind} GROUP BY step, place
    ${meter === undefined ? Prisma.empty : Prisma.sql`HAVING ${HAS[meter]}`}
    ORDER BY step, place COLLATE "C" LIMIT ${limit}::int`;
}

/** Two columns, of what the hours `u` belong to by the row `of`. What is stored is known by no key. */
function placeAndName(group: UsageQuestion['group'], of: 'mine' | 's'): Prisma.Sql {
  const row = Prisma.raw(of);
  if (group === 'database') return Prisma.sql`${row}.id::text AS place, ${row}.id::text AS name`;
  if (group === 'key' && of === 'mine') return Prisma.sql`u.key_id AS place, nullif(u.key_id, '') AS name`;
  if (typeof group === 'object') return Prisma.sql`COALESCE(md5(${row}.label), '') AS place, ${row}.label AS name`;
  return Prisma.sql`''::text AS place, NULL::text AS name`;
}
