import { describe, expect, it } from '@jest/globals';
import { formatApiPage } from '@leasehold/protocol';
import { Validator } from '@seriousme/openapi-schema-validator';

import { CONTROL_BODIES } from './control-bodies.js';
import { controlDocument } from './control-document.js';

const document = controlDocument();
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe('the OpenAPI document of the control plane', () => {
  it('is valid by the schema of OpenAPI, and plain JSON', async () => {
    const copy = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
    expect(copy).toEqual(document);
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    const { valid, errors } = await new Validator().validate(copy as object as Record<string, unknown>);
    expect([valid, errors]).toEqual([true, undefined]);
  });

  it('names each operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids.length).toBeGreaterThan(60);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('refers only to what it holds, and holds nothing else', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    expect([...new Set(refs)].sort()).toEqual(Object.keys(document.components['schemas'] as object).sort());
  });

  it('has bodies that take no member that is not named', () => {
    const schemas = document.components['schemas'] as Record<string, object>;
    for (const name of Object.keys(CONTROL_BODIES)) {
      const schema = schemas[name];
      expect([name, schema]).toEqual([name, expect.objectContaining({ type: 'object', additionalProperties: false })]);
    }
  });

  it('offers Idempotency-Key to changes of callers that are known', () => {
    const takes = ({ parameters }: (typeof operations)[number]['operation']) =>
      parameters.some(({ name }) => name === 'Idempotency-Key');
    for (const { method, path, operation } of operations) {
      expect([method, path, takes(operation)]).toEqual([
        method,
        path,
        method !== 'get' && operation.security.length > 0,
      ]);
    }
  });

  it.each([
    ['get', '/v1/databases/{nameOrId}', ['database-not-found', 'invalid-database-name']],
    ['post', '/v1/databases/{id}/undelete', ['database-not-found', 'invalid-database-name']],
    ['get', '/v1/databases/{nameOrId}/metrics', ['database-not-found', 'invalid-database-name']],
    ['get', '/v1/usage', ['database-not-found', 'invalid-database-name']],
    ['get', '/v1/costs', ['database-not-found', 'invalid-database-name']],
    ['post', '/v1/tokens', ['database-not-found', 'invalid-database-name']],
    ['put', '/v1/budgets/databases/{nameOrId}', ['database-not-found', 'invalid-database-name']],
    ['get', '/v1/budgets/organization', ['not-found']],
    ['post', '/v1/keys/{id}/rotate', ['api-key-not-found']],
    ['post', '/v1/admin/jobs/{kind}/running/{id}/cancel', ['job-not-cancellable', 'not-found']],
    ['post', '/v1/admin/tenants/{id}/suspend', ['store-unavailable']],
  ] as const)('names what %s %s may be refused with beside what all are', (method, path, codes) => {
    const found = operations.find((each) => each.method === method && each.path === path);
    const told = Object.values(found?.operation.responses ?? {}).map(({ description }) => description);
    const named = told.flatMap((text) => text.match(/[a-z]+(?:-[a-z]+)+/g) ?? []);
    expect(named).toEqual(expect.arrayContaining([...codes]));
  });

  it('is a page with every operation, without scripts', () => {
    const page = formatApiPage(document);
    for (const { operation } of operations) expect(page).toContain(`id="${operation.operationId}"`);
    expect(page).not.toMatch(/<script|javascript:/i);
  });
});
