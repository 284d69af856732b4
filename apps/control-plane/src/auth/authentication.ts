import { hash } from 'node:crypto';

import { systemClock, systemRandom, toBase64Url, UlidSource } from '@leasehold/foundation';
import { Metadata, MetadataOutcomeUnknownError, MetadataUnavailableError, translateOutage } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';
import type { Logger } from '@leasehold/service-kit';
import { betterAuth } from 'better-auth';
import { prismaAdapter } from 'better-auth/adapters/prisma';
import { APIError, createEmailVerificationToken } from 'better-auth/api';
import { bearer } from 'better-auth/plugins';

import type { ControlPlaneConfig } from '../config.js';
import { RESET_SECONDS, VERIFICATION_SECONDS } from '../mail/letters.js';
import { hashPassword, isOutdated, verifyPassword } from './passwords.js';
import { sessionStarter } from './session-starter.js';
import { signedToken, storedToken } from './session-token.js';

export const AUTH_PATH = '/api/auth';
export const PASSWORD_CHARS = { min: 10, max: 128 } as const;
/** Set by us from the connection, whatever the client sent. */
export const CLIENT_ADDRESS_HEADER = 'x-leasehold-client-address';
/** A log-in may hash the same password anew in between; whoever finds another hash twice finds another password. */
const CHANGE_TRIES = 2;
/** 132 bits. */
export const MARK_CHARS = 22;
const SESSION_SECONDS = 7 * 24 * 60 * 60;
/** A session that is used is noted down, and prolonged, so often at most. */
const SESSION_UPDATE_SECONDS = 5 * 60;

/** Who has shown a password. */
export interface Identified {
  readonly userId: string;
  readonly email: string;
  /** Of the password that was shown: another one has another mark. */
  readonly passwordMark: string;
}

export interface PasswordChange {
  readonly currentPassword: string;
  readonly newPassword: string;
  readonly revokeOtherSessions: boolean;
}

export interface LoggedIn {
  readonly userId: string;
  readonly email: string;
  /** The session's secret, signed: `Authorization: Bearer` takes it like the cookie. */
  readonly token: string;
  /** `Set-Cookie` headers. */
  readonly cookies: readonly string[];
}

export interface SessionUser {
  readonly sessionId: string;
  readonly userId: string;
  readonly email: string;
  readonly emailVerified: boolean;
  /** An operator of the whole service. */
  readonly operator: boolean;
  readonly activeOrganizationId: string | undefined;
}

/** Sends the mail by which somebody gets a new password. */
export type SendReset = (email: string, token: string) => void;

/** People: passwords, sessions and cookies, by better-auth on our tables. */
export class Authentication {
  private constructor(
    private readonly auth: ReturnType<typeof createAuth>,
    private readonly metadata: Metadata,
    private readonly secret: string,
  ) {}

  private dummyHash: Promise<string> | undefined;

  /** A hash that no password has. */
  private nobodys(): Promise<string> {
    this.dummyHash ??= hashPassword(toBase64Url(systemRandom.bytes(PASSWORD_CHARS.max / 4)));
    return this.dummyHash;
  }

  static create(config: ControlPlaneConfig, metadata: Metadata, logger: Logger, sendReset: SendReset): Authentication {
    return new Authentication(createAuth(config, metadata, logger, sendReset), metadata, config.AUTH_SECRET);
  }

  hashPassword(password: string): Promise<string> {
    return hashPassword(password);
  }

  verifyPassword(password: string, hash: string): Promise<boolean> {
    return verifyPassword(password, hash);
  }

  /**
   * Whose address and password these are. A password that was hashed in the way of before is hashed anew.
   *
   * @throws ProblemError invalid-credentials, after the same time for unknown addresses and wrong passwords
   */
  async identify(email: string, password: string): Promise<Identified> {
    const { userId, passwordHash } = await this.found(email, password);
    if (!isOutdated(passwordHash)) return { userId, email, passwordMark: markOf(passwordHash) };
    const renewed = await hashPassword(password);
    if (await this.metadata.people.rehash(userId, passwordHash, renewed).catch(() => false)) {
      return { userId, email, passwordMark: markOf(renewed) };
    }
    // Another log-in did, or does it if neither could; or the password was changed meanwhile.
    return { userId, email, passwordMark: markOf((await this.found(email, password)).passwordHash) };
  }

