import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { isTenantId, type TenantId } from '@leasehold/foundation';
import {
  Metadata,
  placeOf,
  type DatabaseRecord,
  type SuspensionRecord,
  type TenantDetail,
  type TenantSummary,
} from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, SESSION_ONLY } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { requireOperator } from '../auth/operator.js';
import { DatabaseQuery, type DatabaseListQuery } from '../databases/database-list-query.js';
import { JsonBody } from '../requests/json-body.js';
import { pageOf } from '../requests/page.js';
import { newSuspension, type NewSuspension } from './suspension-schema.js';
import { Suspender } from './suspender.js';
import { TenantSearch, type TenantSearchPage } from './tenant-search.js';

/** Tenants, for operators of the service alone. */
@Controller('v1/admin/tenants')
export class TenantsController {
  constructor(
    private readonly metadata: Metadata,
    private readonly suspender: Suspender,
  ) {}

  /** Oldest first; `search` is a part of a name or of a member's address, or an id. */
  @Get()
  @Access(SESSION_ONLY)
  async list(@CurrentCaller() caller: Caller, @TenantSearch() page: TenantSearchPage): Promise<object> {
    requireOperator(caller);
    const { search, after, limit } = page;
    const found = await this.metadata.tenants.search(search, after, limit + 1);
    const { items, cursor } = pageOf(found, limit, ({ id }) => id);
    return { tenants: items.map(summaryOf), cursor };
  }

  @Get(':id')
  @Access(SESSION_ONLY)
  async read(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<object> {
    requireOperator(caller);
    return this.detailOf(id);
  }

  /** Its databases by name, as it lists them itself: to find the one that is to be looked into. */
  @Get(':id/databases')
  @Access(SESSION_ONLY)
  async databases(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @DatabaseQuery() { limit, after, ...wanted }: DatabaseListQuery,
  ): Promise<object> {
    requireOperator(caller);
    const found = await this.metadata.databases.list(await this.existing(id), after, limit + 1, wanted);
    const { items, cursor } = pageOf(found, limit, placeOf);
    return { databases: items.map(databaseView), cursor };
  }

  /** Its data is kept, and every request of the data plane refused. A tenant that is suspended stays so for the first reason. */
  @Post(':id/suspend')
  @HttpCode(200)
  @Access(SESSION_ONLY)
  async suspend(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @JsonBody(newSuspension) { reason }: NewSuspension,
  ): Promise<object> {
    requireOperator(caller);
    await this.suspender.suspend(await this.existing(id), reason, caller.email);
    return this.detailOf(id);
  }

  @Post(':id/resume')
  @HttpCode(200)
  @Access(SESSION_ONLY)
  async resume(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<object> {
    requireOperator(caller);
    await this.suspender.resume(await this.existing(id));
    return this.detailOf(id);
  }

  private async existing(id: string): Promise<TenantId> {
    if (isTenantId(id) && (await this.metadata.tenants.find(id)) !== undefined) return id;
    throw noSuchTenant();
  }

  private async detailOf(id: string): Promise<object> {
    const tenant = isTenantId(id) ? await this.metadata.tenants.find(id) : undefined;
    const quotas = tenant && (await this.metadata.quotas.of(tenant.id));
    if (tenant === undefined || quotas === undefined) throw noSuchTenant();
    return { ...detailView(tenant), ...quotas };
  }
}

function summaryOf({ createdAt, suspension, ...tenant }: TenantSummary) {
  return { ...tenant, createdAt: createdAt.toISOString(), suspension: suspension && suspensionView(suspension) };
}

function detailView({ members, apiKeys, ...tenant }: TenantDetail) {
  return { ...summaryOf(tenant), members, apiKeys };
}

function databaseView({ id, name, createdAt, deletedAt }: DatabaseRecord) {
  return { id, name, createdAt, deletedAt };
}

function suspensionView({ reason, suspendedBy, suspendedAt }: SuspensionRecord) {
  return { reason, suspendedBy, suspendedAt: suspendedAt.toISOString() };
}

function noSuchTenant(): ProblemError {
  return new ProblemError('not-found', 'there is no such tenant');
}
