import { Controller, Get } from '@nestjs/common';
import { Metadata } from '@leasehold/metadata';
import { checkDatabaseName, ProblemError } from '@leasehold/protocol';

import { Access, requireAllDatabases } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { pageOf } from '../requests/page.js';
import { cursorPlace, UsageQueryOf, type UsageQuery } from './usage-query.js';
import { viewOf } from './usage-view.js';

const READERS = { roles: ['owner', 'admin', 'finance'], scopes: ['usage:read'] } as const;

/** What the organization used, as far as its records are rolled up. */
@Controller('v1/usage')
export class UsageController {
  constructor(private readonly metadata: Metadata) {}

  /** By time, then by database or key; what was not used has no row. */
  @Get()
  @Access(READERS)
  async read(@CurrentCaller() caller: Caller, @UsageQueryOf() { database, ...query }: UsageQuery) {
    requireAllDatabases(caller);
    const { usageReport } = this.metadata;
    const organizationId = caller.organization.id;
    const databaseId = database === undefined ? undefined : await this.idOf(organizationId, database);
    const { limit, from, to, step, group } = query;
    // Asked first: what is rolled up meanwhile is in the rows, and not promised.
    const completeTo = await usageReport.completeTo();
    const found = await usageReport.rows(organizationId, { ...query, databaseId, limit: limit + 1 });
    const { items, cursor } = pageOf(found, limit, cursorPlace);
    return { from, to, step, completeTo: completeTo ?? null, usage: items.map((row) => viewOf(row, group)), cursor };
  }

  private async idOf(organizationId: string, nameOrId: string): Promise<string> {
    const found = await this.metadata.databases.find(organizationId, checkDatabaseName(nameOrId));
    if (found) return found.id;
    throw new ProblemError('database-not-found', 'the organization has no such database');
  }
}
