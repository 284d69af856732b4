import type { PrismaClient } from '../generated/client.js';

/** A month of an organization that has ended and is not closed. */
export interface DueMonth {
  readonly organizationId: string;
  /** When it begins. */
  readonly periodFrom: Date;
}

/** How far back is looked, and waited for: nobody repairs an installation for longer. */
export const MAX_MONTHS_BACK = 12;

/**
 * Months to be billed, by organization and then by month: those that ended before `endedBefore`, since billing began and the organization was made.
 *
 * @param after only those behind
 */
export function dueMonths(
  prisma: Pick<PrismaClient, '$queryRaw'>,
  endedBefore: Date,
  after: DueMonth | undefined,
  limit: number,
): Promise<readonly DueMonth[]> {
  const { organizationId = '', periodFrom = new Date(0) } = after ?? {};
  return prisma.$queryRaw<DueMonth[]>`
    WITH months AS (
      SELECT m AT TIME ZONE 'UTC' AS period_from, (m + interval '1 month') AT TIME ZONE 'UTC' AS period_to
      FROM billing_start s CROSS JOIN LATERAL generate_series(
        greatest(s.first_period AT TIME ZONE 'UTC',
          date_trunc('month', ${endedBefore}::timestamptz AT TIME ZONE 'UTC') - make_interval(months => ${MAX_MONTHS_BACK}::int)),
        ${endedBefore}::timestamptz AT TIME ZONE 'UTC', interval '1 month') AS m
    )
    SELECT o.id AS "organizationId", m.period_from AS "periodFrom" FROM organizations o CROSS JOIN months m
    WHERE m.period_to <= ${endedBefore}::timestamptz AND o.created_at < m.period_to
      AND o.id >= ${organizationId} AND (o.id, m.period_from) > (${organizationId}, ${periodFrom}::timestamptz)
      AND NOT EXISTS (SELECT FROM invoice_periods p WHERE p.organization_id = o.id AND p.period_from = m.period_from)
    ORDER BY o.id, m.period_from LIMIT ${limit}::int`;
}
