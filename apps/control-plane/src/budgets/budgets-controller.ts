import { Controller, Delete, Get, HttpCode, Param, Put } from '@nestjs/common';
import { isDatabaseId, isUlid, systemClock } from '@leasehold/foundation';
import { MAX_BUDGETS, Metadata, type BudgetSubject } from '@leasehold/metadata';
import { checkDatabaseName, ProblemError } from '@leasehold/protocol';

import { Access, ACCOUNTANTS, requireAllDatabases } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { noSuchDatabase } from '../databases/named-database.js';
import { JsonBody } from '../requests/json-body.js';
import { pageOf, PageQuery, type Page } from '../requests/page.js';
import { BudgetCount, monthNumberOf } from './budget-count.js';
import { newBudget, type NewBudget } from './budget-schemas.js';
import { viewOf, type BudgetView } from './budget-view.js';

const READERS = { roles: ACCOUNTANTS, scopes: ['usage:read'] } as const;
/** No key: one that leaks must not lift what bounds what it may cost. */
const DECIDERS = { roles: ACCOUNTANTS, scopes: [] } as const;
const ORGANIZATION: BudgetSubject = { scope: 'organization', subjectId: '' };

/** What the organization, its databases and its keys are to use in a month at most. One of each at most. */
@Controller('v1/budgets')
@Access(DECIDERS)
export class BudgetsController {
  constructor(private readonly metadata: Metadata) {}

  /** The oldest first. */
  @Get()
  @Access(READERS)
  async list(@CurrentCaller() caller: Caller, @PageQuery() { limit, after }: Page) {
    requireAllDatabases(caller);
    const now = systemClock.now();
    const found = await this.metadata.budgets.list(caller.organization.id, monthNumberOf(now), after, limit + 1);
    const { items, cursor } = pageOf(found, limit, ({ id }) => id);
    return { budgets: items.map((budget) => viewOf(budget, now)), cursor };
  }

  @Get('organization')
  @Access(READERS)
  readOfOrganization(@CurrentCaller() caller: Caller): Promise<BudgetView> {
    return this.read(caller, ORGANIZATION);
  }

  @Put('organization')
  putOfOrganization(@CurrentCaller() caller: Caller, @JsonBody(newBudget) body: NewBudget): Promise<BudgetView> {
    return this.put(caller, ORGANIZATION, body);
  }

  @Delete('organization')
  @HttpCode(204)
  deleteOfOrganization(@CurrentCaller() caller: Caller): Promise<void> {
    return this.delete(caller, ORGANIZATION);
  }

  /** By name or id; of a deleted one by its id. */
  @Get('databases/:nameOrId')
  @Access(READERS)
  async readOfDatabase(@CurrentCaller() caller: Caller, @Param('nameOrId') nameOrId: string): Promise<BudgetView> {
    return this.read(caller, await this.knownDatabase(caller, nameOrId));
  }

  @Put('databases/:nameOrId')
  async putOfDatabase(
    @CurrentCaller() caller: Caller,
    @Param('nameOrId') nameOrId: string,
    @JsonBody(newBudget) body: NewBudget,
  ): Promise<BudgetView> {
    const id = await this.databaseId(caller, nameOrId);
    if (id === undefined) throw noSuchDatabase();
    return this.put(caller, { scope: 'database', subjectId: id }, body);
  }

  @Delete('databases/:nameOrId')
  @HttpCode(204)
  async deleteOfDatabase(@CurrentCaller() caller: Caller, @Param('nameOrId') nameOrId: string): Promise<void> {
    await this.delete(caller, await this.knownDatabase(caller, nameOrId));
  }

  @Get('keys/:id')
  @Access(READERS)
  async readOfKey(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<BudgetView> {
    return this.read(caller, { scope: 'key', subjectId: checkedKeyId(id) });
  }

  @Put('keys/:id')
  async putOfKey(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @JsonBody(newBudget) body: NewBudget,
  ): Promise<BudgetView> {
    const key = await this.metadata.apiKeys.get(caller.organization.id, checkedKeyId(id));
    if (key === undefined) throw noSuchKey();
    return this.put(caller, { scope: 'key', subjectId: id }, body);
  }

  @Delete('keys/:id')
  @HttpCode(204)
  async deleteOfKey(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<void> {
    await this.delete(caller, { scope: 'key', subjectId: checkedKeyId(id) });
  }

  private async read(caller: Caller, subject: BudgetSubject): Promise<BudgetView> {
    requireAllDatabases(caller);
    const now = systemClock.now();
    const found = await this.metadata.budgets.get(caller.organization.id, monthNumberOf(now), subject);
    if (found === undefined) throw noSuchBudget();
    return viewOf(found, now);
  }

  /** The gateways go by it within two seconds. */
  private async put(caller: Caller, subject: BudgetSubject, body: NewBudget): Promise<BudgetView> {
    const { alertPercents, hardStop, limit } = body;
    const { id } = caller.organization;
    const now = systemClock.now();
    const count = new BudgetCount(this.metadata, now);
    const sum = 'units' in limit ? { currency: null, amount: BigInt(limit.units) } : await this.money(id, limit, count);
    const settings = { ...sum, hardStop, alertPercents: [...alertPercents].sort((a, b) => a - b) };
    const measure = await count.measureOf(id, settings);
    const spending = await count.spendingOf(id, { ...subject, ...settings }, measure);
    const put = await this.metadata.budgets.put(id, subject, settings, measure, monthNumberOf(now), spending);
    if (put === undefined) {
      throw new ProblemError('quota-exceeded', `an organization has at most ${MAX_BUDGETS} budgets`);
    }
    return this.read(caller, subject);
  }

  /** @throws ProblemError invalid-body: the organization pays in another currency */
  private async money(
    organizationId: string,
    { currency, amount }: { readonly currency: string; readonly amount: number },
    count: BudgetCount,
  ) {
    const plan = await count.planOf(organizationId);
    if (currency === plan.currency) return { currency, amount: BigInt(amount) };
    const problem = `must be the currency of the plan, ${plan.currency}`;
    const errors = [{ member: 'limit.currency', problem }];
    throw new ProblemError('invalid-body', `limit.currency: ${problem}`, { members: { errors } });
  }

  private async delete(caller: Caller, subject: BudgetSubject): Promise<void> {
    if (!(await this.metadata.budgets.delete(caller.organization.id, subject))) throw noSuchBudget();
  }

  /** The budget of a database that is gone is found by its id. */
  private async knownDatabase(caller: Caller, nameOrId: string): Promise<BudgetSubject> {
    const id = (await this.databaseId(caller, nameOrId)) ?? (isDatabaseId(nameOrId) ? nameOrId : undefined);
    if (id === undefined) throw noSuchDatabase();
    return { scope: 'database', subjectId: id };
  }

  private async databaseId(caller: Caller, nameOrId: string): Promise<string | undefined> {
    return (await this.metadata.databases.find(caller.organization.id, checkDatabaseName(nameOrId)))?.id;
  }
}

function checkedKeyId(id: string): string {
  if (!isUlid(id)) throw noSuchKey();
  return id;
}

function noSuchKey(): ProblemError {
  return new ProblemError('api-key-not-found', 'the organization has no such API key');
}

function noSuchBudget(): ProblemError {
  return new ProblemError('not-found', 'there is no such budget');
}
