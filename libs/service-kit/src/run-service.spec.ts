import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, HttpException, Module, Param, Post, Put } from '@nestjs/common';
import { LeaseholdError } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import { Health } from './health.js';
import { createLogger } from './logger.js';
import { runService } from './run-service.js';
import type { RunningService, ServiceOptions } from './run-service.js';

let reads = 0;
let slowOnes = 0;
let releaseSlow: () => void = () => undefined;

/** Resolves when another slow request has reached its handler. */
async function untilSlow(before: number): Promise<void> {
  while (slowOnes === before) await new Promise((resolve) => setTimeout(resolve, 5));
}

@Controller('things')
class ThingsController {
  @Get(':id')
  read(@Param('id') id: string): { id: string } {
    reads++;
    if (id === 'bug') throw new TypeError('secret of the process');
    if (id === 'nest') throw new HttpException('teapots only', 418);
    if (id === 'store')
      throw new LeaseholdError('unavailable', 'store-unavailable', 'no answer', { retryAfterMs: 1500 });
    if (id === 'strange') throw new LeaseholdError('fenced', 'some-inner-code', 'fenced off');
    if (id === 'missing') {
      throw new ProblemError('key-not-found', 'no such thing', {
        members: { looked: 1, code: 'x' },
        headers: { etag: '"1"' },
      });
    }
    return { id };
  }

  @Get('slow/one')
  slow(): Promise<{ done: true }> {
    slowOnes++;
    return new Promise((resolve) => (releaseSlow = () => resolve({ done: true })));
  }

  @Post()
  create(@Body() body: unknown): { body: unknown } {
    return { body };
  }

  @Put(':id')
  raw(@Body() body: unknown): { bytes: number } {
    return { bytes: Buffer.isBuffer(body) ? body.byteLength : -1 };
  }
}

@Module({ controllers: [ThingsController] })
class ThingsModule {}

function start(more: Partial<ServiceOptions> = {}): Promise<RunningService> {
  return runService({
    name: 'things',
    module: ThingsModule,
    config: { HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent', DRAIN_TIMEOUT_MS: 2_000, PROCESS_METRICS: true },
    logger: createLogger('things', 'silent'),
    ...more,
  });
}

/** Sends bytes as they are and gives back everything that is answered until the server closes. */
function exchange(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text, 'latin1'));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({ status: response.status, requestId: response.headers.get('x-request-id') });
  return body;
}

