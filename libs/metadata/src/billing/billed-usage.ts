import { METERS, type Meter, type Segment, type Usage } from '@leasehold/billing';

import { Prisma } from '../generated/client.js';

/** What of the ledger a line counts: a name for it, by which it can be found and held against records. */
export interface Evidence {
  /** Begin of the hour of the first row, or the time of the first mark of a size. */
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** Hourly rows; of what is stored, marks of sizes. */
  readonly entries: bigint;
  /** 16 hexadecimal digits, as docs/billing.md says. */
  readonly digest: string;
}

export interface UsedDatabase {
  readonly id: string;
  readonly name: string;
  readonly deletedAt: Date | null;
}

export interface BilledUsage {
  readonly usage: readonly Usage[];
  readonly databases: ReadonlyMap<string, UsedDatabase>;
  /** By the begin of the segment and the meter. */
  evidenceOf(segmentFrom: number, meter: Meter): Evidence | undefined;
}

interface UsageSqlRow {
  readonly segment: number;
  readonly meter: Meter;
  readonly id: string;
  readonly name: string;
  readonly deletedAt: Date | null;
  readonly quantity: string;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly entries: bigint;
  readonly digest: string;
}

const DIGESTS = 2n ** 64n;

/**
 * What an organization used in a period, by segment, meter and database, and what of the ledger that is. What a clock that is behind has put before the first segment counts
 * to the first, so that all of the period is billed.
 *
 * @param segments of the period, ascending, in whole hours; at least one
 */
export async function billedUsage(
  transaction: Pick<Prisma.TransactionClient, '$queryRaw'>,
  organizationId: string,
  periodFrom: number,
  segments: readonly Segment[],
): Promise<BilledUsage> {
  const spans = segments.map(({ from, to }, i) => ({ n: i, from: i === 0 ? periodFrom : from, to }));
  const until = new Date(spans.at(-1)?.to ?? periodFrom);
  const rows = await transaction.$queryRaw<UsageSqlRow[]>`
    WITH mine AS (
      SELECT database_id AS id, name, deleted_at FROM database_owners WHERE organization_id = ${organizationId}
    ), span AS (
      SELECT n, to_timestamp(since / 1000.0) AS since, to_timestamp(until / 1000.0) AS until, since / 3600000 AS first_hour,
        until / 3600000 AS last_hour
      FROM jsonb_to_recordset(${JSON.stringify(spans.map(({ n, from, to }) => ({ n, since: from, until: to })))}::jsonb)
        AS s (n int, since bigint, until bigint)
    ), hours AS (
      SELECT s.n, u.database_id AS id, to_timestamp(u.hour * 3600.0) AS at, m.meter, m.quantity,
        concat_ws(' ', m.meter, u.database_id, u.hour, NULLIF(u.key_id, ''), m.quantity) AS entry
      FROM mine JOIN usage_hours u ON u.database_id = mine.id
        JOIN span s ON u.hour >= s.first_hour AND u.hour < s.last_hour
        CROSS JOIN LATERAL (VALUES ('writeUnits', u.write_units),
          ('readUnits', CASE WHEN u.key_id <> '' THEN u.read_units END),
          ('egressBytes', CASE WHEN u.key_id <> '' THEN u.egress_bytes END)) AS m (meter, quantity)
      WHERE m.quantity > 0
    ), marks AS (
      SELECT mine.id, s.at, s.bytes,
        least(lead(s.at) OVER (PARTITION BY mine.id ORDER BY s.at), mine.deleted_at, ${until}::timestamptz, now()) AS until
      FROM mine CROSS JOIN LATERAL (
        SELECT max(at) AS at FROM usage_sizes WHERE database_id = mine.id AND at <= ${new Date(periodFrom)}::timestamptz
      ) AS held JOIN usage_sizes s ON s.database_id = mine.id AND s.at < ${until}::timestamptz
        AND s.at >= COALESCE(held.at, '-infinity')
    ), sizes AS (
      SELECT s.n, m.id, m.at, 'storedByteMs' AS meter,
        m.bytes::numeric * round(1000 * extract(epoch FROM least(m.until, s.until) - greatest(m.at, s.since))) AS quantity,
        concat_ws(' ', 'storedByteMs', m.id, round(1000 * extract(epoch FROM m.at))::bigint, m.bytes) AS entry
      FROM marks m JOIN span s ON greatest(m.at, s.since) < least(m.until, s.until) WHERE m.bytes > 0
    )
    SELECT e.n AS segment, e.meter, e.id::text AS id, mine.name, mine.deleted_at AS "deletedAt",
      sum(e.quantity)::numeric(60, 0)::text AS quantity, min(e.at) AS "firstAt", max(e.at) AS "lastAt", count(*) AS entries,
      sum(('x' || encode(substring(sha256(convert_to(e.entry, 'UTF8')) FROM 1 FOR 8), 'hex'))::bit(64)::bigint)::text AS digest
    FROM (SELECT n, id, at, meter, quantity, entry FROM hours UNION ALL SELECT * FROM (
      SELECT n, id, at, meter, quantity, entry FROM sizes) AS s) AS e JOIN mine ON mine.id = e.id
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3`;
  const databases = new Map(rows.map(({ id, name, deletedAt }) => [id, { id, name, deletedAt }]));
  const evidence = new Map<string, Evidence>();
  for (const row of rows) {
    const place = placeOf(segments[row.segment]?.from ?? NaN, row.meter);
    evidence.set(place, together(evidence.get(place), row));
  }
  return {
    usage: rows.map((row) => usageOf(row, segments)),
    databases,
    evidenceOf: (segmentFrom, meter) => evidence.get(placeOf(segmentFrom, meter)),
  };
}

function usageOf({ segment, meter, id, quantity }: UsageSqlRow, segments: readonly Segment[]): Usage {
  return { database: id, meter, at: segments[segment]?.from ?? NaN, quantity: BigInt(quantity) };
}

function together(known: Evidence | undefined, row: UsageSqlRow): Evidence {
  const sum = BigInt(`0x${known?.digest ?? '0'}`) + BigInt(row.digest);
  return {
    firstAt: known && known.firstAt < row.firstAt ? known.firstAt : row.firstAt,
    lastAt: known && known.lastAt > row.lastAt ? known.lastAt : row.lastAt,
    entries: (known?.entries ?? 0n) + row.entries,
    digest: (((sum % DIGESTS) + DIGESTS) % DIGESTS).toString(16).padStart(16, '0'),
  };
}

function placeOf(segmentFrom: number, meter: Meter): string {
  return `${segmentFrom} ${METERS.indexOf(meter)}`;
}
