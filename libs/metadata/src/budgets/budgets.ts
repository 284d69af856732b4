import type { UlidSource } from '@leasehold/foundation';

import { Prisma, type PrismaClient } from '../generated/client.js';
import { lockOrganization } from '../organization-lock.js';
import type {
  BudgetAlertRecord,
  BudgetMeasure,
  BudgetRecord,
  BudgetSettings,
  BudgetSubject,
  CountedBudget,
  RecordedSpending,
} from './budget-record.js';

/** Of one organization: each is looked at twice a minute, and gateways hear of all of them together. */
export const MAX_BUDGETS = 1_000;
/** Of a mark: by then every record of what was done before has long been written and rolled up. */
const SETTLE_SECONDS = 300;
/**
 * What is recorded, and what is stored, counts up to here: four times the largest budget. Both together, and what gateways hold besides, stay within the eight
 * bytes in which Postgres counts.
 */
const MAX_COUNTED = 4n * 10n ** 18n;
/** Who is told of alerts. */
const TOLD_ROLES = ['owner', 'admin', 'finance'];
const MAX_TOLD = 50;

interface BudgetRow extends BudgetSubject, BudgetSettings {
  readonly id: string;
  readonly organizationId: string;
  readonly allowance: bigint;
  readonly readWeight: bigint;
  readonly writeWeight: bigint;
  readonly egressWeight: bigint;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const COLUMNS = Prisma.sql`b.id, b.organization_id AS "organizationId", b.scope, b.subject_id AS "subjectId", b.currency, b.amount,
  b.alert_percents AS "alertPercents", b.hard_stop AS "hardStop", b.allowance, b.read_weight AS "readWeight",
  b.write_weight AS "writeWeight", b.egress_weight AS "egressWeight", b.created_at AS "createdAt", b.updated_at AS "updatedAt"`;

/** What organizations want to use in a month at most. What is counted of it is counted by the migration `budgets`. */
export class Budgets {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly ids: UlidSource,
  ) {}

  /** In the order of ids. @param after the id of a budget, which need not be there any more */
  list(organizationId: string, month: number, after: string | undefined, limit: number): Promise<CountedBudget[]> {
    const behind = after === undefined ? Prisma.empty : Prisma.sql`AND b.id > ${after}`;
    return this.counted(Prisma.sql`b.organization_id = ${organizationId} ${behind}`, month, limit);
  }

  async get(
    organizationId: string,
    month: number,
    { scope, subjectId }: BudgetSubject,
  ): Promise<CountedBudget | undefined> {
    const which = Prisma.sql`b.organization_id = ${organizationId} AND b.scope = ${scope} AND b.subject_id = ${subjectId}`;
    return (await this.counted(which, month, 1))[0];
  }

  /**
   * Makes the budget, or changes it. From the beginning it counts what records say of the month; one that was in units and is in money now, or the other way
   * round, is another one, with another id. Effective at every gateway once the change feed has been read
   * (2 s).
   *
   * @returns undefined, and nothing is made, when the organization has {@link MAX_BUDGETS} already
   */
  async put(
    organizationId: string,
    { scope, subjectId }: BudgetSubject,
    settings: BudgetSettings,
    measure: BudgetMeasure,
    month: number,
    spending: RecordedSpending,
  ): Promise<'put' | undefined> {
    const { currency, amount, hardStop } = settings;
    const data = { currency, amount, hardStop, alertPercents: [...settings.alertPercents], ...stored(measure) };
    return this.prisma.$transaction(async (transaction) => {
      await lockOrganization(transaction, organizationId);
      const where = { organizationId_scope_subjectId: { organizationId, scope, subjectId } };
      const former = await transaction.budget.findUnique({ where, select: { id: true, currency: true } });
      const isOfAnotherKind = former !== null && (former.currency === null) !== (currency === null);
      if (isOfAnotherKind) await transaction.budget.delete({ where, select: { id: true } });
      const known = isOfAnotherKind ? null : former;
      if (!former && (await transaction.budget.count({ where: { organizationId } })) >= MAX_BUDGETS) return undefined;
      const id = known?.id ?? this.ids.next();
      const create = { id, organizationId, scope, subjectId, ...data };
      await transaction.budget.upsert({ where, create, update: data, select: { id: true } });
      await settleIn(transaction, id, month, spending);
      return 'put';
    });
  }

