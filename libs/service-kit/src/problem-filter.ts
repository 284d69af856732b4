import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch, Inject } from '@nestjs/common';
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
  const problem = toProblem(known, request.id);
  const context = {
    requestId: request.id,
    traceId: traceIdOf(traceparentFrom(request.headers.traceparent)),
    method: request.method,
    route: request.routeOptions.url,
    code: problem.body.code,
  };
  if (problem.status === 500) logger.error({ ...context, err: error }, 'request failed');
  else if (problem.status > 500) logger.warn({ ...context, reason: reasonOf(known) }, 'request not served');
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
