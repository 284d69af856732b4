import type { Directory, Principal } from '@leasehold/directory';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { bearerToken } from '../bearer-token.js';
import type { LimitedTenant } from './tenant-limit.js';
import type { Admitted, TenantLimits } from './tenant-limits.js';

const DATA_PLANE = ['/v1/', '/kv/'];
/** Streams that may last for an hour, and have a bound of their own. */
const FEEDS = ['/changes', '/watch'];

/** On the request itself: WeakMaps of what lives for milliseconds keep the garbage collector busy. */
const ADMITTED = Symbol('admitted');
const PRINCIPAL = Symbol('principal');

interface LimitedRequest {
  [ADMITTED]?: Admitted;
  [PRINCIPAL]?: Principal;
}

/** Whose key the request has shown, as it was looked up before its body was read; undefined where nobody has looked. */
export function principalOf(request: FastifyRequest): Principal | undefined {
  return (request as LimitedRequest)[PRINCIPAL];
}

/** Of an answer that is told bit by bit, past the hooks: so many bytes more. */
export function oweBytes(request: FastifyRequest, sizeBytes: number): void {
  (request as LimitedRequest)[ADMITTED]?.owe(sizeBytes);
}

/**
 * Stands before every route of the data plane, and before bodies are read: whoever shows a valid key is counted against the
 * limits of the tenant, from here until the answer has been taken or the client is gone. The answer tells what is left,
 * whatever else it says.
 *
 * Only the key has been looked at by then, and that from memory: a refusal costs nothing but itself. Who has no valid key is
 * nobody's tenant, and is refused as such; so strangers have no body read either.
 */
export function limitTenants(instance: FastifyInstance, directory: Directory, limits: TenantLimits): void {
  instance.addHook('onRequest', async (request, reply) => {
    // A preflight shows no key, and asks for nothing.
    const { url = '' } = request.routeOptions;
    if (request.method === 'OPTIONS' || !DATA_PLANE.some((root) => url.startsWith(root))) return;
    const principal = await directory.authenticate(bearerToken(request.headers.authorization));
    (request as LimitedRequest)[PRINCIPAL] = principal;
    const tenant = await tenantOf(principal, directory, limits);
    const admitted = limits.enter(tenant, bytesOf(request.headers['content-length']));
    // Who has gone while the key was looked up is not told of by an event any more.
    if (reply.raw.destroyed || FEEDS.some((end) => url.endsWith(end))) admitted.leave();
    else reply.raw.once('close', admitted.leave);
    (request as LimitedRequest)[ADMITTED] = admitted;
    reply.headers(admitted.headers);
  });
  // The head tells no length of a body in chunks, nor whether it will be refused: it is counted as it arrives. It is read from the next
  // turn on, and by then its reader listens too.
  instance.addHook('preParsing', (request, _reply, body, done) => {
    if (request.headers['transfer-encoding'] !== undefined) {
      body.on('data', (chunk: Uint8Array) => oweBytes(request, chunk.byteLength));
    }
    done(null, body);
  });
  instance.addHook('onSend', (request, _reply, payload, done) => {
    if (typeof payload === 'string' || payload instanceof Uint8Array) oweBytes(request, payload.length);
    done();
  });
}

/**
 * Nobody waits for what has changed of a tenant who is known, and nobody is refused because the directory cannot tell: what is not known is
 * as for everybody.
 */
async function tenantOf(
  { tenantId }: Principal,
  directory: Pick<Directory, 'knownTenant' | 'tenant'>,
  limits: TenantLimits,
): Promise<LimitedTenant> {
  const known = directory.knownTenant(tenantId);
  if (known !== undefined) return known;
  const before = limits.known(tenantId);
  const asked = directory.tenant(tenantId).then(
    (found) => found ?? { id: tenantId },
    () => before ?? { id: tenantId },
  );
  return before ?? asked;
}

/** A length that is nonsense is refused elsewhere. */
function bytesOf(contentLength: string | undefined): number {
  const bytes = Number(contentLength ?? 0);
  return bytes >= 0 && bytes <= Number.MAX_SAFE_INTEGER ? bytes : 0;
}
