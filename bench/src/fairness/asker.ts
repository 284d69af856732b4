import { toBase64Url, utf8 } from '@leasehold/foundation';
import { digestBody, HOP_HEADERS, HOP_LIFETIME_MS, percentEncode, signHop } from '@leasehold/protocol';
import { Pool } from 'undici';

import { DATABASE_NAME, tenantDatabase } from '../services/tenants.js';

/** One request of a tenant to its database. */
export type Ask =
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'list'; readonly limit: number };

/** Asks as somebody does; resolves with the status when the answer has been taken. */
export interface Asker {
  ask(tenant: number, request: Ask): Promise<number>;
}

const NO_BODY = new Uint8Array(0);

/** As a client of the public API. */
export class ApiAsker implements Asker {
  private readonly pool: Pool;

  constructor(
    url: string,
    connections: number,
    private readonly apiKeys: readonly string[],
  ) {
    this.pool = new Pool(url, { connections });
  }

  ask(tenant: number, request: Ask): Promise<number> {
    const authorization = `Bearer ${this.apiKeys[tenant]}`;
    return send(this.pool, `/v1/db/${DATABASE_NAME}`, { authorization }, request);
  }
}

/** As a gateway that lets everything through. */
export class HopAsker implements Asker {
  private readonly pool: Pool;

  constructor(
    url: string,
    connections: number,
    private readonly secret: string,
  ) {
    this.pool = new Pool(url, { connections });
  }

  ask(tenant: number, request: Ask): Promise<number> {
    const { databaseId, tenantId, name } = tenantDatabase(tenant);
    const base = `/internal/v1/databases/${databaseId}`;
    const headers = {
      [HOP_HEADERS.tenant]: tenantId,
      [HOP_HEADERS.database]: percentEncode(Buffer.from(name)),
    };
    const body = request.kind === 'put' ? request.value : NO_BODY;
    const hop = signHop(this.secret, {
      method: request.kind === 'put' ? 'PUT' : 'GET',
      path: base + resourceOf(request),
      headers,
      bodyDigest: digestBody(body),
      expiresAt: Date.now() + HOP_LIFETIME_MS,
    });
    return send(this.pool, base, { ...headers, [HOP_HEADERS.hop]: hop }, request);
  }
}

function resourceOf(request: Ask): string {
  return request.kind === 'list' ? `/keys?limit=${request.limit}` : `/keys64/${toBase64Url(utf8(request.key))}`;
}

async function send(pool: Pool, base: string, headers: Record<string, string>, request: Ask): Promise<number> {
  const { statusCode, body } = await pool.request({
    method: request.kind === 'put' ? 'PUT' : 'GET',
    path: base + resourceOf(request),
    headers,
    body: request.kind === 'put' ? request.value : null,
  });
  await body.dump({ limit: Number.MAX_SAFE_INTEGER });
  return statusCode;
}
