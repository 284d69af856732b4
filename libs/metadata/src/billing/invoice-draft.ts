import {
  lateLinesOf,
  linesOf,
  monthBefore,
  monthOf,
  planChangesOf,
  segmentsOf,
  totalOf,
  type InvoiceLine,
  type Period,
  type PlanChange,
} from '@leasehold/billing';

import { Prisma, type PrismaClient } from '../generated/client.js';
import { billedUsage, type Evidence, type UsedDatabase } from './billed-usage.js';
import { billedLines } from './billed-lines.js';
import { currencyOf, planAssignmentsIn, planVersionsIn } from './plan-versions.js';

/** What comes late of so many months that are closed is billed; older records than that are not met any more. */
export const LATE_MONTHS = 3;
/** Of a hundred thousand databases that were used in each hour, for who has time; most drafts take milliseconds. */
export const LONGEST_DRAFT_MS = 15 * 60_000;
/** For who waits at a browser. A connection is kept so long. */
const USUAL_DRAFT_MS = 30_000;
const WAIT_TIMEOUT_MS = 10_000;

export type DraftLine = InvoiceLine & {
  /** When the period begins that it is for; an earlier one than the invoice's for what came late. Ms since the Unix epoch. */
  readonly periodFrom: number;
  /** Of lines of a meter: everything of the segment, also where the line has only what came late. */
  readonly evidence: Evidence | undefined;
};

/** What an invoice of a period would say now. */
export interface InvoiceDraft {
  readonly organizationId: string;
  readonly period: Period;
  readonly currency: string;
  readonly lines: readonly DraftLine[];
  readonly total: bigint;
  /** Of the lines, by id. */
  readonly databases: ReadonlyMap<string, UsedDatabase>;
  /** Every usage record that was in the bucket then is in it; undefined: nobody has looked yet. */
  readonly completeTo: Date | undefined;
  /** The position of the last record that is in it. */
  readonly recordsTo: bigint;
  /** An earlier period of the organization has to be closed first. */
  readonly waits: boolean;
}

interface Ground {
  readonly transaction: Prisma.TransactionClient;
  readonly organizationId: string;
  readonly changes: readonly PlanChange[];
  readonly databases: Map<string, UsedDatabase>;
}

/**
 * Computes what a calendar month of an organization comes to, from hourly rows and marks of sizes as they are together at one moment, and with what came late of months before
 * that are closed. A late correction that would make the invoice negative waits for the next one.
 *
 * @param time in the month; ms since the Unix epoch
 * @returns undefined when there is no such organization, or it came later than the month
 */
export async function draftInvoice(
  prisma: PrismaClient,
  organizationId: string,
  time: number,
  timeoutMs = USUAL_DRAFT_MS,
): Promise<InvoiceDraft | undefined> {
  return prisma.$transaction((transaction) => draftIn(transaction, organizationId, monthOf(time)), {
    isolationLevel: 'RepeatableRead',
    timeout: timeoutMs,
    maxWait: WAIT_TIMEOUT_MS,
  });
}

async function draftIn(
  transaction: Prisma.TransactionClient,
  organizationId: string,
  period: Period,
): Promise<InvoiceDraft | undefined> {
  const organization = await transaction.organization.findUnique({ where: { id: organizationId } });
  if (organization === null || organization.createdAt.getTime() >= period.to) return undefined;
  const versions = await planVersionsIn(transaction);
  const currency = currencyOf(versions);
  const createdAt = organization.createdAt.getTime();
  const changes = planChangesOf(createdAt, await planAssignmentsIn(transaction, organizationId), versions, currency);
  const databases = new Map<string, UsedDatabase>();
  const ground = { transaction, organizationId, changes, databases };
  const closed = await closedPeriods(transaction, organizationId, period);
  const own = await linesOfPeriod(ground, period);
  let total = totalOf(own);
  const late: DraftLine[] = [];
  for (const before of closed) {
    const lines = await lateLines(ground, before);
    const more = totalOf(lines);
    if (total + more < 0n) continue;
    total += more;
    late.push(...lines);
  }
  const lines = [...own, ...late];
  const progress = await transaction.usageProgress.findFirst();
  const [records] = await transaction.$queryRaw<{ last: bigint }[]>`
    SELECT COALESCE(max(position), 0)::bigint AS last FROM usage_records`;
  return {
    ...{ organizationId, period, currency, lines, total, databases },
    completeTo: progress?.completeTo,
    recordsTo: records?.last ?? 0n,
    waits: await isMonthBeforeOpen(transaction, period, createdAt, closed),
  };
}

/** By time, the latest in front of which nothing is looked at any more being the first. */
async function closedPeriods(
  transaction: Prisma.TransactionClient,
  organizationId: string,
  { from }: Period,
): Promise<readonly Period[]> {
  const since = new Date(monthBefore(from, LATE_MONTHS).from);
  const rows = await transaction.invoicePeriod.findMany({
    where: { organizationId, periodFrom: { gte: since, lt: new Date(from) } },
    orderBy: { periodFrom: 'asc' },
  });
  return rows.map(({ periodFrom }) => monthOf(periodFrom.getTime()));
}

async function linesOfPeriod(ground: Ground, period: Period): Promise<readonly DraftLine[]> {
  const { transaction, organizationId, changes } = ground;
  const segments = segmentsOf(period, changes);
  if (segments.length === 0) return [];
  const { usage, databases, evidenceOf } = await billedUsage(transaction, organizationId, period.from, segments);
  for (const database of databases.values()) ground.databases.set(database.id, database);
  return linesOf(period, changes, usage).map((line) => ({
    ...line,
    periodFrom: period.from,
    evidence: line.kind === 'meter' ? evidenceOf(line.from, line.meter) : undefined,
  }));
}

async function lateLines(ground: Ground, period: Period): Promise<readonly DraftLine[]> {
  const due = await linesOfPeriod(ground, period);
  const billed = await billedLines(ground.transaction, ground.organizationId, period.from);
  for (const database of billed.databases) {
    if (!ground.databases.has(database.id)) ground.databases.set(database.id, database);
  }
  return lateLinesOf(due, billed.lines).map((line) => ({
    evidence: undefined,
    ...line,
    periodFrom: period.from,
  }));
}

/** What comes late of a month is found by the next invoice only once that month is closed. */
async function isMonthBeforeOpen(
  transaction: Prisma.TransactionClient,
  { from }: Period,
  createdAt: number,
  closed: readonly Period[],
): Promise<boolean> {
  const start = await transaction.billingStart.findFirst();
  const before = monthBefore(from);
  if (createdAt >= from || (start && before.from < start.firstPeriod.getTime())) return false;
  return !closed.some((period) => period.from === before.from);
}
