import {
  fittingLinesOf,
  lateLinesOf,
  linesOf,
  monthBefore,
  monthOf,
  planChangesOf,
  segmentsOf,
  totalOf,
  type EffectivePlan,
  type InvoiceLine,
  type Period,
  type PlanChange,
} from '@leasehold/billing';

import { Prisma, type PrismaClient } from '../generated/client.js';
import { billedLines } from './billed-lines.js';
import { billedUsage, type Evidence, type UsedDatabase } from './billed-usage.js';
import { closedPeriods } from './closed-periods.js';
import { currencyOf, planAssignmentsIn, planVersionsIn } from './plan-versions.js';

/** Months of which more is to be given back than any invoice had room for: of so many, the latest, that is not forgotten. Each is computed anew for every invoice. */
const MAX_WAITING_MONTHS = 24;
/** Of a hundred thousand databases that were used in each hour, for who has time; most drafts take milliseconds. */
export const LONGEST_DRAFT_MS = 15 * 60_000;
/** For who waits at a browser: many times what ten thousand databases take that were used in each hour. A connection is kept so long. */
const USUAL_DRAFT_MS = 120_000;
/** The same with evidence, which takes ten times as long. */
const PROVEN_DRAFT_MS = 300_000;
const WAIT_TIMEOUT_MS = 10_000;

export type DraftLine = InvoiceLine & {
  /** When the period begins that it is for; an earlier one than the invoice's for what came late. Ms since the Unix epoch. */
  readonly periodFrom: number;
  /** Of lines of a meter, where it was asked for: everything of the segment, also where the line has only what came late. */
  readonly evidence: Evidence | undefined;
};

export interface DraftTerms {
  /** What of the ledger each line counts is told, too. It takes ten times as long. */
  readonly withEvidence: boolean;
  readonly timeoutMs?: number;
}

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
  /** When months begin of whose late lines something waits for the next invoice, because this one would become negative. By time. */
  readonly waiting: readonly number[];
  /** An earlier period of the organization has to be closed first. */
  readonly waits: boolean;
}

/** What an invoice is computed from and into. */
interface Account {
  readonly organizationId: string;
  /** Ms since the Unix epoch. */
  readonly createdAt: number;
  readonly changes: readonly PlanChange[];
  readonly closed: readonly Period[];
  readonly databases: Map<string, UsedDatabase>;
  readonly lines: DraftLine[];
  readonly waiting: number[];
  total: bigint;
}

/**
 * Computes what a calendar month comes to for each of several organizations, from hourly rows and marks of sizes as they are together at one moment, and with what came late of
 * months before that are closed. Of a correction that would make an invoice negative as much stands on it as fits, and the rest waits for the next one, however long.
 *
 * @param organizationIds whose databases, all together, memory has room for
 * @param time in the month; ms since the Unix epoch
 * @returns of each organization that there is, but not of one that came later than the month
 */
export async function draftInvoices(
  prisma: PrismaClient,
  organizationIds: readonly string[],
  time: number,
  { withEvidence, timeoutMs = withEvidence ? PROVEN_DRAFT_MS : USUAL_DRAFT_MS }: DraftTerms,
): Promise<ReadonlyMap<string, InvoiceDraft>> {
  return prisma.$transaction((transaction) => draftsIn(transaction, organizationIds, monthOf(time), withEvidence), {
    isolationLevel: 'RepeatableRead',
    timeout: timeoutMs,
    maxWait: WAIT_TIMEOUT_MS,
  });
}

async function draftsIn(
  transaction: Prisma.TransactionClient,
  organizationIds: readonly string[],
  period: Period,
  withEvidence: boolean,
): Promise<ReadonlyMap<string, InvoiceDraft>> {
  const versions = await planVersionsIn(transaction);
  const currency = currencyOf(versions);
  const accounts = await accountsOf(transaction, organizationIds, period, versions, currency);
  const own = await linesOfPeriod(transaction, accounts, period, withEvidence);
  for (const account of accounts) addLines(account, own.get(account) ?? []);
  for (const before of earlierPeriods(accounts)) {
    const theirs = accounts.filter(({ closed }) => closed.some(({ from }) => from === before.from));
    const late = await lateLines(transaction, theirs, before, withEvidence);
    for (const account of theirs) {
      const lines = late.get(account) ?? [];
      const fitting = fittingLinesOf(lines, account.total);
      if (fitting !== lines) account.waiting.push(before.from);
      addLines(account, fitting);
    }
  }
  const progress = await transaction.usageProgress.findFirst();
  const [records] = await transaction.$queryRaw<{ last: bigint }[]>`
    SELECT COALESCE(max(position), 0)::bigint AS last FROM usage_records`;
  const start = await transaction.billingStart.findFirst();
  const drafts = accounts.map((account): InvoiceDraft => {
    const { organizationId, lines, total, databases, waiting } = account;
    return {
      ...{ organizationId, period, currency, lines, total, databases },
      waiting: waiting.slice(-MAX_WAITING_MONTHS),
      completeTo: progress?.completeTo,
      recordsTo: records?.last ?? 0n,
      waits: isMonthBeforeOpen(account, period, start?.firstPeriod),
    };
  });
  return new Map(drafts.map((draft) => [draft.organizationId, draft]));
}

