import { randomBytes } from 'node:crypto';

import type { Ready } from './leasehold.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  json<T = Record<string, unknown>>(): T;
}

export async function call(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { ...init, signal: init.signal ?? AbortSignal.timeout(30_000) });
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, body, json: () => JSON.parse(body.toString('utf8')) };
}

/** A new tenant with one database and one key, made through the public API. */
export interface Tenant {
  readonly organizationId: string;
  readonly token: string;
  readonly key: string;
  readonly databaseId: string;
  readonly database: Database;
}

export async function signUp(ready: Ready): Promise<Tenant> {
  const name = randomBytes(5).toString('hex');
  const signup = await postJson(`${ready.controlPlane}/v1/signup`, {
    email: `${name}@example.com`,
    password: randomBytes(12).toString('hex'),
    organization: `Tenant ${name}`,
  });
  expectStatus(signup, 201);
  const { token, organization } = signup.json<{ token: string; organization: { id: string } }>();
  const created = await postJson(`${ready.controlPlane}/v1/databases`, { name: 'main' }, token);
  expectStatus(created, 201);
  const minted = await postJson(
    `${ready.controlPlane}/v1/keys`,
    { name: 'e2e', scopes: ['data:read', 'data:write'] },
    token,
  );
  expectStatus(minted, 201);
  const { key } = minted.json<{ key: string }>();
  return {
    organizationId: organization.id,
    token,
    key,
    databaseId: created.json<{ id: string }>().id,
    database: new Database(`${ready.gateway}/v1/db/main`, key),
  };
}

export function postJson(url: string, body: unknown, token?: string): Promise<Answer> {
  return call(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
  });
}

export function expectStatus(answer: Answer, status: number): void {
  if (answer.status !== status) {
    throw new Error(`expected ${status}, got ${answer.status}: ${answer.body.toString('utf8').slice(0, 500)}`);
  }
}

/** One database by the public HTTP API. */
export class Database {
  constructor(
    readonly url: string,
    private readonly key: string,
  ) {}

  put(key: string, value: string | Uint8Array, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('PUT', `/keys/${encodeURIComponent(key)}`, headers, value);
  }

  get(key: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('GET', `/keys/${encodeURIComponent(key)}`, headers);
  }

  delete(key: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('DELETE', `/keys/${encodeURIComponent(key)}`, headers);
  }

  list(query: Record<string, string> = {}): Promise<Answer> {
    return this.request('GET', `/keys?${new URLSearchParams(query)}`);
  }

  async stats(): Promise<
    { session: string | null; owner: { session: string; pid: number } | null } & Record<string, unknown>
  > {
    const answer = await this.request('GET', '/stats');
    expectStatus(answer, 200);
    return answer.json();
  }

  request(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string | Uint8Array,
  ): Promise<Answer> {
    return call(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.key}`, ...headers },
      body: body as RequestInit['body'],
    });
  }
}