  /** @returns false when there is none */
  async delete(organizationId: string, { scope, subjectId }: BudgetSubject): Promise<boolean> {
    return (await this.prisma.budget.deleteMany({ where: { organizationId, scope, subjectId } })).count > 0;
  }

  /**
   * Those that nobody has looked at for so long; nobody else is given them for as long. One of each organization, the one that waits longest in front, then a second one of each, and so
   * on: one with many budgets keeps no other waiting.
   */
  async due(olderThanMs: number, limit: number): Promise<readonly BudgetRecord[]> {
    const rows = await this.prisma.$queryRaw<BudgetRow[]>`
      UPDATE budgets b SET looked_at = clock_timestamp() FROM (
        SELECT id FROM budgets WHERE looked_at < clock_timestamp() - ${olderThanMs}::int * interval '1 millisecond' AND id IN (
          SELECT id FROM (
            SELECT id, looked_at, row_number() OVER (PARTITION BY organization_id ORDER BY looked_at, id) AS turn
            FROM budgets WHERE looked_at < clock_timestamp() - ${olderThanMs}::int * interval '1 millisecond'
          ) AS waiting ORDER BY turn, looked_at LIMIT ${limit}::int)
        FOR UPDATE SKIP LOCKED
      ) AS due WHERE b.id = due.id RETURNING ${COLUMNS}`;
    return rows.map(recordOf);
  }

  /** Prices are others now. The amount stays: somebody may have changed it since it was read; and nobody has changed the budget by this. Passes over a budget that is gone. */
  async reweigh(id: string, { readUnits, writeUnits, egressBytes }: BudgetMeasure['weights']): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE budgets SET read_weight = ${readUnits}, write_weight = ${writeUnits}, egress_weight = ${egressBytes} WHERE id = ${id}`;
  }

  /**
   * Brings what is counted in line with what records say, and notes alerts that are due.
   * @returns what is used, weighed; undefined: the budget is gone
   */
  settle(
    id: string,
    month: number,
    spending: RecordedSpending,
    settleSeconds = SETTLE_SECONDS,
  ): Promise<bigint | undefined> {
    return settleIn(this.prisma, id, month, spending, settleSeconds);
  }

  /** Of a month, what reads of a key and their egress came to, of purged databases, too. Its writes are told by no record. */
  async readsOfKey(organizationId: string, keyId: string, month: number) {
    const [fromHour, toHour] = hoursOf(month);
    const [row] = await this.prisma.$queryRaw<{ readonly readUnits: bigint; readonly egressBytes: bigint }[]>`
      SELECT COALESCE(sum(u.read_units), 0)::bigint AS "readUnits", COALESCE(sum(u.egress_bytes), 0)::bigint AS "egressBytes"
      FROM usage_hours u JOIN database_owners d ON d.database_id = u.database_id
      WHERE d.organization_id = ${organizationId} AND u.key_id = ${keyId} AND u.hour >= ${fromHour} AND u.hour < ${toHour}`;
    return { readUnits: row?.readUnits ?? 0n, egressBytes: row?.egressBytes ?? 0n };
  }

  /** Alerts of which no mail was written yet; nobody else is given them, and they are not given again. */
  takeAlerts(limit: number): Promise<readonly BudgetAlertRecord[]> {
    return this.prisma.$queryRaw<BudgetAlertRecord[]>`
      WITH taken AS (
        UPDATE budget_alerts a SET mail_taken_at = clock_timestamp() FROM (
          SELECT budget_id, month, percent FROM budget_alerts WHERE mail_taken_at IS NULL ORDER BY at LIMIT ${limit}::int
          FOR UPDATE SKIP LOCKED
        ) AS due WHERE (a.budget_id, a.month, a.percent) = (due.budget_id, due.month, due.percent)
        RETURNING a.budget_id, a.month, a.percent
      )
      SELECT b.id AS "budgetId", b.organization_id AS "organizationId", o.name AS "organizationName", b.scope, b.subject_id AS "subjectId",
        COALESCE(d.name, k.name) AS "subjectName", b.currency, b.amount, b.hard_stop AS "hardStop", t.month, t.percent
      FROM taken t JOIN budgets b ON b.id = t.budget_id JOIN organizations o ON o.id = b.organization_id
      LEFT JOIN databases d ON d.id = CASE WHEN b.scope = 'database' THEN b.subject_id::uuid END
      LEFT JOIN api_keys k ON b.scope = 'key' AND k.id = b.subject_id
      ORDER BY t.budget_id, t.month, t.percent`;
  }

  /** Addresses of those who are told of alerts: owners, admins and finance, {@link MAX_TOLD} at most. */
  async toldOf(organizationId: string): Promise<readonly string[]> {
    const members = await this.prisma.member.findMany({
      where: { organizationId, role: { in: TOLD_ROLES }, user: { emailVerified: true } },
      orderBy: { id: 'asc' },
      take: MAX_TOLD,
      select: { user: { select: { email: true } } },
    });
    return members.map(({ user }) => user.email);
  }

  /** What was counted by grants in months before this one is of no use any more. @returns how many rows went */
  async prune(before: number, limit: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM budget_grants WHERE (budget_id, month, holder) IN (
        SELECT budget_id, month, holder FROM budget_grants WHERE month < ${before}::int LIMIT ${limit}::int)`;
  }

  private async counted(which: Prisma.Sql, month: number, limit: number): Promise<CountedBudget[]> {
    const rows = await this.prisma.$queryRaw<(BudgetRow & { subjectName: string | null; used: bigint })[]>`
      SELECT ${COLUMNS}, COALESCE(d.name, k.name) AS "subjectName",
        greatest(0, COALESCE(m.elsewhere + m.stored, 0) + COALESCE(g.flow, 0))::bigint AS used
      FROM budgets b
      LEFT JOIN databases d ON d.id = CASE WHEN b.scope = 'database' THEN b.subject_id::uuid END AND d.deleted_at IS NULL
      LEFT JOIN api_keys k ON b.scope = 'key' AND k.id = b.subject_id
      LEFT JOIN budget_months m ON m.budget_id = b.id AND m.month = ${month}::int
      LEFT JOIN LATERAL (
        SELECT sum(CASE WHEN seen_at > clock_timestamp() - budget_silence() THEN spent ELSE granted END) AS flow
        FROM budget_grants WHERE budget_id = b.id AND month = ${month}::int
      ) AS g ON true
      WHERE ${which} ORDER BY b.id LIMIT ${limit}::int`;
    return rows.map(({ subjectName, used, ...row }) => ({ ...recordOf(row), subjectName, used }));
  }
}

