import { Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { systemClock } from '@leasehold/foundation';
import { Metadata, type SessionEntry } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, PEOPLE } from '../auth/access.js';
import { CurrentPerson, type Person } from '../auth/caller.js';
import { switchBody, type SwitchBody } from '../organizations/organization-schemas.js';
import { JsonBody } from '../requests/json-body.js';
import { isCleanText } from '../requests/text.js';

/** The latest used; nobody looks through more. */
const SHOWN_SESSIONS = 100;
/** Programs say of themselves what they like. */
const AGENT_CHARS = 256;

interface ShownSession {
  readonly id: string;
  /** It is the one that asks. */
  readonly current: boolean;
  readonly address: string | null;
  readonly agent: string | null;
  readonly createdAt: string;
  /** To within five minutes. */
  readonly lastSeenAt: string;
}

/** Where somebody is logged in, and logging out there. */
@Controller('v1/sessions')
@Access(PEOPLE)
export class SessionsController {
  constructor(private readonly metadata: Metadata) {}

  @Get()
  async list(@CurrentPerson() { userId, sessionId }: Person): Promise<{ readonly sessions: readonly ShownSession[] }> {
    const found = await this.metadata.sessions.list(userId, new Date(systemClock.now()), SHOWN_SESSIONS);
    return { sessions: found.map((session) => shown(session, sessionId)) };
  }

  /** For which organization of theirs this session acts from the next request on. */
  @Post('current/organization')
  @HttpCode(200)
  async actFor(
    @CurrentPerson() { userId, sessionId, memberships }: Person,
    @JsonBody(switchBody) { organizationId }: SwitchBody,
  ) {
    const wanted = memberships.find(({ organization }) => organization.id === organizationId);
    if (!wanted) throw new ProblemError('not-found', 'you belong to no such organization');
    await this.metadata.sessions.actFor(userId, sessionId, organizationId);
    return { organization: { ...wanted.organization, role: wanted.role } };
  }

  /** All but the one that asks. */
  @Delete()
  @HttpCode(204)
  async endOthers(@CurrentPerson() { userId, sessionId }: Person): Promise<void> {
    await this.metadata.sessions.endOthers(userId, sessionId);
  }

  @Delete(':id')
  @HttpCode(204)
  async end(@CurrentPerson() { userId }: Person, @Param('id') id: string): Promise<void> {
    const ended = isCleanText(id) && (await this.metadata.sessions.end(userId, id));
    if (!ended) throw new ProblemError('not-found', 'you have no such session');
  }
}

function shown({ id, ipAddress, userAgent, createdAt, updatedAt }: SessionEntry, currentId: string): ShownSession {
  return {
    id,
    current: id === currentId,
    address: ipAddress || null,
    agent: userAgent?.slice(0, AGENT_CHARS) || null,
    createdAt: createdAt.toISOString(),
    lastSeenAt: updatedAt.toISOString(),
  };
}
