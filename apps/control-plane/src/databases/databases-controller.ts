import { Controller, Get, Param, Post } from '@nestjs/common';
import { Metadata, type DatabaseRecord } from '@leasehold/metadata';
import { checkDatabaseName, ProblemError } from '@leasehold/protocol';
import { z } from 'zod';

import { Access, BUILDERS, mayName, ROLES } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { JsonBody } from '../requests/json-body.js';
import { pageOf, PageQuery, type Page } from '../requests/page.js';

const newDatabase = z.strictObject({ name: z.string() });

const READERS = { roles: ROLES, scopes: ['db:create', 'db:admin'] } as const;
const CREATORS = { roles: BUILDERS, scopes: ['db:create'] } as const;

/** The organization's databases: their names and ids. What is in them is the data plane's. */
@Controller('v1/databases')
export class DatabasesController {
  constructor(private readonly metadata: Metadata) {}

  /** The data plane finds it at once. */
  @Post()
  @Access(CREATORS)
  async create(
    @CurrentCaller() caller: Caller,
    @JsonBody(newDatabase) body: z.output<typeof newDatabase>,
  ): Promise<DatabaseRecord> {
    const name = checkDatabaseName(body.name);
    if (!mayName(caller, name)) throw new ProblemError('forbidden', 'the API key is not for databases of this name');
    return this.metadata.databases.create(caller.organization.id, name);
  }

  /** In the order of names; with a confined key those that are anything to it. */
  @Get()
  @Access(READERS)
  async list(@CurrentCaller() caller: Caller, @PageQuery() { limit, after }: Page) {
    const patterns = caller.kind === 'key' ? caller.grant.databases : undefined;
    const found = await this.metadata.databases.list(caller.organization.id, after, limit + 1, patterns);
    const { items, cursor } = pageOf(found, limit, (database) => database.name);
    return { databases: items, cursor };
  }

  @Get(':nameOrId')
  @Access(READERS)
  async read(@CurrentCaller() caller: Caller, @Param('nameOrId') nameOrId: string): Promise<DatabaseRecord> {
    const found = await this.metadata.databases.find(caller.organization.id, checkDatabaseName(nameOrId));
    if (!found || !mayName(caller, found.name))
      throw new ProblemError('database-not-found', 'the organization has no such database');
    return found;
  }
}
