import { hourOf } from '@leasehold/metering';

import type { PrismaClient } from '../generated/client.js';
import { ownedDatabases } from '../owned-databases.js';

/** A calendar month of an organization that is to be added up. */
export interface DueTenantMonth {
  readonly organizationId: string;
  readonly periodFrom: Date;
}

/** What an organization used in a month, whether it is billed or not. */
export interface TenantMonthUsage {
  readonly commits: bigint;
  /** Reads. */
  readonly requests: bigint;
  /** Requests that found their database closed. */
  readonly coldStarts: bigint;
  readonly egressBytes: bigint;
  readonly storedByteMs: bigint;
}

/** Databases that are looked at in one statement: some seconds where each of them was used in each hour of a month. */
const DATABASES_AT_ONCE = 1_000;
const NOTHING: TenantMonthUsage = { commits: 0n, requests: 0n, coldStarts: 0n, egressBytes: 0n, storedByteMs: 0n };

/** Adds up months of organizations, some now and then: what all of them cost is too much to be counted while an operator waits. */
export class TenantMonths {
  constructor(private readonly prisma: PrismaClient) {}

  /**
   * Months of organizations that nobody has looked at for so long, those in front that nobody ever did. Whoever is given one has it alone until
   * it is due again, so that instances divide the work.
   *
   * @param period a calendar month in UTC; organizations that came later have none
   */
  async due(
    period: { readonly from: Date; readonly to: Date },
    olderThanMs: number,
    limit: number,
  ): Promise<readonly DueTenantMonth[]> {
    return this.prisma.$queryRaw<DueTenantMonth[]>`
      INSERT INTO tenant_months AS t (period_from, organization_id, looked_at)
      SELECT ${period.from}::timestamptz, o.id, clock_timestamp() FROM organizations o
      LEFT JOIN tenant_months known ON known.period_from = ${period.from}::timestamptz AND known.organization_id = o.id
      WHERE o.created_at < ${period.to}::timestamptz
        AND (known.looked_at IS NULL OR known.looked_at < clock_timestamp() - ${olderThanMs}::int * interval '1 millisecond')
      ORDER BY known.looked_at NULLS FIRST, o.id LIMIT ${limit}::int
      ON CONFLICT (period_from, organization_id) DO UPDATE SET looked_at = excluded.looked_at
        WHERE t.looked_at < clock_timestamp() - ${olderThanMs}::int * interval '1 millisecond'
      RETURNING t.organization_id AS "organizationId", t.period_from AS "periodFrom"`;
  }

  /** As far as records are rolled up. @param to not in it */
  async usageOf(organizationId: string, from: Date, to: Date): Promise<TenantMonthUsage> {
    let sum = NOTHING;
    for await (const { ids } of ownedDatabases(this.prisma, [organizationId], DATABASES_AT_ONCE)) {
      sum = together(sum, await this.usageOfDatabases(ids, from, to));
    }
    return sum;
  }

  /** @param drafted what the draft of its invoice came to; undefined: that is not known, and what was known stays */
  async settle(
    { organizationId, periodFrom }: DueTenantMonth,
    usage: TenantMonthUsage,
    drafted: bigint | undefined,
  ): Promise<void> {
    const { commits, requests, coldStarts, egressBytes, storedByteMs } = usage;
    await this.prisma.$executeRaw`
      UPDATE tenant_months SET computed_at = clock_timestamp(), commits = ${commits}::bigint, requests = ${requests}::bigint,
        cold_starts = ${coldStarts}::bigint, egress_bytes = ${egressBytes}::bigint,
        stored_byte_ms = ${String(storedByteMs)}::numeric, drafted = COALESCE(${drafted ?? null}::bigint, drafted)
      WHERE period_from = ${periodFrom}::timestamptz AND organization_id = ${organizationId}`;
  }

  private async usageOfDatabases(ids: readonly string[], from: Date, to: Date): Promise<TenantMonthUsage> {
    const [firstHour, endHour] = [hourOf(from.getTime()), hourOf(to.getTime())];
    const [row] = await this.prisma.$queryRaw<UsageSumRow[]>`
      WITH mine AS (
        SELECT database_id AS id, deleted_at FROM database_owners WHERE database_id = ANY (${ids}::uuid[])
      ), used AS (
        SELECT sum(u.commits) AS commits, sum(u.requests) AS requests, sum(u.egress_bytes) AS egress_bytes
        FROM mine JOIN usage_hours u ON u.database_id = mine.id AND u.hour >= ${firstHour}::int AND u.hour < ${endHour}::int
      ), started AS (
        SELECT sum(t.cold_starts) AS cold_starts FROM mine JOIN traffic t ON t.database_id = mine.id AND t.span = 60
          AND t.minute >= ${firstHour}::int * 60 AND t.minute < ${endHour}::int * 60
      ), marks AS (
        SELECT s.bytes, greatest(s.at, ${from}::timestamptz) AS since,
          least(lead(s.at) OVER (PARTITION BY mine.id ORDER BY s.at), mine.deleted_at, ${to}::timestamptz, now()) AS until
        FROM mine CROSS JOIN LATERAL (
          SELECT max(at) AS at FROM usage_sizes WHERE database_id = mine.id AND at <= ${from}::timestamptz
        ) AS held JOIN usage_sizes s ON s.database_id = mine.id AND s.at < ${to}::timestamptz
          AND s.at >= COALESCE(held.at, '-infinity')
      ), stored AS (
        SELECT sum(bytes::numeric * round(1000 * extract(epoch FROM until - since))) AS byte_ms FROM marks WHERE since < until
      )
      SELECT COALESCE(commits, 0)::bigint AS commits, COALESCE(requests, 0)::bigint AS requests,
        COALESCE(egress_bytes, 0)::bigint AS "egressBytes", COALESCE(cold_starts, 0)::bigint AS "coldStarts",
        COALESCE(byte_ms, 0)::numeric(60, 0)::text AS "storedByteMs"
      FROM used, started, stored`;
    return row === undefined ? NOTHING : { ...row, storedByteMs: BigInt(row.storedByteMs) };
  }
}

type UsageSumRow = Omit<TenantMonthUsage, 'storedByteMs'> & { readonly storedByteMs: string };

function together(a: TenantMonthUsage, b: TenantMonthUsage): TenantMonthUsage {
  return {
    commits: a.commits + b.commits,
    requests: a.requests + b.requests,
    coldStarts: a.coldStarts + b.coldStarts,
    egressBytes: a.egressBytes + b.egressBytes,
    storedByteMs: a.storedByteMs + b.storedByteMs,
  };
}
