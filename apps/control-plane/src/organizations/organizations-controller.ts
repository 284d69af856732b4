import { Controller, Patch, Post } from '@nestjs/common';
import { Metadata, type OrganizationEntry } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, ADMINS, PEOPLE } from '../auth/access.js';
import { CurrentCaller, CurrentPerson, type Caller, type Person } from '../auth/caller.js';
import { JsonBody } from '../requests/json-body.js';
import { organizationBody, type OrganizationBody } from './organization-schemas.js';

/** That one person owns: each has a plan of its own. */
const MAX_OWNED = 10;

/** What a person's databases, keys and bills belong to; a person may have several. */
@Controller('v1/organizations')
export class OrganizationsController {
  constructor(private readonly metadata: Metadata) {}

  /** Another one, of which the caller is owner. The session goes on acting for the one before. */
  @Post()
  @Access(PEOPLE)
  async create(@CurrentPerson() { userId }: Person, @JsonBody(organizationBody) { name }: OrganizationBody) {
    const { organization, role } = await this.metadata.organizations.create(userId, name, MAX_OWNED);
    return { ...organization, role };
  }

  /** The one for which the caller acts. Its slug stays. */
  @Patch('current')
  @Access({ roles: ADMINS, scopes: [] })
  async rename(
    @CurrentCaller() caller: Caller,
    @JsonBody(organizationBody) { name }: OrganizationBody,
  ): Promise<OrganizationEntry> {
    const renamed = await this.metadata.organizations.rename(caller.organization.id, name);
    if (!renamed) throw new ProblemError('not-found', 'the organization is there no more');
    return renamed;
  }
}
