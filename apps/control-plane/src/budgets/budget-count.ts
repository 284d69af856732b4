import {
  moneyWeights,
  NANOS_PER_MINOR,
  planChangesOf,
  UNIT_WEIGHTS,
  weighStorage,
  weighUsage,
  type Plan,
} from '@leasehold/billing';
import {
  currencyOf,
  type BudgetMeasure,
  type BudgetSettings,
  type BudgetSubject,
  type Metadata,
  type PlanVersionRecord,
  type RecordedSpending,
} from '@leasehold/metadata';

/** Counts what records say of budgets, by the prices that hold now. */
export class BudgetCount {
  private versions: Promise<readonly PlanVersionRecord[]> | undefined;
  private readonly plans = new Map<string, Promise<Plan>>();

  /** For one look at many budgets: prices are read once. */
  constructor(
    private readonly metadata: Pick<Metadata, 'planVersions' | 'usageReport' | 'budgets'>,
    private readonly now: number,
  ) {}

  /** What the organization pays now. */
  planOf(organizationId: string): Promise<Plan> {
    const known = this.plans.get(organizationId) ?? this.readPlan(organizationId);
    this.plans.set(organizationId, known);
    return known;
  }

  /** The amount, and what things cost, in what is counted. */
  async measureOf(
    organizationId: string,
    { currency, amount }: Pick<BudgetSettings, 'currency' | 'amount'>,
  ): Promise<BudgetMeasure> {
    if (currency === null) return { allowance: amount, weights: UNIT_WEIGHTS };
    return { allowance: amount * NANOS_PER_MINOR, weights: moneyWeights(await this.planOf(organizationId)) };
  }

  /** What records say of the month that is now. */
  async spendingOf(
    organizationId: string,
    { scope, subjectId, currency }: BudgetSubject & Pick<BudgetSettings, 'currency'>,
    { weights }: BudgetMeasure,
  ): Promise<RecordedSpending> {
    const { usageReport, budgets } = this.metadata;
    // Asked first: what is rolled up meanwhile is in the sums, and not promised.
    const completeTo = await usageReport.completeTo();
    if (scope === 'key') {
      const reads = await budgets.readsOfKey(organizationId, subjectId, monthNumberOf(this.now));
      const used = { ...reads, writeUnits: 0n, storedByteMs: 0n };
      return { recorded: weighUsage(used, weights), stored: 0n, isExact: false, completeTo };
    }
    const [used] = await usageReport.rows(organizationId, {
      ...monthOfTime(this.now),
      step: 'month',
      group: undefined,
      databaseId: scope === 'database' ? subjectId : undefined,
      after: undefined,
      limit: 1,
    });
    if (used === undefined) return { recorded: 0n, stored: 0n, isExact: true, completeTo };
    const stored = currency === null ? 0n : weighStorage(used.storedByteMs, await this.planOf(organizationId));
    return { recorded: weighUsage(used, weights), stored, isExact: true, completeTo };
  }

  private async readPlan(organizationId: string): Promise<Plan> {
    const { planVersions } = this.metadata;
    this.versions ??= planVersions.list();
    const versions = await this.versions;
    const [first, ...assigned] = await planVersions.plansOf(organizationId);
    const changes = planChangesOf(
      first?.since.getTime() ?? 0,
      assigned.map(({ plan, since }) => ({ plan, since: since.getTime() })),
      versions,
      currencyOf(versions),
    );
    const present = changes.findLast(({ from }) => from <= this.now) ?? changes[0];
    if (present === undefined) throw new Error('an organization has a plan');
    return present.plan;
  }
}

/** Year times 100 and month, in UTC. */
export function monthNumberOf(timeMs: number): number {
  const date = new Date(timeMs);
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}

function monthOfTime(timeMs: number): { readonly from: Date; readonly to: Date } {
  const date = new Date(timeMs);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { from: new Date(Date.UTC(year, month)), to: new Date(Date.UTC(year, month + 1)) };
}
