import { Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Metadata, type DatabaseGrantRecord, type DatabaseRecord } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, ADMINS } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { JsonBody } from '../requests/json-body.js';
import { newGrant, type NewGrantBody } from './grant-schemas.js';
import { namedDatabase, requireAllKeys } from './named-database.js';

const GRANTERS = { roles: ADMINS, scopes: ['db:admin'] } as const;

/** Who else may read a database, or write it. */
@Controller('v1/databases/:nameOrId/grants')
export class DatabaseGrantsController {
  constructor(private readonly metadata: Metadata) {}

  /** Takes the place of the grant that the organization has. With the gateways within two seconds. */
  @Post()
  @Access(GRANTERS)
  async grant(
    @CurrentCaller() caller: Caller,
    @Param('nameOrId') nameOrId: string,
    @JsonBody(newGrant) { organizationId, access }: NewGrantBody,
  ): Promise<DatabaseGrantRecord> {
    const { id } = await this.granted(caller, nameOrId);
    const granted = await this.metadata.databaseGrants.put(caller.organization.id, id, organizationId, access);
    if (!granted) throw new ProblemError('not-found', 'there is no such other organization');
    return granted;
  }

  /** All: there are few. */
  @Get()
  @Access(GRANTERS)
  async list(@CurrentCaller() caller: Caller, @Param('nameOrId') nameOrId: string) {
    const { id } = await this.granted(caller, nameOrId);
    return { grants: await this.metadata.databaseGrants.list(caller.organization.id, id) };
  }

  @Delete(':organizationId')
  @HttpCode(204)
  @Access(GRANTERS)
  async revoke(
    @CurrentCaller() caller: Caller,
    @Param('nameOrId') nameOrId: string,
    @Param('organizationId') organizationId: string,
  ): Promise<void> {
    const { id } = await this.granted(caller, nameOrId);
    const isRevoked = await this.metadata.databaseGrants.revoke(caller.organization.id, id, organizationId);
    if (!isRevoked) throw new ProblemError('not-found', 'the organization has no such grant');
  }

  private async granted(caller: Caller, nameOrId: string): Promise<DatabaseRecord> {
    requireAllKeys(caller);
    return namedDatabase(this.metadata, caller, nameOrId);
  }
}
