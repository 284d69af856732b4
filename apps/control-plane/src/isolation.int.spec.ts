import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { storedToken } from './auth/session-token.js';
import { makeInvoice } from './testing/make-invoice.js';
import { TestService, type Tenant } from './testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

/** Every route that names or lists objects of an organization, called for the objects of another one. */
describe('two organizations', () => {
  let service: TestService;
  let mine: Tenant;
  let theirs: Tenant;
  let theirKey: { readonly id: string; readonly key: string };
  let theirDatabase: string;
  /** Ways in which I may call: by session and by a key that may everything. */
  let callers: readonly string[];

  beforeAll(async () => {
    service = await TestService.start();
    mine = await service.signUp();
    theirs = await service.signUp();
    theirKey = await service.createKey(theirs, ['data:read', 'keys:admin']);
    const created = await service.call('POST', '/v1/databases', { token: theirs.token, json: { name: 'theirs' } });
    theirDatabase = String(created.body['id']);
    const all = ['data:read', 'data:write', 'db:create', 'db:admin', 'keys:admin', 'usage:read'];
    callers = [mine.token, (await service.createKey(mine, all)).key];
  });
  afterAll(() => service.close());

  const foreign = () =>
    [
      ['GET', `/v1/databases/theirs`, `/v1/databases/missing`],
      ['GET', `/v1/databases/${theirDatabase}`, '/v1/databases/00000000-0000-4000-8000-000000000000'],
      ['DELETE', `/v1/databases/theirs`, `/v1/databases/missing`],
      ['DELETE', `/v1/databases/${theirDatabase}`, '/v1/databases/00000000-0000-4000-8000-000000000000'],
      ['DELETE', `/v1/keys/${theirKey.id}`, '/v1/keys/01000000000000000000000000'],
      ['DELETE', `/v1/keys/${theirKey.id}/previous`, '/v1/keys/01000000000000000000000000/previous'],
    ] as const;

  it("answers another organization's object exactly like a missing one", async () => {
    for (const token of callers) {
      for (const [method, path, missing] of foreign()) {
        const answer = await service.call(method, path, { token });
        const absent = await service.call(method, missing, { token });
        expect([path, answer.status]).toEqual([path, 404]);
        expect({ ...answer.body, requestId: '' }).toEqual({ ...absent.body, requestId: '' });
      }
    }
    expect((await service.call('GET', '/v1/keys', { token: theirKey.key })).status).toBe(200);
  });

  it('grants nothing of another organization, and ends none of its grants', async () => {
    const stranger = await service.signUp();
    const json = { organizationId: stranger.organizationId, access: 'write' };
    const granted = await service.call('POST', '/v1/databases/theirs/grants', { token: theirs.token, json });
    expect(granted.status).toBe(201);
    const nobodys = '00000000-0000-4000-8000-000000000000';
    for (const token of callers) {
      for (const [method, suffix, call] of [
        ['POST', 'grants', { json: { ...json, organizationId: mine.organizationId } }],
        ['GET', 'grants', {}],
        ['GET', 'metrics', {}],
        ['DELETE', `grants/${stranger.organizationId}`, {}],
      ] as const) {
        const answer = await service.call(method, `/v1/databases/${theirDatabase}/${suffix}`, { token, ...call });
        const absent = await service.call(method, `/v1/databases/${nobodys}/${suffix}`, { token, ...call });
        expect([method, answer.status]).toEqual([method, 404]);
        expect({ ...answer.body, requestId: '' }).toEqual({ ...absent.body, requestId: '' });
      }
      expect((await service.call('GET', '/v1/shared-databases', { token })).body['databases']).toEqual([]);
    }
    const { body } = await service.call('GET', '/v1/databases/theirs/grants', { token: theirs.token });
    expect(body['grants']).toMatchObject([json]);
    await service.call('DELETE', `/v1/databases/theirs/grants/${stranger.organizationId}`, { token: theirs.token });
  });

  it("neither changes nor brings back another organization's database", async () => {
    const ask = (method: string, path: string, token: string, json: object) =>
      service.call(method, `/v1/databases/${path}`, { token, json });
    const gone = await service
      .call('POST', '/v1/databases', { token: theirs.token, json: { name: 'gone' } })
      .then(({ body }) => String(body['id']));
    await service.call('DELETE', '/v1/databases/gone', { token: theirs.token });
    const nobodys = '00000000-0000-4000-8000-000000000000';
    for (const token of callers) {
      for (const [method, suffix, json, id] of [
        ['PATCH', '', { deleteProtection: true }, theirDatabase],
        ['POST', '/undelete', {}, gone],
        ['POST', '/undelete', { name: 'mine-now' }, gone],
      ] as const) {
        const answer = await ask(method, id + suffix, token, json);
        const absent = await ask(method, nobodys + suffix, token, json);
        expect([suffix, answer.status]).toEqual([suffix, 404]);
        expect({ ...answer.body, requestId: '' }).toEqual({ ...absent.body, requestId: '' });
      }
      const { body } = await service.call('GET', '/v1/databases?deleted=true', { token });
      expect(body['databases']).toEqual([]);
    }
    const { body } = await service.call('GET', '/v1/databases/theirs', { token: theirs.token });
    expect(body['deleteProtection']).toBe(false);
  });

  it("rotates no other organization's key", async () => {
    for (const token of callers) {
      const answer = await service.call('POST', `/v1/keys/${theirKey.id}/rotate`, { token, json: {} });
      expect([answer.status, answer.body['code']]).toEqual([404, 'api-key-not-found']);
    }
    expect((await service.call('GET', '/v1/keys', { token: theirKey.key })).text).toContain('"previous":null');
  });

  it("makes no token for another organization's database", async () => {
    for (const token of callers) {
      const json = { scopes: ['data:read'], ttlSeconds: 60 };
      const answer = await service.call('POST', '/v1/tokens', { token, json: { ...json, database: 'theirs' } });
      const absent = await service.call('POST', '/v1/tokens', { token, json: { ...json, database: 'missing' } });
      expect([answer.status, answer.body['code']]).toEqual([404, 'database-not-found']);
      expect({ ...answer.body, requestId: '' }).toEqual({ ...absent.body, requestId: '' });
      const byId = await service.call('POST', '/v1/tokens', { token, json: { ...json, database: theirDatabase } });
      expect(byId.status).toBe(404);
    }
  });

  it('shows no quotas and no usage of another organization', async () => {
    await service.metadata.plans.agree(theirs.organizationId, { databases: 77 });
    for (const token of callers) {
      const { body } = await service.call('GET', '/v1/quotas', { token });
      expect(body).toMatchObject({ limits: { databases: null }, used: { databases: 0 } });
    }
  });

  it('shows no invoices and no prices of another organization', async () => {
    const theirInvoice = await makeInvoice(service, theirs.organizationId, 1);
    await service.metadata.plans.put('theirs-alone', 'Theirs', {});
    await service.metadata.plans.assign(theirs.organizationId, 'theirs-alone');
    await service.metadata.billingDetails.put(theirs.organizationId, {
      ...{ name: 'Theirs Ltd.', street: '', postalCode: '', city: '', region: '', country: '', taxId: '', email: '' },
    });
    for (const token of callers) {
      expect((await service.call('GET', '/v1/invoices', { token })).body).toEqual({ invoices: [], cursor: null });
      for (const suffix of ['', '/lines', '/databases', '/records', '/credit-notes', '/html', '/pdf']) {
        for (const id of [theirInvoice, '2019-12']) {
          const answer = await service.call('GET', `/v1/invoices/${id}${suffix}`, { token });
          const absent = await service.call('GET', `/v1/invoices/missing${suffix}`, { token });
          expect([id, suffix, answer.status, answer.body['code']]).toEqual([id, suffix, 404, 'not-found']);
          expect({ ...answer.body, requestId: '' }).toEqual({ ...absent.body, requestId: '' });
        }
      }
      expect((await service.call('GET', '/v1/prices', { token })).text).not.toContain('theirs-alone');
      const costs = await service.call('GET', '/v1/costs?group=database', { token });
      expect([costs.body['costs'], costs.body['amounts']]).toMatchObject([[], { total: 0 }]);
    }
    const own = await service.call('GET', '/v1/billing-details', { token: mine.token });
    expect(own.text).not.toContain('Theirs');
    const unread = await service.call('GET', `/v1/invoices/${theirInvoice}`, { token: theirs.token });
    expect([unread.status, unread.body['total']]).toEqual([200, 3_000]);
  });

  it('neither shows nor changes the budgets of another organization', async () => {
    const json = { limit: { units: 77 } };
    const paths = [
      '/v1/budgets/organization',
      `/v1/budgets/databases/${theirDatabase}`,
      `/v1/budgets/keys/${theirKey.id}`,
    ];
    for (const path of paths) {
      expect((await service.call('PUT', path, { token: theirs.token, json })).status).toBe(200);
    }
    for (const token of callers) {
      expect((await service.call('GET', '/v1/budgets', { token })).body).toEqual({ budgets: [], cursor: null });
      for (const path of paths) {
        expect([path, (await service.call('GET', path, { token })).status]).toEqual([path, 404]);
      }
    }
    for (const path of paths) {
      expect([path, (await service.call('DELETE', path, { token: mine.token })).status]).toEqual([path, 404]);
    }
    for (const path of paths.slice(1)) {
      expect([path, (await service.call('PUT', path, { token: mine.token, json })).status]).toEqual([path, 404]);
    }
    const read = await service.call('GET', '/v1/budgets', { token: theirs.token });
    expect(read.body['budgets']).toHaveLength(3);
  });

  it('shows no payments of another organization, nor by what it pays', async () => {
    const theirInvoice = await makeInvoice(service, theirs.organizationId, 2);
    await service.metadata.paymentCustomers.remember(theirs.organizationId, 'stripe', 'cus_theirs');
    const method = { reference: 'pm_theirs', kind: 'card', lastFour: '4242' };
    await service.metadata.prisma.paymentCustomer.updateMany({ data: { method } });
    const own = await service.call('GET', '/v1/payments', { token: mine.token });
    expect(own.body).toEqual({ provider: 'manual', method: null, payments: [], cursor: null });
    const read = await service.call('GET', '/v1/payments', { token: theirs.token });
    expect(read.body).toMatchObject({ method: { lastFour: '4242' } });
    expect(read.text).toContain(theirInvoice);
    expect(read.text).not.toContain('pm_theirs');
  });

  it('neither shows nor changes the origins of another organization', async () => {
    const theirOrigins = { origins: ['https://theirs.example'] };
    await service.call('PUT', '/v1/cors', { token: theirs.token, json: theirOrigins });
    for (const token of callers) {
      expect((await service.call('GET', '/v1/cors', { token })).body).toEqual({ origins: [] });
      const json = { origins: ['https://mine.example'] };
      expect((await service.call('PUT', '/v1/cors', { token, json })).status).toBe(200);
      expect((await service.call('GET', '/v1/cors', { token: theirs.token })).body).toEqual(theirOrigins);
      await service.call('PUT', '/v1/cors', { token, json: { origins: [] } });
    }
  });

  it("neither shows nor ends another person's sessions", async () => {
    const [theirSession] = await service.metadata.prisma.session.findMany({
      where: { token: storedToken(theirs.token) },
    });
    const end = (id: string) => service.call('DELETE', `/v1/sessions/${id}`, { token: mine.token });
    const [answer, absent] = [await end(theirSession?.id ?? ''), await end('01000000000000000000000000')];
    expect([answer.status, { ...answer.body, requestId: '' }]).toEqual([404, { ...absent.body, requestId: '' }]);
    const { text } = await service.call('GET', '/v1/sessions', { token: mine.token });
    expect(text).not.toContain(theirSession?.id ?? 'missing');
    expect((await service.call('DELETE', '/v1/sessions', { token: mine.token })).status).toBe(204);
    expect((await service.call('GET', '/v1/me', { token: theirs.token })).status).toBe(200);
  });

  it("neither shows nor cancels another organization's operations, and deletes none of its databases", async () => {
    const json = { search: 'thei' };
    const { id } = await service.metadata.operations.deleteDatabases(theirs.organizationId, { search: 'none-' });
    for (const token of callers) {
      for (const [method, suffix] of [
        ['GET', ''],
        ['POST', '/cancel'],
      ] as const) {
        const answer = await service.call(method, `/v1/operations/${id}${suffix}`, { token });
        const absent = await service.call(method, `/v1/operations/${'0'.repeat(26)}${suffix}`, { token });
        expect([suffix, answer.status]).toEqual([suffix, 404]);
        expect({ ...answer.body, requestId: '' }).toEqual({ ...absent.body, requestId: '' });
      }
      expect((await service.call('GET', '/v1/operations', { token })).text).not.toContain(id);
      const counted = await service.call('POST', '/v1/databases/delete', { token, json: { ...json, dryRun: true } });
      expect(counted.body['matches']).toBe(0);
      expect((await service.call('POST', '/v1/databases/delete', { token, json })).status).toBe(202);
    }
    expect((await service.call('GET', '/v1/databases/theirs', { token: theirs.token })).status).toBe(200);
  });

  it('lists nothing of another organization', async () => {
    for (const token of callers) {
      for (const path of ['/v1/databases', '/v1/keys', '/v1/databases?cursor=YQ', '/v1/keys?cursor=MA']) {
        const { status, text } = await service.call('GET', path, { token });
        expect([path, status]).toEqual([path, 200]);
        expect(text).not.toContain(theirDatabase);
        expect(text).not.toContain(theirKey.id);
      }
    }
    const { text } = await service.call('GET', '/v1/me', { token: mine.token });
    expect(text).not.toContain(theirs.organizationId);
    expect(text).not.toContain(theirs.email);
  });

  it('lets both use the same names without noticing', async () => {
    const name = 'shared-name';
    for (const { token } of [mine, theirs]) {
      expect((await service.call('POST', '/v1/databases', { token, json: { name } })).status).toBe(201);
    }
    const [a, b] = await Promise.all(
      [mine, theirs].map(({ token }) => service.call('GET', `/v1/databases/${name}`, { token })),
    );
    expect(a?.body['id']).not.toBe(b?.body['id']);
  });

  it('does not let a session act for an organization that it merely names', async () => {
    const ask = (organizationId: string) =>
      service.call('POST', '/v1/sessions/current/organization', { token: mine.token, json: { organizationId } });
    const [answer, absent] = [await ask(theirs.organizationId), await ask('01000000000000000000000000')];
    expect([answer.status, { ...answer.body, requestId: '' }]).toEqual([404, { ...absent.body, requestId: '' }]);
    const me = await service.call('GET', '/v1/me', { token: mine.token });
    expect(me.body['organization']).toMatchObject({ id: mine.organizationId });
  });

  it('does not follow a session whose active organization it has left', async () => {
    const leaver = await service.signUp();
    await service.metadata.prisma.session.updateMany({
      where: { token: storedToken(leaver.token) },
      data: { activeOrganizationId: theirs.organizationId },
    });
    const me = await service.call('GET', '/v1/me', { token: leaver.token });
    expect(me.body['organization']).toMatchObject({ id: leaver.organizationId });
    await service.metadata.prisma.member.deleteMany({ where: { organizationId: leaver.organizationId } });
    const alone = await service.call('GET', '/v1/databases', { token: leaver.token });
    expect([alone.status, alone.body['code']]).toEqual([403, 'forbidden']);
  });
});
