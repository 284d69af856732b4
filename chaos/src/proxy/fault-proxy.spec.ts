import { Agent, createServer, request } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { FakeClock } from '@leasehold/foundation-testing';
import { seededRandom, systemClock } from '@leasehold/foundation';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { FaultProxy } from './fault-proxy.js';

interface Received {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly host: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: IncomingHttpHeaders;
}

describe('the proxy between a process and its bucket', () => {
  let received: Received[];
  let upstream: Server;
  let proxy: FaultProxy;
  let agent: Agent;
  const content = Buffer.alloc(10_000, 'content');

  beforeEach(async () => {
    received = [];
    agent = new Agent({ keepAlive: true });
    upstream = createServer((message, response) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.on('end', () => {
        const { method = '', url = '' } = message;
        received.push({ method, url, body: Buffer.concat(chunks).toString(), host: message.headers.host });
        response.setHeader('ETag', '"e"');
        if (method === 'PUT') response.end();
        else response.end(content);
      });
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const { port } = upstream.address() as AddressInfo;
    proxy = await FaultProxy.open(`http://127.0.0.1:${port}`, seededRandom(1), systemClock);
  });
  afterEach(async () => {
    agent.destroy();
    await proxy.close();
    await new Promise((resolve) => upstream.close(resolve));
  });

  function send(method: string, path: string, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(`${proxy.url}${path}`, { method, agent }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks), headers: incoming.headers }),
        );
        incoming.on('error', reject);
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  const until = async (condition: () => boolean): Promise<void> => {
    for (let n = 0; n < 500 && !condition(); n++) await systemClock.sleep(10);
    expect(condition()).toBe(true);
  };

  it('hands requests and answers on as they came', async () => {
    const { status, body, headers } = await send('GET', '/bucket/a%2Fb?list-type=2');
    expect([status, headers.etag, body.equals(content)]).toEqual([200, '"e"', true]);
    await send('PUT', '/bucket/c', 'bytes');
    const host = new URL(proxy.url).host;
    expect(received).toEqual([
      { method: 'GET', url: '/bucket/a%2Fb?list-type=2', body: '', host },
      { method: 'PUT', url: '/bucket/c', body: 'bytes', host },
    ]);
  });

  it('cuts a connection before anything was forwarded', async () => {
    proxy.setRules({ 'reset-before': 1 });
    await expect(send('PUT', '/k', 'v')).rejects.toThrow();
    expect(received).toEqual([]);
    expect(proxy.counts()).toEqual({ requests: 1, 'reset-before': 1 });
  });

  it('cuts a connection after the request was applied', async () => {
    proxy.setRules({ 'reset-after': 1 });
    await expect(send('PUT', '/k', 'v')).rejects.toThrow();
    expect(received.map(({ body }) => body)).toEqual(['v']);
  });

  it('lets a put land after its client was told nothing, and drops a read', async () => {
    proxy.setRules({ late: 1, lateMs: 50 });
    await expect(send('PUT', '/k', 'v')).rejects.toThrow();
    await until(() => received.length === 1);
    await expect(send('GET', '/k')).rejects.toThrow();
    expect(received.map(({ method }) => method)).toEqual(['PUT']);
  });

  it('answers 503 for the bucket', async () => {
    proxy.setRules({ 'slow-down': 1 });
    const { status, body } = await send('PUT', '/k', 'v');
    expect([status, received.length]).toEqual([503, 0]);
    expect(body.toString()).toContain('SlowDown');
  });

  it('ends an answer early, in the middle of what was announced', async () => {
    proxy.setRules({ truncate: 1 });
    await expect(send('GET', '/k')).rejects.toThrow();
    expect(received.length).toBe(1);
  });

  it('lets the answer to a write end in the middle where it is told to, after it was forwarded', async () => {
    proxy.setRules({ truncate: 1, truncatesWrites: true });
    const error = await new Promise<Error | undefined>((resolve) => {
      const outgoing = request(`${proxy.url}/k`, { method: 'POST', agent }, (incoming) => {
        expect(incoming.statusCode).toBe(200);
        incoming.on('error', resolve);
        incoming.on('end', () => resolve(undefined));
        incoming.resume();
      });
      outgoing.end('v');
    });
    expect(error).toBeDefined();
    expect(received.length).toBe(1);
    expect(proxy.underWay).toBe(0);
  });

  it('flips one bit of what is read, and none of an answer to a put', async () => {
    proxy.setRules({ flip: 1 });
    const { body } = await send('GET', '/k');
    const differing = [...body].filter((byte, at) => byte !== content[at]);
    expect([body.byteLength, differing.length]).toEqual([content.byteLength, 1]);
    expect((await send('PUT', '/k', 'v')).status).toBe(200);
  });

  it('delays', async () => {
    const clock = new FakeClock();
    const slow = await FaultProxy.open(
      `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
      seededRandom(1),
      clock,
    );
    try {
      slow.setRules({ delay: 1, delayMs: 60_000 });
      const answer = fetch(`${slow.url}/k`);
      await until(() => slow.counts()['delay'] === 1);
      expect(received).toEqual([]);
      await clock.advance(60_000);
      expect((await answer).status).toBe(200);
    } finally {
      await slow.close();
    }
  });

  it('never answers what it holds', async () => {
    proxy.setRules({ hold: 1 });
    const held = fetch(`${proxy.url}/k`, { signal: AbortSignal.timeout(200) });
    await expect(held).rejects.toThrow();
    expect(received).toEqual([]);
  });

  it('swallows everything in a partition, and delivers a part of it when that ends', async () => {
    proxy.beginPartition();
    const sent = Array.from({ length: 20 }, (_, n) => send('PUT', `/${n}`, 'v').catch(() => 'cut'));
    await until(() => proxy.counts()['partition'] === 20);
    expect(received).toEqual([]);
    proxy.endPartition();
    expect(new Set(await Promise.all(sent))).toEqual(new Set(['cut']));
    await until(() => received.length > 0);
    expect((await send('PUT', '/after', 'v')).status).toBe(200);
    expect(received.length).toBeLessThan(21);
  });

  it('does to each request what its seed says', async () => {
    const outcomes = async (): Promise<string> => {
      const port = (upstream.address() as AddressInfo).port;
      const seeded = await FaultProxy.open(`http://127.0.0.1:${port}`, seededRandom(5), systemClock);
      seeded.setRules({ 'reset-before': 0.2, 'reset-after': 0.2, 'slow-down': 0.2 });
      let all = '';
      for (let n = 0; n < 30; n++) {
        all += await fetch(`${seeded.url}/k`).then(
          ({ status }) => (status === 200 ? '.' : '5'),
          () => 'x',
        );
      }
      await seeded.close();
      return all;
    };
    const first = await outcomes();
    expect(await outcomes()).toBe(first);
    expect(new Set(first)).toEqual(new Set(['.', '5', 'x']));
  });
});
