import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';

import { ORGANIZATION_HEADER } from '../auth/request-headers.js';
import { ACCESS_CALLS } from '../testing/access/access-calls.js';
import { AccessWorld } from '../testing/access/access-world.js';
import { seenAnswers } from '../testing/answer-check.js';
import { TestService } from '../testing/test-service.js';
import { CONTROL_ROUTES, controlDocument } from './control-document.js';
import { OPERATORS } from './control-route.js';

jest.setTimeout(120_000);

const CONSOLE = fileURLToPath(new URL('../testing/console/', import.meta.url));
/** What is not the control API: the console and the service itself, and what better-auth answers. */
const BESIDE = [
  'GET /',
  'GET /mailbox',
  'GET /console',
  'GET /console/*',
  'GET /console-config.json',
  'GET /healthz',
  'GET /metrics',
  'GET /readyz',
];
const isBeside = (route: string) => BESIDE.includes(route) || route.endsWith(' /api/auth/*');
const LOG_OUT = 'POST /v1/logout';
/** Refused here for what they are called with, or for the lack of a bucket: their own tests have them answered, and held against the document too. */
const ELSEWHERE = [
  LOG_OUT,
  'POST /v1/invitations',
  'POST /v1/login/second-factor',
  'POST /v1/password-reset',
  'POST /v1/second-factor',
  'POST /v1/second-factor/confirm',
  'POST /v1/second-factor/backup-codes',
  'POST /v1/second-factor/disable',
  'GET /v1/admin/workers',
  'GET /v1/admin/workers/:session',
  'GET /v1/admin/workers/:session/databases',
  'GET /v1/admin/databases/:id/lease',
  'GET /v1/admin/databases/:id/inspection',
  'POST /v1/admin/jobs/:kind/failed/:id/retry',
  'POST /v1/admin/jobs/:kind/running/:id/cancel',
  'POST /v1/payments/checkout',
  'POST /v1/payments/stripe/events',
];
/** Answered with 202 and nothing. */
const EMPTY = [
  'POST /v1/email-verification/mail',
  'POST /v1/password-reset/mail',
  'POST /v1/webhooks/:id/deliveries/:deliveryId/redeliver',
];

describe('the document of the control API', () => {
  let service: TestService;
  let mailbox: string;
  beforeAll(async () => {
    // What files before this one have called.
    seenAnswers.clear();
    mailbox = await mkdtemp(join(tmpdir(), 'leasehold-document-'));
    const mails = { MAILBOX_DIR: mailbox, PUBLIC_URL: 'http://127.0.0.1:4001' };
    service = await TestService.start({ CONSOLE_DIR: CONSOLE, ...mails });
  });
  afterAll(async () => {
    await service.close();
    await rm(mailbox, { recursive: true, force: true });
  });

  it('has exactly the routes of the running service', () => {
    const inDocument = Object.entries(controlDocument().paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(inDocument.sort()).toEqual(service.routes.filter((route) => !isBeside(route)).sort());
  });

  it('is served to everybody, and as a page', async () => {
    const json = await service.call('GET', '/v1/openapi.json');
    expect([json.status, json.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(json.body).toEqual(controlDocument());
    const page = await service.call('GET', '/docs');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.text).toContain('href="/v1/openapi.json"');
    expect(page.headers.get('content-security-policy')).toContain("style-src 'unsafe-inline'");
  });

  it('has bodies that take what the routes take, and no member more', async () => {
    const world = await AccessWorld.make(service);
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(controlDocument(), 'document');
    const isValid = (name: string, value: unknown) => ajv.validate(`document#/components/schemas/${name}`, value);
    for (const { route, body } of CONTROL_ROUTES) {
      const json = (await ACCESS_CALLS[route]?.(world, world.caller('owner')))?.json;
      expect([route, json !== undefined]).toEqual([route, body !== undefined]);
      if (body === undefined) continue;
      expect([route, isValid(body, json), ajv.errors]).toEqual([route, true, null]);
      expect([route, isValid(body, { ...json, surplus: true })]).toEqual([route, false]);
    }
  });

  it('describes every answer as it is, without leaving a member out', async () => {
    const world = await AccessWorld.make(service);
    await world.makeOperation();
    await world.makeDatabase();
    for (const { route, who } of CONTROL_ROUTES) {
      const [method = '', pattern = ''] = route.split(' ');
      const caller = world.caller(who === OPERATORS ? 'operator' : 'owner');
      const { path, json } = (await ACCESS_CALLS[route]?.(world, caller)) ?? { path: pattern };
      // It would end the session that all are called by.
      if (route === LOG_OUT) continue;
      const token = route.includes('/login') ? {} : { token: caller.token ?? '' };
      // An invitation that is accepted leads the session elsewhere.
      const headers: Record<string, string> =
        typeof who === 'string' ? {} : { [ORGANIZATION_HEADER]: world.organizationId };
      // Held against the document by whoever calls: see answer-check.ts.
      await service.call(method, path, { ...token, ...(json && { json }), headers });
    }
    const unseen = CONTROL_ROUTES.filter(({ route }) => route.includes(' /v1/') && !seenAnswers.has(route));
    expect(unseen.map(({ route }) => route).sort()).toEqual([...ELSEWHERE].sort());
  });

  it('has an answer of each route that has a body to answer', () => {
    const unsaid = CONTROL_ROUTES.filter(({ status, answer, mediaType }) => status !== 204 && !(answer ?? mediaType));
    expect(unsaid.map(({ route }) => route)).toEqual(EMPTY);
  });
});
