import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { ROLES } from '../auth/access.js';
import { TestService, type Answer, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

interface Person extends Tenant {
  readonly memberId: string;
}

describe('the members of an organization', () => {
  let service: TestService;
  /** Somebody of each role, in an organization of the owner. */
  let people: Record<string, Person>;
  let number = 0;

  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.close());
  beforeEach(async () => {
    const owner = await service.signUp();
    people = {};
    for (const role of ROLES) people[role] = await join(owner, role);
  });

  async function join(owner: Tenant, role: string): Promise<Person> {
    const { prisma } = service.metadata;
    const organizationId = owner.organizationId;
    const person = role === 'owner' ? owner : await service.signUp();
    const user = await prisma.user.findUniqueOrThrow({ where: { email: person.email } });
    if (person !== owner) {
      const id = `0z${String(++number).padStart(24, '0')}`;
      await prisma.member.create({ data: { id, organizationId, userId: user.id, role } });
      await prisma.session.updateMany({
        where: { userId: user.id },
        data: { activeOrganizationId: organizationId },
      });
    }
    const member = await prisma.member.findFirstOrThrow({ where: { organizationId, userId: user.id } });
    return { ...person, organizationId, memberId: member.id };
  }

  const of = (role: string) => people[role] as Person;
  const told = ({ status, body }: Answer) => [status, body['code'] ?? 'ok'];
  const change = (by: Person, whom: Person, role: string) =>
    service.call('PATCH', `/v1/members/${whom.memberId}`, { token: by.token, json: { role } });
  const remove = (by: Person, whom: Person) =>
    service.call('DELETE', `/v1/members/${whom.memberId}`, { token: by.token });
  const roleOf = async (person: Person) => {
    const { body } = await service.call('GET', '/v1/me', { token: person.token });
    const found = (body['organizations'] as { id: string; role: string }[]).find(
      ({ id }) => id === person.organizationId,
    );
    return found?.role;
  };

  it('are seen by all of them, page by page', async () => {
    for (const role of ROLES) {
      const { body } = await service.call('GET', '/v1/members', { token: of(role).token });
      expect((body['members'] as { role: string }[]).map((member) => member.role)).toEqual(ROLES);
    }
    const { token } = of('viewer');
    const first = await service.call('GET', '/v1/members?limit=3', { token });
    const rest = await service.call('GET', `/v1/members?limit=3&cursor=${String(first.body['cursor'])}`, { token });
    expect(first.body['members']).toHaveLength(3);
    expect(rest.body).toMatchObject({ members: [{ email: of('finance').email }, {}], cursor: null });
  });

  /** By whom, whose role, to what: what comes of it. */
  it.each([
    ['owner', 'admin', 'owner', 200],
    ['owner', 'viewer', 'developer', 200],
    ['admin', 'viewer', 'admin', 200],
    ['admin', 'developer', 'finance', 200],
    ['admin', 'viewer', 'owner', 403],
    ['admin', 'admin', 'owner', 403],
    ['admin', 'owner', 'viewer', 403],
    ['developer', 'viewer', 'developer', 403],
    ['finance', 'finance', 'admin', 403],
    ['viewer', 'viewer', 'viewer', 403],
  ] as const)(
    'are given roles: by one of role %s, to one of role %s, the role %s: %d',
    async (by, whom, role, status) => {
      expect((await change(of(by), of(whom), role)).status).toBe(status);
      expect(await roleOf(of(whom))).toBe(status === 200 ? role : whom);
    },
  );

  it.each([
    ['owner', 'admin', 204],
    ['admin', 'developer', 204],
    ['admin', 'owner', 403],
    ['developer', 'viewer', 403],
    ['finance', 'viewer', 403],
    ['viewer', 'finance', 403],
    ['viewer', 'viewer', 204],
    ['developer', 'developer', 204],
  ] as const)('go: by one of role %s, one of role %s: %d', async (by, whom, status) => {
    expect((await remove(of(by), of(whom))).status).toBe(status);
    expect(await roleOf(of(whom))).toBe(status === 204 ? undefined : whom);
  });

  it('have their new rights, and no others, from the next request on', async () => {
    const cors = () => service.call('PUT', '/v1/cors', { token: of('viewer').token, json: { origins: [] } });
    expect((await cors()).status).toBe(403);
    await change(of('owner'), of('viewer'), 'admin');
    expect((await cors()).status).toBe(200);
    await change(of('owner'), of('viewer'), 'developer');
    expect((await cors()).status).toBe(403);
  });

  it('act for another organization of theirs once they are out', async () => {
    const { token, organizationId, memberId } = of('developer');
    expect((await remove(of('admin'), of('developer'))).status).toBe(204);
    const me = await service.call('GET', '/v1/me', { token });
    expect((me.body['organization'] as { id: string }).id).not.toBe(organizationId);
    expect((await service.call('GET', '/v1/members', { token })).text).not.toContain(memberId);
  });

  it('can still see who they are, and log out, when they are in no organization', async () => {
    const { token, email } = of('developer');
    await service.metadata.prisma.member.deleteMany({ where: { user: { email } } });
    const me = await service.call('GET', '/v1/me', { token });
    expect(me.body).toMatchObject({ user: { email }, organization: null, organizations: [] });
    expect(told(await service.call('GET', '/v1/databases', { token }))).toEqual([403, 'forbidden']);
    expect((await service.call('POST', '/v1/logout', { token })).status).toBe(204);
  });

  it('always have an owner among them', async () => {
    const owner = of('owner');
    expect(told(await change(owner, owner, 'admin'))).toEqual([409, 'last-owner']);
    expect(told(await remove(owner, owner))).toEqual([409, 'last-owner']);
    expect(await roleOf(owner)).toBe('owner');
    await change(owner, of('admin'), 'owner');
    expect(told(await remove(owner, owner))).toEqual([204, 'ok']);
  });

  it('always have an owner among them, also when two go in the same moment', async () => {
    const [a, b] = [of('owner'), of('admin')];
    for (let round = 0; round < 10; round++) {
      await service.metadata.prisma.member.updateMany({
        where: { id: { in: [a.memberId, b.memberId] } },
        data: { role: 'owner' },
      });
      const answers =
        round % 2 === 0
          ? await Promise.all([change(a, a, 'admin'), change(b, b, 'admin')])
          : await Promise.all([change(a, b, 'admin'), change(b, a, 'admin')]);
      const statuses = answers.map(({ status }) => status).sort();
      expect([
        [200, 409],
        [200, 403],
      ]).toContainEqual(statuses);
      const where = { organizationId: a.organizationId, role: 'owner' };
      expect(await service.metadata.prisma.member.count({ where })).toBe(1);
    }
  });

  it('of another organization are as none', async () => {
    const theirs = await join(await service.signUp(), 'owner');
    for (const [method, json] of [
      ['PATCH', { role: 'viewer' }],
      ['DELETE', undefined],
    ] as const) {
      const call = { token: of('owner').token, ...(json ? { json } : {}) };
      const answer = await service.call(method, `/v1/members/${theirs.memberId}`, call);
      const absent = await service.call(method, '/v1/members/01000000000000000000000000', call);
      expect(told(answer)).toEqual([404, 'not-found']);
      expect({ ...answer.body, requestId: '' }).toEqual({ ...absent.body, requestId: '' });
    }
    expect(await roleOf(theirs)).toBe('owner');
  });

  it('are no business of API keys', async () => {
    const { key } = await service.createKey(of('owner'), ['keys:admin', 'db:admin']);
    expect(told(await service.call('GET', '/v1/members', { token: key }))).toEqual([403, 'forbidden']);
    expect(told(await service.call('GET', '/v1/me', { token: key }))).toEqual([403, 'forbidden']);
  });

  it('name the organization that a request is for, and are refused where it is not theirs', async () => {
    const { token, organizationId } = of('viewer');
    const own = await service.call('GET', '/v1/me', { token });
    const other = (own.body['organizations'] as { id: string }[]).find(({ id }) => id !== organizationId)?.id ?? '';
    const create = (named: string) =>
      service.call('POST', '/v1/databases', {
        token,
        json: { name: 'elsewhere' },
        headers: { 'leasehold-organization': named },
      });
    expect(told(await create(organizationId))).toEqual([403, 'forbidden']);
    expect((await create(other)).status).toBe(201);
    const stranger = await service.signUp();
    for (const named of [stranger.organizationId, 'none', '']) {
      expect(told(await create(named))).toEqual([403, 'forbidden']);
    }
  });
});
