import { Controller, Get } from '@nestjs/common';
import { Metadata } from '@leasehold/metadata';

import { Access, requireAllDatabases, ROLES } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { pageOf, PageQuery, type Page } from '../requests/page.js';

const READERS = { roles: ROLES, scopes: ['db:create', 'db:admin'] } as const;

/** What other organizations have granted to this one: the names by which it addresses it, and what it may do. */
@Controller('v1/shared-databases')
export class SharedDatabasesController {
  constructor(private readonly metadata: Metadata) {}

  @Get()
  @Access(READERS)
  async list(@CurrentCaller() caller: Caller, @PageQuery() { limit, after }: Page) {
    requireAllDatabases(caller);
    const found = await this.metadata.databaseGrants.sharedWith(caller.organization.id, after, limit + 1);
    const { items, cursor } = pageOf(found, limit, ({ name }) => name);
    return { databases: items, cursor };
  }
}
