import type { Directory } from '@leasehold/directory';
import type { TenantId } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { bearerToken } from './bearer-token.js';

const METHODS = 'GET, PUT, POST, DELETE, HEAD, OPTIONS';
const REQUEST_HEADERS = [
  'authorization',
  'content-type',
  'if-match',
  'if-none-match',
  'leasehold-ttl',
  'idempotency-key',
  'last-event-id',
  'x-request-id',
  'traceparent',
  'tracestate',
  // Of KV Connect.
  'x-denokv-version',
  'x-denokv-database-id',
  'x-transaction-domain-id',
].join(', ');
const EXPOSED_HEADERS = [
  'etag',
  'x-request-id',
  'retry-after',
  'leasehold-version',
  'leasehold-cost',
  'leasehold-expires-at',
  'idempotency-replayed',
  'ratelimit',
  'ratelimit-policy',
  'server-timing',
].join(', ');
const PREFLIGHT_AGE_SECONDS = 600;
/** What databases are served below. */
const DATA_PLANE = ['/v1/', '/kv/'];
const ANY_ORIGIN = '*';
const ALLOW_ORIGIN = 'access-control-allow-origin';

/** On the request itself: of a page that its tenant has let in by the origin. */
const LISTED = Symbol('listed origin');

interface JudgedRequest {
  [LISTED]?: string;
}

export interface OriginSettings {
  readonly directory: Pick<Directory, 'authenticate' | 'tenant'>;
  /** Its pages may call for every tenant, and see every answer. */
  readonly consoleOrigin: string | undefined;
}

/**
 * Lets pages call the data plane from browsers: those of the console, and for each tenant those of the origins that it lists.
 *
 * A preflight shows no key, so nobody can say whose it is: it is answered to every origin, which gives nothing away, since browsers add no
 * credentials by themselves here. The request itself says by its key or token whose it is: from another origin it is refused before anything
 * is done. What has no valid key is nobody's, and any page may read so; above all that its token has ended.
 *
 * Requests without `Origin` come from no page, and nothing is asked about them.
 */
export function allowOrigins(instance: FastifyInstance, { directory, consoleOrigin }: OriginSettings): void {
  instance.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (origin !== undefined || consoleOrigin !== undefined) reply.header('vary', 'origin');
    if (origin === undefined) return undefined;
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      return answerPreflight(reply, origin);
    }
    if (origin === consoleOrigin) return allow(reply, origin);
    const { url = '' } = request.routeOptions;
    if (request.method === 'OPTIONS' || !DATA_PLANE.some((root) => url.startsWith(root))) return undefined;
    // Until it is known whose the request is.
    allow(reply, origin);
    const { tenantId } = await directory.authenticate(bearerToken(request.headers.authorization));
    const listed = await listedBy(directory, tenantId, origin);
    if (listed === undefined) {
      reply.removeHeader(ALLOW_ORIGIN);
      throw originNotAllowed();
    }
    (request as JudgedRequest)[LISTED] = origin;
    return allow(reply, listed);
  });
}

/**
 * Of a request that takes long: whether its tenant still lists the origin that it was let in by.
 * @throws ProblemError origin-not-allowed
 */
export async function requireListedOrigin(
  request: FastifyRequest,
  directory: OriginSettings['directory'],
  tenantId: TenantId,
): Promise<void> {
  const origin = (request as JudgedRequest)[LISTED];
  if (origin !== undefined && (await listedBy(directory, tenantId, origin)) === undefined) throw originNotAllowed();
}

/** As what the tenant lists it: by itself, or as one of all; undefined when it does not. */
async function listedBy(
  directory: OriginSettings['directory'],
  tenantId: TenantId,
  origin: string,
): Promise<string | undefined> {
  const listed = (await directory.tenant(tenantId))?.corsOrigins;
  return [origin, ANY_ORIGIN].find((each) => listed?.has(each));
}

function originNotAllowed(): ProblemError {
  return new ProblemError('origin-not-allowed', 'the tenant does not list this origin');
}

function allow(reply: FastifyReply, origin: string): void {
  reply.header(ALLOW_ORIGIN, origin).header('access-control-expose-headers', EXPOSED_HEADERS);
}

function answerPreflight(reply: FastifyReply, origin: string): FastifyReply {
  return reply
    .status(204)
    .header(ALLOW_ORIGIN, origin)
    .header('access-control-allow-methods', METHODS)
    .header('access-control-allow-headers', REQUEST_HEADERS)
    .header('access-control-max-age', PREFLIGHT_AGE_SECONDS)
    .send();
}
