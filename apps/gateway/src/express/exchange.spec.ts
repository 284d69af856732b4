import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Directory } from '@leasehold/directory';
import type { SessionId } from '@leasehold/foundation';
import { HOP_HEADERS, ProblemError, toProblem } from '@leasehold/protocol';
import type { ErrorCode } from '@leasehold/protocol';

import { INTERNAL_SECRET } from '../testing/fake-worker.js';
import type { FramedAsk } from '../testing/framed-worker.js';
import { FramedWorker } from '../testing/framed-worker.js';
import { GatewayWorld } from '../testing/gateway-world.js';
import { ExpressLane } from './express-lane.js';

const KEY = '/v1/db/main/keys/a';
const [FIRST, SECOND] = ['01arz3ndektsv4rrffq69g5fav', '01arz3ndektsv4rrffq69g5faw'] as SessionId[] as [
  SessionId,
  SessionId,
];
const ONE_AT_A_TIME = { TENANT_CONCURRENT_REQUESTS: '1' };

let world: GatewayWorld;
let first: FramedWorker;
let second: FramedWorker;
let take: jest.SpiedFunction<ExpressLane['take']>;

const until = async (is: () => boolean): Promise<void> => {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 2));
};

function refuse({ headers, answer }: FramedAsk, code: ErrorCode, more: Record<string, string> = {}): void {
  const problem = toProblem(
    new ProblemError(code, 'as the test wants', { headers: more }),
    String(headers['x-request-id']),
  );
  answer({ status: problem.status, headers: problem.headers }, JSON.stringify(problem.body));
}

const serve = ({ answer }: FramedAsk): void => answer({ status: 200 }, 'framed');

function misdirected(owner: SessionId): (ask: FramedAsk) => void {
  return (ask) => refuse(ask, 'misdirected', { [HOP_HEADERS.ownerSession]: owner });
}

const wasExpress = (): boolean => take.mock.results.at(-1)?.value === true;

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  world = new GatewayWorld();
  world.sessions.add(FIRST, first.endpoint);
  await world.start(env);
  do await world.call('GET', KEY);
  while (!wasExpress());
  world.sessions.add(SECOND, second.endpoint);
  // Both have a shared connection when the database has been at the second and come back.
  first.onAsk = misdirected(SECOND);
  while (second.asked.length === 0) await world.call('GET', KEY);
  [first.onAsk, second.onAsk] = [serve, misdirected(FIRST)];
  await world.call('GET', KEY);
  second.onAsk = serve;
  first.asked.length = 0;
  second.asked.length = 0;
}

beforeEach(async () => {
  take = jest.spyOn(ExpressLane.prototype, 'take');
  [first, second] = await Promise.all([FramedWorker.start(INTERNAL_SECRET), FramedWorker.start(INTERNAL_SECRET)]);
});
afterEach(async () => {
  await world.stop();
  await Promise.all([first.stop(), second.stop()]);
  jest.restoreAllMocks();
});

/** Bytes as they are, and what is answered until the connection ends. */
function open(text: string): { readonly socket: Socket; readonly answer: Promise<string> } {
  const socket = connect(Number(new URL(world.url).port), '127.0.0.1', () => socket.write(text, 'latin1'));
  const answer = new Promise<string>((resolve) => {
    let told = '';
    socket.on('error', () => undefined).on('data', (piece) => (told += piece.toString('latin1')));
    socket.on('close', () => resolve(told));
  });
  return { socket, answer };
}

const head = (method: string, more = ''): string =>
  `${method} ${KEY} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer ${world.key}\r\n${more}\r\n`;