/** Of each organization that was there in the period. */
async function accountsOf(
  transaction: Prisma.TransactionClient,
  organizationIds: readonly string[],
  period: Period,
  versions: readonly EffectivePlan[],
  currency: string,
): Promise<readonly Account[]> {
  const organizations = await transaction.organization.findMany({
    where: { id: { in: [...organizationIds] }, createdAt: { lt: new Date(period.to) } },
    select: { id: true, createdAt: true },
    orderBy: { id: 'asc' },
  });
  const ids = organizations.map(({ id }) => id);
  const assignments = await planAssignmentsIn(transaction, ids);
  const closed = await closedPeriods(transaction, ids, period);
  return organizations.map(({ id, ...organization }): Account => {
    const createdAt = organization.createdAt.getTime();
    const changes = planChangesOf(createdAt, assignments.get(id) ?? [], versions, currency);
    const empty = { databases: new Map<string, UsedDatabase>(), lines: [], waiting: [], total: 0n };
    return { organizationId: id, createdAt, changes, closed: closed.get(id) ?? [], ...empty };
  });
}

function addLines(account: Account, lines: readonly DraftLine[]): void {
  account.total += totalOf(lines);
  account.lines.push(...lines);
}

/** By time. */
function earlierPeriods(accounts: readonly Account[]): readonly Period[] {
  const begins = new Set(accounts.flatMap(({ closed }) => closed.map(({ from }) => from)));
  return [...begins].sort((a, b) => a - b).map(monthOf);
}

async function linesOfPeriod(
  transaction: Prisma.TransactionClient,
  accounts: readonly Account[],
  period: Period,
  withEvidence: boolean,
): Promise<ReadonlyMap<Account, readonly DraftLine[]>> {
  const billed = accounts.flatMap((account) => {
    const { organizationId, changes } = account;
    const segments = segmentsOf(period, changes);
    return segments.length === 0 ? [] : [{ account, organizationId, segments }];
  });
  const used = await billedUsage(transaction, billed, period, withEvidence);
  return new Map(
    billed.map(({ account, organizationId }) => {
      const own = used.get(organizationId);
      for (const database of own?.databases.values() ?? []) account.databases.set(database.id, database);
      const lines = linesOf(period, account.changes, own?.usage ?? []).map((line) => ({
        ...line,
        periodFrom: period.from,
        evidence: line.kind === 'meter' ? own?.evidenceOf(line.from, line.meter) : undefined,
      }));
      return [account, lines];
    }),
  );
}

/** Of each of the accounts. Most have none: evidence is read of those alone that have some. */
async function lateLines(
  transaction: Prisma.TransactionClient,
  accounts: readonly Account[],
  period: Period,
  withEvidence: boolean,
): Promise<ReadonlyMap<Account, readonly DraftLine[]>> {
  const ids = accounts.map(({ organizationId }) => organizationId);
  const billed = await billedLines(transaction, ids, period.from);
  for (const { organizationId, databases } of accounts) {
    for (const database of billed.get(organizationId)?.databases ?? []) {
      if (!databases.has(database.id)) databases.set(database.id, database);
    }
  }
  const lateOf = async (some: readonly Account[], proven: boolean) => {
    const due = await linesOfPeriod(transaction, some, period, proven);
    return some.map((account): [Account, readonly DraftLine[]] => {
      const late = lateLinesOf(due.get(account) ?? [], billed.get(account.organizationId)?.lines ?? []);
      return [account, late.map((line) => ({ evidence: undefined, ...line, periodFrom: period.from }))];
    });
  };
  const late = await lateOf(accounts, false);
  const found = late.flatMap(([account, lines]) => (lines.length > 0 ? [account] : []));
  return new Map([...late, ...(withEvidence && found.length > 0 ? await lateOf(found, true) : [])]);
}

/** What comes late of a month is found by the next invoice only once that month is closed. */
function isMonthBeforeOpen({ createdAt, closed }: Account, { from }: Period, firstPeriod: Date | undefined): boolean {
  const before = monthBefore(from);
  if (createdAt >= from || (firstPeriod && before.from < firstPeriod.getTime())) return false;
  return !closed.some((period) => period.from === before.from);
}