  private async found(email: string, password: string) {
    const read = this.metadata.people.passwordOf(email).catch((error: unknown) => {
      throw translateOutage(error, false);
    });
    const found = await read;
    // Nobody's password: only its time matters.
    const right = await verifyPassword(password, found?.passwordHash ?? (await this.nobodys()));
    if (!found || !right) throw wrongCredentials(undefined);
    return found;
  }

  /**
   * A session for somebody who has shown all that they must. One of theirs that they had already is none of its business.
   *
   * A password that was changed since it was shown starts none: who changes it ends all sessions afterwards, so that a session which is there before
   * the password is looked at again, and found to be the same, is among those that end.
   *
   * @throws ProblemError invalid-credentials: the account is gone, or has another password by now
   */
  async startSession({ userId, email, passwordMark }: Identified, headers: Headers): Promise<LoggedIn> {
    const session = await this.createSession(userId, email, headers);
    const { people, sessions } = this.metadata;
    const present = await people.passwordHashOf(userId).catch((error: unknown) => {
      // Nobody was told its token.
      throw translateOutage(error, false);
    });
    if (present !== undefined && markOf(present) === passwordMark) return session;
    await sessions.endByToken(storedToken(session.token)).catch(() => undefined);
    throw wrongCredentials(undefined);
  }

  /**
   * Durable when it resolves. A password that was changed meanwhile, by mail for instance, is not written over.
   *
   * @returns a session in place of all others, where those are to end
   * @throws ProblemError invalid-credentials: the present password is another one
   */
  async changePassword(person: SessionUser, change: PasswordChange, headers: Headers): Promise<LoggedIn | undefined> {
    const { userId, email } = person;
    for (let tries = 0; tries < CHANGE_TRIES; tries++) {
      const { passwordHash } = await this.found(email, change.currentPassword);
      const renewed = await hashPassword(change.newPassword);
      const ends = change.revokeOtherSessions;
      if (!(await this.metadata.people.changePassword(userId, passwordHash, renewed, ends))) continue;
      return ends ? this.startSession({ userId, email, passwordMark: markOf(renewed) }, headers) : undefined;
    }
    throw wrongCredentials(undefined);
  }

  private async createSession(userId: string, email: string, headers: Headers): Promise<LoggedIn> {
    headers.delete('cookie');
    headers.delete('authorization');
    // A session whose token nobody was told is as good as none: an outage is not called a change of unknown outcome.
    const answer = await this.ask(
      () => this.auth.api.startSession({ body: { userId }, headers, returnHeaders: true }),
      false,
      wrongCredentials,
    );
    const { token } = answer.response;
    return { userId, email, token: signedToken(token, this.secret), cookies: answer.headers.getSetCookie() };
  }

  /** Whose session these headers carry, in a cookie or as bearer; undefined when none or an ended one. */
  async session(headers: Headers): Promise<SessionUser | undefined> {
    const found = await this.ask(() => this.auth.api.getSession({ headers }), false, sessionEnded);
    if (!found) return undefined;
    return {
      sessionId: found.session.id,
      userId: found.user.id,
      email: found.user.email,
      emailVerified: found.user.emailVerified,
      operator: found.user.role === 'admin',
      activeOrganizationId: found.session.activeOrganizationId ?? undefined,
    };
  }

  /** Ends the session of these headers; returns `Set-Cookie` headers that remove the cookie. */
  async logOut(headers: Headers): Promise<readonly string[]> {
    const answer = await this.ask(
      () => this.auth.api.signOut({ headers, returnHeaders: true }),
      true,
      wrongCredentials,
    );
    return answer.headers.getSetCookie();
  }

  /** Says that its bearer reads the mails of this address; works as often as it is shown, until it expires. */
  verificationToken(email: string): Promise<string> {
    return createEmailVerificationToken(this.secret, email, undefined, VERIFICATION_SECONDS);
  }

  /** Durable when it resolves; again is the same. @throws ProblemError invalid-link */
  async verifyEmail(token: string): Promise<void> {
    await this.ask(() => this.auth.api.verifyEmail({ query: { token } }), true, invalidLink);
  }

  /** Sends a mail when the address has an account, and does not tell whether it has. */
  async requestReset(email: string): Promise<void> {
    await this.ask(() => this.auth.api.requestPasswordReset({ body: { email } }), true, invalidLink);
  }

  /**
   * Sets the password, ends every session of the account and voids its other tokens. Durable when it resolves; the token
   * works once, whatever becomes of the request.
   *
   * @throws ProblemError invalid-link
   */
  async resetPassword(token: string, newPassword: string): Promise<void> {
    await this.ask(() => this.auth.api.resetPassword({ body: { token, newPassword } }), true, invalidLink);
  }

