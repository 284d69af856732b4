import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';

import { storedToken } from './auth/session-token.js';
import { MAIL_WAIT_MS, TestMailbox } from './testing/test-mailbox.js';
import { TestService, type Answer } from './testing/test-service.js';
import { TestSmtpServer } from './testing/test-smtp-server.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const PUBLIC_URL = 'http://localhost:4001';

describe('people', () => {
  let service: TestService;
  let mailbox: TestMailbox;

  beforeAll(async () => {
    mailbox = await TestMailbox.open(PUBLIC_URL);
    service = await TestService.start({ PUBLIC_URL, MAILBOX_DIR: mailbox.folder });
  });
  afterAll(async () => {
    await service.close();
    await mailbox.close();
  });

  const mailsTo = (address: string, count: number) => mailbox.mailsTo(address, count);
  const tokenOf = (address: string, page: string, count: number) => mailbox.tokenOf(address, page, count);

  const post = (path: string, json?: unknown, token?: string) =>
    service.call('POST', path, { ...(json === undefined ? {} : { json }), ...(token === undefined ? {} : { token }) });
  const codeOf = ({ status, body }: Answer) => [status, body['code']];
  const verified = async (token: string) =>
    ((await service.call('GET', '/v1/me', { token })).body['user'] as { emailVerified: boolean }).emailVerified;

  describe('a new account', () => {
    it('works at once, and is verified by the mail that it gets', async () => {
      const { email, token } = await service.signUp();
      expect(await verified(token)).toBe(false);
      expect((await post('/v1/databases', { name: 'at-once' }, token)).status).toBe(201);
      const proof = await tokenOf(email, 'verify-email', 1);
      for (let i = 0; i < 2; i++) expect((await post('/v1/email-verification', { token: proof })).status).toBe(204);
      expect(await verified(token)).toBe(true);
      expect(codeOf(await post('/v1/email-verification/mail', undefined, token))).toEqual([409, 'conflict']);
    });

    it('gets the mail again, a few times', async () => {
      const { email, token } = await service.signUp();
      const again = () => post('/v1/email-verification/mail', undefined, token);
      for (let i = 0; i < 5; i++) expect((await again()).status).toBe(202);
      const refused = await again();
      expect(codeOf(refused)).toEqual([429, 'too-many-requests']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(500);
      expect((await mailsTo(email, 6)).length).toBe(6);
    });

    it('is not verified by what another one got, what was changed, or a session', async () => {
      const [mine, theirs] = [await service.signUp(), await service.signUp()];
      const proof = await tokenOf(theirs.email, 'verify-email', 1);
      expect((await post('/v1/email-verification', { token: proof }, mine.token)).status).toBe(204);
      expect([await verified(mine.token), await verified(theirs.token)]).toEqual([false, true]);
      const [head, , signature] = (await tokenOf(mine.email, 'verify-email', 1)).split('.');
      const claims = (fields: object) => Buffer.from(JSON.stringify(fields)).toString('base64url');
      const forged = claims({ email: mine.email, exp: 9_999_999_999 });
      for (const token of [
        `${head}.${forged}.${signature}`,
        `${claims({ alg: 'none' })}.${forged}.`,
        mine.token,
        'x',
      ]) {
        expect(codeOf(await post('/v1/email-verification', { token }))).toEqual([400, 'invalid-link']);
      }
      expect(await verified(mine.token)).toBe(false);
    });
  });

  describe('a forgotten password', () => {
    const request = (email: string) => post('/v1/password-reset/mail', { email });
    const reset = (token: string, password = 'a newer password') => post('/v1/password-reset', { token, password });
    const logIn = (email: string, password: string) => post('/v1/login', { email, password });

    it('is replaced by mail: once, with every session ended and the address verified', async () => {
      const { email, password, token } = await service.signUp();
      expect((await request(email)).status).toBe(202);
      const proof = await tokenOf(email, 'reset-password', 2);
      expect((await service.call('GET', '/v1/me', { token })).status).toBe(200);
      const answer = await reset(proof);
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([204, []]);
      expect((await service.call('GET', '/v1/me', { token })).status).toBe(401);
      expect((await logIn(email, password)).status).toBe(401);
      const again = await logIn(email, 'a newer password');
      expect(again.status).toBe(200);
      expect(await verified(String(again.body['token']))).toBe(true);
      expect(codeOf(await reset(proof, 'the thirdpassword'))).toEqual([400, 'invalid-link']);
      expect((await logIn(email, 'a newer password')).status).toBe(200);
    });

    it('leaves no other link that works, and none in the database', async () => {
      const { email } = await service.signUp();
      await request(email);
      const first = await tokenOf(email, 'reset-password', 2);
      await request(email);
      const second = await tokenOf(email, 'reset-password', 3);
      const kept = JSON.stringify(await service.metadata.prisma.verification.findMany());
      for (const proof of [first, second]) expect(kept).not.toContain(proof);
      expect((await reset(second)).status).toBe(204);
      expect(codeOf(await reset(first))).toEqual([400, 'invalid-link']);
    });

    it('is replaced by one of two who come with the same link at once', async () => {
      const { email } = await service.signUp();
      await request(email);
      const proof = await tokenOf(email, 'reset-password', 2);
      const answers = await Promise.all(['a newer password', 'the other password'].map((text) => reset(proof, text)));
      expect(answers.map(({ status }) => status).sort()).toEqual([204, 400]);
    });

    it('stays when the link has expired, or the new one is too short', async () => {
      const { email, password } = await service.signUp();
      await request(email);
      const proof = await tokenOf(email, 'reset-password', 2);
      expect(codeOf(await reset(proof, 'too short'))).toEqual([400, 'invalid-body']);
      await service.metadata.prisma.verification.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } });
      expect(codeOf(await reset(proof))).toEqual([400, 'invalid-link']);
      expect((await logIn(email, password)).status).toBe(200);
    });

    it('is answered alike, and after the same time, whether or not there is an account', async () => {
      const { email } = await service.signUp();
      const timed = async (address: string) => {
        const startMs = systemClock.monotonic();
        const { status, text, headers } = await request(address);
        const shown = [...headers.keys()].filter((name) => name !== 'x-request-id').join();
        return { told: { status, text, shown }, ms: systemClock.monotonic() - startMs };
      };
      const [known, unknown] = [await timed(email), await timed('nobody@example.com')];
      expect(known.told).toEqual(unknown.told);
      for (const { ms } of [known, unknown]) expect(ms).toBeGreaterThanOrEqual(499);
      expect(await mailsTo('nobody@example.com', 0)).toEqual([]);
      for (const address of [email, 'nobody@example.com']) {
        for (let i = 0; i < 4; i++) expect((await request(address)).status).toBe(202);
        expect(codeOf(await request(address))).toEqual([429, 'too-many-requests']);
      }
    });

    it('is not sent to where a forged Host points', async () => {
      const { email } = await service.signUp();
      const headers = { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' };
      await service.call('POST', '/v1/password-reset/mail', { json: { email }, headers });
      await tokenOf(email, 'reset-password', 2);
      for (const { text } of await mailsTo(email, 2)) expect(text).not.toContain('evil.example');
    });
  });

  describe('sessions', () => {
    const list = async (token: string) => {
      const { status, body, text } = await service.call('GET', '/v1/sessions', { token });
      expect(status).toBe(200);
      return { sessions: body['sessions'] as { id: string; current: boolean; agent: string }[], text };
    };
    async function loggedIn(agent: string, email: string, password: string): Promise<string> {
      const headers = { 'user-agent': agent };
      return String((await service.call('POST', '/v1/login', { json: { email, password }, headers })).body['token']);
    }
    const alive = async (token: string) => (await service.call('GET', '/v1/me', { token })).status === 200;

    it('are listed with where they are, and without what opens them', async () => {
      const { email, password, token } = await service.signUp();
      const other = await loggedIn(`phone ${'x'.repeat(1_000)}`, email, password);
      const { sessions, text } = await list(token);
      expect(sessions).toHaveLength(2);
      expect(sessions.find(({ current }) => !current)).toEqual({
        id: expect.any(String),
        current: false,
        address: '127.0.0.1',
        agent: expect.stringMatching(/^phone x{250}$/),
        createdAt: expect.any(String),
        lastSeenAt: expect.any(String),
      });
      for (const secret of [token, other]) expect(text).not.toContain(secret);
      expect((await list(other)).sessions.map(({ current }) => current).sort()).toEqual([false, true]);
    });

    it('tell when they were last used, and live as long again from then', async () => {
      const { token } = await service.signUp();
      const past = new Date(Date.now() - 3_600_000);
      const where = { token: storedToken(token) };
      const expiresAt = new Date(past.getTime() + 7 * 24 * 3_600_000);
      await service.metadata.prisma.session.updateMany({ where, data: { updatedAt: past, expiresAt } });
      await list(token);
      const [session] = await service.metadata.prisma.session.findMany({ where });
      expect(session?.updatedAt.getTime()).toBeGreaterThan(past.getTime() + 3_500_000);
      expect(session?.expiresAt.getTime()).toBeGreaterThan(expiresAt.getTime() + 3_500_000);
    });

    it('end one by one, or all but this', async () => {
      const { email, password, token } = await service.signUp();
      const [phone, tablet] = [await loggedIn('phone', email, password), await loggedIn('tablet', email, password)];
      const phoneId = (await list(token)).sessions.find(({ agent }) => agent === 'phone')?.id;
      expect((await service.call('DELETE', `/v1/sessions/${phoneId}`, { token })).status).toBe(204);
      expect([await alive(phone), await alive(tablet)]).toEqual([false, true]);
      expect((await service.call('DELETE', `/v1/sessions/${phoneId}`, { token })).status).toBe(404);
      expect((await service.call('DELETE', '/v1/sessions', { token })).status).toBe(204);
      expect([await alive(tablet), await alive(token)]).toEqual([false, true]);
    });

    it('are not listed when they have expired', async () => {
      const { email, password, token } = await service.signUp();
      const old = await loggedIn('old', email, password);
      const data = { expiresAt: new Date(Date.now() - 1) };
      await service.metadata.prisma.session.updateMany({ where: { token: storedToken(old) }, data });
      expect((await list(token)).sessions).toHaveLength(1);
    });
  });

  it('shows the mailbox as a page, on this machine alone', async () => {
    const { email } = await service.signUp();
    await mailsTo(email, 1);
    const page = await service.call('GET', '/mailbox');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.text).toContain(email);
    expect(page.text).toMatch(new RegExp(`<a href="${PUBLIC_URL}/console/verify-email#`));
    expect((await service.call('POST', '/mailbox')).status).toBe(405);
  });
});

