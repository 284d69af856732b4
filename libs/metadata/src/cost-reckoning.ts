import { monthOf, MonthCost, planChangesOf, type HourUsage, type Period, type PlanChange } from '@leasehold/billing';

import { currencyOf, planAssignmentsIn, planVersionsIn } from './billing/plan-versions.js';
import type { CostReckoning } from './cost-question.js';
import type { Prisma, PrismaClient } from './generated/client.js';
import { UsageReport } from './usage-report.js';

/** Of an organization with ten thousand databases that are used in each hour; for most it takes milliseconds. A connection is kept so long. */
const LONGEST_RECKONING_MS = 60_000;
const WAIT_TIMEOUT_MS = 10_000;
/** Of a month: one hour more than its longest has. */
const MAX_HOURS = 745;

/**
 * What a calendar month comes to by now, by the hours in which it was used: the lines that the invoice of the month would have, from the same hourly rows and marks of sizes, prices
 * and plans, as they are together at one moment. What came late of other months is not in it; nor are credits. A month before billing began costs nothing.
 *
 * @param time in the month; ms since the Unix epoch
 */
export async function reckonCost(prisma: PrismaClient, organizationId: string, time: number): Promise<CostReckoning> {
  return prisma.$transaction((transaction) => reckonIn(transaction, organizationId, monthOf(time)), {
    isolationLevel: 'RepeatableRead',
    timeout: LONGEST_RECKONING_MS,
    maxWait: WAIT_TIMEOUT_MS,
  });
}

async function reckonIn(
  transaction: Prisma.TransactionClient,
  organizationId: string,
  period: Period,
): Promise<CostReckoning> {
  const [{ now } = { now: new Date(period.to) }] = await transaction.$queryRaw<{ now: Date }[]>`SELECT now() AS now`;
  const versions = await planVersionsIn(transaction);
  const currency = currencyOf(versions);
  const changes = await changesOf(transaction, organizationId, period, async (createdAt) => {
    const assignments = await planAssignmentsIn(transaction, [organizationId]);
    return planChangesOf(createdAt, assignments.get(organizationId) ?? [], versions, currency);
  });
  const report = new UsageReport(transaction);
  const hours = changes.length === 0 ? [] : await hoursOf(report, organizationId, period);
  return {
    ...{ organizationId, period, currency, cost: new MonthCost(period, changes, hours) },
    ...{ reckonedAt: now, completeTo: await report.completeTo() },
  };
}

/** None where nothing of the month is billed. */
async function changesOf(
  transaction: Prisma.TransactionClient,
  organizationId: string,
  period: Period,
  changesSince: (createdAt: number) => Promise<readonly PlanChange[]>,
): Promise<readonly PlanChange[]> {
  const start = await transaction.billingStart.findFirst();
  if (start && period.from < start.firstPeriod.getTime()) return [];
  const organization = await transaction.organization.findFirst({
    where: { id: organizationId, createdAt: { lt: new Date(period.to) } },
    select: { createdAt: true },
  });
  return organization ? changesSince(organization.createdAt.getTime()) : [];
}

async function hoursOf(report: UsageReport, organizationId: string, period: Period): Promise<readonly HourUsage[]> {
  const rows = await report.rows(organizationId, {
    ...{ from: new Date(period.from), to: new Date(period.to), step: 'hour', limit: MAX_HOURS },
    ...{ group: undefined, databaseId: undefined, after: undefined },
  });
  return rows.map(({ from, readUnits, writeUnits, storedByteMs, egressBytes }) => ({
    at: from.getTime(),
    quantities: { readUnits, writeUnits, storedByteMs, egressBytes },
  }));
}
