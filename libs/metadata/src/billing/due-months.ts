import { monthBefore, monthOf, type Period } from '@leasehold/billing';

import type { PrismaClient } from '../generated/client.js';

/** A month of an organization that has ended and is not closed. */
export interface DueMonth {
  readonly organizationId: string;
  /** When it begins. */
  readonly periodFrom: Date;
  /** Of the organization, purged ones too; more than {@link MAX_COUNTED_DATABASES} are not counted. */
  readonly databases: number;
}

/** The months of some organizations. */
export interface DueMonths {
  /** By organization and then by month. */
  readonly months: readonly DueMonth[];
  /** The last organization that was looked at; undefined: there is none behind. */
  readonly last: string | undefined;
}

/** How far back is looked, and waited for: nobody repairs an installation for longer. */
export const MAX_MONTHS_BACK = 12;
/** In one statement: milliseconds, however many there are in all. */
const ORGANIZATIONS_LOOKED_AT = 1_000;
export const MAX_COUNTED_DATABASES = 1_000;

/** Months to be billed: those that ended before `endedBefore`, since billing began and the organization was made. @param after only later organizations */
export async function dueMonths(
  prisma: Pick<PrismaClient, '$queryRaw' | 'billingStart' | 'organization'>,
  endedBefore: Date,
  after: string,
): Promise<DueMonths> {
  const start = await prisma.billingStart.findFirst();
  const ended = start ? endedMonths(start.firstPeriod.getTime(), endedBefore.getTime()) : [];
  const organizations = await prisma.organization.findMany({
    where: { id: { gt: after } },
    orderBy: { id: 'asc' },
    take: ORGANIZATIONS_LOOKED_AT,
    select: { id: true },
  });
  const last = organizations.at(-1)?.id;
  if (last === undefined || ended.length === 0) return { months: [], last: undefined };
  const [froms, tos] = [ended.map(({ from }) => isoOf(from)), ended.map(({ to }) => isoOf(to))];
  // Said twice of what is closed, so that only these organizations' is looked at, whatever Postgres thinks of the rest.
  const months = await prisma.$queryRaw<DueMonth[]>`
    SELECT o.id AS "organizationId", m.period_from AS "periodFrom", (
      SELECT count(*)::int FROM (
        SELECT FROM database_owners d WHERE d.organization_id = o.id LIMIT ${MAX_COUNTED_DATABASES}::int) AS counted
    ) AS databases
    FROM organizations o CROSS JOIN unnest(${froms}::text[]::timestamptz[], ${tos}::text[]::timestamptz[]) AS m (period_from, period_to)
    WHERE o.id > ${after} AND o.id <= ${last} AND o.created_at < m.period_to AND NOT EXISTS (
      SELECT FROM invoice_periods p WHERE p.organization_id = o.id AND p.period_from = m.period_from
        AND p.organization_id > ${after} AND p.organization_id <= ${last})
    ORDER BY o.id, m.period_from`;
  return { months, last: organizations.length < ORGANIZATIONS_LOOKED_AT ? undefined : last };
}

/** By time. */
function endedMonths(firstPeriod: number, endedBefore: number): readonly Period[] {
  const months: Period[] = [];
  const oldest = monthBefore(endedBefore, MAX_MONTHS_BACK).from;
  for (let month = monthOf(Math.max(firstPeriod, oldest)); month.to <= endedBefore; month = monthOf(month.to)) {
    months.push(month);
  }
  return months;
}

function isoOf(time: number): string {
  return new Date(time).toISOString();
}
