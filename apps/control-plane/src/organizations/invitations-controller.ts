import { Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { assert, systemClock, systemRandom } from '@leasehold/foundation';
import { Metadata, type InvitationEntry } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, ADMINS, EVERYBODY, PEOPLE } from '../auth/access.js';
import { CurrentCaller, CurrentPerson, type Caller, type Person } from '../auth/caller.js';
import { INVITATION_SECONDS, Letters } from '../mail/letters.js';
import { MailQueue } from '../mail/mail-queue.js';
import { MailThrottle } from '../mail/mail-throttle.js';
import { JsonBody } from '../requests/json-body.js';
import { pageOf, PageQuery, type Page } from '../requests/page.js';
import { isCleanText } from '../requests/text.js';
import { INVITATION_THROTTLE } from './invitation-throttle.js';
import { drawInvitationToken, hashInvitationToken, invalidInvitation } from './invitation-token.js';
import {
  invitationBody,
  invitationTokenBody,
  type InvitationBody,
  type InvitationTokenBody,
} from './organization-schemas.js';
import { judgeInvitation } from './role-rules.js';

/** That wait in one organization. */
const MAX_WAITING = 100;
const PEOPLE_ADMINS = { roles: ADMINS, scopes: [] } as const;

interface ShownInvitation {
  readonly id: string;
  readonly email: string;
  readonly role: string;
  readonly invitedBy: string;
  readonly createdAt: string;
  readonly expiresAt: string;
}

/** How people come to an organization of others. */
@Controller('v1/invitations')
export class InvitationsController {
  constructor(
    private readonly metadata: Metadata,
    private readonly letters: Letters,
    private readonly mails: MailQueue,
    private readonly throttle: MailThrottle,
    @Inject(INVITATION_THROTTLE) private readonly organizationThrottle: MailThrottle,
  ) {}

  /** Does not tell whether the address has an account. The mail goes later. */
  @Post()
  @Access(PEOPLE_ADMINS)
  async create(
    @CurrentCaller() caller: Caller,
    @JsonBody(invitationBody) { email, role }: InvitationBody,
  ): Promise<ShownInvitation> {
    assert(caller.kind === 'session', 'the route takes sessions only');
    judgeInvitation(caller.role, role);
    if (!caller.emailVerified) throw new ProblemError('forbidden', 'confirm your own e-mail address first');
    this.mails.requireRoom();
    this.organizationThrottle.admit(caller.organization.id);
    this.throttle.admit(email);
    const token = drawInvitationToken(systemRandom);
    const createdAt = new Date(systemClock.now());
    const expiresAt = new Date(createdAt.getTime() + INVITATION_SECONDS * 1_000);
    const wanted = { email, role, tokenHash: hashInvitationToken(token), createdAt, expiresAt };
    const judge = (present: string | undefined) => judgeInvitation(present, role);
    const { id } = caller.organization;
    const made = await this.metadata.invitations.create(id, caller.userId, wanted, MAX_WAITING, judge);
    this.mails.post(this.letters.invitation(email, caller.email, token));
    return shown(made);
  }

  /** Those that can be accepted, oldest first. */
  @Get()
  @Access(PEOPLE_ADMINS)
  async list(@CurrentCaller() caller: Caller, @PageQuery() { limit, after }: Page) {
    const now = new Date(systemClock.now());
    const found = await this.metadata.invitations.list(caller.organization.id, now, after, limit + 1);
    const { items, cursor } = pageOf(found, limit, ({ id }) => id);
    return { invitations: items.map(shown), cursor };
  }

  @Delete(':id')
  @HttpCode(204)
  @Access(PEOPLE_ADMINS)
  async revoke(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<void> {
    const revoked = isCleanText(id) && (await this.metadata.invitations.revoke(caller.organization.id, id));
    if (!revoked) throw new ProblemError('not-found', 'the organization has no such invitation');
  }

  /** By the person whose address was invited, and who has the mail: which confirms the address. This session acts for the organization. */
  @Post('accept')
  @HttpCode(200)
  @Access(PEOPLE)
  async accept(@CurrentPerson() person: Person, @JsonBody(invitationTokenBody) { token }: InvitationTokenBody) {
    const { userId, sessionId, email } = person;
    const { invitations, sessions } = this.metadata;
    const [tokenHash, now] = [hashInvitationToken(token), new Date(systemClock.now())];
    const joined = await invitations.accept(tokenHash, userId, email, now);
    if (!joined) {
      if ((await invitations.addressOf(tokenHash, now)) === undefined) throw invalidInvitation();
      throw new ProblemError('forbidden', 'the invitation is for another address: log in with that one');
    }
    await sessions.actFor(userId, sessionId, joined.organization.id);
    return { organization: { ...joined.organization, role: joined.role } };
  }

  /** By whoever has the mail, with an account or without. */
  @Post('decline')
  @HttpCode(204)
  @Access(EVERYBODY)
  async decline(@JsonBody(invitationTokenBody) { token }: InvitationTokenBody): Promise<void> {
    const declined = await this.metadata.invitations.decline(hashInvitationToken(token), new Date(systemClock.now()));
    if (!declined) throw invalidInvitation();
  }
}

function shown({ createdAt, expiresAt, ...invitation }: InvitationEntry): ShownInvitation {
  return { ...invitation, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() };
}
