import { describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';

import { ALL_API_ROUTES } from './api-routes.js';
import { openApiDocument } from './openapi.js';

const document = openApiDocument();
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe('the OpenAPI document', () => {
  it('is plain JSON of version 3.1', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
  });

  it('is valid by the schema of OpenAPI', async () => {
    const { valid, errors } = await new Validator().validate(
      structuredClone(document) as object as Record<string, unknown>,
    );
    expect([valid, errors]).toEqual([true, undefined]);
    const broken = { ...structuredClone(document), paths: { 'no-slash': {} } };
    expect(await new Validator().validate(broken as object as Record<string, unknown>)).toMatchObject({ valid: false });
  });

  it('names each operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('describes each parameter of a path, and each once', () => {
    for (const { path, operation } of operations) {
      const named = operation.parameters.map((parameter) => `${String(parameter['in'])} ${String(parameter['name'])}`);
      expect([path, new Set(named).size]).toEqual([path, named.length]);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `path ${String(name)}`);
      expect(named.filter((name) => name.startsWith('path '))).toEqual(inPath);
    }
  });

  it('refers only to what it holds', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    const held = Object.keys(document.components['schemas'] as object);
    expect(refs.length).toBeGreaterThan(held.length);
    for (const name of refs) expect(held).toContain(name);
    expect(new Set(refs).size).toBe(held.length);
  });

  it('answers HEAD wherever it answers GET, without a body', () => {
    for (const { path, method, operation } of operations) {
      if (method === 'get') expect(Object.keys(document.paths[path] ?? {})).toContain('head');
      if (method !== 'head') continue;
      for (const response of Object.values(operation.responses)) expect(response).not.toHaveProperty('content');
    }
  });

  it('tells every refusal that is of a route by its code', () => {
    for (const route of ALL_API_ROUTES) {
      const { responses } = operations.find(({ operation }) => operation.operationId === route.id)?.operation ?? {};
      const told = Object.values(responses ?? {})
        .map(({ description }) => description)
        .join('\n');
      for (const code of route.codes) expect(told).toContain(`\`${code}\``);
      if (route.scopes.length > 0)
        expect(Object.keys(responses ?? {})).toEqual(expect.arrayContaining(['401', '403', '429', '503']));
    }
  });

  it('has bodies as the gateway checks them', () => {
    const { Transaction, SnapshotRead } = document.components['schemas'] as Record<string, Record<string, unknown>>;
    for (const schema of [Transaction, SnapshotRead])
      expect(schema).toMatchObject({ type: 'object', additionalProperties: false });
    const text = JSON.stringify(Transaction);
    for (const op of ['put', 'delete', 'sum', 'min', 'max', 'deleteRange']) expect(text).toContain(`"const":"${op}"`);
    expect(Object.keys(SnapshotRead?.['properties'] as object).sort()).toEqual(['at', 'encoding', 'gets', 'lists']);
  });
});
