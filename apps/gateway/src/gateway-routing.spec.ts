import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fromBase64Url, toBase64Url } from '@leasehold/foundation';
import { HOP_HEADERS } from '@leasehold/protocol';
import { rendezvousOrder } from '@leasehold/routing';

import { answerJson, answerProblem, answerStored, loseReply, misdirect } from './testing/fake-worker.js';
import type { FakeWorker, ReceivedHop } from './testing/fake-worker.js';
import { DATABASE_ID, GatewayWorld } from './testing/gateway-world.js';

const KEY = '/v1/db/main/keys/a';
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the gateway', () => {
  let world: GatewayWorld;
  /** In the order in which the database prefers them. */
  let first: FakeWorker;
  let second: FakeWorker;

  beforeEach(async () => {
    world = await new GatewayWorld().start();
    const workers = [await world.addWorker(), await world.addWorker()];
    const order = rendezvousOrder(
      DATABASE_ID,
      workers.map(({ id }) => id),
    );
    [first, second] = order.map((id) => workers.find((worker) => worker.id === id)) as [FakeWorker, FakeWorker];
  });
  afterEach(() => world.stop());

  it('passes requests and answers through', async () => {
    const put = await world.call('PUT', KEY, { body: 'value' });
    expect([put.status, put.json()]).toEqual([200, { version: expect.stringMatching(/^[0-9a-f]{20}$/) }]);
    expect(put.headers.etag).toBe(`"${String(put.json().version)}"`);
    const got = await world.call('GET', KEY);
    expect([got.status, got.body.toString(), got.headers['content-type']]).toEqual([
      200,
      'value',
      'application/octet-stream',
    ]);
    const head = await world.call('HEAD', KEY);
    expect([head.status, head.headers['content-length'], head.body.byteLength]).toEqual([200, '5', 0]);
    expect((await world.call('DELETE', KEY)).status).toBe(200);
    const gone = await world.call('GET', KEY);
    expect(gone.json()).toMatchObject({ status: 404, code: 'key-not-found' });
    expect(second.received).toHaveLength(0);
  });

  it.each([
    ['that are no text', '%FF%00%0a', Buffer.from([0xff, 0, 10])],
    ['with slashes', 'a/b%2Fc//', Buffer.from('a/b/c//')],
    ['that are encoded dots', '%2e%2E', Buffer.from('..')],
    ['that are dots', '..', Buffer.from('..')],
    ['with a plus and a space', '+%20%25', Buffer.from('+ %')],
    ['like a path', 'keys/x', Buffer.from('keys/x')],
    ['beyond ASCII', '%C3%A9', Buffer.from('é')],
    ['at their longest', '%61'.repeat(2048), Buffer.from('a'.repeat(2048))],
  ])('takes the bytes of keys %s as they are', async (_what, encoded, bytes) => {
    expect((await world.call('PUT', `/v1/db/main/keys/${encoded}`, { body: '1' })).status).toBe(200);
    const sent = first.received[0]?.path.replace(/^.*\/keys64\//, '') ?? '';
    expect(fromBase64Url(sent)).toEqual(bytes);
    const other = await world.call('GET', `/v1/db/main/keys64/${toBase64Url(bytes)}`);
    expect(other.body.toString()).toBe('1');
  });

  it('lists with the bounds as bytes, and names the database in its statistics', async () => {
    await world.call('GET', '/v1/db/main/keys?prefix=%FF%2Fa+b&limit=7&reverse=true&encoding=base64');
    const parameters = new URLSearchParams(first.received[0]?.path.split('?')[1]);
    expect(Object.fromEntries(parameters)).toEqual({
      prefix64: toBase64Url(Buffer.from([0xff, ...Buffer.from('/a b')])),
      limit: '7',
      reverse: 'true',
      encoding: 'base64',
    });
    const stats = await world.call('GET', '/v1/db/main/stats');
    expect(stats.json()).toEqual({ database: { id: DATABASE_ID, name: 'main' }, session: 's' });
  });

  it('sends nothing to a worker but what it vouches for, and back only what is public', async () => {
    const headers = {
      [HOP_HEADERS.tenant]: 'tenant-b',
      [HOP_HEADERS.database]: 'other',
      [HOP_HEADERS.hop]: '1.00',
      [HOP_HEADERS.waitForOwner]: world.nextSession(),
      cookie: 'c=1',
      'x-forwarded-for': '10.0.0.1',
      connection: 'x-drop',
      'x-drop': '1',
      'x-request-id': 'mine-1',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'if-match': '*',
    };
    const answer = await world.call('PUT', KEY, { headers, body: 'v' });
    const sent = first.received[0]?.headers ?? {};
    expect(sent).toMatchObject({
      [HOP_HEADERS.tenant]: 'tenant-a',
      [HOP_HEADERS.database]: 'main',
      'x-request-id': 'mine-1',
      traceparent: headers.traceparent,
      'if-match': '*',
    });
    for (const name of [HOP_HEADERS.waitForOwner, 'cookie', 'x-forwarded-for', 'x-drop', 'authorization']) {
      expect(sent).not.toHaveProperty(name);
    }
    expect(answer.headers['x-request-id']).toBe('mine-1');
    expect(answer.headers).not.toHaveProperty(HOP_HEADERS.owner);
    expect((await world.call('GET', KEY)).headers).not.toHaveProperty('x-internal');
  });

  it.each([
    ['no trace', {}],
    ['a trace that is not valid', { traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, tracestate: 'a=1' }],
  ])('begins a trace for a request with %s', async (_what, headers) => {
    await world.call('GET', KEY, { headers });
    await world.call('GET', KEY, { headers });
    const [one, two] = first.received.map((hop) => hop.headers);
    expect(one?.['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(one?.['traceparent']).not.toBe(two?.['traceparent']);
    expect(one).not.toHaveProperty('tracestate');
  });

  it('follows a redirection and remembers the owner', async () => {
    first.behaviour = misdirect(second.id, second.endpoint);
    for (let i = 0; i < 3; i++) expect((await world.call('PUT', KEY, { body: 'v' })).status).toBe(200);
    expect([first.received.length, second.received.length]).toEqual([1, 3]);
  });

  it('finds an owner that the last listing did not show', async () => {
    const hidden = await world.addWorker({ hidden: true });
    first.behaviour = misdirect(hidden.id);
    expect((await world.call('PUT', KEY, { body: 'v' })).status).toBe(200);
    expect([hidden.received.length, world.sessions.lookedUp]).toEqual([1, [hidden.id]]);
  });

  it('never connects to an address that only an answer names', async () => {
    const foreign = await world.addWorker();
    world.sessions.end(foreign.id);
    first.behaviour = second.behaviour = misdirect(world.nextSession(), foreign.endpoint);
    const answer = await world.call('GET', KEY);
    expect(answer.json()).toMatchObject({ status: 503, code: 'owner-unavailable' });
    expect(foreign.received).toHaveLength(0);
  });

  it('goes to another worker when one refuses connections, and names the one to wait for', async () => {
    await first.stop();
    expect((await world.call('PUT', KEY, { body: 'v' })).status).toBe(200);
    expect(second.received[0]?.headers[HOP_HEADERS.waitForOwner]).toBe(first.id);
  });

  it('is not served by another session that listens where the one it means did', async () => {
    const before = world.addFormer(first);
    const answers = await Promise.all([
      world.call('PUT', KEY, { body: 'v' }),
      world.call('POST', '/v1/db/main/transactions', {
        headers: { 'content-type': 'application/json' },
        body: '{"ops":[{"op":"put","key":"a","value":"v"}]}',
      }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const named = [...first.received, ...second.received].map(({ headers }) => [
      headers[HOP_HEADERS.session],
      headers[HOP_HEADERS.waitForOwner],
    ]);
    expect(named.filter(([session]) => session === before)).toHaveLength(2);
    expect(named.filter(([session]) => session !== before)).toEqual([
      [first.id, before],
      [first.id, before],
    ]);
  });

  it('never sends a write again after its answer was lost', async () => {
    first.behaviour = loseReply;
    for (const method of ['PUT', 'DELETE']) {
      const answer = await world.call(method, KEY, { body: method === 'PUT' ? 'v' : undefined });
      expect(answer.json()).toMatchObject({ status: 503, code: 'outcome-unknown' });
    }
    expect([first.received.length, second.received.length]).toEqual([2, 0]);
  });

  it('sends a write with an idempotency key again after its answer was lost, as the same request', async () => {
    for (const [method, target, body, headers] of [
      ['PUT', KEY, 'v', { 'if-match': '*', 'leasehold-ttl': '60' }],
      ['DELETE', KEY, undefined, {}],
      ['DELETE', '/v1/db/main/keys?prefix=a', undefined, {}],
      [
        'POST',
        '/v1/db/main/transactions',
        '{"ops":[{"op":"delete","key":"a"}]}',
        { 'content-type': 'application/json' },
      ],
    ] as const) {
      const sent: ReceivedHop[] = [];
      const serve = answerStored(new Map());
      first.behaviour = second.behaviour = (hop, response) =>
        sent.push(hop) === 1 ? loseReply(hop, response) : serve(hop, response);
      const answer = await world.call(method, target, { headers: { ...headers, 'idempotency-key': 'k-1' }, body });
      expect([method, answer.status]).toEqual([method, 200]);
      const meaning = ['if-match', 'leasehold-ttl', 'idempotency-key'];
      const [lost, repeated, ...more] = sent.map((hop) => [
        hop.method,
        hop.path,
        hop.body.toString('hex'),
        meaning.map((name) => hop.headers[name]),
      ]);
      expect([repeated, more]).toEqual([lost, []]);
      expect(sent[0]?.headers['idempotency-key']).toBe('k-1');
    }
  });

  it('does not know what became of a write with a key when a later attempt is refused', async () => {
    first.behaviour = loseReply;
    second.behaviour = (_hop, response) => answerProblem(response, 'precondition-failed');
    const answer = await world.call('PUT', KEY, { headers: { 'idempotency-key': 'k', 'if-match': '*' }, body: 'v' });
    expect(answer.json()).toMatchObject({ status: 503, code: 'outcome-unknown' });
    expect([first.received.length, second.received.length]).toEqual([1, 1]);
  });

  it('asks again with a key, and only then, when the worker itself does not know', async () => {
    first.behaviour = (_hop, response) => answerProblem(response, 'outcome-unknown');
    const keyed = await world.call('PUT', KEY, { headers: { 'idempotency-key': 'k' }, body: 'v' });
    expect(keyed.status).toBe(200);
    const before = second.received.length;
    expect((await world.call('DELETE', KEY)).status).toBe(200);
    first.behaviour = second.behaviour = (_hop, response) => answerProblem(response, 'outcome-unknown');
    expect((await world.call('PUT', KEY, { body: 'v' })).json()).toMatchObject({ code: 'outcome-unknown' });
    expect(second.received.length + first.received.length).toBeLessThan(before + 4);
  });

  it('never sends a transaction again after its answer was lost, but checks alone', async () => {
    first.behaviour = loseReply;
    const transact = (body: unknown) =>
      world.call('POST', '/v1/db/main/transactions', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await transact({ ops: [{ op: 'sum', key: 'n', operand: 1 }] })).json()).toMatchObject({
      code: 'outcome-unknown',
    });
    expect(second.received).toHaveLength(0);
    expect((await transact({ checks: [{ key: 'a', version: null }] })).status).toBe(200);
    expect(second.received).toHaveLength(1);
  });

  it.each(['reads', 'warm'])('sends %s again after its answer was lost', async (route) => {
    first.behaviour = loseReply;
    const body = route === 'reads' ? '{}' : undefined;
    const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
    expect((await world.call('POST', `/v1/db/main/${route}`, { headers, body })).status).toBe(200);
    expect([first.received.length, second.received.length]).toEqual([1, 1]);
  });

  it('passes on what an answer cost, shows and repeats', async () => {
    first.behaviour = (_hop, response) =>
      answerJson(
        response,
        200,
        {},
        {
          'leasehold-cost': 'read=1, write=0',
          'leasehold-version': '00000001000000000007',
          'idempotency-replayed': 'true',
        },
      );
    const { headers } = await world.call('GET', `${KEY}?at=2026-11-27T12:00:00%2B02:00`);
    expect(headers).toMatchObject({ 'leasehold-cost': 'read=1, write=0', 'idempotency-replayed': 'true' });
    expect(headers['leasehold-version']).toBe('00000001000000000007');
    expect(first.received[0]?.path).toMatch(/\/keys64\/YQ\?at=2026-11-27T10%3A00%3A00\.000Z$/);
  });

  it('repeats a read after its answer was lost', async () => {
    const values = new Map<string, Buffer>();
    second.behaviour = answerStored(values);
    first.behaviour = answerStored(values);
    await world.call('PUT', KEY, { body: 'v' });
    first.behaviour = loseReply;
    const answer = await world.call('GET', KEY);
    expect([answer.status, answer.body.toString()]).toEqual([200, 'v']);
    expect(second.received[0]?.headers[HOP_HEADERS.waitForOwner]).toBe(first.id);
  });

  it.each(['service-draining', 'session-expired', 'owner-unavailable'] as const)(
    'repeats a write that a worker refused with %s until it is served',
    async (code) => {
      let refusals = 0;
      for (const worker of [first, second]) {
        const serve = worker.behaviour;
        worker.behaviour = (hop, response) =>
          ++refusals <= 3 ? answerProblem(response, code, {}, 10) : serve(hop, response);
      }
      expect((await world.call('PUT', KEY, { body: 'v' })).status).toBe(200);
      expect(first.received.length + second.received.length).toBe(4);
    },
  );

  it('holds a request until a worker appears', async () => {
    world.sessions.end(first.id);
    world.sessions.end(second.id);
    const answer = world.call('PUT', KEY, { body: 'v' });
    await sleep(150);
    const third = await world.addWorker();
    expect((await answer).status).toBe(200);
    expect(third.received).toHaveLength(1);
  });

  it('gives up after the hold time and says when to come again', async () => {
    first.behaviour = second.behaviour = (_hop, response) => answerProblem(response, 'owner-unavailable');
    const before = performance.now();
    const answer = await world.call('PUT', KEY, { body: 'v' });
    const tookMs = performance.now() - before;
    expect(answer.json()).toMatchObject({ status: 503, code: 'owner-unavailable', retryAfterMs: 1000 });
    expect(answer.headers['retry-after']).toBe('1');
    expect(tookMs).toBeGreaterThan(500);
    expect(tookMs).toBeLessThan(1_500);
  });

  it.each(['store-unavailable', 'outcome-unknown', 'corrupt-object', 'precondition-failed'] as const)(
    'passes %s of a worker on without repeating anything',
    async (code) => {
      first.behaviour = (_hop, response) => answerProblem(response, code, { etag: '"00000001000000000001"' });
      const answer = await world.call('PUT', KEY, { body: 'v' });
      expect(answer.json()).toMatchObject({ code });
      expect(answer.headers).toMatchObject({
        etag: '"00000001000000000001"',
        'content-type': 'application/problem+json',
      });
      expect(first.received.length + second.received.length).toBe(1);
    },
  );

  it('does not blame the client when a worker does not understand the gateway', async () => {
    for (const code of ['unauthenticated', 'route-not-found', 'method-not-allowed'] as const) {
      first.behaviour = (_hop, response) => answerProblem(response, code);
      expect((await world.call('GET', KEY)).json()).toMatchObject({ status: 500, code: 'internal' });
    }
    first.behaviour = (_hop, response) => void response.writeHead(502).end('bad gateway');
    expect((await world.call('GET', KEY)).json()).toMatchObject({ status: 500, code: 'internal' });
  });

  it('serves known keys and databases while the directory is down, and 503 for others', async () => {
    await world.call('PUT', KEY, { body: 'v' });
    world.source.down = true;
    expect((await world.call('GET', KEY)).status).toBe(200);
    const unknown = await world.call('GET', '/v1/db/other/keys/a');
    expect(unknown.json()).toMatchObject({ status: 503, code: 'unavailable' });
  });

  it('stays ready while the directory is down, once it has answered', async () => {
    const readiness = async (of: GatewayWorld) => (await of.call('GET', '/readyz', { key: '' })).status;
    world.source.down = true;
    // The directory is asked each second.
    await sleep(1_100);
    expect(await readiness(world)).toBe(200);
    const late = new GatewayWorld();
    late.source.down = true;
    await late.start();
    try {
      expect(await readiness(late)).toBe(503);
      late.source.down = false;
      while ((await readiness(late)) !== 200) await sleep(50);
    } finally {
      await late.stop();
    }
  });

  it('counts retries and held requests', async () => {
    first.behaviour = misdirect(second.id);
    await world.call('PUT', KEY, { body: 'v' });
    const metrics = (await world.call('GET', '/metrics')).body.toString();
    expect(metrics).toContain('leasehold_gateway_retries_total{reason="misdirected",service="gateway"} 1');
    expect(metrics).toContain('leasehold_gateway_held_requests{service="gateway"} 0');
    expect(metrics).toContain('route="/v1/db/:database/keys/:key",status="200"');
  });
});

describe('the gateway with a stopped worker', () => {
  let world: GatewayWorld;
  let worker: FakeWorker;
  const start = async (holdMs: string) => {
    world = await new GatewayWorld().start({ HOLD_TIMEOUT_MS: holdMs });
    worker = await world.addWorker();
    worker.behaviour = () => undefined;
  };
  const received = async (method: string) => {
    while (!worker.received.some((hop) => hop.method === method)) await sleep(5);
  };
  afterEach(() => world.stop());

  it('asks another for a read, and does not know about a write', async () => {
    await start('200');
    expect((await world.call('GET', KEY)).json()).toMatchObject({ status: 503, code: 'owner-unavailable' });
    expect((await world.call('PUT', KEY, { body: 'v' })).json()).toMatchObject({ code: 'outcome-unknown' });
    expect(worker.received.filter(({ method }) => method === 'PUT')).toHaveLength(1);
  });

  it.each(['expired', 'sealed', 'absent'] as const)('waits for no answer once its session is %s', async (status) => {
    await start('12000');
    const write = world.call('PUT', KEY, { body: 'v' });
    const read = world.call('GET', KEY);
    await Promise.all([received('PUT'), received('GET')]);
    const other = await world.addWorker();
    other.behaviour = answerStored(new Map());
    const before = performance.now();
    world.sessions.end(worker.id, status);
    expect((await write).json()).toMatchObject({ status: 503, code: 'outcome-unknown' });
    expect((await read).json()).toMatchObject({ code: 'key-not-found' });
    expect(performance.now() - before).toBeLessThan(3_000);
    expect(other.received.map(({ method, headers }) => [method, headers[HOP_HEADERS.waitForOwner]])).toEqual([
      ['GET', worker.id],
    ]);
  });

  it('waits for the answer of one that has drained', async () => {
    await start('12000');
    const serve = answerStored(new Map());
    worker.behaviour = async (hop, response) => {
      await sleep(100);
      await serve(hop, response);
    };
    const write = world.call('PUT', KEY, { body: 'v' });
    await received('PUT');
    world.sessions.end(worker.id, 'clean');
    expect((await write).status).toBe(200);
  });
});
