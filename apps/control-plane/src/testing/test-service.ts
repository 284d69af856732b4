import { generateKeyPairSync } from 'node:crypto';

import type { Metadata } from '@leasehold/metadata';
import { openTestMetadata, type TestMetadata, type TestPostgres } from '@leasehold/metadata-testing';
import type { Logger } from '@leasehold/service-kit';

import { readConfig } from '../config.js';
import { checkAnswer } from './answer-check.js';
import { startControlPlane, type RunningControlPlane } from '../control-plane.js';

/** Signs session cookies and the links of mails. */
export const TEST_AUTH_SECRET = 's'.repeat(32);

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON. */
  readonly body: Record<string, unknown>;
  readonly text: string;
}

export interface Call {
  readonly token?: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly raw?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Tenant {
  readonly email: string;
  readonly password: string;
  readonly token: string;
  readonly cookie: string;
  readonly organizationId: string;
}

export function newSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

/** The whole service over real HTTP, on a Postgres of its own. */
export class TestService {
  private tenants = 0;

  private constructor(
    private readonly test: TestMetadata,
    private running: RunningControlPlane,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async start(more: Readonly<Record<string, string>> = {}, logger?: Logger): Promise<TestService> {
    const test = await openTestMetadata();
    try {
      const env = {
        DATABASE_URL: test.databaseUrl,
        AUTH_SECRET: TEST_AUTH_SECRET,
        TOKEN_SIGNING_KEY: newSigningKey(),
        LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'silent',
        ...more,
      };
      const running = await startControlPlane(readConfig(env), logger);
      return new TestService(test, running, env);
    } catch (error) {
      await test.close();
      throw error;
    }
  }

  get url(): string {
    return this.running.url;
  }

  get postgres(): TestPostgres {
    return this.test.postgres;
  }

  get databaseUrl(): string {
    return this.test.databaseUrl;
  }

  /** Beside the service, to look at what it left. */
  get metadata(): Metadata {
    return this.test.metadata;
  }

  /** Of the running service, without HEAD: `GET /v1/databases/:nameOrId`. */
  get routes(): readonly string[] {
    return this.running.routes;
  }

  async restart(more: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.running.close();
    this.running = await startControlPlane(readConfig({ ...this.env, ...more }));
  }

  /** @throws Error where the answer is not as the document of the API has it: {@link checkAnswer} */
  async call(method: string, path: string, call: Call = {}): Promise<Answer> {
    const body = call.json === undefined ? call.raw : JSON.stringify(call.json);
    const answer = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
        ...call.headers,
      },
      ...(body === undefined ? {} : { body: body as string }),
    });
    const text = await answer.text();
    const json = /json(?!l)/.test(answer.headers.get('content-type') ?? '') && text !== '';
    const told = {
      status: answer.status,
      headers: answer.headers,
      text,
      body: json ? (JSON.parse(text) as Record<string, unknown>) : {},
    };
    checkAnswer(method, path, told);
    return told;
  }

  async signUp(): Promise<Tenant> {
    const number = ++this.tenants;
    const email = `tenant${number}@example.com`;
    const password = `password of ${number}`;
    const json = { email, password, organization: `Tenant ${number}` };
    const { status, body, headers, text } = await this.call('POST', '/v1/signup', { json });
    if (status !== 201) throw new Error(`signup answered ${status}: ${text}`);
    const { id } = body['organization'] as { id: string };
    const cookie = headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    return { email, password, token: String(body['token']), cookie, organizationId: id };
  }

  async createKey(
    tenant: Pick<Tenant, 'token'>,
    scopes: readonly string[],
    more: object = {},
  ): Promise<{ readonly id: string; readonly key: string }> {
    const { body, status, text } = await this.call('POST', '/v1/keys', {
      token: tenant.token,
      json: { name: 'k', scopes, ...more },
    });
    if (status !== 201) throw new Error(`key creation answered ${status}: ${text}`);
    return { id: String(body['id']), key: String(body['key']) };
  }

  async close(): Promise<void> {
    await this.running.close();
    await this.test.close();
  }
}
