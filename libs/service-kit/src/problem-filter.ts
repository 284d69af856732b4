import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch, Inject } from '@nestjs/common';
import type { ProblemAnswer } from '@leasehold/protocol';
import { ProblemError, toProblem, traceIdOf, traceparentFrom } from '@leasehold/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { codeOf } from './error-code.js';
import { asLeaseholdError } from './http-problem.js';
import { LOGGER } from './logger.js';
import type { Logger } from './logger.js';
import { routeTableOf } from './route-table.js';

/** The one place where errors become answers: RFC 9457 problem details, logged here once. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.logger);
  }
}

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): void {
  const translated = asLeaseholdError(error);
  const known = request.is404 && codeOf(translated) === 'not-found' ? unrouted(request) : translated;
  const problem = problemOf(known, {
    requestId: request.id,
    traceparent: traceparentFrom(request.headers.traceparent),
    method: request.method,
    route: request.routeOptions.url,
    logger,
  });
  if (reply.sent || reply.raw.headersSent) {
    // The answer had begun: cutting the connection is the only way left to say that it is not whole.
    reply.raw.destroy();
    return;
  }
  void reply
    .status(problem.status)
    .headers({ ...problem.headers, 'x-request-id': request.id })
    .send(Buffer.from(JSON.stringify(problem.body))); // bytes: to text, Fastify adds a charset, which the type has not
}

/** Of which request, and who is told of what is no fault of its own. */
export interface ProblemContext {
  readonly requestId: string;
  /** Valid, or undefined. */
  readonly traceparent: string | undefined;
  readonly method: string;
  readonly route: string | undefined;
  readonly logger: Logger;
}

/** The answer to whatever was thrown; logged here, once. */
export function problemOf(error: unknown, context: ProblemContext): ProblemAnswer {
  const { logger, traceparent, requestId, method, route } = context;
  const known = asLeaseholdError(error);
  const problem = toProblem(known, requestId);
  const told = { requestId, traceId: traceIdOf(traceparent), method, route, code: problem.body.code };
  if (problem.status === 500) logger.error({ ...told, err: error }, 'request failed');
  else if (problem.status > 500) logger.warn({ ...told, reason: reasonOf(known) }, 'request not served');
  return problem;
}

function unrouted(request: FastifyRequest): ProblemError {
  const allowed = routeTableOf(request.server)?.methodsAt(request.raw.url ?? '/') ?? [];
  if (allowed.length === 0) return new ProblemError('route-not-found', 'there is no such route');
  const allow = allowed.join(', ');
  return new ProblemError('method-not-allowed', `this path takes ${allow}`, { headers: { allow } });
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return [error, cause].flatMap((part) => (part instanceof Error ? [part.message] : [])).join(': ');
}
