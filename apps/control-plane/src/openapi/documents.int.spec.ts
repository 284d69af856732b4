import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';

import { ACCESS_CALLS } from '../testing/access/access-calls.js';
import { AccessWorld } from '../testing/access/access-world.js';
import { TestService } from '../testing/test-service.js';
import { CONTROL_ANSWERS } from './control-answers.js';
import { CONTROL_ROUTES, controlDocument } from './control-document.js';

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

  it('describes answers as they are, without leaving a member out', async () => {
    const world = await AccessWorld.make(service);
    const owner = world.caller('owner');
    await world.makeOperation();
    await world.makeDatabase();
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(controlDocument(), 'document');
    for (const { route, answer, status } of CONTROL_ROUTES) {
      if (answer === undefined) continue;
      const [method = '', pattern = ''] = route.split(' ');
      const { path, json } = (await ACCESS_CALLS[route]?.(world, owner)) ?? { path: pattern };
      const told = await service.call(method, path, { token: owner.token ?? '', ...(json && { json }) });
      const isValid = ajv.validate(`document#/components/schemas/${answer}`, told.body);
      expect([route, told.status, isValid, ajv.errors]).toEqual([route, status, true, null]);
      // Parsed, it has only the members that its schema names.
      expect([route, told.body]).toEqual([route, CONTROL_ANSWERS[answer].parse(told.body)]);
    }
  });
});
