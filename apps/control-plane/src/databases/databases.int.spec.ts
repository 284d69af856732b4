import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { TenantId } from '@leasehold/foundation';

import { TestGateway } from '../testing/test-gateway.js';
import { TestService, type Answer, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

describe('the databases of an organization', () => {
  let service: TestService;
  let tenant: Tenant;
  let numbers = 0;

  const ask = (
    method: string,
    path: string,
    json?: object,
    headers: Record<string, string> = {},
    token = tenant.token,
  ) => service.call(method, `/v1/databases${path}`, { token, headers, ...(json && { json }) });
  const create = async (options: object = {}, name = `database-${++numbers}`): Promise<Record<string, unknown>> => {
    const answer = await ask('POST', '', { name, ...options });
    expect([answer.text, answer.status]).toEqual([answer.text, 201]);
    return answer.body;
  };
  const codeOf = ({ status, body }: Answer) => [status, body['code']];
  const listed = async (query: string, token = tenant.token) => {
    const { body } = await ask('GET', query, undefined, {}, token);
    return (body['databases'] as { name: string }[]).map(({ name }) => name);
  };

  beforeAll(async () => {
    service = await TestService.start();
    tenant = await service.signUp();
  });
  afterAll(() => service.close());

  it('are made with options, and told with all of them', async () => {
    const options = {
      labels: { 'customer/id': '42', tier: '' },
      deleteProtection: true,
      expiresAt: '2030-01-31T00:00:00.000Z',
      retentionSeconds: 3_600,
      sizeLimitBytes: 5_000_000,
      undeleteSeconds: 2_592_000,
    };
    const made = await create(options);
    expect(made).toEqual({
      ...{ id: expect.any(String), name: made['name'], createdAt: expect.any(String), ...options },
      ...{ revision: 1, deletedAt: null, purgeAt: null },
    });
    const read = await ask('GET', `/${String(made['id'])}`);
    expect([read.body, read.headers.get('etag')]).toEqual([made, '"1"']);
  });

  it.each([
    ['labels that are no object', { labels: [] }],
    ['a label that is no text', { labels: { a: 1 } }],
    ['a label without a key', { labels: { '': 'x' } }],
    ['a key with a colon', { labels: { 'a:b': 'x' } }],
    ['a key in capitals', { labels: { A: 'x' } }],
    ['a key that is too long', { labels: { ['k'.repeat(64)]: 'x' } }],
    ['a value that is too long', { labels: { a: 'x'.repeat(256) } }],
    ['a value of two lines', { labels: { a: 'x\ny' } }],
    ['33 labels', { labels: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`k${n}`, ''])) }],
    ['the past as its end', { expiresAt: '2020-01-01T00:00:00Z' }],
    ['an end without a zone', { expiresAt: '2030-01-01T00:00:00' }],
    ['an end in a hundred years', { expiresAt: '2126-01-01T00:00:00Z' }],
    ['a retention of a fraction', { retentionSeconds: 1.5 }],
    ['a retention below nothing', { retentionSeconds: -1 }],
    ['a retention of a year', { retentionSeconds: 31_536_000 }],
    ['a size beyond the limit', { sizeLimitBytes: 10_000_000_001 }],
    ['a size in a text', { sizeLimitBytes: '5' }],
    ['a window of a minute', { undeleteSeconds: 60 }],
    ['a window beyond 30 days', { undeleteSeconds: 2_592_001 }],
    ['no window', { undeleteSeconds: null }],
    ['an id', { id: '00000000-0000-4000-8000-000000000000' }],
    ['a revision', { revision: 7 }],
    ['a deletion', { deletedAt: null }],
    ['an owner', { organizationId: 'somebody' }],
  ] as const)('refuse %s, when they are made and when they are changed', async (_what, options) => {
    const { name } = await create();
    expect(codeOf(await ask('POST', '', { name: 'never', ...options }))).toEqual([400, 'invalid-body']);
    expect(codeOf(await ask('PATCH', `/${String(name)}`, options))).toEqual([400, 'invalid-body']);
    expect((await ask('GET', `/${String(name)}`)).body['revision']).toBe(1);
    expect(codeOf(await ask('GET', '/never'))).toEqual([404, 'database-not-found']);
  });

  it('are changed by the members that are named, and by a revision where one is', async () => {
    const { id, name } = await create({ labels: { a: '1', b: '2' }, sizeLimitBytes: 1_000 });
    const changed = await ask('PATCH', `/${String(name)}`, { labels: { a: null, c: '3' }, retentionSeconds: 0 });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    expect(changed.body).toMatchObject({ id, labels: { b: '2', c: '3' }, retentionSeconds: 0, sizeLimitBytes: 1_000 });
    const change = (ifMatch: string) =>
      ask('PATCH', `/${String(id)}`, { sizeLimitBytes: null }, { 'if-match': ifMatch });
    expect(codeOf(await change('"1"'))).toEqual([412, 'precondition-failed']);
    for (const malformed of ['1', 'W/"1"', '"1", "2"', '"x"', '']) {
      expect(codeOf(await change(malformed))).toEqual([400, 'invalid-precondition']);
    }
    expect((await change('"2"')).body).toMatchObject({ sizeLimitBytes: null, revision: 3 });
    expect(codeOf(await ask('PATCH', '/missing', { retentionSeconds: 0 }))).toEqual([404, 'database-not-found']);
  });

  it('are deleted, found among the deleted, and come back', async () => {
    const { id, name } = await create({ labels: { bin: 'yes' } });
    expect(codeOf(await ask('DELETE', `/${String(id)}`, undefined, { 'if-match': '"9"' }))).toEqual([
      412,
      'precondition-failed',
    ]);
    const deleted = await ask('DELETE', `/${String(name)}`);
    expect(deleted.status).toBe(200);
    const { deletedAt, purgeAt } = deleted.body;
    expect(Date.parse(String(purgeAt)) - Date.parse(String(deletedAt))).toBe(7 * 24 * 3_600_000);
    for (const place of [name, id]) {
      expect(codeOf(await ask('GET', `/${String(place)}`))).toEqual([404, 'database-not-found']);
      expect(codeOf(await ask('DELETE', `/${String(place)}`))).toEqual([404, 'database-not-found']);
    }
    expect([await listed(`?search=${String(name)}`), await listed('?deleted=true&label=bin:yes')]).toEqual([
      [],
      [name],
    ]);
    const { id: successor } = await create({}, String(name));
    const undelete = (json: object) => ask('POST', `/${String(id)}/undelete`, json);
    expect(codeOf(await undelete({}))).toEqual([409, 'database-exists']);
    expect(codeOf(await undelete({ name: 'Not A Name' }))).toEqual([400, 'invalid-database-name']);
    const back = await undelete({ name: `${String(name)}-again` });
    expect([back.status, back.body['id'], back.body['labels']]).toEqual([200, id, { bin: 'yes' }]);
    expect(codeOf(await undelete({}))).toEqual([404, 'database-not-found']);
    expect((await ask('GET', `/${String(name)}`)).body['id']).toBe(successor);
    expect(codeOf(await ask('POST', `/${String(name)}/undelete`, {}))).toEqual([404, 'database-not-found']);
  });

  it('are not deleted while they are protected', async () => {
    const { name } = await create({ deleteProtection: true });
    expect(codeOf(await ask('DELETE', `/${String(name)}`))).toEqual([409, 'database-protected']);
    await ask('PATCH', `/${String(name)}`, { deleteProtection: false });
    expect((await ask('DELETE', `/${String(name)}`)).status).toBe(200);
  });

  it('are changed and deleted by builders and by keys that administer them, inside of what these are confined to', async () => {
    const { name } = await create({}, 'confined-a');
    const { key: plain } = await service.createKey(tenant, ['data:write', 'db:create']);
    const { key: inside } = await service.createKey(tenant, ['db:admin'], { databases: ['confined-*'] });
    const { key: outside } = await service.createKey(tenant, ['db:admin'], { databases: ['other-*'] });
    const { key: prefixed } = await service.createKey(tenant, ['db:admin'], { prefix: 'users/' });
    const change = (token: string) => ask('PATCH', `/${String(name)}`, { retentionSeconds: 1 }, {}, token);
    const remove = (token: string) => ask('DELETE', `/${String(name)}`, undefined, {}, token);
    for (const act of [change, remove]) {
      expect(codeOf(await act(plain))).toEqual([403, 'insufficient-scope']);
      expect(codeOf(await act(outside))).toEqual([404, 'database-not-found']);
      expect(codeOf(await act(prefixed))).toEqual([403, 'forbidden']);
    }
    expect((await change(inside)).status).toBe(200);
    const { body } = await remove(inside);
    const undelete = (token: string, json: object = {}) =>
      ask('POST', `/${String(body['id'])}/undelete`, json, {}, token);
    expect(codeOf(await undelete(outside))).toEqual([404, 'database-not-found']);
    expect(codeOf(await undelete(inside, { name: 'elsewhere' }))).toEqual([403, 'forbidden']);
    expect(codeOf(await undelete(prefixed))).toEqual([403, 'forbidden']);
    expect(await listed('?deleted=true&search=confined', inside)).toEqual(['confined-a']);
    expect(await listed('?deleted=true', outside)).toEqual([]);
    expect((await undelete(inside)).status).toBe(200);
  });

  it.each([
    ['a label without a value', '?label=tier'],
    ['a label without a key', '?label=:gold'],
    ['two labels', '?label=a:1&label=b:2'],
    ['a search for what no name begins with', '?search=A'],
    ['a search for nothing', '?search='],
    ['deleted ones perhaps', '?deleted=maybe'],
    ['bytes', '?label=a:%ff'],
    ['NUL', '?label=a:%00'],
    ['another parameter', '?name=a'],
  ])('are not listed by %s', async (_what, query) => {
    expect(codeOf(await ask('GET', query))).toEqual([400, 'invalid-parameter']);
  });

  it('are listed by label and search, page by page', async () => {
    for (const name of ['page-1', 'page-2', 'page-3']) await create({ labels: { paged: 'a:b' } }, name);
    await create({ labels: { paged: 'a' } }, 'page-4');
    const first = await ask('GET', '?label=paged:a:b&search=page&limit=2');
    expect((first.body['databases'] as { name: string }[]).map(({ name }) => name)).toEqual(['page-1', 'page-2']);
    expect(await listed(`?label=paged:a:b&search=page&limit=2&cursor=${String(first.body['cursor'])}`)).toEqual([
      'page-3',
    ]);
    for (const name of ['page-1', 'page-2', 'page-3']) await ask('DELETE', `/${name}`);
    const gone = await ask('GET', '?label=paged:a:b&deleted=true&limit=2');
    expect(await listed(`?label=paged:a:b&deleted=true&limit=2&cursor=${String(gone.body['cursor'])}`)).toEqual([
      'page-3',
    ]);
  });

  it('are gone for every gateway within two seconds, and back at once', async () => {
    const gateway = await TestGateway.open(service.databaseUrl);
    try {
      const { id, name } = await create();
      const known = async () => (await gateway.directory.database(tenant.organizationId as TenantId, String(name)))?.id;
      expect(await known()).toBe(id);
      await ask('DELETE', `/${String(name)}`);
      await gateway.hears(async () => (await known()) === undefined);
      await ask('POST', `/${String(id)}/undelete`, {});
      expect(await known()).toBe(id);
    } finally {
      await gateway.close();
    }
  });
});
