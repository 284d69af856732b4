import {
  METERS,
  monthOf,
  MonthCost,
  planChangesOf,
  type HourUsage,
  type Meter,
  type Period,
  type PlanChange,
} from '@leasehold/billing';

import { currencyOf, planAssignmentsIn, planVersionsIn } from '../billing/plan-versions.js';
import type { CostReckoning } from './cost-question.js';
import type { Prisma, PrismaClient } from '../generated/client.js';
import { ownedDatabases } from '../owned-databases.js';
import type { UsageQuestion } from '../usage-question.js';
import { UsageReport } from '../usage-report.js';
import { databasesOfLook, usageStatement, type UsageSqlRow } from '../usage-statement.js';

/** Of an organization with ten thousand databases that are used in each hour; for most it takes milliseconds. A connection is kept so long. */
const LONGEST_RECKONING_MS = 120_000;
const WAIT_TIMEOUT_MS = 10_000;
/** Whose hours of a month are added up in one statement: two or three seconds where each of them was used in each. */
const DATABASES_AT_ONCE = 500;
/** Of a month: one more than its longest has. */
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
  const hours = changes.length === 0 ? [] : await hoursOf(transaction, organizationId, period);
  return {
    ...{ organizationId, period, currency, cost: new MonthCost(period, changes, hours) },
    ...{ reckonedAt: now, completeTo: await new UsageReport(transaction).completeTo() },
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

/** All databases together, some of them after others. */
async function hoursOf(
  transaction: Prisma.TransactionClient,
  organizationId: string,
  period: Period,
): Promise<readonly HourUsage[]> {
  const hours = new Map<number, Record<Meter, bigint>>();
  for await (const { after } of ownedDatabases(transaction, [organizationId], DATABASES_AT_ONCE)) {
    const piece = await transaction.$queryRaw<UsageSqlRow[]>(hoursStatement(organizationId, period, after));
    for (const row of piece) addHour(hours, row);
  }
  return [...hours].map(([at, quantities]) => ({ at, quantities }));
}

function hoursStatement(organizationId: string, period: Period, after: string | undefined): Prisma.Sql {
  const whole = { ...period, databases: undefined };
  const question: UsageQuestion = {
    ...{ from: new Date(period.from), to: new Date(period.to), step: 'hour', limit: MAX_HOURS },
    ...{ group: undefined, databaseId: undefined, after: undefined },
  };
  return usageStatement(question, whole, databasesOfLook(organizationId, question, after, DATABASES_AT_ONCE));
}

function addHour(hours: Map<number, Record<Meter, bigint>>, row: UsageSqlRow): void {
  const at = row.from.getTime();
  const sum = hours.get(at) ?? { readUnits: 0n, writeUnits: 0n, storedByteMs: 0n, egressBytes: 0n };
  const used = { ...row, storedByteMs: BigInt(row.storedByteMs) };
  for (const meter of METERS) sum[meter] += used[meter];
  hours.set(at, sum);
}
