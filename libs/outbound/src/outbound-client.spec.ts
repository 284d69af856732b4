import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';

import { afterEach, describe, expect, it } from '@jest/globals';

import { OutboundClient } from './outbound-client.js';
import type { Address } from './resolve.js';
import { TargetFailedError, TargetRefusedError } from './outbound-errors.js';

const LOOPBACK: readonly Address[] = [{ address: '127.0.0.1', family: 4 }];

describe('outbound calls', () => {
  const servers: Server[] = [];
  const local = new OutboundClient({ allowLocal: true });

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  });

  async function listen(server: Server): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  const serve = (listener: RequestListener) => listen(createServer(listener));

  it('posts a body and reads the answer', async () => {
    const port = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        const { host, 'webhook-id': id, 'accept-encoding': encoding, connection } = request.headers;
        response.setHeader('x-seen', 'yes');
        response.writeHead(202).end(JSON.stringify({ body, host, id, encoding, connection, method: request.method }));
      });
    });
    const answer = await local.call({
      url: `http://127.0.0.1:${port}/in?x=1`,
      method: 'POST',
      headers: { 'Webhook-Id': 'msg_1', Host: 'inside.example', 'Accept-Encoding': 'gzip' },
      body: '{"a":1}',
    });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('x-seen')).toBe('yes');
    expect(JSON.parse(Buffer.from(answer.body).toString())).toEqual({
      body: '{"a":1}',
      host: `127.0.0.1:${port}`,
      id: 'msg_1',
      encoding: 'identity',
      connection: 'close',
      method: 'POST',
    });
  });

  it('asks for a name once and connects to what was checked, whatever the name answers next', async () => {
    const port = await serve((request, response) => response.end(request.headers.host));
    const answers = [LOOPBACK, [{ address: '169.254.169.254', family: 4 }]];
    let asked = 0;
    const client = new OutboundClient({ allowLocal: true }, () => Promise.resolve(answers[asked++] ?? []));
    const url = `http://rebound.test:${port}/`;
    const answer = await client.call({ url });
    expect(Buffer.from(answer.body).toString()).toBe(`rebound.test:${port}`);
    expect(asked).toBe(1);
    await expect(client.call({ url })).rejects.toThrow(TargetRefusedError);
    expect(asked).toBe(2);
  });

  it.each(['10.0.0.1', '127.0.0.1', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'])(
    'does not connect to a public name that resolves to %s',
    async (address) => {
      const client = new OutboundClient({}, () =>
        Promise.resolve([
          { address: '1.1.1.1', family: 4 },
          { address, family: 4 },
        ]),
      );
      await expect(client.call({ url: 'https://example.com/' })).rejects.toThrow(TargetRefusedError);
    },
  );

  it('does not call loopback unless it is allowed', async () => {
    let called = 0;
    const port = await serve((_request, response) => response.end(String(++called)));
    const client = new OutboundClient();
    await expect(client.call({ url: `http://127.0.0.1:${port}/` })).rejects.toThrow(TargetRefusedError);
    await expect(client.call({ url: `https://localhost:${port}/` })).rejects.toThrow(TargetRefusedError);
    expect(called).toBe(0);
  });

  it('answers a redirect instead of following it', async () => {
    const paths: (string | undefined)[] = [];
    const port = await serve((request, response) => {
      paths.push(request.url);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const answer = await local.call({ url: `http://127.0.0.1:${port}/here` });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/elsewhere']);
    expect(paths).toEqual(['/here']);
  });

  it('fails at an answer that is too large, or cuts it', async () => {
    const port = await serve((_request, response) => response.end('x'.repeat(1_000)));
    const url = `http://127.0.0.1:${port}/`;
    await expect(local.call({ url, maxAnswerBytes: 999 })).rejects.toMatchObject({ step: 'answer' });
    expect(await local.call({ url, maxAnswerBytes: 1_000 })).toMatchObject({ isCut: false });
    const cut = await local.call({ url, maxAnswerBytes: 10, largerAnswer: 'cut' });
    expect([Buffer.from(cut.body).toString(), cut.isCut]).toEqual(['x'.repeat(10), true]);
  });

  it('does not wait for the rest of an answer without an end', async () => {
    const port = await serve((_request, response) => void response.write('x'.repeat(100)));
    const cut = await local.call({ url: `http://127.0.0.1:${port}/`, maxAnswerBytes: 10, largerAnswer: 'cut' });
    expect(cut.body.byteLength).toBe(10);
  });

  it('does not decompress what a target compresses all the same', async () => {
    const bomb = gzipSync(Buffer.alloc(10 * 1024 * 1024));
    const port = await serve((_request, response) => response.setHeader('content-encoding', 'gzip').end(bomb));
    const answer = await local.call({ url: `http://127.0.0.1:${port}/` });
    expect(answer.body.byteLength).toBe(bomb.byteLength);
  });

  it('gives up at the deadline, in silence and between drops', async () => {
    const silent = await serve(() => undefined);
    const dropping = await serve((_request, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    for (const port of [silent, dropping]) {
      const call = local.call({ url: `http://127.0.0.1:${port}/`, timeoutMs: 200 });
      await expect(call).rejects.toMatchObject({ step: 'timeout', kind: 'unknown' });
    }
    const never = new OutboundClient({ allowLocal: true }, () => new Promise(() => undefined));
    const unresolved = never.call({ url: 'http://slow.test/', timeoutMs: 50 });
    await expect(unresolved).rejects.toMatchObject({ step: 'resolve', kind: 'unavailable' });
  });

  it('gives up when its caller does, with the reason of the caller', async () => {
    const port = await serve(() => undefined);
    const stopping = new AbortController();
    const call = local.call({ url: `http://127.0.0.1:${port}/`, signal: stopping.signal });
    const reason = new Error('enough');
    setTimeout(() => stopping.abort(reason), 50);
    await expect(call).rejects.toBe(reason);
  });

  it('tells where a call failed', async () => {
    const free = await serve(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    await expect(local.call({ url: `http://127.0.0.1:${free}/` })).rejects.toMatchObject({ step: 'connect' });
    const broken = await listen(createTcpServer((socket) => socket.on('data', () => socket.destroy())));
    await expect(local.call({ url: `http://127.0.0.1:${broken}/` })).rejects.toMatchObject({ step: 'answer' });
    const babbling = await listen(createTcpServer((socket) => socket.resume().end('SSH-2.0-OpenSSH\r\n')));
    await expect(local.call({ url: `http://127.0.0.1:${babbling}/` })).rejects.toMatchObject({ step: 'answer' });
    const nameless = new OutboundClient({}, () => Promise.reject(new Error('ENOTFOUND')));
    await expect(nameless.call({ url: 'https://example.com/' })).rejects.toBeInstanceOf(TargetFailedError);
    const empty = new OutboundClient({}, () => Promise.resolve([]));
    await expect(empty.call({ url: 'https://example.com/' })).rejects.toMatchObject({ step: 'resolve' });
  });

  it('asks a TLS target for a certificate of the name, at the address that was checked', async () => {
    let asked: string | undefined;
    const server = createTlsServer({
      SNICallback: (name, callback) => {
        asked = name;
        callback(new Error('no certificate'));
      },
    });
    server.on('tlsClientError', () => undefined);
    const port = await listen(server);
    const client = new OutboundClient({ allowLocal: true }, () => Promise.resolve(LOOPBACK));
    await expect(client.call({ url: `https://hook.test:${port}/` })).rejects.toMatchObject({ step: 'connect' });
    expect(asked).toBe('hook.test');
  });

  it('refuses headers that would break out of their line', async () => {
    const port = await serve((_request, response) => response.end());
    const call = local.call({ url: `http://127.0.0.1:${port}/`, headers: { 'x-a': 'b\r\nx-c: d' } });
    await expect(call).rejects.toBeInstanceOf(Error);
  });
});
