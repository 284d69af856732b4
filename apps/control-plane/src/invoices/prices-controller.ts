import { Controller, Get, Param, Post } from '@nestjs/common';
import { METERS, type Meter, type Price } from '@leasehold/billing';
import { Metadata, PlanVersionRefusedError, type PlanVersionRecord } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, requireAllDatabases, SESSION_ONLY } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { requireOperator } from '../auth/operator.js';
import { planId } from '../plans/limit-schemas.js';
import { JsonBody } from '../requests/json-body.js';
import { newPlanVersion, type NewPlanVersion } from './invoice-schemas.js';
import { amountOf } from './invoice-view.js';
import { INVOICE_READERS } from './invoices-controller.js';

/** What plans cost, and from when on. */
@Controller('v1')
export class PricesController {
  constructor(private readonly metadata: Metadata) {}

  /** Of the plans that the organization has and had: those that its invoices go by. */
  @Get('prices')
  @Access(INVOICE_READERS)
  async read(@CurrentCaller() caller: Caller) {
    requireAllDatabases(caller);
    const plans = await this.metadata.planVersions.plansOf(caller.organization.id);
    const names = new Set(plans.map(({ plan }) => plan));
    const versions = (await this.metadata.planVersions.list()).filter(({ plan }) => names.has(plan.name));
    return { plans, versions: versions.map(versionView) };
  }

  @Get('admin/plans/:id/versions')
  @Access(SESSION_ONLY)
  async list(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    requireOperator(caller);
    await this.requirePlan(id);
    return { versions: (await this.metadata.planVersions.list(id)).map(versionView) };
  }

  /** From a whole hour in the future on; versions that there are never change. */
  @Post('admin/plans/:id/versions')
  @Access(SESSION_ONLY)
  async add(@CurrentCaller() caller: Caller, @Param('id') id: string, @JsonBody(newPlanVersion) body: NewPlanVersion) {
    requireOperator(caller);
    await this.requirePlan(id);
    const { effectiveFrom, currency, fee, minimum, prices } = body;
    const plan = {
      ...{ currency, fee: BigInt(fee), minimum: BigInt(minimum) },
      prices: byMeter((meter) => priceOf(prices[meter])),
    };
    try {
      const added = await this.metadata.planVersions.add(id, new Date(effectiveFrom), plan);
      if (added === undefined) throw noSuchPlan();
      return versionView(added);
    } catch (error) {
      if (error instanceof PlanVersionRefusedError) throw new ProblemError('conflict', error.message, { cause: error });
      throw error;
    }
  }

  private async requirePlan(id: string): Promise<void> {
    if (!planId.safeParse(id).success || !(await this.metadata.plans.has(id))) throw noSuchPlan();
  }
}

function versionView({ plan, effectiveFrom, createdAt }: PlanVersionRecord) {
  const { name, version, currency, fee, minimum, prices } = plan;
  return {
    ...{ plan: name, version, effectiveFrom: new Date(effectiveFrom), currency },
    ...{ fee: amountOf(fee), minimum: amountOf(minimum), createdAt },
    prices: byMeter((meter) => {
      const { amount, per, included } = prices[meter];
      return { amount: amountOf(amount), per: String(per), included: String(included) };
    }),
  };
}

function priceOf({ amount, per, included }: NewPlanVersion['prices'][Meter]): Price {
  return { amount: BigInt(amount), per: BigInt(per), included: BigInt(included) };
}

function byMeter<T>(of: (meter: Meter) => T): Record<Meter, T> {
  return Object.fromEntries(METERS.map((meter) => [meter, of(meter)])) as Record<Meter, T>;
}

function noSuchPlan(): ProblemError {
  return new ProblemError('not-found', 'there is no such plan');
}
