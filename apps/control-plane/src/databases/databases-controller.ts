import { Controller, Delete, Get, HttpCode, Param, Patch, Post, Res } from '@nestjs/common';
import { isDatabaseId } from '@leasehold/foundation';
import { Metadata, placeOf, type DatabaseRecord } from '@leasehold/metadata';
import { checkDatabaseName, ProblemError } from '@leasehold/protocol';
import type { FastifyReply } from 'fastify';

import { Access, BUILDERS, mayName, ROLES } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { JsonBody } from '../requests/json-body.js';
import { pageOf } from '../requests/page.js';
import { DatabaseQuery, type DatabaseListQuery } from './database-list-query.js';
import {
  databaseChange,
  newDatabase,
  undeletion,
  type DatabaseChangeBody,
  type NewDatabaseBody,
  type UndeletionBody,
} from './database-schemas.js';
import { namedDatabase, noSuchDatabase, requireAllKeys } from './named-database.js';
import { RevisionCondition, tagged } from './revision.js';

const READERS = { roles: ROLES, scopes: ['db:create', 'db:admin'] } as const;
const CREATORS = { roles: BUILDERS, scopes: ['db:create'] } as const;
const CHANGERS = { roles: BUILDERS, scopes: ['db:admin'] } as const;

/** The organization's databases: their names, ids and options. What is in them is the data plane's. */
@Controller('v1/databases')
export class DatabasesController {
  constructor(private readonly metadata: Metadata) {}

  /** The data plane finds it at once. */
  @Post()
  @Access(CREATORS)
  async create(
    @CurrentCaller() caller: Caller,
    @JsonBody(newDatabase) body: NewDatabaseBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DatabaseRecord> {
    const name = checkedName(caller, body.name);
    return tagged(reply, await this.metadata.databases.create(caller.organization.id, name, body.options));
  }

  /** In the order of names; with a confined key those that are anything to it. */
  @Get()
  @Access(READERS)
  async list(@CurrentCaller() caller: Caller, @DatabaseQuery() { limit, after, ...wanted }: DatabaseListQuery) {
    const patterns = caller.kind === 'key' ? caller.grant.databases : undefined;
    const filter = { ...wanted, patterns };
    const found = await this.metadata.databases.list(caller.organization.id, after, limit + 1, filter);
    const { items, cursor } = pageOf(found, limit, placeOf);
    return { databases: items, cursor };
  }

  @Get(':nameOrId')
  @Access(READERS)
  async read(
    @CurrentCaller() caller: Caller,
    @Param('nameOrId') nameOrId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DatabaseRecord> {
    return tagged(reply, await namedDatabase(this.metadata, caller, nameOrId));
  }

  /** Members that are not named stay as they are. The gateways go by it within two seconds. */
  @Patch(':nameOrId')
  @Access(CHANGERS)
  async change(
    @CurrentCaller() caller: Caller,
    @Param('nameOrId') nameOrId: string,
    @RevisionCondition() revision: number | undefined,
    @JsonBody(databaseChange) body: DatabaseChangeBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DatabaseRecord> {
    requireAllKeys(caller);
    const { id } = await namedDatabase(this.metadata, caller, nameOrId);
    return tagged(reply, known(await this.metadata.databases.change(caller.organization.id, id, body, revision)));
  }

  /** Gone for the gateways within two seconds; to be had back until `purgeAt`. */
  @Delete(':nameOrId')
  @Access(CHANGERS)
  async delete(
    @CurrentCaller() caller: Caller,
    @Param('nameOrId') nameOrId: string,
    @RevisionCondition() revision: number | undefined,
  ): Promise<DatabaseRecord> {
    requireAllKeys(caller);
    const { id } = await namedDatabase(this.metadata, caller, nameOrId);
    return known(await this.metadata.databases.delete(caller.organization.id, id, revision));
  }

  /** With all that was in it. By id: the name may be another's by now. */
  @Post(':id/undelete')
  @HttpCode(200)
  @Access(CHANGERS)
  async undelete(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @JsonBody(undeletion) body: UndeletionBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DatabaseRecord> {
    requireAllKeys(caller);
    const name = body.name === undefined ? undefined : checkedName(caller, body.name);
    const { databases } = this.metadata;
    const organizationId = caller.organization.id;
    const deleted = isDatabaseId(id) ? await databases.withId(organizationId, id) : undefined;
    if (!deleted?.deletedAt || !mayName(caller, deleted.name)) throw noSuchDatabase();
    return tagged(reply, known(await databases.undelete(organizationId, id, name)));
  }
}

/** @throws ProblemError invalid-database-name, forbidden */
function checkedName(caller: Caller, name: string): string {
  if (mayName(caller, checkDatabaseName(name))) return name;
  throw new ProblemError('forbidden', 'the API key is not for databases of this name');
}

/** It may be gone between look-up and change. */
function known(database: DatabaseRecord | undefined): DatabaseRecord {
  if (database === undefined) throw noSuchDatabase();
  return database;
}
