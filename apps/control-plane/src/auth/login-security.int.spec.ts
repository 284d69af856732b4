import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';
import { hashPassword as hashScrypt } from 'better-auth/crypto';

import { ANOTHER_HASH, changePasswordBefore, changePasswordDuring, untilHeldUp } from '../testing/password-change.js';
import { TestService, type Tenant } from '../testing/test-service.js';
import { storedToken } from './session-token.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const SECURE_URL = 'https://leasehold.example';

describe('logging in', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ PUBLIC_URL: SECURE_URL });
  });
  afterAll(() => service.close());

  const logIn = ({ email, password }: Pick<Tenant, 'email' | 'password'>, headers: Record<string, string> = {}) =>
    service.call('POST', '/v1/login', { json: { email, password }, headers });
  const hashOf = async ({ email }: Tenant) => {
    const account = await service.metadata.prisma.account.findFirstOrThrow({ where: { user: { email } } });
    return account.password ?? '';
  };

  it('sets cookies that are bound to this host and to HTTPS', async () => {
    const answer = await logIn(await service.signUp());
    const cookies = answer.headers.getSetCookie();
    expect(cookies.length).toBeGreaterThan(0);
    for (const cookie of cookies) {
      expect(cookie).toMatch(/^__Host-leasehold\.\w+=/);
      expect(cookie).toMatch(/; Path=\/;/);
      expect(cookie).toMatch(/; Secure/);
      expect(cookie).toMatch(/; HttpOnly/);
      expect(cookie).not.toMatch(/; Domain=/);
    }
    const cookie = cookies.map((line) => line.split(';')[0]).join('; ');
    expect((await service.call('GET', '/v1/me', { headers: { cookie } })).status).toBe(200);
    const plain = cookie.replaceAll('__Host-', '');
    expect((await service.call('GET', '/v1/me', { headers: { cookie: plain } })).status).toBe(401);
  });

  it('fixes no session: what the browser had before is another one, and stays whose it was', async () => {
    const [attacker, victim] = [await service.signUp(), await service.signUp()];
    const answer = await logIn(victim, { cookie: attacker.cookie, authorization: `Bearer ${attacker.token}` });
    expect(answer.status).toBe(200);
    expect([attacker.token, victim.token]).not.toContain(answer.body['token']);
    const seen = await service.call('GET', '/v1/me', { headers: { cookie: attacker.cookie } });
    expect(seen.body).toMatchObject({ user: { email: attacker.email } });
  });

  it('is refused to pages of other origins, whose visitor would be logged in to a foreign account', async () => {
    const person = await service.signUp();
    for (const origin of ['https://evil.example', 'null', 'http://leasehold.example']) {
      const answer = await logIn(person, { origin });
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []]);
      const call = { json: { name: 'x' }, headers: { origin, cookie: person.cookie } };
      expect((await service.call('POST', '/v1/organizations', call)).status).toBe(403);
    }
    expect((await logIn(person, { origin: SECURE_URL })).status).toBe(200);
  });

  it('takes as long for addresses that nobody has as for wrong passwords', async () => {
    const person = await service.signUp();
    const timed = async (email: string) => {
      const startMs = systemClock.monotonic();
      expect((await logIn({ email, password: 'not the one' })).status).toBe(401);
      return systemClock.monotonic() - startMs;
    };
    await timed('warm@example.com');
    const [known, unknown]: [number[], number[]] = [[], []];
    // In turns, so that what else the machine does meets both.
    for (let i = 0; i < 9; i++) {
      known.push(await timed(person.email));
      unknown.push(await timed(`nobody${i}@example.com`));
    }
    const median = (times: readonly number[]) => [...times].sort((a, b) => a - b)[4] ?? 0;
    const ratio = median(unknown) / median(known);
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });

  it('lets nobody who has found an open session guess the password by changing it', async () => {
    const { token, email, password } = await service.signUp();
    const change = (currentPassword: string) =>
      service.call('POST', '/api/auth/change-password', {
        token,
        json: { currentPassword, newPassword: 'another one' },
      });
    const guesses = await Promise.all(Array.from({ length: 12 }, () => change('not the one')));
    const told = guesses.map(({ body }) => body['code']).sort();
    expect(told).toEqual([
      ...Array<string>(10).fill('invalid-credentials'),
      ...Array<string>(2).fill('too-many-requests'),
    ]);
    expect((await change(password)).body).toMatchObject({ code: 'too-many-requests' });
    // Guesses at both places count together.
    expect((await logIn({ email, password })).status).toBe(429);
  });

  it('writes over no password that was changed since the present one was shown', async () => {
    const { token, email, password } = await service.signUp();
    const json = { currentPassword: password, newPassword: 'another one', revokeOtherSessions: true };
    const answer = await changePasswordBefore(service, email, () =>
      service.call('POST', '/api/auth/change-password', { token, json }),
    );
    expect([answer.status, answer.body['code']]).toEqual([401, 'invalid-credentials']);
    const { password: kept } = await service.metadata.prisma.account.findFirstOrThrow({ where: { user: { email } } });
    expect(kept).toBe(ANOTHER_HASH);
  });

  it('ends the other sessions with a password that is changed, where that is asked for, and starts one', async () => {
    const person = await service.signUp();
    const other = String((await logIn(person)).body['token']);
    const me = async (token: string) => (await service.call('GET', '/v1/me', { token })).status;
    const change = (currentPassword: string, newPassword: string, revokeOtherSessions: boolean) =>
      service.call('POST', '/api/auth/change-password', {
        token: person.token,
        json: { currentPassword, newPassword, revokeOtherSessions },
      });
    const kept = await change(person.password, 'the second one', false);
    expect([kept.status, kept.body['token'], await me(other), await me(person.token)]).toEqual([200, null, 200, 200]);
    const ended = await change('the second one', 'the third one', true);
    const token = String(ended.body['token']);
    expect([ended.status, await me(other), await me(person.token), await me(token)]).toEqual([200, 401, 401, 200]);
    expect(ended.headers.getSetCookie().length).toBeGreaterThan(0);
    expect((await logIn({ ...person, password: 'the third one' })).status).toBe(200);
  });

  it('voids what was begun with a password that is changed', async () => {
    const { token, email, password } = await service.signUp();
    const user = await service.metadata.prisma.user.findUniqueOrThrow({ where: { email } });
    const [now, later] = [new Date(), new Date(Date.now() + 60_000)];
    await service.metadata.loginChallenges.open(user.id, 'of before', now, later);
    const change = (currentPassword: string) =>
      service.call('POST', '/api/auth/change-password', {
        token,
        json: { currentPassword, newPassword: 'another one' },
      });
    expect((await change('not the one')).status).toBe(401);
    expect(await service.metadata.loginChallenges.personOf('of before', now)).toBeDefined();
    expect((await change(password)).status).toBe(200);
    expect(await service.metadata.loginChallenges.personOf('of before', now)).toBeUndefined();
  });

  it('starts no session with a password that was changed since it was shown', async () => {
    const person = await service.signUp();
    const { answer, sessionsMade } = await changePasswordDuring(service, person.email, () => logIn(person));
    expect([answer.status, answer.body['code'], answer.headers.getSetCookie()]).toEqual([
      ...[401, 'invalid-credentials'],
      [],
    ]);
    expect(sessionsMade).toBe(0);
  });

  it('starts no session beside a change of the password that is not there yet, and has looked for sessions already', async () => {
    const person = await service.signUp();
    const answer = await changePasswordBefore(service, person.email, () => logIn(person));
    expect([answer.status, answer.body['code'], answer.headers.getSetCookie()]).toEqual([
      ...[401, 'invalid-credentials'],
      [],
    ]);
    expect(await service.metadata.prisma.session.count({ where: { user: { email: person.email } } })).toBe(1);
  });

  it('leaves a stranger who had signed up with the address of an operator neither a session nor a second factor', async () => {
    const { email } = await service.signUp();
    const { organizations, prisma, secondFactors } = service.metadata;
    const { id: userId } = await prisma.user.findUniqueOrThrow({ where: { email } });
    await secondFactors.begin(userId, new Uint8Array(3));
    await secondFactors.confirm(userId, new Uint8Array(3), 1, [], new Date());
    const { made } = await prisma.$transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT id FROM accounts WHERE user_id = ${userId} FOR UPDATE`;
      const made = organizations.makeOperator(email, ANOTHER_HASH);
      await untilHeldUp(service);
      // By a log-in that was under way.
      const expiresAt = new Date(Date.now() + 60_000);
      await prisma.session.create({ data: { id: 'late', userId, token: 'late', expiresAt } });
      return { made };
    });
    await made;
    expect(await prisma.session.count({ where: { userId } })).toBe(0);
    expect(await secondFactors.find(userId)).toBeUndefined();
    // Of an operator it stays.
    await secondFactors.begin(userId, new Uint8Array(3));
    await organizations.makeOperator(email, ANOTHER_HASH);
    expect(await secondFactors.find(userId)).toBeDefined();
  });

  it('gives tokens that are worth nothing as the table of sessions has them', async () => {
    const { token } = await service.signUp();
    const stored = storedToken(token);
    expect(await service.metadata.prisma.session.count({ where: { token: stored } })).toBe(1);
    const me = async (shown: string) => (await service.call('GET', '/v1/me', { token: shown })).status;
    expect(await me(token)).toBe(200);
    for (const shown of [stored, `${stored}.`, `${stored}.${'A'.repeat(43)}=`, `x${token}`]) {
      expect([shown, await me(shown)]).toEqual([shown, 401]);
    }
    const cookie = `__Host-leasehold.session_token=${stored}`;
    expect((await service.call('GET', '/v1/me', { headers: { cookie } })).status).toBe(401);
  });

  it('tells people what was refused at their account, once for each network and hour, and nobody else', async () => {
    const [person, other] = [await service.signUp(), await service.signUp()];
    const events = async ({ token }: Tenant) => {
      const { body } = await service.call('GET', '/v1/security-log', { token });
      return body['events'] as readonly { attempts: number }[];
    };
    for (let i = 0; i < 3; i++) {
      expect((await logIn({ ...person, password: 'not the one' }, { 'user-agent': 'guesser' })).status).toBe(401);
    }
    await logIn({ email: 'nobody-at-all@example.com', password: 'not the one' });
    for (let i = 0; i < 100 && (await events(person))[0]?.attempts !== 3; i++) await systemClock.sleep(20);
    expect(await events(person)).toEqual([
      {
        ...{ kind: 'password-refused', address: '127.0.0.1', agent: 'guesser', attempts: 3 },
        ...{ firstAt: expect.any(String), lastAt: expect.any(String) },
      },
    ]);
    expect(await events(other)).toEqual([]);
    expect(await service.metadata.prisma.securityEvent.count()).toBeLessThan(20);
  });

  it('keeps passwords as argon2id, and goes on taking those that were kept as scrypt, which it hashes anew', async () => {
    const person = await service.signUp();
    const hash = await hashOf(person);
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const data = { password: await hashScrypt(person.password) };
    await service.metadata.prisma.account.updateMany({ where: { user: { email: person.email } }, data });
    expect((await logIn({ ...person, password: 'not the one' })).status).toBe(401);
    expect(await hashOf(person)).toBe(data.password);
    expect((await logIn(person)).status).toBe(200);
    const renewed = await hashOf(person);
    expect(renewed).toMatch(/^\$argon2id\$/);
    expect(renewed).not.toBe(hash);
    expect((await logIn(person)).status).toBe(200);
    expect(await hashOf(person)).toBe(renewed);
  });
});
