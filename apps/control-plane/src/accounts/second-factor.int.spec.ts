import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';

import { codeAt, toBase32 } from '../auth/totp.js';
import { changePasswordDuring } from '../testing/password-change.js';
import { TestMailbox } from '../testing/test-mailbox.js';
import { TestService, type Answer, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const PUBLIC_URL = 'http://localhost:4001';
const WRONG = '000000';

interface Guarded extends Tenant {
  readonly secret: Uint8Array;
  readonly backupCodes: readonly string[];
}

describe('a second factor', () => {
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

  const told = ({ status, body }: Answer) => [status, body['code'] ?? 'ok'];
  const post = (path: string, json: unknown, token?: string) =>
    service.call('POST', path, { json, ...(token === undefined ? {} : { token }) });
  const logIn = ({ email, password }: Tenant) => post('/v1/login', { email, password });
  const further = (challenge: string, proof: object) => post('/v1/login/second-factor', { challenge, ...proof });
  const state = async ({ token }: Tenant) => (await service.call('GET', '/v1/second-factor', { token })).body;

  async function challengeOf(person: Tenant): Promise<string> {
    // A step that ends under way would make a code a step older than it is meant to be.
    const leftMs = 30_000 - (Date.now() % 30_000);
    if (leftMs < 2_000) await systemClock.sleep(leftMs);
    const answer = await logIn(person);
    expect([...told(answer), answer.headers.getSetCookie()]).toEqual([401, 'second-factor-required', []]);
    return String(answer.body['challenge']);
  }

  /** The code of this moment, or of one of the steps beside it. */
  const codeOf = ({ secret }: { readonly secret: Uint8Array }, drift = 0) =>
    codeAt(secret, Math.floor(Date.now() / 30_000) + drift);

  /** As if the codes that were taken had been those of long ago. */
  const letTimePass = async ({ email }: Tenant) => {
    const where = { user: { email } };
    await service.metadata.prisma.secondFactor.updateMany({ where, data: { lastStep: 0, failedAt: new Date(0) } });
  };

  async function begin(person: Tenant): Promise<Uint8Array> {
    const { status, body } = await post('/v1/second-factor', { password: person.password }, person.token);
    expect(status).toBe(201);
    const uri = new URL(String(body['uri']));
    expect([uri.protocol, uri.searchParams.get('secret')]).toEqual(['otpauth:', body['secret']]);
    const bits = [...String(body['secret'])].map((letter) =>
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
    );
    const secret = Uint8Array.from(bits.join('').match(/.{8}/g) ?? [], (byte) => parseInt(byte, 2));
    expect(toBase32(secret)).toBe(body['secret']);
    return secret;
  }

  async function guarded(): Promise<Guarded> {
    const person = await service.signUp();
    const secret = await begin(person);
    const confirmed = await post('/v1/second-factor/confirm', { code: codeOf({ secret }) }, person.token);
    expect(confirmed.status).toBe(200);
    const backupCodes = confirmed.body['backupCodes'] as readonly string[];
    await letTimePass(person);
    return { ...person, secret, backupCodes };
  }

  it('is asked for at log-in once it is confirmed; sessions from before go on', async () => {
    const person = await service.signUp();
    const secret = await begin(person);
    expect((await logIn(person)).status).toBe(200);
    expect(told(await post('/v1/second-factor/confirm', { code: WRONG }, person.token))).toEqual([
      401,
      'invalid-credentials',
    ]);
    expect(await state(person)).toEqual({ enabled: false, backupCodesLeft: 0 });
    const confirmed = await post('/v1/second-factor/confirm', { code: codeOf({ secret }) }, person.token);
    expect(confirmed.body['backupCodes']).toHaveLength(10);
    expect(await state(person)).toEqual({ enabled: true, backupCodesLeft: 10 });
    const challenge = await challengeOf(person);
    const entered = await further(challenge, { code: codeOf({ secret }, 1) });
    expect(entered).toMatchObject({ status: 200, body: { organization: { id: person.organizationId } } });
    expect((await service.call('GET', '/v1/me', { token: String(entered.body['token']) })).status).toBe(200);
    expect((await service.call('GET', '/v1/me', { token: person.token })).status).toBe(200);
  });

  it('needs the password to begin, and cannot be begun or confirmed over one that is there', async () => {
    const person = await guarded();
    const wrong = await post('/v1/second-factor', { password: 'not the one' }, person.token);
    expect(told(wrong)).toEqual([401, 'invalid-credentials']);
    const again = await post('/v1/second-factor', { password: person.password }, person.token);
    expect(told(again)).toEqual([409, 'conflict']);
    const confirm = await post('/v1/second-factor/confirm', { code: codeOf(person) }, person.token);
    expect(told(confirm)).toEqual([409, 'conflict']);
    const nobody = await service.signUp();
    expect(told(await post('/v1/second-factor/confirm', { code: WRONG }, nobody.token))).toEqual([409, 'conflict']);
  });

  it('takes a code once, and none from before it', async () => {
    const person = await guarded();
    const code = codeOf(person);
    expect((await further(await challengeOf(person), { code })).status).toBe(200);
    for (const old of [code, codeOf(person, -1)]) {
      expect(told(await further(await challengeOf(person), { code: old }))).toEqual([401, 'invalid-credentials']);
    }
  });

  it('takes a code once, also from two who come at the same time', async () => {
    const person = await guarded();
    const challenges = [await challengeOf(person), await challengeOf(person), await challengeOf(person)];
    const code = codeOf(person);
    const answers = await Promise.all(challenges.map((challenge) => further(challenge, { code })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
  });

  it('takes codes of one step before and after, and no others', async () => {
    const person = await guarded();
    for (const [drift, status] of [
      [-2, 401],
      [2, 401],
      [-1, 200],
      [1, 200],
    ] as const) {
      expect([drift, (await further(await challengeOf(person), { code: codeOf(person, drift) })).status]).toEqual([
        drift,
        status,
      ]);
    }
  });

  it('has backup codes for once each, however they are typed, kept as hashes', async () => {
    const person = await guarded();
    const [first = '', second = ''] = person.backupCodes;
    const enter = async (backupCode: string) => (await further(await challengeOf(person), { backupCode })).status;
    expect(await enter(first)).toBe(200);
    expect(await enter(first)).toBe(401);
    expect(await enter(second.replaceAll('-', ' ').toUpperCase())).toBe(200);
    expect(await state(person)).toEqual({ enabled: true, backupCodesLeft: 8 });
    const kept = await service.metadata.prisma.secondFactor.findMany();
    const text = Buffer.concat(kept.flatMap(({ sealedSecret, backupHashes }) => [sealedSecret, ...backupHashes]));
    for (const code of person.backupCodes) expect(text.includes(code)).toBe(false);
    expect(text.includes(Buffer.from(person.secret))).toBe(false);
  });

  it('is one session for one challenge, for five minutes, and of no other person', async () => {
    const [person, other] = [await guarded(), await guarded()];
    const challenge = await challengeOf(person);
    expect((await further(challenge, { code: codeOf(person) })).status).toBe(200);
    await letTimePass(person);
    expect(told(await further(challenge, { code: codeOf(person) }))).toEqual([401, 'invalid-credentials']);
    expect(told(await further(await challengeOf(person), { code: codeOf(other) }))[0]).toBe(401);
    const late = await challengeOf(person);
    await service.metadata.prisma.verification.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } });
    expect(told(await further(late, { code: codeOf(person) }))[0]).toBe(401);
    expect(told(await further('x', { code: codeOf(person) }))[0]).toBe(401);
  });

  it('is guessed at slowly, with however many challenges, and at the same time', async () => {
    const person = await guarded();
    const challenges = await Promise.all(Array.from({ length: 3 }, () => challengeOf(person)));
    const attempt = (n: number, proof: object) => further(challenges[n % 3] ?? '', proof);
    const guesses = await Promise.all(Array.from({ length: 12 }, (_, n) => attempt(n, { code: WRONG })));
    const statuses = guesses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    const refused = await attempt(0, { code: codeOf(person) });
    expect(told(refused)).toEqual([429, 'too-many-requests']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(told(await attempt(1, { backupCode: person.backupCodes[0] }))[0]).toBe(429);
    await letTimePass(person);
    expect((await attempt(2, { code: codeOf(person) })).status).toBe(200);
  });

  it('ends by password and code together', async () => {
    const person = await guarded();
    const end = (password: string, proof: object) =>
      post('/v1/second-factor/disable', { password, ...proof }, person.token);
    expect((await end('not the one', { code: codeOf(person) })).status).toBe(401);
    expect((await end(person.password, { code: WRONG })).status).toBe(401);
    expect((await logIn(person)).status).toBe(401);
    expect((await end(person.password, { code: codeOf(person) })).status).toBe(204);
    expect(await state(person)).toEqual({ enabled: false, backupCodesLeft: 0 });
    expect((await logIn(person)).status).toBe(200);
  });

  it('has new backup codes by password and code together, in place of those that were left', async () => {
    const person = await guarded();
    const renew = (password: string, proof: object) =>
      post('/v1/second-factor/backup-codes', { password, ...proof }, person.token);
    expect((await renew('not the one', { code: codeOf(person) })).status).toBe(401);
    expect((await renew(person.password, { code: WRONG })).status).toBe(401);
    const [first = '', second = ''] = person.backupCodes;
    const renewed = await renew(person.password, { backupCode: first });
    const codes = renewed.body['backupCodes'] as readonly string[];
    expect([renewed.status, codes.length, codes.filter((code) => person.backupCodes.includes(code))]).toEqual([
      ...[200, 10],
      [],
    ]);
    expect((await further(await challengeOf(person), { backupCode: second })).status).toBe(401);
    expect((await further(await challengeOf(person), { backupCode: codes[0] })).status).toBe(200);
    expect(await state(person)).toEqual({ enabled: true, backupCodesLeft: 9 });
    const plain = await service.signUp();
    const none = await post('/v1/second-factor/backup-codes', { password: plain.password, code: WRONG }, plain.token);
    expect(none.status).toBe(401);
  });

  it('goes with a new password by mail, where nobody had shown before that the address is theirs', async () => {
    const stranger = await guarded();
    await post('/v1/password-reset/mail', { email: stranger.email });
    const token = await mailbox.tokenOf(stranger.email, 'reset-password', 2);
    const password = 'a newer password';
    expect((await post('/v1/password-reset', { token, password })).status).toBe(204);
    expect((await logIn({ ...stranger, password })).status).toBe(200);
    expect((await service.call('GET', '/v1/me', { token: stranger.token })).status).toBe(401);
  });

  it('starts no session with a password that was changed since it was shown', async () => {
    const person = await guarded();
    const challenge = await challengeOf(person);
    const { answer, sessionsMade } = await changePasswordDuring(service, person.email, () =>
      further(challenge, { code: codeOf(person) }),
    );
    expect(told(answer)).toEqual([401, 'invalid-credentials']);
    expect(sessionsMade).toBe(0);
  });

  it('outlives a new password by mail, which voids challenges from before', async () => {
    const person = await guarded();
    await post('/v1/email-verification', { token: await mailbox.tokenOf(person.email, 'verify-email', 1) });
    const challenge = await challengeOf(person);
    await post('/v1/password-reset/mail', { email: person.email });
    const token = await mailbox.tokenOf(person.email, 'reset-password', 2);
    const password = 'a newer password';
    expect((await post('/v1/password-reset', { token, password })).status).toBe(204);
    expect((await further(challenge, { code: codeOf(person) })).status).toBe(401);
    await letTimePass(person);
    const next = await challengeOf({ ...person, password });
    expect((await further(next, { code: codeOf(person) })).status).toBe(200);
  });

  it('says nothing to who does not know the password', async () => {
    const [person, plain] = [await guarded(), await service.signUp()];
    const [a, b] = [await logIn({ ...person, password: 'not the one' }), await logIn({ ...plain, password: 'no' })];
    expect([a.status, { ...a.body, requestId: '' }]).toEqual([401, { ...b.body, requestId: '' }]);
  });
});
