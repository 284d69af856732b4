import { monthBefore, monthOf, type Period } from '@leasehold/billing';

import type { Prisma } from '../generated/client.js';
import { byOrganization } from './by-organization.js';

/** What comes late of so many months that are closed is billed; older records than that are not met any more. */
export const LATE_MONTHS = 3;

/**
 * Months before a period that are closed, and of which something may have come late, or waits since the last invoice.
 *
 * @returns of each organization that has some, by time
 */
export async function closedPeriods(
  transaction: Pick<Prisma.TransactionClient, '$queryRaw'>,
  organizationIds: readonly string[],
  { from }: Period,
): Promise<ReadonlyMap<string, readonly Period[]>> {
  const [before, since] = [new Date(from), new Date(monthBefore(from, LATE_MONTHS).from)];
  const rows = await transaction.$queryRaw<{ organizationId: string; periodFrom: Date }[]>`
    WITH last AS (
      SELECT DISTINCT ON (organization_id) organization_id, waiting FROM invoice_periods
      WHERE organization_id = ANY (${organizationIds}::text[]) AND period_from < ${before}::timestamptz
      ORDER BY organization_id, period_from DESC
    )
    SELECT p.organization_id AS "organizationId", p.period_from AS "periodFrom"
    FROM last l JOIN invoice_periods p ON p.organization_id = l.organization_id
    WHERE p.period_from < ${before}::timestamptz
      AND (p.period_from >= ${since}::timestamptz OR p.period_from = ANY (l.waiting))
    ORDER BY p.period_from`;
  return new Map([...byOrganization(rows)].map(([id, own]) => [id, own.map(monthOfRow)]));
}

function monthOfRow({ periodFrom }: { readonly periodFrom: Date }): Period {
  return monthOf(periodFrom.getTime());
}
