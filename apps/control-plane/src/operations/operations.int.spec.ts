import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MAX_OPEN_OPERATIONS } from '@leasehold/metadata';
import { systemClock } from '@leasehold/foundation';

import { TestService, type Answer, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const ENDED = ['succeeded', 'failed', 'cancelled'];
const LABEL = { key: 'env', value: 'test' };

describe('deleting many databases', () => {
  let service: TestService;
  let tenant: Tenant;

  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.close());
  beforeEach(async () => {
    tenant = await service.signUp();
  });

  const remove = (json: object, token = tenant.token) => service.call('POST', '/v1/databases/delete', { token, json });
  const told = ({ status, body }: Answer) => [status, body['code'] ?? 'ok'];
  const repository = () => service.metadata.databases;

  async function make(names: readonly string[], options = {}): Promise<void> {
    for (const name of names) await repository().create(tenant.organizationId, name, options);
  }

  async function makeMany(count: number, prefix: string): Promise<void> {
    await service.metadata.prisma.$executeRaw`
      INSERT INTO databases (id, organization_id, name)
      SELECT gen_random_uuid(), ${tenant.organizationId}, ${prefix} || lpad(n::text, 5, '0') FROM generate_series(1, ${count}) n`;
  }

  const left = async () => {
    const found = await repository().list(tenant.organizationId, undefined, 1_000);
    return found.map(({ name }) => name);
  };

  async function ended(path: string): Promise<Record<string, unknown>> {
    for (let look = 0; look < 200; look++) {
      const { body } = await service.call('GET', path, { token: tenant.token });
      if (ENDED.includes(String(body['state']))) return body;
      await systemClock.sleep(50);
    }
    throw new Error(`${path} does not end`);
  }

  it('is an operation that ends, and tells what it has done and left', async () => {
    await make(['a', 'b', 'c'], { labels: { env: 'test' } });
    await make(['kept'], { labels: { env: 'test' }, deleteProtection: true });
    await make(['other'], { labels: { env: 'live' } });
    const answer = await remove({ label: LABEL });
    expect([answer.status, answer.body['state']]).toEqual([202, 'pending']);
    const location = String(answer.headers.get('location'));
    expect(location).toBe(`/v1/operations/${String(answer.body['id'])}`);
    expect(await ended(location)).toMatchObject({
      kind: 'delete-databases',
      request: { label: LABEL },
      state: 'succeeded',
      progress: { total: 4, done: 3, skipped: 1 },
      errorCode: null,
      endedAt: expect.any(String),
    });
    expect(await left()).toEqual(['kept', 'other']);
  });

  it('goes by the beginning of names, over many pages', async () => {
    await makeMany(250, 'customer-');
    await make(['another']);
    const { headers } = await remove({ search: 'customer-' });
    const { progress } = await ended(String(headers.get('location')));
    expect(progress).toEqual({ total: 250, done: 250, skipped: 0 });
    expect(await left()).toEqual(['another']);
  });

  it('is told beforehand, and not done, with dryRun', async () => {
    await make(['a', 'b'], { labels: { env: 'test' } });
    const answer = await remove({ label: LABEL, dryRun: true });
    expect([answer.status, answer.body]).toEqual([202, { dryRun: true, matches: 2 }]);
    const { body } = await service.call('GET', '/v1/operations', { token: tenant.token });
    expect([body['operations'], await left()]).toEqual([[], ['a', 'b']]);
  });

  it('refuses to mean all databases by saying nothing', async () => {
    for (const json of [{}, { dryRun: true }, { search: '' }, { label: { key: 'env' } }]) {
      expect(told(await remove(json))).toEqual([400, 'invalid-body']);
    }
  });

  it('goes on where a process died, and counts each database once', async () => {
    await makeMany(250, 'customer-');
    const { operations } = service.metadata;
    const { id } = await operations.deleteDatabases(tenant.organizationId, { search: 'customer-' });
    // One that takes a step and is seen no more; the service may have been at it before.
    await service.metadata.prisma.operation.update({
      where: { id },
      data: { attempt: { increment: 1 }, state: 'running', nextStepAt: new Date(systemClock.now() + 1_500) },
    });
    const { progress, state } = await ended(`/v1/operations/${id}`);
    expect([state, progress]).toEqual(['succeeded', { total: 250, done: 250, skipped: 0 }]);
    expect(await left()).toEqual([]);
  });

  it('takes no step of a claim that somebody else has taken over', async () => {
    await make(['a'], { labels: { env: 'test' } });
    const { operations, prisma } = service.metadata;
    const { id } = await operations.deleteDatabases(tenant.organizationId, { label: { key: 'env', value: 'none' } });
    await ended(`/v1/operations/${id}`);
    await prisma.operation.update({ where: { id }, data: { endedAt: null, state: 'failed', attempt: 9 } });
    const claim = { id, organizationId: tenant.organizationId, request: { label: LABEL }, author: null, place: null };
    await operations.step({ ...claim, attempt: 8 });
    expect(await left()).toEqual(['a']);
    await operations.step({ ...claim, attempt: 9 });
    expect(await left()).toEqual([]);
  });

  it('stops when it is cancelled, and what was done stays done', async () => {
    await makeMany(250, 'customer-');
    const { operations, prisma } = service.metadata;
    const { id } = await operations.deleteDatabases(tenant.organizationId, { search: 'customer-' });
    // Held back, as if whoever is at it were slow.
    await prisma.operation.update({
      where: { id },
      data: { state: 'running', attempt: 5, nextStepAt: new Date(systemClock.now() + 1_000) },
    });
    const claim = { id, organizationId: tenant.organizationId, request: { search: 'customer-' }, author: null };
    await prisma.operation.update({ where: { id }, data: { done: 0, place: null } });
    const cancelled = await service.call('POST', `/v1/operations/${id}/cancel`, { token: tenant.token });
    expect([cancelled.status, cancelled.body['cancelRequested']]).toEqual([200, true]);
    await operations.step({ ...claim, attempt: 5, place: null });
    const { state, progress } = await ended(`/v1/operations/${id}`);
    expect([state, (await left()).length]).toEqual(['cancelled', 250 - (progress as { done: number }).done]);
    const again = await service.call('POST', `/v1/operations/${id}/cancel`, { token: tenant.token });
    expect(again.body['state']).toBe('cancelled');
  });

  it('fails after so many steps that failed, with the code of the last', async () => {
    const { operations, prisma } = service.metadata;
    const { id } = await operations.deleteDatabases(tenant.organizationId, { search: 'none' });
    await prisma.operation.update({
      where: { id },
      data: {
        endedAt: null,
        state: 'running',
        attempt: 7,
        failures: 9,
        nextStepAt: new Date(systemClock.now() + 9_000),
      },
    });
    const claim = { id, attempt: 7, organizationId: tenant.organizationId, request: {}, author: null, place: null };
    await operations.postpone(claim, 'unavailable');
    expect(await ended(`/v1/operations/${id}`)).toMatchObject({ state: 'failed', errorCode: 'unavailable' });
  });

  it('is put down in the audit log to whoever asked for it', async () => {
    await make(['a'], { labels: { env: 'test' } });
    await ended(String((await remove({ label: LABEL })).headers.get('location')));
    const entry = await service.metadata.prisma.auditEntry.findFirst({
      where: { organizationId: tenant.organizationId, action: 'database.deleted' },
    });
    expect(entry).toMatchObject({ actorKind: 'user', actorName: tenant.email, subjectName: 'a' });
  });

  it('is bounded in number for one organization', async () => {
    const { prisma } = service.metadata;
    await prisma.$executeRaw`
      INSERT INTO operations (id, organization_id, kind, request, next_step_at)
      SELECT 'held-' || n, ${tenant.organizationId}, 'delete-databases', '{"search":"none"}', now() + interval '1 hour'
      FROM generate_series(1, ${MAX_OPEN_OPERATIONS}) n`;
    expect(told(await remove({ search: 'a' }))).toEqual([429, 'quota-exceeded']);
    await prisma.operation.deleteMany({ where: { organizationId: tenant.organizationId } });
  });

  it('is nothing for a key that is confined to some databases', async () => {
    const { key } = await service.createKey(tenant, ['db:admin'], { databases: ['customer-*'] });
    expect(told(await remove({ search: 'customer-' }, key))).toEqual([403, 'forbidden']);
    expect(told(await service.call('GET', '/v1/operations', { token: key }))).toEqual([403, 'forbidden']);
  });

  it('is listed page by page, the latest first', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.unshift(String((await remove({ search: `none-${n}` })).body['id']));
    const first = await service.call('GET', '/v1/operations?limit=2', { token: tenant.token });
    const path = `/v1/operations?limit=2&cursor=${String(first.body['cursor'])}`;
    const rest = await service.call('GET', path, { token: tenant.token });
    const listed = [first, rest].flatMap(({ body }) => (body['operations'] as { id: string }[]).map(({ id }) => id));
    expect([listed, rest.body['cursor']]).toEqual([ids, null]);
  });
});
