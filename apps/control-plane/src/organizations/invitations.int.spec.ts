import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';

import { TestMailbox } from '../testing/test-mailbox.js';
import { TestService, type Answer, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const PUBLIC_URL = 'http://localhost:4001';
const PASSWORD = 'ten characters';

describe('invitations', () => {
  let service: TestService;
  let mailbox: TestMailbox;
  let owner: Tenant;
  let strangers = 0;

  beforeAll(async () => {
    mailbox = await TestMailbox.open(PUBLIC_URL);
    service = await TestService.start({ PUBLIC_URL, MAILBOX_DIR: mailbox.folder });
    owner = await verifiedOwner();
  });
  afterAll(async () => {
    await service.close();
    await mailbox.close();
  });

  const stranger = () => `stranger${++strangers}@example.com`;
  const told = ({ status, body }: Answer) => [status, body['code'] ?? 'ok'];
  const post = (path: string, json: unknown, token?: string) =>
    service.call('POST', path, { json, ...(token === undefined ? {} : { token }) });
  const invite = (email: string, role = 'developer', by: { readonly token: string } = owner) =>
    post('/v1/invitations', { email, role }, by.token);
  const accept = (token: string, session: string) => post('/v1/invitations/accept', { token }, session);
  const decline = (token: string) => post('/v1/invitations/decline', { token });
  const signUp = (email: string, invitation: string) => post('/v1/signup', { email, password: PASSWORD, invitation });
  const me = async (token: string) => (await service.call('GET', '/v1/me', { token })).body;
  const waiting = async (by = owner) =>
    (await service.call('GET', '/v1/invitations', { token: by.token })).body['invitations'] as {
      readonly id: string;
      readonly email: string;
    }[];

  async function verifiedOwner(): Promise<Tenant> {
    const person = await service.signUp();
    const token = await mailbox.tokenOf(person.email, 'verify-email', 1);
    await post('/v1/email-verification', { token });
    return person;
  }

  /** The token that an address was sent. */
  async function invited(email: string, role?: string, mails = 1): Promise<string> {
    expect((await invite(email, role)).status).toBe(201);
    return mailbox.tokenOf(email, 'invitation', mails);
  }

  it('bring somebody with an account into the organization, with the role and the address confirmed', async () => {
    const person = await service.signUp();
    const token = await invited(person.email, 'finance', 2);
    const answer = await accept(token, person.token);
    const organization = { id: owner.organizationId, role: 'finance' };
    expect(answer).toMatchObject({ status: 200, body: { organization } });
    const seen = await me(person.token);
    expect(seen).toMatchObject({ user: { emailVerified: true }, organization });
    expect(seen['organizations']).toHaveLength(2);
    expect(told(await invite(person.email))).toEqual([409, 'conflict']);
  });

  it('bring somebody without an account, who then has no organization of their own', async () => {
    const email = stranger();
    const answer = await signUp(email, await invited(email));
    expect(answer.status).toBe(201);
    const seen = await me(String(answer.body['token']));
    expect(seen).toMatchObject({ user: { email, emailVerified: true }, organization: { role: 'developer' } });
    expect(seen['organizations']).toHaveLength(1);
    // Nothing is left to confirm.
    expect(await mailbox.mailsTo(email, 1)).toHaveLength(1);
  });

  it('are mailed once, and kept as hashes', async () => {
    const email = stranger();
    const token = await invited(email);
    const [kept] = await service.metadata.prisma.invitation.findMany({ where: { email } });
    expect(JSON.stringify(kept)).not.toContain(token);
    expect((await service.call('GET', '/v1/invitations', { token: owner.token })).text).not.toContain(token);
    expect((await mailbox.mailsTo(email, 1))[0]?.text).toContain(owner.email);
  });

  it('answer alike for tokens that are damaged, used, expired, revoked, declined or void', async () => {
    const person = await service.signUp();
    const other = await service.signUp();
    let mails = 1;
    const next = (role?: string) => invited(person.email, role, ++mails);
    const worthless: [string, string][] = [
      ['nonsense', 'x'],
      ['a session', person.token],
    ];
    const damaged = await next();
    worthless.push(['damaged', `${damaged.slice(0, -2)}AA`]);
    await decline(damaged);
    worthless.push(['declined', damaged]);
    const revoked = await next();
    const [entry] = (await waiting()).filter(({ email }) => email === person.email);
    const revoke = () => service.call('DELETE', `/v1/invitations/${entry?.id}`, { token: owner.token });
    expect([(await revoke()).status, (await revoke()).status]).toEqual([204, 404]);
    worthless.push(['revoked', revoked]);
    const expired = await next();
    const data = { expiresAt: new Date(Date.now() - 1) };
    await service.metadata.prisma.invitation.updateMany({ where: { email: person.email }, data });
    worthless.push(['expired', expired]);
    expect((await waiting()).map(({ email }) => email)).not.toContain(person.email);
    const used = await next();
    expect((await accept(used, person.token)).status).toBe(200);
    worthless.push(['used', used]);
    const answers = new Set<string>();
    for (const [what, token] of worthless) {
      for (const answer of [
        await accept(token, person.token),
        await accept(token, other.token),
        await decline(token),
        await signUp(person.email, token),
        await signUp(stranger(), token),
      ]) {
        expect([what, ...told(answer)]).toEqual([what, 400, 'invalid-link']);
        answers.add(JSON.stringify({ ...answer.body, requestId: '' }));
      }
    }
    expect(answers.size).toBe(1);
  });

  it('are for the address that they were sent to', async () => {
    const email = stranger();
    const token = await invited(email);
    const other = await service.signUp();
    expect(told(await accept(token, other.token))).toEqual([403, 'forbidden']);
    expect(told(await signUp(stranger(), token))).toEqual([400, 'invalid-link']);
    expect((await me(other.token))['organizations']).toHaveLength(1);
    expect((await signUp(email, token)).status).toBe(201);
  });

  it('are accepted once, also when two come with one at the same time', async () => {
    const email = stranger();
    const token = await invited(email);
    const answers = await Promise.all(Array.from({ length: 4 }, () => signUp(email, token)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const organizationId = owner.organizationId;
    expect(await service.metadata.prisma.member.count({ where: { organizationId, user: { email } } })).toBe(1);
    expect(await service.metadata.prisma.user.count({ where: { email } })).toBe(1);
  });

  it('need a confirmed address of who invites', async () => {
    const unverified = await service.signUp();
    expect(told(await invite(stranger(), 'viewer', unverified))).toEqual([403, 'forbidden']);
  });

  it('give no more than who invites may give, and are void when they may no more', async () => {
    const email = stranger();
    const admin = { token: String((await signUp(email, await invited(email, 'admin'))).body['token']) };
    expect(told(await invite(stranger(), 'owner', admin))).toEqual([403, 'forbidden']);
    const friend = stranger();
    expect((await invite(friend, 'admin', admin)).status).toBe(201);
    const token = await mailbox.tokenOf(friend, 'invitation', 1);
    const { prisma } = service.metadata;
    const member = await prisma.member.findFirstOrThrow({ where: { user: { email } } });
    const demoted = await service.call('PATCH', `/v1/members/${member.id}`, {
      token: owner.token,
      json: { role: 'developer' },
    });
    expect(demoted.status).toBe(200);
    expect(told(await signUp(friend, token))).toEqual([400, 'invalid-link']);
    expect(told(await invite(stranger(), 'viewer', admin))).toEqual([403, 'forbidden']);
    expect((await service.call('GET', '/v1/invitations', { token: admin.token })).status).toBe(403);
  });

  it('wait one for each address, and a bounded number in an organization', async () => {
    const mine = await verifiedOwner();
    const email = stranger();
    expect((await invite(email, 'viewer', mine)).status).toBe(201);
    expect(told(await invite(email, 'admin', mine))).toEqual([409, 'conflict']);
    const { prisma } = service.metadata;
    const { inviterId, organizationId, createdAt, expiresAt } = await prisma.invitation.findFirstOrThrow({
      where: { email },
    });
    await prisma.invitation.createMany({
      data: Array.from({ length: 99 }, (_, n) => ({
        ...{ id: `waiting-${n}`, email: `w${n}@example.com`, role: 'viewer', tokenHash: Buffer.from(`hash ${n}`) },
        ...{ inviterId, organizationId, createdAt, expiresAt },
      })),
    });
    expect(told(await invite(stranger(), 'viewer', mine))).toEqual([429, 'quota-exceeded']);
    await prisma.invitation.updateMany({ where: { id: 'waiting-7' }, data: { expiresAt: new Date(0) } });
    expect((await invite(stranger(), 'viewer', mine)).status).toBe(201);
  });

  it('are no flood of mails to one address, nor from one organization', async () => {
    const [mine, email] = [await verifiedOwner(), stranger()];
    const again = async (to: string) => {
      const made = await invite(to, 'viewer', mine);
      await service.call('DELETE', `/v1/invitations/${String(made.body['id'])}`, { token: mine.token });
      return made.status;
    };
    for (let i = 0; i < 5; i++) expect(await again(email)).toBe(201);
    expect(await again(email)).toBe(429);
    for (let i = 0; i < 44; i++) expect(await again(stranger())).toBe(201);
    expect(await again(stranger())).toBe(429);
  });

  it('bring nobody in who accepts while they are revoked', async () => {
    const person = await service.signUp();
    const token = await invited(person.email, 'owner', 2);
    const { prisma } = service.metadata;
    const accepting = await prisma.$transaction(async (transaction) => {
      await transaction.invitation.deleteMany({ where: { email: person.email } });
      // It sees the invitation, as the revocation is not durable yet, and waits where it uses it up.
      const answer = accept(token, person.token);
      for (let waits = false, looks = 0; !waits && looks < 200; looks++) {
        await systemClock.sleep(20);
        const [row] = await prisma.$queryRaw<{ waits: boolean }[]>`
          SELECT count(*) > 0 AS waits FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%invitations%'`;
        waits = row?.waits ?? false;
      }
      return { answer };
    });
    expect(told(await accepting.answer)).toEqual([400, 'invalid-link']);
    expect((await me(person.token))['organizations']).toHaveLength(1);
  });

  it('of another organization are as none', async () => {
    const mine = await verifiedOwner();
    await invite(stranger(), 'viewer', mine);
    const [theirs] = await waiting(mine);
    const revoke = (id: string | undefined) => service.call('DELETE', `/v1/invitations/${id}`, { token: owner.token });
    const [answer, absent] = [await revoke(theirs?.id), await revoke('01000000000000000000000000')];
    expect([answer.status, { ...answer.body, requestId: '' }]).toEqual([404, { ...absent.body, requestId: '' }]);
    expect(await waiting(mine)).toHaveLength(1);
  });

  describe('several organizations of one person', () => {
    it('are made, renamed and switched between, by each session for itself', async () => {
      const { token, email, password, organizationId } = await service.signUp();
      const other = String((await post('/v1/login', { email, password })).body['token']);
      const made = await post('/v1/organizations', { name: 'Second Inc.' }, token);
      expect(made).toMatchObject({ status: 201, body: { name: 'Second Inc.', role: 'owner' } });
      const id = String(made.body['id']);
      expect(await me(token)).toMatchObject({ organization: { id: organizationId } });
      const switched = await post('/v1/sessions/current/organization', { organizationId: id }, token);
      expect(switched).toMatchObject({ status: 200, body: { organization: { id, role: 'owner' } } });
      const renamed = await service.call('PATCH', '/v1/organizations/current', { token, json: { name: 'Renamed' } });
      expect(renamed.body).toMatchObject({ id, name: 'Renamed', slug: 'second-inc' });
      expect(await me(token)).toMatchObject({ organization: { id, name: 'Renamed' } });
      expect(await me(other)).toMatchObject({ organization: { id: organizationId } });
    });

    it('are a bounded number, also at once', async () => {
      const { token } = await service.signUp();
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, n) => post('/v1/organizations', { name: `Number ${n}` }, token)),
      );
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(9);
      expect(answers.filter(({ body }) => body['code'] === 'quota-exceeded')).toHaveLength(3);
    });
  });
});
