import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { CliError } from '../cli-error.js';
import type { DemoTenant } from './secrets.js';

export const DEMO_DATABASE = 'demo';
const DEMO_SCOPES = ['data:read', 'data:write', 'db:create', 'db:admin', 'usage:read'];
const REQUEST_TIMEOUT_MS = 20_000;

export interface PublicUrls {
  readonly gateway: string;
  readonly controlPlane: string;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const signedIn = z.object({ token: z.string() });
const mintedKey = z.object({ key: z.string() });

/**
 * Makes sure that the demo tenant exists, over the public API alone, as a customer would. Every step may have been done by an
 * earlier start that was interrupted, or be gone because the metadata is another one now.
 * @param save is called with the credentials before they are used, so that none is lost.
 */
export async function ensureDemoTenant(
  urls: PublicUrls,
  known: DemoTenant,
  save: (tenant: DemoTenant) => void,
): Promise<Required<DemoTenant>> {
  let tenant = known;
  let token = await logIn(urls, tenant);
  if (token === undefined) {
    token = await signUp(urls, tenant);
    if (token === undefined) {
      // Somebody else has the address, with another password: this metadata database has seen other starts.
      tenant = { ...tenant, email: `demo-${randomBytes(3).toString('hex')}@leasehold.example`, apiKey: undefined };
      save(tenant);
      token = await signUp(urls, tenant);
    }
    if (token === undefined) throw new CliError('the control plane refuses to sign up the demo tenant');
  }
  const created = await call(`${urls.controlPlane}/v1/databases`, { body: { name: DEMO_DATABASE }, bearer: token });
  if (created.status !== 201 && created.status !== 409) throw unexpected('create the demo database', created);
  if (tenant.apiKey !== undefined && (await keyWorks(urls, tenant.apiKey))) return { ...tenant, apiKey: tenant.apiKey };

  const minted = await call(`${urls.controlPlane}/v1/keys`, {
    body: { name: `demo ${randomBytes(3).toString('hex')}`, scopes: DEMO_SCOPES },
    bearer: token,
  });
  if (minted.status !== 201) throw unexpected('create the demo key', minted);
  const complete = { ...tenant, apiKey: mintedKey.parse(minted.body).key };
  save(complete);
  return complete;
}

/** @returns undefined when these credentials are not known. */
async function logIn(urls: PublicUrls, tenant: DemoTenant): Promise<string | undefined> {
  const { email, password } = tenant;
  const answer = await call(`${urls.controlPlane}/v1/login`, { body: { email, password } });
  if (answer.status === 401 || answer.status === 403) return undefined;
  if (answer.status >= 300) throw unexpected('log the demo tenant in', answer);
  return signedIn.parse(answer.body).token;
}

/** @returns undefined when the address is taken. */
async function signUp(urls: PublicUrls, tenant: DemoTenant): Promise<string | undefined> {
  const { email, password, organization } = tenant;
  const answer = await call(`${urls.controlPlane}/v1/signup`, { body: { email, password, organization } });
  if (answer.status === 409) return undefined;
  if (answer.status !== 201) throw unexpected('sign the demo tenant up', answer);
  return signedIn.parse(answer.body).token;
}

async function keyWorks(urls: PublicUrls, apiKey: string): Promise<boolean> {
  const answer = await call(`${urls.gateway}/v1/db/${DEMO_DATABASE}/stats`, { bearer: apiKey });
  return answer.status !== 401 && answer.status !== 403;
}

async function call(url: string, request: { readonly body?: object; readonly bearer?: string }): Promise<Answer> {
  const headers: Record<string, string> = {};
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  if (request.bearer !== undefined) headers['authorization'] = `Bearer ${request.bearer}`;
  const response = await fetch(url, {
    method: request.body === undefined ? 'GET' : 'POST',
    headers,
    body: request.body === undefined ? undefined : JSON.stringify(request.body),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const text = await response.text();
  return { status: response.status, body: parseJson(text) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unexpected(what: string, answer: Answer): CliError {
  const code = z.object({ code: z.string() }).safeParse(answer.body);
  return new CliError(`could not ${what}: answer ${answer.status}${code.success ? ` (${code.data.code})` : ''}`);
}
