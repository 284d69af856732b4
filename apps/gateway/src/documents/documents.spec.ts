import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { RequestMethod } from '@nestjs/common';
import type { Directory } from '@leasehold/directory';
import type { OpenApiDocument } from '@leasehold/protocol';
import { formatApiPage, openApiDocument } from '@leasehold/protocol';

import type { Feeds } from '../changes/feeds.js';
import type { Forwarder } from '../forwarding/forwarder.js';
import { GatewayModule } from '../gateway-module.js';
import { GatewayWorld } from '../testing/gateway-world.js';

/** Every route of the controllers that a gateway is made of, as Nest registers them: `GET /v1/db/:database/stats`. */
function routesOfGateway(): readonly string[] {
  const { controllers = [] } = GatewayModule.with({} as Directory, {} as Forwarder, {} as Feeds);
  return controllers.flatMap((controller: Type) => {
    const base = [Reflect.getMetadata('path', controller) as string].flat();
    const prototype = controller.prototype as Record<string, object>;
    return Object.getOwnPropertyNames(prototype).flatMap((name) => {
      const method = Reflect.getMetadata('method', prototype[name] as object) as RequestMethod | undefined;
      if (method === undefined) return [];
      const paths = [Reflect.getMetadata('path', prototype[name] as object) as string | string[]].flat();
      return base.flatMap((prefix) => paths.map((path) => `${RequestMethod[method]} /${[prefix, path].join('/')}`));
    });
  });
}

/** The same of the document. In it, the two spellings of a key have names of their own. */
function routesOf(document: OpenApiDocument): readonly string[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((method) => method !== 'head')
      .map((method) => `${method.toUpperCase()} ${path.replace('{key64}', '{key}').replace(/\{(\w+)\}/g, ':$1')}`),
  );
}

const normal = (routes: readonly string[]) => routes.map((route) => route.replace(/\/+/g, '/')).sort();

describe('the documents of the API', () => {
  let world: GatewayWorld;
  beforeAll(async () => {
    world = await new GatewayWorld().start();
  });
  afterAll(() => world.stop());

  it('know exactly the routes that the gateway has', () => {
    expect(normal(routesOf(openApiDocument()))).toEqual(normal(routesOfGateway()));
  });

  it('know exactly the methods that each path answers to', async () => {
    for (const [path, operations] of Object.entries(openApiDocument().paths)) {
      const target = path.replace('{database}', 'main').replace('{key}', 'a').replace('{key64}', 'YQ');
      const { status, headers } = await world.call('OPTIONS', target);
      const methods = Object.keys(operations).map((method) => method.toUpperCase());
      expect([path, status, headers.allow?.split(', ').sort()]).toEqual([path, 405, methods.sort()]);
    }
  });

  it('name the scopes without which a route refuses', async () => {
    await world.addWorker();
    const bare = world.source.addKey('tenant-a', ['usage:read']);
    for (const [path, operations] of Object.entries(openApiDocument().paths)) {
      const target = path.replace('{database}', 'main').replace('{key}', 'a').replace('{key64}', 'YQ');
      for (const [method, { description, security }] of Object.entries(operations)) {
        const { status } = await world.call(method.toUpperCase(), target, { key: security.length > 0 ? bare : '' });
        expect([method, path, status]).toEqual([method, path, security.length > 0 ? 403 : 200]);
        expect(/Scope: data:/.test(description)).toBe(security.length > 0);
      }
    }
  });

  it('are served to everybody', async () => {
    const json = await world.call('GET', '/openapi.json', { key: '' });
    expect([json.status, json.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(json.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
    const page = await world.call('GET', '/docs', { key: '' });
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  });
});

describe('the page of the API', () => {
  it('shows every operation, without scripts', () => {
    const document = openApiDocument();
    const page = formatApiPage(document);
    for (const operations of Object.values(document.paths)) {
      for (const [method, { operationId }] of Object.entries(operations)) {
        expect([operationId, page.includes(`id="${operationId}"`)]).toEqual([operationId, method !== 'head']);
      }
    }
    expect(page).not.toMatch(/<script|javascript:|https?:\/\//i);
  });

  it('takes nothing of the document for markup', () => {
    const document = openApiDocument();
    const evil = { ...document, info: { ...document.info, title: '<img src=x onerror=alert(1)>' } };
    expect(formatApiPage(evil)).not.toContain('<img');
  });
});