describe('an installation without mail', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.close());

  it('signs people up all the same, says what it cannot do, and has no mailbox', async () => {
    const { email, token } = await service.signUp();
    for (const answer of [
      await service.call('POST', '/v1/email-verification/mail', { token }),
      await service.call('POST', '/v1/password-reset/mail', { json: { email } }),
    ]) {
      expect([answer.status, answer.body['code']]).toEqual([501, 'mail-not-configured']);
    }
    expect((await service.call('GET', '/mailbox')).status).toBe(404);
  });
});

describe('an installation with a mail server', () => {
  it('mails by it, and answers while it does not take mails', async () => {
    const server = await TestSmtpServer.start();
    server.answers.push('451 later');
    const smtp = { SMTP_URL: server.url, SMTP_TLS: 'optional', MAIL_FROM: 'leasehold@example.com' };
    const service = await TestService.start({ PUBLIC_URL, ...smtp });
    try {
      const { email } = await service.signUp();
      for (let waitedMs = 0; server.mails.length === 0 && waitedMs < MAIL_WAIT_MS; waitedMs += 20) {
        await systemClock.sleep(20);
      }
      expect(server.mails.length).toBe(1);
      expect(server.mails[0]).toContain(`To: ${email}`);
      expect((await service.call('GET', '/mailbox')).status).toBe(404);
    } finally {
      await service.close();
      await server.close();
    }
  });
});