describe('runService', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await start({ bodyLimitBytes: 1000 });
  });
  afterAll(() => service.close());

  it('answers health, readiness and metrics', async () => {
    expect(await (await fetch(`${service.url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${service.url}/readyz`)).json()).toEqual({ status: 'ready', checks: {} });
    await fetch(`${service.url}/things/7`);
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toContain(
      'leasehold_http_requests_total{method="GET",route="/things/:id",status="200",service="things"}',
    );
  });

  it("tells of the process unless it is somebody else's", async () => {
    const config = { HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent', DRAIN_TIMEOUT_MS: 100 } as const;
    for (const PROCESS_METRICS of [true, false]) {
      const one = await start({ config: { ...config, PROCESS_METRICS }, logger: createLogger('things', 'silent') });
      const metrics = await (await fetch(`${one.url}/metrics`)).text();
      await one.close();
      expect(metrics.includes('process_cpu_seconds_total')).toBe(PROCESS_METRICS);
      expect(metrics).toContain('leasehold_http_requests_total');
    }
  });

  it('keeps a sane request id and replaces any other', async () => {
    const sane = await fetch(`${service.url}/things/1`, { headers: { 'x-request-id': 'abc-123' } });
    expect(sane.headers.get('x-request-id')).toBe('abc-123');
    const odd = await fetch(`${service.url}/things/1`, { headers: { 'x-request-id': 'a b<script>' } });
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('answers a problem error with its members and headers, which cannot replace the standard members', async () => {
    const response = await fetch(`${service.url}/things/missing`);
    expect(response.headers.get('etag')).toBe('"1"');
    expect(await problemOf(response)).toMatchObject({
      status: 404,
      code: 'key-not-found',
      looked: 1,
      detail: 'no such thing',
    });
  });

  it('answers operating errors by code, or by kind when the code is not public', async () => {
    const store = await fetch(`${service.url}/things/store`);
    expect(store.headers.get('retry-after')).toBe('2');
    expect(await problemOf(store)).toMatchObject({ status: 503, code: 'store-unavailable', retryAfterMs: 1500 });
    expect(await problemOf(await fetch(`${service.url}/things/strange`))).toMatchObject({ code: 'outcome-unknown' });
  });

  it('says nothing about a bug but that it is one', async () => {
    const problem = await problemOf(await fetch(`${service.url}/things/bug`));
    expect(problem).toMatchObject({ status: 500, code: 'internal' });
    expect(JSON.stringify(problem)).not.toContain('secret');
  });

  it('answers exceptions of Nest as problems', async () => {
    expect(await problemOf(await fetch(`${service.url}/things/nest`))).toMatchObject({
      status: 400,
      code: 'invalid-request',
    });
  });

  it('tells a wrong method from a wrong path', async () => {
    const method = await fetch(`${service.url}/things/1`, { method: 'DELETE' });
    expect(method.headers.get('allow')).toBe('GET, HEAD, PUT');
    expect(await problemOf(method)).toMatchObject({ status: 405, code: 'method-not-allowed' });
    expect(await problemOf(await fetch(`${service.url}/nothing/1?q=%FF`))).toMatchObject({
      status: 404,
      code: 'route-not-found',
    });
    expect(await problemOf(await fetch(`${service.url}/things/`))).toMatchObject({ code: 'route-not-found' });
    expect(await problemOf(await fetch(`${service.url}/things/1`, { method: 'OPTIONS' }))).toMatchObject({
      status: 405,
    });
  });

  it('answers HEAD where GET is, without a body', async () => {
    const response = await fetch(`${service.url}/things/1`, { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '10', '']);
    const missing = await fetch(`${service.url}/things/missing`, { method: 'HEAD' });
    expect([missing.status, missing.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
  });

  it.each([
    ['no JSON', { body: '{', headers: { 'content-type': 'application/json' } }, 400, 'invalid-body'],
    ['an empty JSON body', { body: '', headers: { 'content-type': 'application/json' } }, 400, 'invalid-body'],
    ['a prototype', { body: '{"__proto__":{}}', headers: { 'content-type': 'application/json' } }, 400, 'invalid-body'],
    ['another media type', { body: 'a=b', headers: { 'content-type': 'text/csv' } }, 415, 'unsupported-media-type'],
    ['a malformed media type', { body: 'a', headers: { 'content-type': '///;;;' } }, 415, 'unsupported-media-type'],
    [
      'a large body',
      { body: JSON.stringify('a'.repeat(2_000_000)), headers: { 'content-type': 'application/json' } },
      413,
      'body-too-large',
    ],
  ])('refuses a body that is %s', async (_what, init, status, code) => {
    const response = await fetch(`${service.url}/things`, { method: 'POST', ...init });
    expect(await problemOf(response)).toMatchObject({ status, code });
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'invalid-request'],
    [
      'a malformed escape in the path',
      'GET /things/%FF HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
      400,
      'invalid-request',
    ],
    ['no Host', 'GET /things/1 HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'invalid-request'],
    [
      'too many header bytes',
      `GET / HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers-too-large',
    ],
    [
      'two lengths',
      'PUT /things/1 HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
      400,
      'invalid-request',
    ],
    ['two hosts', 'GET /things/1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\nhost: a\r\n\r\n', 400, 'invalid-request'],
    [
      'more headers than Node keeps by default, in few bytes',
      `GET /things/1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${'a:\r\n'.repeat(2_000)}if-match: "x"\r\n\r\n`,
      431,
      'headers-too-large',
    ],
    ['a negative length', 'PUT /things/1 HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\nab', 400, 'invalid-request'],
    [
      'length and chunks',
      'PUT /things/1 HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'invalid-request',
    ],
    [
      'a bad chunk',
      'POST /things HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      400,
      'invalid-request',
    ],
    [
      'a strange expectation',
      'POST /things HTTP/1.1\r\nhost: a\r\nexpect: 200-cake\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
      417,
      'expectation-failed',
    ],
    ['an unknown method', 'BREW / HTTP/1.1\r\nhost: a\r\n\r\n', 400, 'invalid-request'],
    ['a tunnel to ask for', 'CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n', 400, 'invalid-request'],
    ['an asterisk', 'GET * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', 404, 'route-not-found'],
    ['another scheme', 'GET ftp://x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', 404, 'route-not-found'],
  ])('refuses a request that has %s, as a problem', async (_what, text, status, code) => {
    const answer = await exchange(service.url, text);
    expect(answer).toContain('application/problem+json');
    const [head, body] = answer.split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status} `);
    expect(JSON.parse(body ?? '')).toMatchObject({ status, code });
  });
});

describe('a service with raw bodies', () => {
  it.each([
    ['text/plain', 'abc', 3],
    ['application/json', '{', 1],
    [undefined, 'abc', 3],
    ['x/y', '', 0],
  ])('takes %s as bytes', async (type, body, bytes) => {
    const service = await start({ rawBodies: true });
    try {
      const headers = { ...(type ? { 'content-type': type } : {}), 'content-length': body.length };
      const answer = await new Promise<string>((resolve, reject) => {
        const call = httpRequest(`${service.url}/things/1`, { method: 'PUT', headers }, (response) => {
          let text = '';
          response.on('data', (chunk) => (text += String(chunk))).on('end', () => resolve(text));
        });
        call.on('error', reject).end(body);
      });
      expect(JSON.parse(answer)).toEqual({ bytes: bytes || expect.any(Number) });
    } finally {
      await service.close();
    }
  });

  it('takes bodies of another size on routes that say so', async () => {
    const service = await start({
      rawBodies: true,
      bodyLimitBytes: 2,
      routeBodyLimits: { '/things/:id': { limitBytes: 5, tooLargeCode: 'value-too-large' } },
    });
    const send = (method: string, path: string, body: string) => fetch(service.url + path, { method, body });
    try {
      expect((await send('PUT', '/things/1', '12345')).status).toBe(200);
      const refused = await send('PUT', '/things/1', '123456');
      expect(await problemOf(refused)).toMatchObject({ status: 413, code: 'value-too-large' });
      expect(await problemOf(await send('POST', '/things', '123'))).toMatchObject({ code: 'body-too-large' });
    } finally {
      await service.close();
    }
  });

  it('keeps a bounded number of bytes of all bodies together, until their requests end', async () => {
    const service = await start({ rawBodies: true, bodiesBytes: 10 });
    const { hostname, port } = new URL(service.url);
    const put = (body: string) => fetch(`${service.url}/things/1`, { method: 'PUT', body });
    try {
      // Half of a body that never ends.
      const stuck = connect(Number(port), hostname);
      stuck.on('error', () => undefined);
      stuck.write('PUT /things/1 HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n12345678');
      let refused: Response;
      do refused = await put('abc');
      while (refused.status === 200);
      expect(await problemOf(refused)).toMatchObject({ status: 503, code: 'overloaded', retryAfterMs: 1_000 });
      expect((await put('ab')).status).toBe(200);
      stuck.destroy();
      while ((await put('0123456789')).status !== 200) await new Promise((resolve) => setTimeout(resolve, 5));
      for (let i = 0; i < 3; i++) expect((await put('0123456789')).status).toBe(200);
    } finally {
      await service.close();
    }
  });

  it('routes by the rewritten target', async () => {
    const service = await start({ rewriteTarget: (target) => target.replace(/^\/things\/.*/, '/things/rewritten') });
    try {
      expect(await (await fetch(`${service.url}/things/%FF%00`)).json()).toEqual({ id: 'rewritten' });
    } finally {
      await service.close();
    }
  });
});

describe('the drain', () => {
  it('is not ready at once, finishes what is under way and refuses connections', async () => {
    let readiness: Promise<Response> | undefined;
    const service: RunningService = await start({
      beforeDrain: async () => {
        readiness = fetch(`${service.url}/readyz`);
        await readiness;
      },
    });
    const before = slowOnes;
    const slow = fetch(`${service.url}/things/slow/one`);
    await untilSlow(before);
    const closed = service.close();
    expect(service.close()).toBe(closed);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await (await readiness)?.json()).toEqual({ status: 'draining', checks: {} });
    await expect(fetch(`${service.url}/things/1`)).rejects.toThrow();
    releaseSlow();
    const response = await slow;
    expect([await response.json(), response.headers.get('connection')]).toEqual([{ done: true }, 'close']);
    await closed;
  });

  it('does nothing that is asked on an open connection afterwards', async () => {
    const service = await start();
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    const readsBefore = reads;
    // The first request keeps the connection busy; the second is pipelined behind it after the drain began.
    const before = slowOnes;
    socket.write('GET /things/slow/one HTTP/1.1\r\nhost: a\r\n\r\n');
    await untilSlow(before);
    const closed = service.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.write('GET /things/1 HTTP/1.1\r\nhost: a\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    releaseSlow();
    await closed;
    await ended;
    expect(answer).toContain('{"done":true}');
    expect(reads).toBe(readsBefore);
  });

  it('does not wait for an answer that was queued behind another when the client left', async () => {
    const service = await start({
      config: { HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent', DRAIN_TIMEOUT_MS: 60_000, PROCESS_METRICS: true },
    });
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    const [slowBefore, readsBefore] = [slowOnes, reads];
    socket.write('GET /things/slow/one HTTP/1.1\r\nhost: a\r\n\r\nGET /things/1 HTTP/1.1\r\nhost: a\r\n\r\n');
    await untilSlow(slowBefore);
    while (reads === readsBefore) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    await service.close();
    expect(slowOnes).toBe(slowBefore + 1);
  }, 10_000);

  it('cuts nobody off who is about to ask, for as long as it lingers, and ends with the last connection', async () => {
    const service = await start({ lingerMs: 10_000 });
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    await new Promise((resolve) => socket.once('connect', resolve));
    await fetch(`${service.url}/things/1`, { headers: { connection: 'close' } });
    const readsBefore = reads;
    const closed = service.close();
    // The connection is idle for all that the service knows: the request is on its way.
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.write('GET /things/1 HTTP/1.1\r\nhost: a\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answer).toContain('503');
    expect(answer).toContain('service-draining');
    await closed;
    expect(reads).toBe(readsBefore);
  });

  it('cuts off what does not finish in time', async () => {
    const service = await start({
      config: { HOST: '127.0.0.1', PORT: 0, LOG_LEVEL: 'silent', DRAIN_TIMEOUT_MS: 100, PROCESS_METRICS: true },
    });
    const slowBefore = slowOnes;
    const slow = fetch(`${service.url}/things/slow/one`).catch((error: unknown) => error);
    await untilSlow(slowBefore);
    // Nobody ever releases it: what is not cut off is waited for until the test is given up.
    await service.close();
    expect(String(await slow)).toContain('fetch failed');
  });

  it('names the address that is taken', async () => {
    const service = await start();
    const port = Number(new URL(service.url).port);
    const again = start({
      config: { HOST: '127.0.0.1', PORT: port, LOG_LEVEL: 'silent', DRAIN_TIMEOUT_MS: 100, PROCESS_METRICS: true },
    });
    await expect(again).rejects.toThrow(`cannot listen, the port is taken: 127.0.0.1:${port}`);
    await service.close();
  });
});

describe('Health', () => {
  it('fails on a check that says no or throws', async () => {
    const health = new Health();
    health.addReadinessCheck('fine', () => true);
    health.addReadinessCheck('broken', () => {
      throw new Error('no');
    });
    expect(await health.readiness()).toEqual({ status: 'not-ready', checks: { fine: 'ok', broken: 'failed' } });
  });
});
