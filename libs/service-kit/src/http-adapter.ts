import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  ProblemError,
  requestIdFrom,
  toProblem,
  traceContextFrom,
  traceIdOf,
  traceparentFrom,
} from '@leasehold/protocol';
import type { FastifyHttpOptions, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify';

import { MAX_HEADERS, refuseAmbiguousHead } from './ambiguous-head.js';
import type { BodyBudget } from './body-budget.js';
import { answerClientError, answerConnect } from './client-error.js';
import type { Drain } from './drain.js';
import { sweepIdle } from './idle-sweep.js';
import type { Logger } from './logger.js';
import type { HttpMetrics } from './metrics.js';
import { sendProblem } from './problem-filter.js';
import { closeQueuedAnswers } from './queued-answers.js';
import type { BodyLimit } from './request-body.js';
import { readBody } from './request-body.js';
import { RouteTable } from './route-table.js';
import { ServedRequest } from './served-request.js';

/** Idle keep-alive connections; above the usual 60 s of load balancers, so that they close first. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** A request, body included, must have arrived in this time: slow senders do not hold connections for ever. */
const REQUEST_TIMEOUT_MS = 30_000;
/** A connection on which nothing happens, in the middle of a request too. Above any time that a request is held. */
const CONNECTION_TIMEOUT_MS = 120_000;
const MAX_HEAD_BYTES = 16 * 1024;
/** Above base64url of the longest key, so that a key that is too long is told so by its own code. */
const MAX_PARAMETER_CHARS = MAX_HEAD_BYTES;

export const DEFAULT_BODY_LIMIT_BYTES = 1024 * 1024;

export interface HttpSettings {
  readonly rawBodies: boolean;
  readonly bodyLimit: BodyLimit;
  /** Of routes that take another size, by their pattern: `/v1/things/:id`. */
  readonly routeBodyLimits?: Readonly<Record<string, BodyLimit>> | undefined;
  /** Of all bodies together. */
  readonly bodies: BodyBudget;
  /** Rewrites the raw request target for routing alone; `request.originalUrl` stays what was sent. */
  readonly rewriteTarget?: ((target: string) => string) | undefined;
}

/** Fastify with everything bounded, every refusal a problem, and request ids, metrics and drain hooked in. */
export function createHttpAdapter(
  settings: HttpSettings,
  drain: Drain,
  metrics: HttpMetrics,
  logger: Logger,
): FastifyAdapter {
  const { rewriteTarget } = settings;
  const options: FastifyHttpOptions<RawServerDefault> = {
    // Host is checked below, where the refusal can be a problem.
    http: { maxHeaderSize: MAX_HEAD_BYTES, requireHostHeader: false, IncomingMessage: ServedRequest },
    logger: false,
    genReqId: (raw) => requestIdFrom(raw.headers['x-request-id']),
    requestIdHeader: false,
    // Asked only by parsers of Fastify's own; ours knows the limit of each route.
    bodyLimit: settings.bodyLimit.limitBytes,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    // The drain refuses late requests itself, as problems; see Drain.
    return503OnClosing: false,
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: MAX_PARAMETER_CHARS },
    ...(rewriteTarget ? { rewriteUrl: (raw) => rewriteTarget(raw.url ?? '/') } : {}),
    clientErrorHandler: (error, socket) => answerClientError(error, socket),
    frameworkErrors: (error, request, reply) => {
      metrics.record({ method: request.method, route: 'none', status: error.statusCode ?? 400, seconds: 0 });
      sendProblem(error, request, reply, logger);
    },
  };
  const adapter = new FastifyAdapter(options);
  const instance: FastifyInstance = adapter.getInstance();
  RouteTable.watch(instance);
  giveBodiesBack(instance, settings.bodies);
  addBodyParsers(instance, settings);
  addRequestHooks(instance, drain, metrics, logger);
  answerExpectations(instance);
  closeQueuedAnswers(instance.server);
  sweepIdle(instance.server);
  instance.server.on('connect', answerConnect);
  instance.server.maxHeadersCount = MAX_HEADERS;
  return adapter;
}

function giveBodiesBack(instance: FastifyInstance, budget: BodyBudget): void {
  instance.addHook('onRequest', (request, reply, done) => {
    reply.raw.once('close', () => budget.giveBack(request.raw));
    done();
  });
}

function addBodyParsers(instance: FastifyInstance, settings: HttpSettings): void {
  const { bodies: budget } = settings;
  instance.removeAllContentTypeParsers();
  const limitOf = ({ routeOptions }: FastifyRequest): BodyLimit =>
    settings.routeBodyLimits?.[routeOptions.url ?? ''] ?? settings.bodyLimit;
  if (settings.rawBodies) {
    instance.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) =>
      readBody(payload, limitOf(request), budget),
    );
    return;
  }
  const parseJson = instance.getDefaultJsonParser('error', 'error');
  instance.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) => {
    const body = await readBody(payload, limitOf(request), budget);
    return new Promise((resolve, reject) => {
      void parseJson(request, body.toString('utf8'), (error, parsed) => (error ? reject(error) : resolve(parsed)));
    });
  });
}

function addRequestHooks(instance: FastifyInstance, drain: Drain, metrics: HttpMetrics, logger: Logger): void {
  // Without promises: each of them costs more than most of these hooks do.
  instance.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    refuseAmbiguousHead(request.raw.rawHeaders);
    joinTrace(request.raw.headers);
    drain.admit(request.raw, reply.raw);
    if (request.raw.httpVersion === '1.1' && request.headers.host === undefined) {
      throw new ProblemError('invalid-request', 'the Host header is missing');
    }
    done();
  });
  instance.addHook('onSend', (_request, reply, _payload, done) => {
    if (drain.stopping) void reply.header('connection', 'close');
    done();
  });
  instance.addHook('onResponse', (request, reply, done) => {
    const sample = {
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    };
    metrics.record(sample);
    if (logger.isLevelEnabled('debug')) {
      const traceId = traceIdOf(traceparentFrom(request.headers.traceparent));
      logger.debug({ requestId: request.id, traceId, ...sample }, 'request');
    }
    done();
  });
}

/** From here on the headers hold a valid trace: the caller's, or one that begins here. */
function joinTrace(headers: IncomingHttpHeaders): void {
  const { traceparent, tracestate } = traceContextFrom(headers);
  headers.traceparent = traceparent;
  if (tracestate === undefined) delete headers.tracestate;
}

/** Node answers an unknown `Expect` with an empty 417. */
function answerExpectations(instance: FastifyInstance): void {
  instance.server.on('checkExpectation', (_request, response) => {
    const requestId = requestIdFrom(undefined);
    const problem = toProblem(new ProblemError('expectation-failed', 'only 100-continue is understood'), requestId);
    const body = Buffer.from(JSON.stringify(problem.body));
    const more = { 'x-request-id': requestId, connection: 'close', 'content-length': body.byteLength };
    response.writeHead(problem.status, { ...problem.headers, ...more }).end(body);
  });
}
