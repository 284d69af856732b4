import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import { actAs, Metadata, MetadataOutcomeUnknownError, MetadataUnavailableError } from '@leasehold/metadata';
import { ProblemError, type ErrorCode } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { authorOf } from '../audit/author-of.js';
import { CONFIG, type ControlPlaneConfig } from '../config.js';
import { parseJson } from '../requests/json-body.js';
import { isCleanText } from '../requests/text.js';
import { Access, EVERYBODY } from './access.js';
import { AUTH_PATH, Authentication, type SessionUser } from './authentication.js';
import { LoginThrottle } from './login-throttle.js';
import { PasswordTurns } from './password-turns.js';
import { originOf, SecurityLog } from './security-log.js';
import { webHeaders } from './request-headers.js';

const CHANGE_PASSWORD = '/change-password';
/** better-auth's words for a password that is not the account's; one without a password has none that is right. */
const WRONG_PASSWORD: ReadonlySet<unknown> = new Set(['INVALID_PASSWORD', 'CREDENTIAL_ACCOUNT_NOT_FOUND']);

/**
 * What of better-auth's own API is open. Accounts come into being only by /v1/signup, together with their organization,
 * and log in only by /v1/login, where guessing is slowed down; sessions are
 * listed without their tokens by /v1/sessions; what needs mail or review is closed until it has it.
 */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/sign-out', '/get-session', CHANGE_PASSWORD]);

/** All that better-auth knows, and all that a `Request` of fetch can be asked to be. */
const METHODS: readonly string[] = ['GET', 'HEAD', 'POST'];

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-body',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  409: 'conflict',
  413: 'body-too-large',
  415: 'unsupported-media-type',
  422: 'invalid-body',
  429: 'too-many-requests',
};

/** better-auth's own routes, with our rules for bodies and our form of errors. */
@Controller(AUTH_PATH.slice(1))
@Access(EVERYBODY)
export class AuthController {
  constructor(
    private readonly authentication: Authentication,
    private readonly metadata: Metadata,
    private readonly passwords: PasswordTurns,
    private readonly throttle: LoginThrottle,
    private readonly log: SecurityLog,
    @Inject(CONFIG) private readonly config: ControlPlaneConfig,
  ) {}

  @All('*')
  async forward(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const target = new URL(request.url, this.config.PUBLIC_URL ?? 'http://localhost');
    const path = target.pathname.slice(AUTH_PATH.length);
    if (!OPEN_PATHS.has(path)) {
      throw new ProblemError('route-not-found', 'no route has this path');
    }
    if (!METHODS.includes(request.method)) {
      const allow = METHODS.join(', ');
      throw new ProblemError('method-not-allowed', `this path takes ${allow}`, { headers: { allow } });
    }
    if (![...target.searchParams.values()].every(isCleanText)) {
      throw new ProblemError('invalid-parameter', 'query parameters hold no NUL and no broken characters');
    }
    const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
    // Parsed for its errors, and forwarded as what was understood.
    const body = hasBody && request.body !== undefined ? JSON.stringify(parseJson(request)) : undefined;
    const headers = webHeaders(request);
    headers.delete('content-length');
    const init = { method: request.method, headers, ...(body === undefined ? {} : { body }) };
    // The guard leaves finding out who calls to better-auth.
    const session = hasBody ? await this.authentication.session(headers) : undefined;
    const author = authorOf(request, session);
    const ask = async () => {
      const answer = await actAs(author, () => this.authentication.handle(new Request(target, init)));
      if (answer.status >= 400) throw await this.asProblem(answer, request.method !== 'GET');
      return answer;
    };
    const answer = path === CHANGE_PASSWORD ? await this.changePassword(session, request, ask) : await ask();
    for (const [name, value] of answer.headers) if (name !== 'set-cookie') reply.header(name, value);
    const cookies = answer.headers.getSetCookie();
    if (cookies.length > 0) reply.header('set-cookie', cookies);
    await reply
      .status(answer.status)
      .header('cache-control', 'no-store')
      .send(Buffer.from(await answer.arrayBuffer()));
  }

  /** As slowly as log-in: whoever has found an open session shall not guess on. What was begun with the password of before is void. */
  private async changePassword(
    session: SessionUser | undefined,
    request: FastifyRequest,
    ask: () => Promise<Response>,
  ): Promise<Response> {
    // better-auth refuses it, before it looks at a password.
    if (!session) return ask();
    const { email, userId } = session;
    const answer = await this.log.watch('password-refused', { userId }, originOf(request), () =>
      this.throttle.attempt(email, request.ip, () => this.passwords.run(ask)),
    );
    await this.metadata.people.voidBegun(userId).catch((error: unknown) => {
      throw new MetadataOutcomeUnknownError(error);
    });
    return answer;
  }

  private async asProblem(answer: Response, mutates: boolean): Promise<Error> {
    const told = (await answer.json().catch(() => ({}))) as { readonly code?: unknown; readonly message?: unknown };
    const code = CODE_OF_STATUS[answer.status] ?? (answer.status < 500 ? 'invalid-request' : undefined);
    if (code === undefined) {
      const cause = new Error(`better-auth answered ${answer.status}`);
      if (await this.metadata.answers()) return cause;
      return mutates ? new MetadataOutcomeUnknownError(cause) : new MetadataUnavailableError(cause);
    }
    if (WRONG_PASSWORD.has(told.code)) return new ProblemError('invalid-credentials', 'the password is wrong');
    const detail = typeof told.message === 'string' ? told.message : 'the request was refused';
    return new ProblemError(code, detail, { members: typeof told.code === 'string' ? { authCode: told.code } : {} });
  }
}