describe('a plain request for what another tenant has granted', () => {
  beforeEach(() => start({ TENANT_REQUESTS_PER_SECOND: '1000000' }));

  const path = '/v1/db/owner~orders/keys/a';

  async function share(access: 'read' | 'write'): Promise<void> {
    const theirs = world.source.addDatabase('tenant-o', 'orders', '0b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d13');
    world.source.share('tenant-a', 'owner~orders', theirs, access);
    do expect((await world.call('GET', path)).status).toBe(200);
    while (!wasExpress());
    for (const worker of [first, second]) worker.asked.length = 0;
  }

  it.each(['PUT', 'DELETE'])('is refused where it is a %s, and the grant is for reading', async (method) => {
    await share('read');
    const answer = await world.call(method, path);
    expect(answer.json()).toMatchObject({ status: 403, code: 'insufficient-scope' });
    expect([...first.asked, ...second.asked]).toEqual([]);
  });

  it.each(['PUT', 'DELETE'])('does not name its %s as the owner of the database would', async (method) => {
    await share('write');
    await world.call(method, path, { headers: { 'idempotency-key': 'once' } });
    const [asked] = [...first.asked, ...second.asked];
    expect(asked).toMatchObject({ method, headers: { 'idempotency-key': expect.stringMatching(/^guest-/) } });
  });

  it('is refused once the owner is suspended', async () => {
    await share('read');
    world.source.suspend('tenant-o');
    let answer = await world.call('GET', path);
    for (const until = performance.now() + 3_000; answer.status === 200 && performance.now() < until;) {
      answer = await world.call('GET', path);
    }
    expect(answer.json()).toMatchObject({ code: 'tenant-suspended', detail: 'the owner of the database is suspended' });
    expect((await world.call('GET', KEY)).status).toBe(200);
  });
});

describe('a plain request whose first attempt is not its last', () => {
  beforeEach(() => start());

  it('follows to the owner that it is told', async () => {
    first.onAsk = misdirected(SECOND);
    second.onAsk = ({ body, answer }) => answer({ status: 200 }, `second ${body}`);
    const answer = await world.call('PUT', KEY, { body: 'value' });
    expect([wasExpress(), answer.status, answer.body.toString()]).toEqual([true, 200, 'second value']);
    expect(answer.headers['server-timing']).toMatch(/route;dur=.*total;dur=/);
    await world.call('GET', KEY);
    expect([first.asked.length, second.asked.length]).toEqual([1, 2]);
  });

  it('goes elsewhere when the worker says that it has done nothing', async () => {
    first.onAsk = (ask) => refuse(ask, 'service-draining');
    expect((await world.call('PUT', KEY, { body: 'value' })).status).toBe(200);
    expect([wasExpress(), first.asked.length, second.asked.length]).toEqual([true, 1, 1]);
    expect(second.asked[0]).toMatchObject({ method: 'PUT', headers: { [HOP_HEADERS.waitForOwner]: FIRST } });
  });

  it('is not sent again when it may have been applied', async () => {
    first.onAsk = () => first.cut();
    const answer = await world.call('PUT', KEY, { body: 'value' });
    expect([wasExpress(), answer.json()['code']]).toEqual([true, 'outcome-unknown']);
    expect([first.asked.length, second.asked.length]).toEqual([1, 0]);
  });

  it('is sent again under its idempotency key, and a later refusal does not tell what it came to', async () => {
    first.onAsk = () => first.cut();
    second.onAsk = (ask) => refuse(ask, 'precondition-failed');
    const answer = await world.call('PUT', KEY, { body: 'value', headers: { 'idempotency-key': 'once' } });
    expect([wasExpress(), answer.json()['code']]).toEqual([true, 'outcome-unknown']);
    expect(second.asked[0]).toMatchObject({ method: 'PUT', headers: { 'idempotency-key': 'once' } });
    expect(second.asked[0]?.body.toString()).toBe('value');
  });

  it('is asked elsewhere when it only reads', async () => {
    first.onAsk = () => first.cut();
    second.onAsk = ({ answer }) => answer({ status: 200 }, 'second');
    const answer = await world.call('GET', KEY);
    expect([wasExpress(), answer.body.toString()]).toEqual([true, 'second']);
    const metrics = await (await fetch(`${world.url}/metrics`)).text();
    expect(metrics).toContain('leasehold_gateway_retries_total{reason="lost",service="gateway"} 1');
    expect(metrics).toContain('leasehold_gateway_forwarded_requests{service="gateway"} 0');
  });

  it('is lost with an answer that nobody understands', async () => {
    first.onAsk = ({ answer }) => answer({ status: 99 });
    second.onAsk = ({ answer }) => answer({ status: 200 }, 'second');
    expect((await world.call('GET', KEY)).body.toString()).toBe('second');
    expect(wasExpress()).toBe(true);
  });

  it('is refused when the worker refuses the gateway', async () => {
    first.onAsk = (ask) => refuse(ask, 'unauthenticated');
    const answer = await world.call('GET', KEY);
    expect([wasExpress(), answer.status, answer.json()['code']]).toEqual([true, 500, 'internal']);
  });
});

