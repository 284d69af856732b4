import { HOUR_MS, type Meter, type Period, type Segment } from '@leasehold/billing';

import { Prisma } from '../generated/client.js';
import { ownedDatabases } from '../owned-databases.js';

/** An organization, and the parts of a period in which one of its plans held. */
export interface OrganizationSegments {
  readonly organizationId: string;
  /** Ascending, in whole hours; at least one. */
  readonly segments: readonly Segment[];
}

/** What one database used of a meter in a segment, and where it was asked for, what of the ledger that is. */
export type UsageSliceRow = UsageSlice & (SliceEvidence | { readonly digest?: undefined });

interface UsageSlice {
  readonly organizationId: string;
  /** Its place among the segments of the organization. */
  readonly segment: number;
  readonly meter: Meter;
  readonly id: string;
  readonly name: string;
  readonly deletedAt: Date | null;
  readonly quantity: string;
}

interface SliceEvidence {
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly entries: bigint;
  /** Of the entries, a sum that may be negative. */
  readonly digest: string;
}

/** Databases that are looked at in one statement: with evidence two to five seconds where each of them was used in each hour of a month, a tenth of that without. */
const DATABASES_AT_ONCE = 250;

/**
 * What the databases of organizations used in a period, some of them after others, each with all of its rows, by ascending id.
 *
 * @param withEvidence a text is hashed for each hour of each database then; without it Postgres only adds up
 */
export async function* usageSlices(
  transaction: Pick<Prisma.TransactionClient, '$queryRaw' | 'databaseOwner'>,
  organizations: readonly OrganizationSegments[],
  period: Period,
  withEvidence: boolean,
): AsyncIterableIterator<readonly UsageSliceRow[]> {
  const spans = organizations.flatMap(({ organizationId, segments }) =>
    segments.map(({ from, to }, n) => ({ organizationId, n, since: n === 0 ? period.from : from, until: to })),
  );
  const organizationIds = organizations.map(({ organizationId }) => organizationId);
  for await (const { ids } of ownedDatabases(transaction, organizationIds, DATABASES_AT_ONCE)) {
    yield await transaction.$queryRaw<UsageSliceRow[]>(sliceStatement(ids, period, spans, withEvidence));
  }
}

interface Span {
  readonly organizationId: string;
  readonly n: number;
  readonly since: number;
  readonly until: number;
}

function sliceStatement(
  ids: readonly string[],
  period: Period,
  spans: readonly Span[],
  withEvidence: boolean,
): Prisma.Sql {
  const [from, until] = [new Date(period.from), new Date(period.to)];
  return Prisma.sql`
    WITH mine AS (
      SELECT database_id AS id, organization_id, name, deleted_at FROM database_owners WHERE database_id = ANY (${ids}::uuid[])
    ), span AS (
      SELECT "organizationId" AS organization_id, n, to_timestamp(since / 1000.0) AS since, to_timestamp(until / 1000.0) AS until,
        since / 3600000 AS first_hour, until / 3600000 AS last_hour
      FROM jsonb_to_recordset(${JSON.stringify(spans)}::jsonb)
        AS s ("organizationId" text, n int, since bigint, until bigint)
    ), hours AS (${withEvidence ? hourEntries(period) : HOUR_SUMS}
    ), marks AS (
      SELECT mine.id, mine.organization_id, s.at, s.bytes,
        least(lead(s.at) OVER (PARTITION BY mine.id ORDER BY s.at), mine.deleted_at, ${until}::timestamptz, now()) AS until
      FROM mine CROSS JOIN LATERAL (
        SELECT max(at) AS at FROM usage_sizes WHERE database_id = mine.id AND at <= ${from}::timestamptz
      ) AS held JOIN usage_sizes s ON s.database_id = mine.id AND s.at < ${until}::timestamptz
        AND s.at >= COALESCE(held.at, '-infinity')
    ), sizes AS (
      SELECT s.n, m.id, m.at, 'storedByteMs' AS meter,
        m.bytes::numeric * round(1000 * extract(epoch FROM least(m.until, s.until) - greatest(m.at, s.since))) AS quantity,
        concat_ws(' ', 'storedByteMs', m.id, round(1000 * extract(epoch FROM m.at))::bigint, m.bytes) AS entry
      FROM marks m JOIN span s ON s.organization_id = m.organization_id AND greatest(m.at, s.since) < least(m.until, s.until) WHERE m.bytes > 0
    )
    SELECT mine.organization_id AS "organizationId", e.n AS segment, e.meter, e.id::text AS id, mine.name, mine.deleted_at AS "deletedAt",
      sum(e.quantity)::numeric(60, 0)::text AS quantity ${withEvidence ? EVIDENCE : Prisma.empty}
    FROM (SELECT n, id, at, meter, quantity, entry FROM hours UNION ALL SELECT * FROM (
      SELECT n, id, at, meter, quantity, entry FROM sizes) AS s) AS e JOIN mine ON mine.id = e.id
    GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4`;
}

/** A row for each hour, key and meter, with the text of it. */
function hourEntries(period: Period): Prisma.Sql {
  return Prisma.sql`
      SELECT s.n, u.database_id AS id, to_timestamp(u.hour * 3600.0) AS at, m.meter, m.quantity,
        concat_ws(' ', m.meter, u.database_id, u.hour, NULLIF(u.key_id, ''), m.quantity) AS entry
      FROM mine JOIN usage_hours u ON u.database_id = mine.id
          AND u.hour >= ${period.from / HOUR_MS}::int AND u.hour < ${period.to / HOUR_MS}::int
        JOIN span s ON s.organization_id = mine.organization_id AND u.hour >= s.first_hour AND u.hour < s.last_hour
        CROSS JOIN LATERAL (VALUES ('writeUnits', u.write_units),
          ('readUnits', CASE WHEN u.key_id <> '' THEN u.read_units END),
          ('egressBytes', CASE WHEN u.key_id <> '' THEN u.egress_bytes END)) AS m (meter, quantity)
      WHERE m.quantity > 0`;
}

/** A row for each meter: the same quantities, added up for each database and segment where they are read. */
const HOUR_SUMS = Prisma.sql`
      SELECT s.n, mine.id, NULL::timestamptz AS at, m.meter, m.quantity, NULL::text AS entry
      FROM mine JOIN span s ON s.organization_id = mine.organization_id
        CROSS JOIN LATERAL (
          SELECT sum(write_units) AS write_units, sum(read_units) FILTER (WHERE key_id <> '') AS read_units,
            sum(egress_bytes) FILTER (WHERE key_id <> '') AS egress_bytes
          FROM usage_hours WHERE database_id = mine.id AND hour >= s.first_hour AND hour < s.last_hour
        ) AS u CROSS JOIN LATERAL (VALUES ('writeUnits', u.write_units), ('readUnits', u.read_units),
          ('egressBytes', u.egress_bytes)) AS m (meter, quantity)
      WHERE m.quantity > 0`;

const EVIDENCE = Prisma.sql`, min(e.at) AS "firstAt", max(e.at) AS "lastAt", count(*) AS entries,
      sum(('x' || encode(substring(sha256(convert_to(e.entry, 'UTF8')) FROM 1 FOR 8), 'hex'))::bit(64)::bigint)::text AS digest`;