  /** better-auth's own routes. */
  handle(request: Request): Promise<Response> {
    return this.auth.handler(request);
  }

  /** better-auth hides a failing database behind its own errors: ask the database itself when something failed inside. */
  private async ask<T>(
    question: () => Promise<T>,
    mutates: boolean,
    refusal: (cause: unknown) => ProblemError,
  ): Promise<T> {
    try {
      return await question();
    } catch (error) {
      if (error instanceof APIError && error.statusCode < 500) {
        throw refusal(error);
      }
      const known = translateOutage(error, mutates);
      if (known !== error || (await this.metadata.answers())) throw known;
      throw mutates ? new MetadataOutcomeUnknownError(error) : new MetadataUnavailableError(error);
    }
  }
}

/** Of a salted hash: tells nothing about the password to who does not have the hash, and is no hash to log in with. */
export function markOf(passwordHash: string): string {
  return hash('sha256', passwordHash, 'base64url').slice(0, MARK_CHARS);
}

function wrongCredentials(cause: unknown): ProblemError {
  return new ProblemError('invalid-credentials', 'e-mail address or password is wrong', { cause });
}

/** By somebody else, while it was being prolonged. */
function sessionEnded(cause: unknown): ProblemError {
  return new ProblemError('unauthenticated', 'the session has ended', { cause });
}

function invalidLink(cause: unknown): ProblemError {
  return new ProblemError('invalid-link', 'the link is damaged, has expired, or was used already', { cause });
}

function createAuth(config: ControlPlaneConfig, metadata: Metadata, logger: Logger, sendReset: SendReset) {
  const ids = new UlidSource(systemClock, systemRandom);
  const publicUrl = config.PUBLIC_URL;
  const secure = publicUrl?.startsWith('https:') ?? false;
  return betterAuth({
    appName: 'Leasehold',
    // Only for links and the cookies' `Secure`: requests are told apart by their path.
    baseURL: publicUrl ?? `http://${config.HOST}`,
    basePath: AUTH_PATH,
    secret: config.AUTH_SECRET,
    database: prismaAdapter(metadata.prisma, { provider: 'postgresql' }),
    emailAndPassword: {
      enabled: true,
      password: { hash: hashPassword, verify: ({ password, hash }) => verifyPassword(password, hash) },
      minPasswordLength: PASSWORD_CHARS.min,
      maxPasswordLength: PASSWORD_CHARS.max,
      resetPasswordTokenExpiresIn: RESET_SECONDS,
      sendResetPassword: async ({ user, token }) => sendReset(user.email, token),
      onPasswordReset: ({ user }) => metadata.people.passwordReset(user.id),
      revokeSessionsOnPasswordReset: true,
    },
    // Whoever reads the table, or a copy of it, gets no link of a mail out of it.
    verification: { storeIdentifier: 'hashed' },
    session: {
      expiresIn: SESSION_SECONDS,
      updateAge: SESSION_UPDATE_SECONDS,
      additionalFields: { activeOrganizationId: { type: 'string', required: false, input: false } },
    },
    user: { additionalFields: { role: { type: 'string', required: false, defaultValue: 'user', input: false } } },
    plugins: [bearer({ requireSignature: true }), sessionStarter()],
    databaseHooks: {
      session: {
        create: {
          before: async (session) => {
            const [first] = await metadata.organizations.membershipsOf(session.userId);
            return { data: { ...session, activeOrganizationId: first?.organization.id ?? null } };
          },
        },
      },
    },
    // Our guard has checked the origin already, against the Host as well as PUBLIC_URL.
    trustedOrigins: (request) => [publicUrl, request?.headers.get('origin')],
    advanced: {
      // `__Host-`: browsers take it over HTTPS alone, for this host alone, and from no other host of the domain.
      cookiePrefix: secure ? '__Host-leasehold' : 'leasehold',
      useSecureCookies: false,
      defaultCookieAttributes: { secure },
      ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS_HEADER] },
      database: { generateId: () => ids.next() },
    },
    telemetry: { enabled: false },
    // By address alone, and behind a load balancer everybody has the same one: LoginThrottle and PasswordTurns do better.
    rateLimit: { enabled: false },
    // Otherwise failures of the database are printed on the console and answered as bugs.
    onAPIError: { throw: true },
    logger: {
      level: 'error',
      log: (level, message, ...details: unknown[]) => {
        const err = details.find((detail) => detail instanceof Error);
        logger.error({ err, level }, `better-auth: ${message}`);
      },
    },
  });
}
