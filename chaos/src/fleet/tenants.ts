import { randomBytes } from 'node:crypto';

import type { DatabaseId, TenantId } from '@leasehold/foundation';

/** A customer, made through the public API as one would sign up. */
export interface Tenant {
  readonly id: TenantId;
  readonly apiKey: string;
  readonly databases: readonly { readonly id: DatabaseId; readonly name: string }[];
}

const REQUEST_TIMEOUT_MS = 20_000;
const CREATED_AT_ONCE = 8;

/** @param names of its databases, unique among all tenants so that a value tells where it belongs */
export async function createTenant(controlPlane: string, names: readonly string[]): Promise<Tenant> {
  const account = randomBytes(5).toString('hex');
  const signup = await post<{ token: string; organization: { id: TenantId } }>(`${controlPlane}/v1/signup`, {
    email: `chaos-${account}@example.com`,
    password: randomBytes(12).toString('hex'),
    organization: `Chaos ${account}`,
  });
  const { token, organization } = signup;
  const databases: { id: DatabaseId; name: string }[] = [];
  for (let at = 0; at < names.length; at += CREATED_AT_ONCE) {
    const created = names.slice(at, at + CREATED_AT_ONCE).map(async (name) => ({
      ...(await post<{ id: DatabaseId }>(`${controlPlane}/v1/databases`, { name }, token)),
      name,
    }));
    databases.push(...(await Promise.all(created)));
  }
  const scopes = ['data:read', 'data:write'];
  const { key } = await post<{ key: string }>(`${controlPlane}/v1/keys`, { name: 'chaos', scopes }, token);
  return { id: organization.id, apiKey: key, databases };
}

async function post<T>(url: string, body: object, token?: string): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const text = await response.text();
  if (response.status !== 201)
    throw new Error(`${new URL(url).pathname} answered ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text) as T;
}
