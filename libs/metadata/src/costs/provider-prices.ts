import type { PrismaClient } from '../generated/client.js';

/** What the provider of the bucket asks, and what else a month costs. Amounts in the smallest unit of the currency of the plans. */
export interface ProviderPrices {
  /** For a million requests that write or list. */
  readonly putsMillion: bigint;
  /** For a million requests that read. */
  readonly getsMillion: bigint;
  /** For a thousand gigabytes stored for 730 hours. */
  readonly storedTerabyteMonth: bigint;
  /** For a thousand gigabytes of answers. */
  readonly egressTerabyte: bigint;
  /** How many requests that write a million commits come to: databases share them, so that it is measured and not counted. */
  readonly putsPerMillionCommits: bigint;
  /** How many requests that read a million reads come to, those that memory and disk do not have; measured as well. */
  readonly getsPerMillionReads: bigint;
  /** What all tenants share, in a month: machines, Postgres. */
  readonly sharedMonth: bigint;
}

export interface ProviderPricesRecord extends ProviderPrices {
  /** From this month on, until the next ones. */
  readonly since: Date;
  readonly updatedAt: Date;
}

/** Changes of prices that are kept and told: one for each month of a century is more. */
export const MAX_PROVIDER_PRICES = 1_000;

/** Prices that the operator pays, by the month from which on they hold. They may be set for months that have passed: costs are computed anew at each ask. */
export class ProviderPriceList {
  constructor(private readonly prisma: PrismaClient) {}

  /** The latest month in front. */
  async list(): Promise<readonly ProviderPricesRecord[]> {
    return this.prisma.providerPrices.findMany({ orderBy: { since: 'desc' }, take: MAX_PROVIDER_PRICES });
  }

  /** Those that hold in a month. @param periodFrom its begin in UTC @returns undefined where none were set until then */
  async of(periodFrom: Date): Promise<ProviderPricesRecord | undefined> {
    const where = { since: { lte: periodFrom } };
    return (await this.prisma.providerPrices.findFirst({ where, orderBy: { since: 'desc' } })) ?? undefined;
  }

  /** Sets what holds from a month on, in place of what was set for it before. */
  async put(since: Date, prices: ProviderPrices): Promise<ProviderPricesRecord> {
    return this.prisma.providerPrices.upsert({ where: { since }, create: { since, ...prices }, update: prices });
  }
}
