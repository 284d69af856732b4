import { Controller, Delete, Get, HttpCode, Param, Patch } from '@nestjs/common';
import { assert } from '@leasehold/foundation';
import { Metadata, type MemberEntry } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, ADMINS, SESSION_ONLY } from '../auth/access.js';
import { CurrentCaller, type Caller, type SessionCaller } from '../auth/caller.js';
import { JsonBody } from '../requests/json-body.js';
import { pageOf, PageQuery, type Page } from '../requests/page.js';
import { isCleanText } from '../requests/text.js';
import { roleBody, type RoleBody } from './organization-schemas.js';
import { grantableRoles, judgeRemoval, judgeRoleChange } from './role-rules.js';

interface ShownMember {
  readonly id: string;
  readonly userId: string;
  readonly email: string;
  readonly role: string;
  readonly joinedAt: string;
}

/** The people of the organization. What changes holds from their next request on. */
@Controller('v1/members')
export class MembersController {
  constructor(private readonly metadata: Metadata) {}

  /** In the order of joining. */
  @Get()
  @Access(SESSION_ONLY)
  async list(@CurrentCaller() caller: Caller, @PageQuery() { limit, after }: Page) {
    const found = await this.metadata.members.list(caller.organization.id, after, limit + 1);
    const { items, cursor } = pageOf(found, limit, ({ id }) => id);
    return { members: items.map(shown), cursor };
  }

  /** Whether the caller may is decided in the transaction that changes: by what they are then. */
  @Patch(':id')
  @Access({ roles: ADMINS, scopes: [] })
  async change(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @JsonBody(roleBody) { role }: RoleBody,
  ): Promise<ShownMember> {
    const { organization, userId } = person(caller);
    const judge = (actor: MemberEntry | undefined, present: MemberEntry) => judgeRoleChange(actor, present, role);
    const changed =
      isCleanText(id) &&
      (await this.metadata.members.setRole(organization.id, userId, id, role, judge, grantableRoles));
    if (!changed) throw noSuchMember();
    return shown(changed);
  }

  /** Takes somebody out, or leaves: that one may everybody. */
  @Delete(':id')
  @HttpCode(204)
  @Access(SESSION_ONLY)
  async remove(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<void> {
    const { organization, userId } = person(caller);
    const removed = isCleanText(id) && (await this.metadata.members.remove(organization.id, userId, id, judgeRemoval));
    if (!removed) throw noSuchMember();
  }
}

function person(caller: Caller): SessionCaller {
  assert(caller.kind === 'session', 'the route takes sessions only');
  return caller;
}

function shown({ id, userId, email, role, createdAt }: MemberEntry): ShownMember {
  return { id, userId, email, role, joinedAt: createdAt.toISOString() };
}

function noSuchMember(): ProblemError {
  return new ProblemError('not-found', 'the organization has no such member');
}