async function settleIn(
  client: Pick<Prisma.TransactionClient, '$queryRaw'>,
  id: string,
  month: number,
  { recorded, stored: storage, isExact, completeTo }: RecordedSpending,
  settleSeconds = SETTLE_SECONDS,
): Promise<bigint | undefined> {
  const [row] = await client.$queryRaw<{ readonly used: bigint }[]>`
    SELECT used FROM settle_budget(${id}, ${month}::int, ${counted(recorded)}::bigint, ${counted(storage)}::bigint, ${isExact},
      ${completeTo ?? null}::timestamptz, ${settleSeconds}::int * interval '1 second')`;
  return row?.used;
}

function counted(weight: bigint | undefined): bigint | null {
  if (weight === undefined) return null;
  return weight < MAX_COUNTED ? weight : MAX_COUNTED;
}

function recordOf({ readWeight, writeWeight, egressWeight, ...row }: BudgetRow): BudgetRecord {
  return { ...row, weights: { readUnits: readWeight, writeUnits: writeWeight, egressBytes: egressWeight } };
}

function stored({ allowance, weights }: BudgetMeasure) {
  const { readUnits, writeUnits, egressBytes } = weights;
  return { allowance, readWeight: readUnits, writeWeight: writeUnits, egressWeight: egressBytes };
}

/** Whole hours since the Unix epoch; the second is not in the month. */
function hoursOf(month: number): readonly [number, number] {
  const hourAt = (months: number) => Date.UTC(Math.floor(month / 100), (month % 100) - 1 + months) / 3_600_000;
  return [hourAt(0), hourAt(1)];
}
