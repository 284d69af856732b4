import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { TestService } from '../testing/test-service.js';
import { controlDocument } from './control-document.js';

jest.setTimeout(120_000);

const CONSOLE = fileURLToPath(new URL('../testing/console/', import.meta.url));
/** What is not the control API: the console and the service itself, and what better-auth answers. */
const BESIDE = ['GET /', 'GET /console-config.json', 'GET /healthz', 'GET /metrics', 'GET /readyz'];
const isBeside = (route: string) => BESIDE.includes(route) || route.endsWith(' /api/auth/*');

describe('the document of the control API', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ CONSOLE_DIR: CONSOLE });
  });
  afterAll(() => service.close());

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
});
