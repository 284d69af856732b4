import { Controller, Get } from '@nestjs/common';
import { isDatabaseId } from '@leasehold/foundation';
import { Metadata, type SharedDatabaseRecord } from '@leasehold/metadata';

import { Access, requireAllDatabases, ROLES } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { damagedCursor, pageOf, PageQuery, type Page } from '../requests/page.js';

const READERS = { roles: ROLES, scopes: ['db:create', 'db:admin'] } as const;

/** What other organizations have granted to this one: the names by which it addresses it, and what it may do. */
@Controller('v1/shared-databases')
export class SharedDatabasesController {
  constructor(private readonly metadata: Metadata) {}

  /** A page in the order of names; pages in an order of their own. */
  @Get()
  @Access(READERS)
  async list(@CurrentCaller() caller: Caller, @PageQuery() { limit, after }: Page) {
    requireAllDatabases(caller);
    if (after !== undefined && !isDatabaseId(after)) throw damagedCursor();
    const found = await this.metadata.databaseGrants.sharedWith(caller.organization.id, after, limit + 1);
    const { items, cursor } = pageOf(found, limit, ({ databaseId }) => databaseId);
    return { databases: items.map(shown).sort(byName), cursor };
  }
}

/** Its id is the owner's. */
function shown({ name, access, createdAt }: SharedDatabaseRecord) {
  return { name, access, createdAt };
}

function byName({ name: a }: { readonly name: string }, { name: b }: { readonly name: string }): number {
  return a < b ? -1 : 1;
}
