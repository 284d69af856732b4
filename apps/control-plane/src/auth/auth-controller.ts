import { All, Controller, Inject, Req, Res } from '@nestjs/common';
import { actAs, Metadata, MetadataOutcomeUnknownError, MetadataUnavailableError } from '@leasehold/metadata';
import { ProblemError, type ErrorCode } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { passwordChangeBody } from '../accounts/account-schemas.js';
import { authorOf } from '../audit/author-of.js';
import { CONFIG, type ControlPlaneConfig } from '../config.js';
import { parseJson, validate } from '../requests/json-body.js';
import { isCleanText } from '../requests/text.js';
import { Access, EVERYBODY } from './access.js';
import { AUTH_PATH, Authentication } from './authentication.js';
import { LoginThrottle } from './login-throttle.js';
import { PasswordTurns } from './password-turns.js';
import { originOf, SecurityLog } from './security-log.js';
import { webHeaders } from './request-headers.js';

const CHANGE_PASSWORD = '/change-password';
/**
 * What of better-auth's own API is open. Accounts come into being only by /v1/signup, together with their organization,
 * and log in only by /v1/login, where guessing is slowed down; sessions are
 * listed without their tokens by /v1/sessions; what needs mail or review is closed until it has it.
 */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/sign-out', '/get-session', CHANGE_PASSWORD]);

/** Cookies go by themselves. A script of the page is not to read the session out of an answer: browsers keep the cookie from it. */
const KEPT_BACK: ReadonlySet<string> = new Set(['set-cookie', 'set-auth-token', 'access-control-expose-headers']);

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
    if (path === CHANGE_PASSWORD && request.method === 'POST') return this.changePassword(request, reply);
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
    const answer = await ask();
    for (const [name, value] of answer.headers) if (!KEPT_BACK.has(name)) reply.header(name, value);
    const cookies = answer.headers.getSetCookie();
    if (cookies.length > 0) reply.header('set-cookie', cookies);
    await reply
      .status(answer.status)
      .header('cache-control', 'no-store')
      .send(Buffer.from(await answer.arrayBuffer()));
  }

  /** As slowly as log-in: whoever has found an open session shall not guess on. What was begun with the password of before is void. */
  private async changePassword(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const headers = webHeaders(request);
    const session = await this.authentication.session(headers);
    if (!session) throw new ProblemError('unauthenticated', 'log in, or send a session token as bearer');
    const body = validate(passwordChangeBody, parseJson(request));
    const { email, userId } = session;
    const change = () => this.authentication.changePassword(session, body, headers);
    const started = await actAs(authorOf(request, session), () =>
      this.log.watch('password-refused', { userId }, originOf(request), () =>
        this.throttle.attempt(email, request.ip, () => this.passwords.run(change)),
      ),
    );
    if (started) reply.header('set-cookie', [...started.cookies]);
    const answer = { token: started?.token ?? null, user: { id: userId, email } };
    await reply.status(200).header('cache-control', 'no-store').send(answer);
  }

  private async asProblem(answer: Response, mutates: boolean): Promise<Error> {
    const told = (await answer.json().catch(() => ({}))) as { readonly code?: unknown; readonly message?: unknown };
    const code = CODE_OF_STATUS[answer.status] ?? (answer.status < 500 ? 'invalid-request' : undefined);
    if (code === undefined) {
      const cause = new Error(`better-auth answered ${answer.status}`);
      if (await this.metadata.answers()) return cause;
      return mutates ? new MetadataOutcomeUnknownError(cause) : new MetadataUnavailableError(cause);
    }
    const detail = typeof told.message === 'string' ? told.message : 'the request was refused';
    return new ProblemError(code, detail, { members: typeof told.code === 'string' ? { authCode: told.code } : {} });
  }
}