describe('a plain request', () => {
  it('has a place among those of its tenant until its client is gone', async () => {
    await start(ONE_AT_A_TIME);
    first.onAsk = () => undefined;
    const { socket } = open(head('GET'));
    await until(() => first.asked.length === 1);
    expect((await world.call('GET', KEY)).status).toBe(429);
    socket.destroy();
    first.onAsk = ({ answer }) => answer({ status: 200 }, 'again');
    await until(() => socket.closed);
    let status = 429;
    while (status === 429) ({ status } = await world.call('GET', KEY));
    expect([wasExpress(), status]).toEqual([true, 200]);
    // What comes too late is for nobody.
    first.asked[0]?.answer({ status: 200 }, 'late');
    expect((await world.call('GET', KEY)).body.toString()).toBe('again');
  });

  it('gives its place back when its body never comes', async () => {
    await start(ONE_AT_A_TIME);
    const { socket } = open(head('PUT', 'content-length: 10\r\n') + 'half ');
    await until(() => take.mock.results.length > 0 && wasExpress());
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    let status = 429;
    while (status === 429) ({ status } = await world.call('GET', KEY));
    expect(status).toBe(200);
    expect(first.asked.map(({ method }) => method)).not.toContain('PUT');
  });

  it('is refused when its key was revoked while its body came', async () => {
    await start();
    const { socket, answer } = open(head('PUT', 'content-length: 10\r\nconnection: close\r\n') + 'half ');
    await until(wasExpress);
    world.source.revoke(world.key);
    await until(() => world.source.allTold);
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write('more.');
    expect(await answer).toMatch(/^HTTP\/1.1 401 .*"invalid-api-key"/s);
    expect(first.asked).toEqual([]);
  });

  it('has its key looked at again where its body takes time, and only there', async () => {
    await start();
    const known = jest.spyOn(Directory.prototype, 'knownPrincipal');
    const looks: number[] = [];
    for (let i = 0; i < 5; i++) {
      known.mockClear();
      expect((await world.call('PUT', KEY, { body: 'value' })).status).toBe(200);
      expect(wasExpress()).toBe(true);
      looks.push(known.mock.calls.length);
    }
    // A busy machine may make any of them wait.
    expect(Math.min(...looks)).toBe(1);
    known.mockClear();
    const { socket, answer } = open(head('PUT', 'content-length: 10\r\nconnection: close\r\n') + 'half ');
    await until(() => known.mock.calls.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write('more.');
    expect(await answer).toMatch(/^HTTP\/1.1 200 /);
    expect(known).toHaveBeenCalledTimes(2);
  });

  it('is waited for by a drain, and told that the connection ends', async () => {
    await start({ DRAIN_TIMEOUT_MS: '5000' });
    first.onAsk = () => undefined;
    const { answer } = open(head('GET'));
    await until(() => first.asked.length === 1);
    const stopping = world.stop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    first.asked[0]?.answer({ status: 200, headers: { etag: '"1"' } }, 'done');
    expect(await answer).toMatch(/^HTTP\/1.1 200 OK\r\n.*connection: close\r\n.*\r\n\r\ndone$/is);
    await stopping;
  });
});
