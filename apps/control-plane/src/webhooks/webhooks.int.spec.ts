import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';

import { TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(120_000);

const WAIT_MS = 40_000;

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** As a receiver does, by the text of Standard Webhooks alone. */
function verifies(secret: string, { headers, body }: Received): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  const wanted = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  return String(headers['webhook-signature']).split(' ').includes(wanted);
}

describe('webhooks', () => {
  let service: TestService;
  let mine: Tenant;
  let theirs: Tenant;
  let receiver: Server;
  let url: string;
  let received: Received[] = [];
  let answer: (reply: ServerResponse) => void = (reply) => reply.writeHead(204).end();

  beforeAll(async () => {
    service = await TestService.start({ OUTBOUND_ALLOW_LOCAL: 'true' });
    [mine, theirs] = [await service.signUp(), await service.signUp()];
    receiver = createServer((request, reply) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        received.push({ headers: request.headers, body });
        answer(reply);
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  });
  afterAll(async () => {
    receiver.closeAllConnections();
    receiver.close();
    await service.close();
  });
  beforeEach(async () => {
    await service.metadata.prisma.webhook.deleteMany();
    received = [];
    answer = (reply) => reply.writeHead(204).end();
  });

  const ask = (method: string, path: string, json?: object, token = mine.token) =>
    service.call(method, `/v1/webhooks${path}`, { token, ...(json === undefined ? {} : { json }) });
  const make = async (json: object = {}) => {
    const { body, status, text } = await ask('POST', '', { url, ...json });
    expect([text, status]).toEqual([text, 201]);
    return { id: String(body['id']), secret: String(body['secret']) };
  };
  const createDatabase = async (name: string, token = mine.token) =>
    expect((await service.call('POST', '/v1/databases', { token, json: { name } })).status).toBe(201);
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += 50) {
      if (await isSo()) return;
      await systemClock.sleep(50);
    }
    throw new Error('it did not come to that');
  };
  const log = async (id: string) =>
    (await ask('GET', `/${id}/deliveries`)).body['deliveries'] as Record<string, unknown>[];
  /** What waits for a later attempt is due now. */
  const hurry = async () => {
    await service.metadata.prisma.webhookDelivery.updateMany({
      where: { lastAttemptAt: { not: null }, state: 'waiting' },
      data: { dueAt: new Date() },
    });
    await service.metadata.prisma.webhook.updateMany({ data: { pausedUntil: null } });
  };

  it('checks as the published example of Standard Webhooks does', () => {
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    expect(verifies('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', { headers, body: '{"test": 2432232314}' })).toBe(true);
  });

  it('are told what they want to know, signed, once', async () => {
    const { id, secret } = await make({ events: ['database.created'] });
    await createDatabase('told');
    await service.call('DELETE', '/v1/databases/told', { token: mine.token });
    await createDatabase('not-mine', theirs.token);
    await until(async () => (await log(id))[0]?.['state'] === 'delivered');
    expect(received).toHaveLength(1);
    // Nothing else waits for it, and nobody has it again.
    expect(await service.metadata.prisma.webhookDelivery.findMany()).toMatchObject([{ claims: 1 }]);
    const [message] = received as [Received];
    expect(verifies(secret, message)).toBe(true);
    expect(verifies(secret, { ...message, body: `${message.body} ` })).toBe(false);
    expect(JSON.parse(message.body)).toMatchObject({
      type: 'database.created',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      data: {
        actor: { kind: 'user' },
        subject: { kind: 'database', name: 'told' },
        after: { deleteProtection: false },
      },
    });
    expect(message.body).not.toContain('127.0.0.1');
    expect(await log(id)).toMatchObject([{ state: 'delivered', status: 204, attempts: 1, event: 'database.created' }]);
  });

  it('try again after failures with the same id, and note what came of it', async () => {
    answer = (reply) => reply.writeHead(500).end('x'.repeat(5_000));
    const { id, secret } = await make({ events: ['database.created'] });
    await createDatabase('again');
    await until(async () => (await log(id))[0]?.['status'] === 500);
    const [failed] = await log(id);
    expect(failed).toMatchObject({ state: 'waiting', attempts: 1, answer: 'x'.repeat(1_024) });
    expect((await ask('GET', `/${id}`)).body['failingSince']).not.toBeNull();
    // A reply that is lost is tried again too.
    answer = (reply) => reply.socket?.destroy();
    await hurry();
    await until(async () => (await log(id))[0]?.['attempts'] === 2 && (await log(id))[0]?.['failure'] !== null);
    answer = (reply) => reply.writeHead(200).end('thanks');
    await hurry();
    await until(async () => (await log(id))[0]?.['state'] === 'delivered');
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(received.every((message) => verifies(secret, message))).toBe(true);
    expect((await ask('GET', `/${id}`)).body['failingSince']).toBeNull();
  });

  it('follow no redirect, and give up where the receiver says that it is gone', async () => {
    answer = (reply) => reply.writeHead(302, { location: `${url}/elsewhere` }).end();
    const { id } = await make({ events: ['database.created'] });
    await createDatabase('redirected');
    await until(async () => (await log(id))[0]?.['status'] === 302);
    expect(received).toHaveLength(1);
    answer = (reply) => reply.writeHead(410).end();
    await hurry();
    await until(async () => (await log(id))[0]?.['state'] === 'failed');
  });

  it('that hang keep nobody else waiting', async () => {
    let hung = 0;
    const hanging = createServer(() => void hung++);
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    try {
      const port = (hanging.address() as AddressInfo).port;
      await make({ url: `http://127.0.0.1:${port}/`, events: ['database.created'] });
      for (let i = 0; i < 8; i++) await createDatabase(`hang-${i}`);
      await until(() => hung === 4);
      await make({ events: ['database.deleted'] });
      await service.call('DELETE', '/v1/databases/hang-0', { token: mine.token });
      await until(() => received.length > 0);
      // Told by a later look, which has sent it no more.
      expect(hung).toBe(4);
    } finally {
      hanging.closeAllConnections();
      hanging.close();
    }
  });

  it('sign with both secrets while a rotation lasts, and with the new one after it', async () => {
    const { id, secret } = await make();
    const rotated = String((await ask('POST', `/${id}/rotate`, { overlapSeconds: 3_600 })).body['secret']);
    expect(rotated).not.toBe(secret);
    expect((await ask('POST', `/${id}/test`)).status).toBe(202);
    const tested = () => received.filter(({ body }) => body.includes('"webhook.test"'));
    await until(() => tested().length === 1);
    const [during] = tested() as [Received];
    expect([verifies(secret, during), verifies(rotated, during)]).toEqual([true, true]);
    await service.metadata.prisma.webhook.updateMany({ data: { previousEndsAt: new Date(0) } });
    const [delivery] = (await log(id)).filter(({ event }) => event === 'webhook.test');
    expect((await ask('POST', `/${id}/deliveries/${String(delivery?.['id'])}/redeliver`)).status).toBe(202);
    await until(() => tested().length === 2);
    const after = tested()[1] as Received;
    expect([verifies(secret, after), verifies(rotated, after)]).toEqual([false, true]);
    expect(after.headers['webhook-id']).toBe(during.headers['webhook-id']);
    expect((await ask('GET', '')).text).not.toContain('whsec_');
  });

  it('sign with every secret whose end was told, however often they are rotated, up to four', async () => {
    const { id, secret } = await make();
    const rotate = (overlapSeconds: number) => ask('POST', `/${id}/rotate`, { overlapSeconds });
    const first = await rotate(7_200);
    const others = [await rotate(3_600), await rotate(3_600)];
    // No rotation shortens what an earlier one has told.
    for (const { body } of others) expect(body['previousSecretEndsAt']).toBe(first.body['previousSecretEndsAt']);
    const tests = () => received.filter(({ body }) => body.includes('"webhook.test"'));
    const secrets = [secret, ...[first, ...others].map(({ body }) => String(body['secret']))];
    await ask('POST', `/${id}/test`);
    await until(() => tests().length === 1);
    expect(secrets.map((each) => verifies(each, tests()[0] as Received))).toEqual([true, true, true, true]);
    const refused = await rotate(1);
    expect([refused.status, refused.body['code']]).toEqual([409, 'conflict']);
    const last = String((await rotate(0)).body['secret']);
    await ask('POST', `/${id}/test`);
    await until(() => tests().length === 2);
    const told = tests()[1] as Received;
    expect([...secrets, last].map((each) => verifies(each, told))).toEqual([false, false, false, false, true]);
  });

  it('are disabled after five days of failures, which the audit log tells', async () => {
    const { id } = await make();
    const past = new Date(systemClock.now() - 6 * 24 * 60 * 60 * 1_000);
    await service.metadata.prisma.webhook.updateMany({ data: { failingSince: past } });
    const disabled = await service.metadata.deliveries.disable(new Date(systemClock.now() - 5 * 24 * 60 * 60 * 1_000));
    expect(disabled).toMatchObject([{ id, organizationId: mine.organizationId }]);
    expect((await ask('GET', `/${id}`)).body['enabled']).toBe(false);
    const entries = await service.call('GET', `/v1/audit?subject=${id}&action=webhook.disabled`, { token: mine.token });
    expect(entries.body['entries']).toMatchObject([{ actor: { kind: 'system' } }]);
    await ask('PATCH', `/${id}`, { enabled: true });
    expect((await ask('GET', `/${id}`)).body).toMatchObject({ enabled: true, failingSince: null });
  });

  it('of another organization are as good as none', async () => {
    const { id } = await make();
    await ask('POST', `/${id}/test`);
    const [delivery] = await log(id);
    for (const [method, path, json] of [
      ['GET', ''],
      ['PATCH', '', { enabled: false }],
      ['POST', '/rotate', {}],
      ['POST', '/test'],
      ['GET', '/deliveries'],
      ['POST', `/deliveries/${String(delivery?.['id'])}/redeliver`],
      ['DELETE', ''],
    ] as const) {
      expect([path, (await ask(method, `/${id}${path}`, json, theirs.token)).status]).toEqual([path, 404]);
    }
    expect((await ask('GET', '', undefined, theirs.token)).body).toEqual({ webhooks: [] });
    expect((await ask('GET', `/${id}`)).body['enabled']).toBe(true);
    expect((await ask('DELETE', `/${id}`)).status).toBe(204);
  });

  it.each([
    'ftp://example.com',
    'http://example.com/',
    'https://10.0.0.1/',
    'https://[fd00::1]/',
    'https://metadata.internal/',
    'nothing',
  ])('are not made for %s', async (target) => {
    const { status, body } = await ask('POST', '', { url: target });
    expect([status, body['code']]).toEqual([400, 'invalid-body']);
  });

  it('are shared between instances: what one claims no other has', async () => {
    const { id } = await make({ url: 'http://127.0.0.1:9/' });
    await service.metadata.prisma.webhook.updateMany({
      data: { pausedUntil: new Date(systemClock.now() + 3_600_000) },
    });
    for (let i = 0; i < 20; i++) await service.metadata.deliveries.add(id, `m${i}`, 'webhook.test', '{}');
    const future = systemClock.now() + 7_200_000;
    const claim = () => service.metadata.deliveries.claim(new Date(future), new Date(future + 60_000), 100, 100);
    const claims = (await Promise.all([claim(), claim(), claim()])).flat();
    expect(new Set(claims.map((claimed) => claimed.id)).size).toBe(claims.length);
    expect((await claim()).length + claims.length).toBeGreaterThanOrEqual(20);
    const [first] = claims;
    if (!first) throw new Error('nothing was claimed');
    const arrived = {
      status: 200,
      failure: null,
      durationMs: 1,
      answer: '',
      retryAt: undefined,
      pausedUntil: undefined,
    };
    const now = new Date(systemClock.now());
    expect(await service.metadata.deliveries.settle({ ...first, claims: first.claims - 1 }, now, arrived)).toBe(false);
    expect(await service.metadata.deliveries.settle(first, now, arrived)).toBe(true);
  });
});
