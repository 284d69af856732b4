import { Controller, Get, Param, Patch, Put } from '@nestjs/common';
import { isTenantId } from '@leasehold/foundation';
import { Metadata, type OrganizationQuotas } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, SESSION_ONLY } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { requireOperator } from '../auth/operator.js';
import { JsonBody } from '../requests/json-body.js';
import { PageQuery, pageOf, type Page } from '../requests/page.js';
import { newAgreement, newPlan, planId, type NewAgreement, type NewPlan } from './limit-schemas.js';

/** What plans say, and what is agreed beside them. For operators of the service alone. */
@Controller('v1/admin')
export class PlansController {
  constructor(private readonly metadata: Metadata) {}

  /** By id. */
  @Get('plans')
  @Access(SESSION_ONLY)
  async list(@CurrentCaller() caller: Caller, @PageQuery() { after, limit }: Page): Promise<object> {
    requireOperator(caller);
    const found = await this.metadata.plans.list(after, limit + 1);
    const { items, cursor } = pageOf(found, limit, ({ id }) => id);
    return { plans: items, cursor };
  }

  /** Makes the plan, or changes what is given. The gateways go by it within two seconds. */
  @Put('plans/:id')
  @Access(SESSION_ONLY)
  async put(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @JsonBody(newPlan) body: NewPlan,
  ): Promise<object> {
    requireOperator(caller);
    const checked = planId.safeParse(id);
    if (!checked.success) throw new ProblemError('not-found', 'no plan can have this id');
    const { name, ...limits } = body;
    await this.metadata.plans.put(checked.data, name, limits);
    return { id, ...body };
  }

  @Get('tenants/:id/quotas')
  @Access(SESSION_ONLY)
  async read(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<OrganizationQuotas> {
    requireOperator(caller);
    return this.quotasOf(id);
  }

  /** What is left out stays as it is; `null` takes an agreement back. The gateways go by it within two seconds. */
  @Patch('tenants/:id/quotas')
  @Access(SESSION_ONLY)
  async agree(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @JsonBody(newAgreement) { plan, ...limits }: NewAgreement,
  ): Promise<OrganizationQuotas> {
    requireOperator(caller);
    await this.quotasOf(id);
    if (plan !== undefined && !(await this.metadata.plans.has(plan))) {
      throw new ProblemError('not-found', 'there is no such plan');
    }
    await this.metadata.plans.agree(id, limits, plan);
    return this.quotasOf(id);
  }

  private async quotasOf(tenantId: string): Promise<OrganizationQuotas> {
    const quotas = isTenantId(tenantId) ? await this.metadata.quotas.of(tenantId) : undefined;
    if (quotas === undefined) throw new ProblemError('not-found', 'there is no such tenant');
    return quotas;
  }
}
