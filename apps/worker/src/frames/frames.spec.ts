import { randomUUID } from 'node:crypto';

import { FRAMES_HEADER, FRAMES_PROTOCOL, HOP_HEADERS, HOP_PHASES_HEADER } from '@leasehold/protocol';
import type { RunningService } from '@leasehold/service-kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { FramedGateway, upgrade } from '../../testing/framed-gateway.js';
import { AskedDatabase, WorkerWorld } from '../../testing/worker-world.js';
import { PlainReads } from './plain-reads.js';

const world = new WorkerWorld();
let worker: RunningService;
let gateway: FramedGateway;

beforeAll(async () => {
  worker = await world.start(await world.serveBucket());
});
afterAll(() => world.close());
beforeEach(async () => {
  gateway = await FramedGateway.connect(worker.url);
});
afterEach(() => gateway.close());

/** What of an answer does not depend on when it was given. */
function told(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = ['etag', 'content-type', 'cache-control', 'leasehold-cost', 'leasehold-version', 'retry-after'];
  return Object.fromEntries(names.flatMap((name) => (headers[name] ? [[name, headers[name]]] : [])));
}

function withoutId(bytes: Buffer): string {
  return bytes.toString().replace(/"requestId":"[^"]*"/, '');
}

describe('requests of one key in frames', () => {
  it('are answered ahead of the route where they are reads from memory, and as by it', async () => {
    const answer = jest.spyOn(PlainReads.prototype, 'answer');
    const database = new AskedDatabase();
    await gateway.key('PUT', database.id, 'k', 'v', { 'leasehold-ttl': '600' });
    const { headers } = await gateway.key('GET', database.id, 'k');
    expect(Date.parse(String(headers['leasehold-expires-at']))).toBeGreaterThan(0);
    const etag = String(headers['etag']);
    // In the order in which they are asked: whether each is.
    const asks = [
      [true, {}],
      [true, { 'if-none-match': etag }],
      [true, { 'if-none-match': '"00000001000000000099"' }],
      [false, { 'if-none-match': 'nonsense' }],
      [false, { 'if-match': etag }],
      [false, { [HOP_HEADERS.waitForOwner]: '01arz3ndektsv4rrffq69g5fav' }],
      [false, { [HOP_HEADERS.tenant]: 'another-tenant' }],
      [false, { [HOP_HEADERS.database]: '%' }],
    ] as const;
    for (const [isPlain, asked] of asks) {
      const more = { 'x-request-id': 'one', ...asked };
      const plain = await gateway.key('GET', database.id, 'k', '', more);
      expect([more, answer.mock.results.at(-1)?.value]).toEqual([more, isPlain]);
      answer.mockReturnValueOnce(false);
      const routed = await gateway.key('GET', database.id, 'k', '', more);
      const whole = ({ status, headers: told, body }: typeof plain) => {
        const { [HOP_PHASES_HEADER]: phases, ...others } = told;
        return { status, others, isTimed: /total;dur=/.test(String(phases)), body: withoutId(body) };
      };
      expect(whole(plain)).toEqual(whole(routed));
      expect(Object.keys(plain.headers)).toEqual(Object.keys(routed.headers));
    }
    answer.mockRestore();
    const metrics = await (await world.look(worker, '/metrics')).text();
    expect(metrics).toMatch(/leasehold_http_requests_total\{method="GET",[^}]*keys64\/:key"[^}]*status="304"[^}]*\} 2/);
  });

  it('are answered as over HTTP', async () => {
    const database = new AskedDatabase();
    const put = await gateway.key('PUT', database.id, 'k', 'v');
    expect(put.status).toBe(200);
    const { version } = JSON.parse(put.body.toString()) as { version: string };
    expect(put.headers).toMatchObject({ etag: `"${version}"`, 'content-type': 'application/json; charset=utf-8' });
    const asks = [
      ['GET', 'k', {}],
      ['GET', 'k', { 'if-none-match': `"${version}"` }],
      ['GET', 'absent', {}],
      ['PUT', 'k', { 'if-none-match': '*' }],
      ['PUT', 'k', { 'if-match': '1' }],
      ['PUT', 'k', { 'leasehold-ttl': 'soon' }],
      ['DELETE', 'k', { 'if-match': '"9.9"' }],
    ] as const;
    for (const [method, key, headers] of asks) {
      const framed = await gateway.key(method, database.id, key, '', headers);
      const http = await database.key(key, worker, { method, headers: headers as Record<string, string> });
      const body = Buffer.from(await http.arrayBuffer());
      expect([framed.status, told(framed.headers)]).toEqual([http.status, told(Object.fromEntries(http.headers))]);
      expect(withoutId(framed.body)).toBe(withoutId(body));
    }
    expect((await gateway.key('DELETE', database.id, 'k')).status).toBe(200);
    expect((await database.key('k', worker)).status).toBe(404);
  });

  it('go on at the same time, each answered as its own', async () => {
    const database = randomUUID();
    await gateway.key('PUT', database, 'first', 'v');
    const keys = Array.from({ length: 200 }, (_, n) => `k${n}`);
    const puts = await Promise.all(keys.map((key) => gateway.key('PUT', database, key, `value of ${key}`)));
    expect(new Set(puts.map(({ status }) => status))).toEqual(new Set([200]));
    const gets = await Promise.all(keys.map((key) => gateway.key('GET', database, key)));
    expect(gets.map(({ body }) => body.toString())).toEqual(keys.map((key) => `value of ${key}`));
  });

  it('tell where their time went, and are counted', async () => {
    const database = randomUUID();
    const answer = await gateway.key('GET', database, 'k', '', { 'x-request-id': 'from-a-gateway' });
    expect(answer.headers[HOP_PHASES_HEADER]).toMatch(/read;dur=.*total;dur=/);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'key-not-found', requestId: 'from-a-gateway' });
    const metrics = await (await world.look(worker, '/metrics')).text();
    expect(metrics).toMatch(/leasehold_http_requests_total\{[^}]*keys64\/:key"[^}]*status="404"[^}]*\} [1-9]/);
  });

  it.each([
    ['no tenant', randomUUID(), { [HOP_HEADERS.tenant]: '' }],
    ['a name that is none', randomUUID(), { [HOP_HEADERS.database]: '%' }],
    ['a database that is none', 'nonsense', {}],
  ])('are refused that name %s', async (_what, database, headers) => {
    const { status, body } = await gateway.key('PUT', database, 'k', 'v', headers);
    expect([status, JSON.parse(body.toString()).code]).toEqual([400, 'invalid-request']);
  });

  it.each([
    ['of another route', 'GET', `/internal/v1/databases/${randomUUID()}/stats`],
    ['of another method', 'POST', `/internal/v1/databases/${randomUUID()}/keys64/YQ`],
    ['to nowhere', 'GET', '/'],
  ])('are not what a frame %s is: its connection ends, or it is refused', async (_what, method, path) => {
    const answered = gateway.ask(method, path).then(({ status }) => status);
    expect([undefined, 400]).toContain(await Promise.race([answered, gateway.ended]));
  });
});

describe('a connection for frames', () => {
  it('is offered in each answer over HTTP', async () => {
    const { headers } = await new AskedDatabase().key('k', worker);
    expect(headers.get(FRAMES_HEADER)).toBe(FRAMES_PROTOCOL);
  });

  it('is not to be had without the secret', async () => {
    const asked = FramedGateway.connect(worker.url, 'another secret, of 32 characters!');
    await expect(asked).rejects.toMatchObject({ code: 'internal-tls' });
  });

  it('is not to be had for another protocol', async () => {
    expect(await upgrade(worker.url, 'websocket')).toBe(400);
  });

  it('refuses what comes while the worker drains, and ends with it', async () => {
    const other = await world.start(await world.serveBucket());
    const asking = await FramedGateway.connect(other.url);
    const database = randomUUID();
    expect((await asking.key('PUT', database, 'k', 'v')).status).toBe(200);
    const closed = other.close();
    let answer = await asking.key('GET', database, 'k');
    while (answer.status === 200) answer = await asking.key('GET', database, 'k');
    expect(answer.status).toBe(503);
    await closed;
    await asking.ended;
  });
});
