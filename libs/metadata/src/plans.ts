import { MAX_PLAN_ASSIGNMENTS } from './billing/plan-versions.js';
import { TooManyError } from './errors.js';
import type { PrismaClient } from './generated/client.js';

/**
 * What an organization may use. `null`: nothing is said here, and the next one is asked: what was agreed with the organization, then its
 * plan, then the settings of the services; what none of them limits has no limit.
 */
export interface Limits {
  /** In the long run, by all gateways together. */
  readonly requestsPerSecond: number | null;
  /** At once, after a pause. */
  readonly burstRequests: number | null;
  /** Of bodies and answers together, by all gateways together. */
  readonly bytesPerSecond: number | null;
  /** Under way at the same time, at each gateway. */
  readonly concurrentRequests: number | null;
  /** That are not deleted. */
  readonly databases: number | null;
  /** Of all databases together, as they are stored. */
  readonly storageBytes: number | null;
  /** Databases that are being opened at the same time, at each gateway. */
  readonly concurrentWakes: number | null;
}

/** A plan with what it limits. */
export interface PlanRecord extends Limits {
  readonly id: string;
  readonly name: string;
}

const SHOWN_LIMITS = {
  ...{ requestsPerSecond: true, burstRequests: true, bytesPerSecond: true, concurrentRequests: true },
  ...{ databases: true, storageBytes: true, concurrentWakes: true },
} as const;

/** Members that are left out stay as they are. */
export type LimitChanges = Partial<Limits>;

/** Plans, who has which, and what was agreed beside them. Effective at every gateway once the change feed has been read (2 s). */
export class Plans {
  constructor(private readonly prisma: PrismaClient) {}

  /** Makes the plan, or changes what is given. A limit that is lower than what is used already takes nothing away. */
  async put(id: string, name: string, limits: LimitChanges): Promise<void> {
    const data = { name, ...stored(limits) };
    await this.prisma.plan.upsert({ where: { id }, create: { id, ...data }, update: data, select: { id: true } });
  }

  /** By id. @param after only ids behind this one */
  async list(after: string | undefined, limit: number): Promise<readonly PlanRecord[]> {
    const found = await this.prisma.plan.findMany({
      where: after === undefined ? {} : { id: { gt: after } },
      orderBy: { id: 'asc' },
      take: limit,
      select: { id: true, name: true, ...SHOWN_LIMITS },
    });
    return found.map(({ bytesPerSecond, storageBytes, ...plan }) => ({
      ...plan,
      bytesPerSecond: bytesPerSecond === null ? null : Number(bytesPerSecond),
      storageBytes: storageBytes === null ? null : Number(storageBytes),
    }));
  }

  async has(id: string): Promise<boolean> {
    return (await this.prisma.plan.count({ where: { id } })) > 0;
  }

  /** As {@link agree}, with nothing but the plan. */
  async assign(organizationId: string, planId: string): Promise<void> {
    await this.agree(organizationId, {}, planId);
  }

  /**
   * What is agreed with this organization beside its plan; `null` takes an agreement back. With a plan, that is its plan from now on. Rejects
   * when there is no such plan, or no such organization.
   * @throws TooManyError: it was given {@link MAX_PLAN_ASSIGNMENTS} already, and bills read all of them
   */
  async agree(organizationId: string, limits: LimitChanges, planId?: string): Promise<void> {
    if (planId !== undefined) {
      const given = await this.prisma.organizationPlan.count({ where: { organizationId } });
      if (given >= MAX_PLAN_ASSIGNMENTS) throw new TooManyError('plans given to an organization', MAX_PLAN_ASSIGNMENTS);
    }
    const data = { ...stored(limits), ...(planId === undefined ? {} : { planId }) };
    await this.prisma.organizationLimits.upsert({
      where: { organizationId },
      create: { organizationId, ...data },
      update: data,
      select: { organizationId: true },
    });
  }
}

/** Prisma passes over members that are undefined. */
function stored({ bytesPerSecond, storageBytes, ...others }: LimitChanges) {
  return { ...others, bytesPerSecond: bigOf(bytesPerSecond), storageBytes: bigOf(storageBytes) };
}

function bigOf(bytes: number | null | undefined): bigint | null | undefined {
  return typeof bytes === 'number' ? BigInt(bytes) : bytes;
}
