import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { hastyPlatform, PATIENT } from '../../testing/test-client.js';
import { controlOn, type Control } from './control.js';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly body: unknown;
  readonly ifMatch: string | undefined;
  readonly idempotencyKey: string | string[] | undefined;
}

describe('the control plane', () => {
  let server: Server;
  let control: Control;
  let answers: ({ readonly status: number; readonly body?: unknown } | 'drop')[];
  const seen: Seen[] = [];

  beforeEach(async () => {
    seen.length = 0;
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        const { method, url, headers } = request;
        const idempotencyKey = headers['idempotency-key'];
        seen.push({ method, url, body: body && JSON.parse(body), ifMatch: headers['if-match'], idempotencyKey });
        const answer = answers.shift() ?? { status: 500 };
        if (answer === 'drop') return void request.socket.destroy();
        response.writeHead(answer.status).end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    control = controlOn(hastyPlatform(), { url: `http://127.0.0.1:${port}/`, key: 'lh_admin', ...PATIENT });
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('lists all pages', async () => {
    answers = [
      { status: 200, body: { databases: [{ name: 'a' }, { name: 'b' }], cursor: 'Yg' } },
      { status: 200, body: { databases: [{ name: 'c' }], cursor: null } },
    ];
    const names: string[] = [];
    for await (const { name } of control.databases.list()) names.push(name);
    expect(names).toEqual(['a', 'b', 'c']);
    expect(seen.map(({ url }) => url)).toEqual(['/v1/databases?limit=500', '/v1/databases?limit=500&cursor=Yg']);
  });

  it('makes no second secret where it may have made one, and repeats what leaves nothing behind', async () => {
    const made = { name: 'k', scopes: ['data:read'] } as const;
    for (const act of [() => control.apiKeys.create(made), () => control.apiKeys.rotate('k1')]) {
      answers = ['drop', { status: 201, body: {} }];
      await expect(act()).rejects.toMatchObject({ name: 'UnknownOutcomeError', idempotencyKey: undefined });
    }
    answers = [
      { status: 503, body: { code: 'unavailable' } },
      { status: 201, body: { id: 'k1', key: 'lh_' } },
    ];
    expect(await control.apiKeys.create(made)).toMatchObject({ key: 'lh_' });
    answers = ['drop', { status: 204 }];
    await control.apiKeys.revoke('k1');
    answers = ['drop', { status: 201, body: { token: 'a.b.c' } }];
    const scopes = ['data:read'] as const;
    await control.tokens.create({ database: 'acme', scopes, ttlSeconds: 60, prefix: ['users', true] });
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/keys',
      'POST /v1/keys/k1/rotate',
      'POST /v1/keys',
      'POST /v1/keys',
      'DELETE /v1/keys/k1',
      'DELETE /v1/keys/k1',
      'POST /v1/tokens',
      'POST /v1/tokens',
    ]);
    expect(seen.at(-1)?.body).toEqual({ database: 'acme', scopes, ttlSeconds: 60, prefix64: 'AnVzZXJzACc' });
  });

  it('lists those of a filter, and changes, deletes and brings back', async () => {
    answers = [
      { status: 200, body: { databases: [{ name: 'a' }], cursor: 'Yg' } },
      { status: 200, body: { databases: [], cursor: null } },
    ];
    const label = { key: 'tier', value: 'a&b' };
    for await (const { name } of control.databases.list({ search: 'cus', label, deleted: true }))
      expect(name).toBe('a');
    answers = [200, 200, 200, 200, 201].map((status) => ({ status, body: { revision: 2 } }));
    await control.databases.change('acme', { labels: { tier: null }, sizeLimitBytes: null }, { revision: 1 });
    await control.databases.change('acme', { retentionSeconds: 0 });
    await control.databases.delete('id-1');
    await control.databases.undelete('id-1', { name: 'acme-2' });
    await control.databases.create({ name: 'b', labels: { k: 'v' } });
    expect(seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['GET', '/v1/databases?limit=500&search=cus&label=tier%3Aa%26b&deleted=true', ''],
      ['GET', '/v1/databases?limit=500&search=cus&label=tier%3Aa%26b&deleted=true&cursor=Yg', ''],
      ['PATCH', '/v1/databases/acme', { labels: { tier: null }, sizeLimitBytes: null }],
      ['PATCH', '/v1/databases/acme', { retentionSeconds: 0 }],
      ['DELETE', '/v1/databases/id-1', ''],
      ['POST', '/v1/databases/id-1/undelete', { name: 'acme-2' }],
      ['POST', '/v1/databases', { name: 'b', labels: { k: 'v' } }],
    ]);
    expect(seen.map(({ ifMatch }) => ifMatch)).toEqual([undefined, undefined, '"1"', ...Array<undefined>(4)]);
  });

  it('repeats a change whose answer was lost under the key that it was sent with', async () => {
    for (const act of [
      () => control.databases.create({ name: 'acme' }),
      () => control.databases.change('acme', { retentionSeconds: 0 }),
      () => control.databases.delete('acme'),
      () => control.databases.undelete('id-1'),
    ]) {
      seen.length = 0;
      const running = { status: 409, body: { code: 'conflict', retryAfterMs: 10 } };
      answers = ['drop', running, { status: 200, body: { id: '1' } }];
      expect(await act()).toEqual({ id: '1' });
      const keys = seen.map(({ idempotencyKey }) => idempotencyKey);
      expect(keys).toHaveLength(3);
      expect(new Set(keys)).toEqual(new Set([expect.stringMatching(/^[0-9a-f]{32}$/)]));
    }
    answers = ['drop', { status: 409, body: { code: 'conflict', applied: true } }];
    const unknown = { name: 'UnknownOutcomeError', code: 'conflict', idempotencyKey: 'mine' };
    await expect(control.databases.delete('acme', { idempotencyKey: 'mine' })).rejects.toMatchObject(unknown);
    answers = [{ status: 409, body: { code: 'conflict' } }];
    await expect(control.databases.delete('acme')).rejects.toMatchObject({ name: 'ConflictError' });
  });

  it('changes without a key, and once, where those of the day are used up', async () => {
    const usedUp = { status: 429, body: { code: 'idempotency-keys-exhausted' } };
    answers = [usedUp, { status: 201, body: { id: '1' } }];
    expect(await control.databases.create({ name: 'acme' })).toEqual({ id: '1' });
    answers = [usedUp, 'drop', { status: 201, body: { id: '1' } }];
    await expect(control.databases.create({ name: 'acme' })).rejects.toMatchObject({ name: 'UnknownOutcomeError' });
    expect(seen.map(({ idempotencyKey }) => idempotencyKey !== undefined)).toEqual([true, false, true, false]);
  });

  it('tells of the requests to a database', async () => {
    answers = [
      { status: 200, body: { step: 'minute', metrics: [] } },
      { status: 200, body: { step: 'hour', metrics: [{ requests: 3, p50Ms: null }] } },
    ];
    expect((await control.metrics.of('acme')).metrics).toEqual([]);
    const question = { from: new Date(Date.UTC(2026, 5)), step: 'hour' } as const;
    expect((await control.metrics.of('a/b', question)).metrics).toMatchObject([{ requests: 3, p50Ms: null }]);
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /v1/databases/acme/metrics',
      'GET /v1/databases/a%2Fb/metrics?from=2026-06-01T00%3A00%3A00.000Z&step=hour',
    ]);
  });

  it('refuses a Date that is no time, and asks nothing', async () => {
    const never = new Date('soon');
    const wrong = { name: 'InvalidError', code: 'invalid-argument' };
    await expect(control.metrics.of('acme', { from: never })).rejects.toMatchObject(wrong);
    await expect(control.usage.list({ to: never }).next()).rejects.toMatchObject(wrong);
    const key = { name: 'k', scopes: ['data:read'], expiresAt: never } as const;
    await expect(control.apiKeys.create(key)).rejects.toMatchObject(wrong);
    expect(seen).toEqual([]);
  });

  it('grants databases to others, and lists what others have granted', async () => {
    answers = [
      { status: 201, body: {} },
      { status: 200, body: { grants: [{ organizationId: 'o', access: 'read' }] } },
      { status: 204 },
      { status: 200, body: { databases: [{ name: 'them~orders' }], cursor: null } },
    ];
    await control.databases.grant('acme', { organizationId: 'o', access: 'read' });
    expect(await control.databases.grants('acme')).toEqual([{ organizationId: 'o', access: 'read' }]);
    await control.databases.revokeGrant('acme', 'o');
    for await (const { name } of control.databases.shared()) expect(name).toBe('them~orders');
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/databases/acme/grants',
      'GET /v1/databases/acme/grants',
      'DELETE /v1/databases/acme/grants/o',
      'GET /v1/shared-databases?limit=500',
    ]);
  });

  it('makes confined keys, and rotates them', async () => {
    answers = [201, 201, 204, 201].map((status) => ({ status, body: { id: 'k1', key: 'lh_' } }));
    const scopes = ['data:read'] as const;
    await control.apiKeys.create({ name: 'k', scopes, databases: ['customer-*'], prefix: 'users/' });
    await control.apiKeys.rotate('k1', { overlapSeconds: 60 });
    await control.apiKeys.endPrevious('k1');
    await control.apiKeys.create({ name: 'k', scopes, prefix: '' }).catch(() => undefined);
    expect(seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', '/v1/keys', { name: 'k', scopes, databases: ['customer-*'], prefix64: 'dXNlcnMv' }],
      ['POST', '/v1/keys/k1/rotate', { overlapSeconds: 60 }],
      ['DELETE', '/v1/keys/k1/previous', ''],
      ['POST', '/v1/keys', { name: 'k', scopes, prefix64: '' }],
    ]);
  });

  it('reads and changes budgets, again where an answer is lost', async () => {
    const budget = { id: '1', limit: { units: 5 } };
    answers = ['drop', { status: 200, body: budget }, { status: 200, body: budget }, { status: 204 }];
    const of = { scope: 'database', nameOrId: 'main' } as const;
    expect(await control.budgets.put(of, { limit: { units: 5 }, hardStop: true })).toEqual(budget);
    expect(await control.budgets.get({ scope: 'organization' })).toEqual(budget);
    await control.budgets.delete({ scope: 'key', id: 'k' });
    expect(seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['PUT', '/v1/budgets/databases/main', { limit: { units: 5 }, hardStop: true }],
      ['PUT', '/v1/budgets/databases/main', { limit: { units: 5 }, hardStop: true }],
      ['GET', '/v1/budgets/organization', ''],
      ['DELETE', '/v1/budgets/keys/k', ''],
    ]);
  });

  it('asks for usage, page by page', async () => {
    answers = [
      { status: 200, body: { usage: [{ from: 'a', key: null }], cursor: 'Yg' } },
      { status: 200, body: { usage: [{ from: 'b', key: 'k' }], cursor: null } },
    ];
    const rows: unknown[] = [];
    const question = { from: new Date(Date.UTC(2026, 0)), step: 'hour', group: 'key', database: 'main' } as const;
    for await (const row of control.usage.list(question)) rows.push(row);
    expect(rows).toHaveLength(2);
    const asked = '/v1/usage?limit=500&from=2026-01-01T00%3A00%3A00.000Z&step=hour&group=key&database=main';
    expect(seen.map(({ url }) => url)).toEqual([asked, `${asked}&cursor=Yg`]);
  });

  it('reads invoices, their lines page by page, and their PDFs', async () => {
    answers = [
      { status: 200, body: { invoices: [{ id: 'i', total: 5 }], cursor: null } },
      { status: 200, body: { id: '2026-11', state: 'draft' } },
      { status: 200, body: { lines: [{ line: 1 }], cursor: 'MQ' } },
      { status: 200, body: { lines: [{ line: 2 }], cursor: null } },
      { status: 200, body: 'any bytes' },
    ];
    const found: unknown[] = [];
    for await (const { total } of control.invoices.list()) found.push(total);
    found.push((await control.invoices.get('2026-11')).state);
    for await (const { line } of control.invoices.lines('i')) found.push(line);
    found.push(new TextDecoder().decode(await control.invoices.pdf('a/b')));
    expect(found).toEqual([5, 'draft', 1, 2, '"any bytes"']);
    expect(seen.map(({ url }) => url)).toEqual([
      '/v1/invoices?limit=500',
      '/v1/invoices/2026-11',
      '/v1/invoices/i/lines?limit=500',
      '/v1/invoices/i/lines?limit=500&cursor=MQ',
      '/v1/invoices/a%2Fb/pdf',
    ]);
  });

  it('says what to do next', async () => {
    answers = [
      { status: 409, body: { code: 'database-exists' } },
      { status: 404, body: { code: 'database-not-found' } },
    ];
    await expect(control.databases.create({ name: 'acme' })).rejects.toMatchObject({ name: 'ConflictError' });
    await expect(control.databases.get('acme')).rejects.toMatchObject({ name: 'NotFoundError' });
  });
});
