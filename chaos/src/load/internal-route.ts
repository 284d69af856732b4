import type { DatabaseId, TenantId } from '@leasehold/foundation';
import { toBase64Url } from '@leasehold/foundation';
import { digestBody, HOP_HEADERS, HOP_LIFETIME_MS, percentEncode, signHop } from '@leasehold/protocol';

import type { Route } from './tenant-database.js';

export interface InternalRouteOptions {
  readonly id: DatabaseId;
  readonly tenantId: TenantId;
  readonly name: string;
  /** Of the hop. */
  readonly secret: string;
  readonly now: () => number;
}

/** How long a worker may take to answer a request that was sent past the gateways. */
const WAIT_MS = 3_000;
const NO_BODY = new Uint8Array(0);

/** Straight to a worker, signed as a gateway signs: for asking one that should not answer any more. */
export function internalRoute({ id, tenantId, name, secret, now }: InternalRouteOptions): Route {
  return {
    key: (key) => `keys64/${toBase64Url(Buffer.from(key))}`,
    listing: (prefix) => `keys?prefix64=${toBase64Url(Buffer.from(prefix))}&limit=1000&encoding=base64`,
    request: (method, resource, conditions = {}, body) => {
      const path = `/internal/v1/databases/${id}/${resource}`;
      const headers = {
        ...conditions,
        ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }),
        [HOP_HEADERS.tenant]: tenantId,
        [HOP_HEADERS.database]: percentEncode(Buffer.from(name)),
        [HOP_HEADERS.waitMs]: String(WAIT_MS),
      };
      const expiresAt = now() + HOP_LIFETIME_MS;
      const claims = { method, path, headers, bodyDigest: digestBody(body ?? NO_BODY), expiresAt };
      return { method, path, headers: { ...headers, [HOP_HEADERS.hop]: signHop(secret, claims) }, body };
    },
  };
}
