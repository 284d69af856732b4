import {
  FIRST_PLAN,
  HOUR_MS,
  heldAssignments,
  METERS,
  type EffectivePlan,
  type Meter,
  type Plan,
  type PlanAssignment,
  type Price,
} from '@leasehold/billing';

import { TooManyError } from '../errors.js';
import { Prisma, type PrismaClient } from '../generated/client.js';
import { PlanVersionRefusedError } from './billing-errors.js';
import { byOrganization } from './by-organization.js';

/** What a plan costs; its version is given when it is made. */
export type PlanPrices = Omit<Plan, 'name' | 'version'>;

export interface PlanVersionRecord extends EffectivePlan {
  readonly createdAt: Date;
}

/** Of all plans together: an operator decides about each. */
export const MAX_PLAN_VERSIONS = 10_000;

/** Given to one organization, in all its time; an operator decides about each. */
export const MAX_PLAN_ASSIGNMENTS = 1_000;
/** Beyond these where they are read: of some that are made at once more than one may pass. */
const ASSIGNMENTS_AT_ONCE = 100;

/** Prices of plans, each version from a time on. What has begun never changes; nothing here can change a version. */
export class PlanVersions {
  constructor(private readonly prisma: PrismaClient) {}

  /** Of all plans, or of one: by plan and version. */
  list(planId?: string): Promise<readonly PlanVersionRecord[]> {
    return planVersionsIn(this.prisma, planId);
  }

  /** Which plans an organization has had since when, the first one in front. */
  async plansOf(organizationId: string): Promise<readonly { readonly plan: string; readonly since: Date }[]> {
    const organization = await this.prisma.organization.findUnique({ where: { id: organizationId } });
    if (organization === null) return [];
    const assigned = (await planAssignmentsIn(this.prisma, [organizationId])).get(organizationId) ?? [];
    const first = { plan: FIRST_PLAN, since: organization.createdAt };
    return [first, ...assigned.map(({ plan, since }) => ({ plan, since: new Date(since) }))];
  }

  /**
   * Adds a version that holds from `effectiveFrom` on: a whole hour, behind now and behind the plan's last version. Durable when it resolves.
   * @returns undefined when there is no such plan
   * @throws PlanVersionRefusedError the time is not such an hour, or other plans that cost something do so in another currency
   */
  async add(planId: string, effectiveFrom: Date, prices: PlanPrices): Promise<PlanVersionRecord | undefined> {
    if (effectiveFrom.getTime() % HOUR_MS !== 0) throw new PlanVersionRefusedError('a version begins with an hour');
    const added = await this.prisma.$transaction(async (transaction) => {
      // One version after another, of whatever plan: they have one currency.
      const plans = await transaction.$queryRaw<{ id: string; now: Date }[]>`
        SELECT id, clock_timestamp() AS now FROM plans ORDER BY id FOR UPDATE`;
      const plan = plans.find(({ id }) => id === planId);
      if (plan === undefined) return undefined;
      const last = await transaction.planVersion.findFirst({ where: { planId }, orderBy: { version: 'desc' } });
      if (effectiveFrom <= plan.now) throw new PlanVersionRefusedError('a version begins in the future');
      if (last && effectiveFrom <= last.effectiveFrom) {
        throw new PlanVersionRefusedError('a version begins behind the last one of the plan');
      }
      const others = await planVersionsIn(transaction);
      const other = others.find((each) => costs(each.plan) && each.plan.currency !== prices.currency);
      if (other) throw new PlanVersionRefusedError(`plans cost ${other.plan.currency}`);
      if (others.length >= MAX_PLAN_VERSIONS) throw new PlanVersionRefusedError('there are too many versions');
      return transaction.planVersion.create({
        data: {
          planId,
          version: (last?.version ?? 0) + 1,
          effectiveFrom,
          currency: prices.currency,
          fee: prices.fee,
          minimum: prices.minimum,
          prices: pricesJson(prices.prices),
        },
      });
    });
    return added && recordOf(added);
  }
}

/** As {@link PlanVersions.list}, inside of a transaction. */
export async function planVersionsIn(
  transaction: Pick<Prisma.TransactionClient, 'planVersion'>,
  planId?: string,
): Promise<readonly PlanVersionRecord[]> {
  const rows = await transaction.planVersion.findMany({
    where: planId === undefined ? {} : { planId },
    orderBy: [{ planId: 'asc' }, { version: 'asc' }],
    take: MAX_PLAN_VERSIONS,
  });
  return rows.map(recordOf);
}

/**
 * Plans that were given to organizations and hold, by time; of each that was given one.
 * @throws LeaseholdError quota: together they have more than so many may have. To leave some out would be to bill by the wrong prices
 */
export async function planAssignmentsIn(
  transaction: Pick<Prisma.TransactionClient, 'organizationPlan'>,
  organizationIds: readonly string[],
): Promise<ReadonlyMap<string, readonly PlanAssignment[]>> {
  const limit = organizationIds.length * MAX_PLAN_ASSIGNMENTS + ASSIGNMENTS_AT_ONCE;
  const rows = await transaction.organizationPlan.findMany({
    where: { organizationId: { in: [...organizationIds] } },
    orderBy: { id: 'asc' },
    take: limit + 1,
  });
  if (rows.length > limit) throw new TooManyError('plans that were given to organizations', limit);
  const assignmentsOf = (own: typeof rows) =>
    heldAssignments(own.map(({ since, planId }) => ({ since: since.getTime(), plan: planId })));
  return new Map([...byOrganization(rows)].map(([id, own]) => [id, assignmentsOf([...own])]));
}

/** The one currency of everything that costs something; where nothing does, that of the first plan. */
export function currencyOf(versions: readonly EffectivePlan[]): string {
  return (versions.find(({ plan }) => costs(plan)) ?? versions[0])?.plan.currency ?? 'USD';
}

function costs({ fee, minimum, prices }: PlanPrices): boolean {
  return fee > 0n || minimum > 0n || METERS.some((meter) => prices[meter].amount > 0n);
}

type PriceTexts = Readonly<Record<Meter, Readonly<Record<keyof Price, string>>>>;

function pricesJson(prices: Plan['prices']): Prisma.InputJsonObject {
  const texts = METERS.map((meter) => {
    const { amount, per, included } = prices[meter];
    return [meter, { amount: String(amount), per: String(per), included: String(included) }] as const;
  });
  return Object.fromEntries(texts);
}

function recordOf(row: Prisma.PlanVersionModel): PlanVersionRecord {
  const texts = row.prices as unknown as PriceTexts;
  const priceOf = (meter: Meter): Price => ({
    amount: BigInt(texts[meter].amount),
    per: BigInt(texts[meter].per),
    included: BigInt(texts[meter].included),
  });
  return {
    effectiveFrom: row.effectiveFrom.getTime(),
    createdAt: row.createdAt,
    plan: {
      name: row.planId,
      version: row.version,
      currency: row.currency,
      fee: row.fee,
      minimum: row.minimum,
      prices: Object.fromEntries(METERS.map((meter) => [meter, priceOf(meter)])) as Record<Meter, Price>,
    },
  };
}
