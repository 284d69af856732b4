import { Controller, Get, Param, Post } from '@nestjs/common';
import { Metadata, type DatabaseRecord } from '@leasehold/metadata';
import { checkDatabaseName, ProblemError } from '@leasehold/protocol';
import { z } from 'zod';

import { Access, ROLES } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { JsonBody } from '../requests/json-body.js';
import { pageOf, PageQuery, type Page } from '../requests/page.js';

const newDatabase = z.strictObject({ name: z.string() });

const READERS = { roles: ROLES, scopes: ['db:create', 'db:admin'] } as const;
const CREATORS = { roles: ['owner', 'admin'], scopes: ['db:create'] } as const;

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
    return this.metadata.databases.create(caller.organization.id, checkDatabaseName(body.name));
  }

  /** In the order of names. */
  @Get()
  @Access(READERS)
  async list(@CurrentCaller() caller: Caller, @PageQuery() { limit, after }: Page) {
    const found = await this.metadata.databases.list(caller.organization.id, after, limit + 1);
    const { items, cursor } = pageOf(found, limit, (database) => database.name);
    return { databases: items, cursor };
  }

  @Get(':nameOrId')
  @Access(READERS)
  async read(@CurrentCaller() caller: Caller, @Param('nameOrId') nameOrId: string): Promise<DatabaseRecord> {
    const found = await this.metadata.databases.find(caller.organization.id, checkDatabaseName(nameOrId));
    if (!found) throw new ProblemError('database-not-found', 'the organization has no such database');
    return found;
  }
}
