import { Controller, Get } from '@nestjs/common';
import { Metadata, type OrganizationQuotas } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, requireAllDatabases, ROLES } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';

const READERS = { roles: ROLES, scopes: ['usage:read', 'db:admin'] } as const;

/** What the organization may use, and what of it is used. What it may use is decided by operators. */
@Controller('v1/quotas')
export class QuotasController {
  constructor(private readonly metadata: Metadata) {}

  @Get()
  @Access(READERS)
  async read(@CurrentCaller() caller: Caller): Promise<OrganizationQuotas> {
    requireAllDatabases(caller);
    const quotas = await this.metadata.quotas.of(caller.organization.id);
    if (quotas === undefined) throw new ProblemError('not-found', 'the organization is gone');
    return quotas;
  }
}
