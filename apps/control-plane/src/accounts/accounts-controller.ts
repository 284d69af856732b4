import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import { assert, isLeaseholdError, systemClock } from '@leasehold/foundation';
import {
  Metadata,
  MetadataOutcomeUnknownError,
  type CreatedAccount,
  type Membership,
  type OrganizationEntry,
} from '@leasehold/metadata';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { Access, EVERYBODY, PEOPLE } from '../auth/access.js';
import { Authentication, markOf, type Identified } from '../auth/authentication.js';
import { CurrentPerson, type Person } from '../auth/caller.js';
import { LoginThrottle } from '../auth/login-throttle.js';
import { PasswordTurns } from '../auth/password-turns.js';
import { webHeaders } from '../auth/request-headers.js';
import { originOf, SecurityLog } from '../auth/security-log.js';
import { SecondFactor } from '../auth/second-factor.js';
import { hashInvitationToken, invalidInvitation } from '../organizations/invitation-token.js';
import { JsonBody } from '../requests/json-body.js';
import { loginBody, signupBody, type LoginBody, type SignupBody } from './account-schemas.js';
import { proofOf, secondFactorLogin, type SecondFactorLogin } from './second-factor-schemas.js';
import { VerificationMail } from './verification-mail.js';

interface SignedIn {
  readonly user: { readonly id: string; readonly email: string };
  /** The one that the session acts for; null when the account belongs to none. */
  readonly organization: OrganizationEntry | null;
  readonly token: string;
}

type Entered = SignedIn & { readonly organizations: readonly OrganizationEntry[] };

/** Signing up, logging in and out, and who one is. */
@Controller('v1')
export class AccountsController {
  constructor(
    private readonly metadata: Metadata,
    private readonly authentication: Authentication,
    private readonly passwords: PasswordTurns,
    private readonly throttle: LoginThrottle,
    private readonly verification: VerificationMail,
    private readonly secondFactor: SecondFactor,
    private readonly log: SecurityLog,
  ) {}

  /** Account and organization: all or nothing. The token and the cookie work at once. */
  @Post('signup')
  @Access(EVERYBODY)
  async signUp(
    @JsonBody(signupBody) body: SignupBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignedIn> {
    return this.passwords.run(async () => {
      const passwordHash = await this.authentication.hashPassword(body.password);
      const { userId, organization } = await this.createAccount(body, passwordHash);
      const person = { userId, email: body.email, passwordMark: markOf(passwordHash) };
      const session = await this.startSession(person, request, reply).catch((error: unknown) => {
        // The account is there already: nobody may read that nothing was applied.
        throw isLeaseholdError(error, 'unavailable') ? new MetadataOutcomeUnknownError(error) : error;
      });
      return { ...session, organization };
    });
  }

  @Post('login')
  @HttpCode(200)
  @Access(EVERYBODY)
  async logIn(
    @JsonBody(loginBody) body: LoginBody,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Entered> {
    const { email, password } = body;
    const person = await this.log.watch('password-refused', { email }, originOf(request), () =>
      this.throttle.attempt(email, request.ip, () =>
        this.passwords.run(() => this.authentication.identify(email, password)),
      ),
    );
    await this.secondFactor.require(person);
    return this.enter(person, request, reply);
  }

  /** For who has been answered `second-factor-required` by log-in. */
  @Post('login/second-factor')
  @HttpCode(200)
  @Access(EVERYBODY)
  async logInFurther(
    @JsonBody(secondFactorLogin) body: SecondFactorLogin,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Entered> {
    return this.enter(await this.secondFactor.answer(body.challenge, proofOf(body), originOf(request)), request, reply);
  }

  private async enter(person: Identified, request: FastifyRequest, reply: FastifyReply): Promise<Entered> {
    const session = await this.startSession(person, request, reply);
    const memberships = await this.metadata.organizations.membershipsOf(session.user.id);
    const organizations = memberships.map(({ organization }) => organization);
    return { ...session, organization: organizations[0] ?? null, organizations };
  }

  @Post('logout')
  @HttpCode(204)
  @Access(PEOPLE)
  async logOut(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<void> {
    const cookies = await this.authentication.logOut(webHeaders(request));
    reply.header('set-cookie', [...cookies]);
  }

  @Get('me')
  @Access(PEOPLE)
  me(@CurrentPerson() { active, memberships, ...person }: Person) {
    const { userId: id, email, emailVerified, operator } = person;
    return {
      user: { id, email, emailVerified, operator },
      organization: active ? shown(active) : null,
      organizations: memberships.map(shown),
    };
  }

  private async createAccount(
    { email, organization: organizationName, invitation }: SignupBody,
    passwordHash: string,
  ): Promise<CreatedAccount> {
    const { organizations, invitations } = this.metadata;
    if (invitation !== undefined) {
      const now = new Date(systemClock.now());
      const joined = await invitations.signUp(hashInvitationToken(invitation), email, passwordHash, now);
      if (!joined) throw invalidInvitation();
      return joined;
    }
    assert(organizationName !== undefined, 'the schema wants one of the two');
    const created = await organizations.createAccount({ email, passwordHash, organizationName });
    await this.verification.welcome(email);
    return created;
  }

  private async startSession(
    person: Identified,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<Omit<SignedIn, 'organization'>> {
    const { userId, email, token, cookies } = await this.authentication.startSession(person, webHeaders(request));
    reply.header('set-cookie', [...cookies]);
    return { user: { id: userId, email }, token };
  }
}

function shown({ organization, role }: Membership) {
  return { ...organization, role };
}
