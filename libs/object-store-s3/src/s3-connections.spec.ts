import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { utf8 } from '@leasehold/foundation';
import type { PutOutcome } from '@leasehold/object-store';

import { URGENT_SOCKETS } from './s3-connections.js';
import type { S3Settings } from './s3-settings.js';
import { createS3Store } from './s3-store.js';

const UNAVAILABLE = { kind: 'unavailable', code: 'store-unavailable' };
const TIMEOUT_MS = 250;
const OK = 'HTTP/1.1 200 OK\r\netag: "e"\r\ncontent-length: 0\r\n\r\n';

/** A request as it came over the wire. */
interface Heard {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}
type Answer = (socket: Socket, request: Heard, count: number) => void;

const says =
  (...parts: string[]): Answer =>
  (socket) =>
    void socket.write(parts.join(''));
const cuts =
  (text: string): Answer =>
  (socket) =>
    void socket.end(text);
const resets =
  (text: string): Answer =>
  (socket) =>
    void socket.write(text, () => setTimeout(() => socket.resetAndDestroy(), 20));
const error = (status: string, code: string, more = ''): string => {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>m</Message></Error>`;
  return `HTTP/1.1 ${status}\r\ncontent-type: application/xml\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;
};
const whole = (body: string, more = ''): string =>
  `HTTP/1.1 200 OK\r\netag: "e"\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;

describe('connections to a store', () => {
  const closers: (() => Promise<unknown> | void)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  /** A server that knows nothing of HTTP but where a request ends: what it says is the test's word. */
  async function server(answer: Answer) {
    const heard: Heard[] = [];
    const open = new Set<Socket>();
    const state = { connections: 0, most: 0, answer };
    const listener = createServer((socket) => {
      state.connections++;
      open.add(socket);
      state.most = Math.max(state.most, open.size);
      socket.on('close', () => open.delete(socket)).on('error', () => undefined);
      let received = Buffer.alloc(0);
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        for (let request = parsed(received); request !== undefined; request = parsed(received)) {
          received = received.subarray(request.length);
          heard.push(request);
          state.answer(socket, request, heard.length);
        }
      });
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => listener.close(resolve));
    });
    return { url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`, heard, open, state };
  }

  function connected(endpoint: string, more: Partial<S3Settings> = {}) {
    const keys = { accessKeyId: 'local', secretAccessKey: 'local-secret' };
    const settings = { endpoint, region: 'us-east-1', bucket: 'main', forcePathStyle: true, ...keys };
    const store = createS3Store({ ...settings, requestTimeoutMs: TIMEOUT_MS, ...more });
    closers.push(() => store.close());
    return store;
  }

  async function talk(answer: Answer, more: Partial<S3Settings> = {}) {
    const served = await server(answer);
    return { ...served, store: connected(served.url, more) };
  }

  it.each<[string, Answer]>([
    ['an end without an answer', cuts('')],
    ['a reset without an answer', resets('')],
    ['a head that stops', says('HTTP/1.1 200 OK\r\netag: "e"\r\n')],
    ['a head that is cut', cuts('HTTP/1.1 200 OK\r\netag: "e"\r\n')],
    ['a head that does not end', says('HTTP/1.1 200 OK\r\n', 'x-more: many bytes of nothing\r\n'.repeat(10_000))],
    ['a body that stops', says('HTTP/1.1 200 OK\r\netag: "e"\r\ncontent-length: 100\r\n\r\npart')],
    ['a body that is cut', cuts('HTTP/1.1 200 OK\r\netag: "e"\r\ncontent-length: 100\r\n\r\npart')],
    ['a body that is reset', resets('HTTP/1.1 200 OK\r\netag: "e"\r\ncontent-length: 100\r\n\r\npart')],
    ['chunks that are cut', cuts('HTTP/1.1 200 OK\r\netag: "e"\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n')],
    ['two lengths', says('HTTP/1.1 200 OK\r\netag: "e"\r\ncontent-length: 4\r\ncontent-length: 2\r\n\r\npart')],
    ['a length that is no number', says('HTTP/1.1 200 OK\r\netag: "e"\r\ncontent-length: 4x\r\n\r\npart')],
    ['an unasked 100', says('HTTP/1.1 100 Continue\r\n\r\n', OK)],
    ['another protocol', says('+OK POP3 server ready\r\n')],
    ['an upgrade', says('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n')],
    ['202', says('HTTP/1.1 202 Accepted\r\netag: "e"\r\ncontent-length: 0\r\n\r\n')],
    ['503', says(error('503 Slow Down', 'SlowDown'))],
    ['503 without a body', cuts('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n')],
    ['an error that does not end', says('HTTP/1.1 500 No\r\n\r\n', 'x'.repeat(200_000))],
    ['a 304 that nobody asked for', says('HTTP/1.1 304 Not Modified\r\netag: "e"\r\n\r\n')],
    [
      'a packed error',
      says(error('404 Not Found', 'NoSuchKey', 'content-encoding: gzip\r\n').replace('<Error>', '\u001f\u008b12345')),
    ],
  ])(
    'takes %s for no answer: a put is unknown, anything else unavailable, and nothing is sent again',
    async (_, answer) => {
      const { store, heard } = await talk(answer);
      const calls: [PutOutcome, PutOutcome, ...unknown[]] = await Promise.all([
        store.put('a', utf8('x'), 'create'),
        store.put('b', utf8('x'), { match: 'e' }),
        expect(store.get('c')).rejects.toMatchObject(UNAVAILABLE),
      ]);
      expect([calls[0].outcome, calls[1].outcome]).toEqual(['unknown', 'unknown']);
      expect(heard.map(({ line }) => line.split(' ')[1]).sort()).toEqual(['/main/a', '/main/b', '/main/c']);
    },
  );

  it.each(['301 Moved Permanently', '302 Found', '307 Temporary Redirect', '308 Permanent Redirect'])(
    'follows no %s',
    async (status) => {
      const other = await server(says(whole('other')));
      const { store, heard } = await talk(
        says(error(status, 'PermanentRedirect', `location: ${other.url}/main/a\r\n`)),
      );
      expect(await store.put('a', utf8('x'), 'create')).toMatchObject({ outcome: 'unknown' });
      await expect(store.get('a')).rejects.toMatchObject(UNAVAILABLE);
      await expect(store.delete('a')).rejects.toMatchObject(UNAVAILABLE);
      expect(heard).toHaveLength(3);
      expect(other.state.connections).toBe(0);
    },
  );

  it.each<[string, string]>([
    ['packed', whole('\u001f\u008b', 'content-encoding: gzip\r\n')],
    ['of untold length', 'HTTP/1.1 200 OK\r\netag: "e"\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n0\r\n\r\n'],
    ['without an ETag', 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\npart'],
    ['that is a part', whole('part', 'content-range: bytes 0-3/9\r\n').replace('200 OK', '206 Partial Content')],
  ])('reads no body %s', async (_, answer) => {
    const { store } = await talk(says(answer));
    await expect(store.get('a')).rejects.toMatchObject(UNAVAILABLE);
  });

  it.each<[string, string]>([
    ['other bytes', whole('45', 'content-range: bytes 4-5/10\r\n')],
    ['fewer bytes', whole('2', 'content-range: bytes 2-2/10\r\n')],
    ['bytes that it counts otherwise', whole('23', 'content-range: bytes 2-4/10\r\n')],
    ['bytes of an object of untold size', whole('23', 'content-range: bytes 2-3/*\r\n')],
    ['the beginning of the whole', whole('01')],
    ['far more bytes', `HTTP/1.1 200 OK\r\netag: "e"\r\ncontent-length: 900000000\r\n\r\n01`],
  ])('takes no %s for a range', async (_, answer) => {
    const { store } = await talk(says(answer.replace('200 OK', '206 Partial Content')));
    await expect(store.get('a', { range: { start: 2, end: 4 } })).rejects.toMatchObject(UNAVAILABLE);
  });

  it('takes the end of an object for a range that goes beyond it', async () => {
    const { store } = await talk(says(whole('89', 'content-range: bytes 8-9/10\r\n').replace('200', '206')));
    expect(await store.get('a', { range: { start: 8, end: 100 } })).toMatchObject({ sizeBytes: 10 });
    expect(await store.get('a', { range: { suffix: 2 } })).toMatchObject({ sizeBytes: 10 });
    await expect(store.get('a', { range: { suffix: 3 } })).rejects.toMatchObject(UNAVAILABLE);
  });

  it('does not mind hints before an answer, nor a length told with a 304', async () => {
    const hinted = await talk(says('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n', whole('body')));
    expect(await hinted.store.get('a')).toMatchObject({ sizeBytes: 4, etag: 'e' });
    const unchanged = await talk(says('HTTP/1.1 304 Not Modified\r\netag: "e"\r\ncontent-length: 9\r\n\r\n'));
    expect(await unchanged.store.get('a', { ifNoneMatch: 'e' })).toBe('not-modified');
    expect(await unchanged.store.get('a', { ifNoneMatch: 'e' })).toBe('not-modified');
  });

  it('takes bytes behind an answer for no answer to the next request', async () => {
    const { store, state } = await talk(says(whole('body'), OK.replace('"e"', '"forged"')));
    expect(await store.get('a')).toMatchObject({ etag: 'e', sizeBytes: 4 });
    state.answer = says(error('412 Precondition Failed', 'PreconditionFailed'));
    expect(await store.put('a', utf8('x'), 'create')).toEqual({ outcome: 'refused' });
  });

  it('takes an answer that is whole, though the connection is reset behind it', async () => {
    const { store, state } = await talk(resets(whole('body')));
    expect(await store.get('a')).toMatchObject({ sizeBytes: 4 });
    expect(await store.put('a', utf8('x'), 'create')).toMatchObject({ outcome: 'done' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    state.answer = says(OK);
    expect(await store.put('b', utf8('x'), 'create')).toMatchObject({ outcome: 'done' });
  });

  it('sends nothing again on another connection when the server closes a kept one under it', async () => {
    const { store, heard, state } = await talk(says(OK));
    for (const close of [cuts(''), resets('')]) {
      state.answer = says(OK);
      expect(await store.put('a', utf8('x'), 'create')).toMatchObject({ outcome: 'done' });
      // A connection is taken again from the next turn of the event loop on.
      await new Promise((resolve) => setTimeout(resolve, 10));
      state.answer = close;
      const before = state.connections;
      expect(await store.put('a', utf8('x'), 'create')).toMatchObject({ outcome: 'unknown' });
      expect(state.connections).toBe(before);
      state.answer = says(OK);
      await store.put('a', utf8('x'), 'create');
      await new Promise((resolve) => setTimeout(resolve, 10));
      state.answer = close;
      await expect(store.get('a')).rejects.toMatchObject(UNAVAILABLE);
    }
    expect(heard).toHaveLength(8);
  });

  it('hears an error that comes before the body has been sent', async () => {
    const url = await earlyAnswer(error('503 Slow Down', 'SlowDown', 'connection: close\r\n'));
    const store = connected(url, { requestTimeoutMs: 2_000 });
    const begunMs = performance.now();
    const answer = await store.put('a', Buffer.alloc(32 * 1024 * 1024), 'create');
    expect(answer).toMatchObject({ outcome: 'unknown', cause: { status: 503, s3Code: 'SlowDown' } });
    expect(performance.now() - begunMs).toBeLessThan(1_500);
  });

  /** Answers to the first bytes of a request, and reads no further. */
  async function earlyAnswer(text: string): Promise<string> {
    const listener = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .once('data', () => {
          socket.pause();
          socket.end(text);
        });
      closers.push(() => void socket.destroy());
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    closers.push(() => void listener.close());
    return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  }

  it('is unavailable where nobody listens, and where TLS is answered in plain', async () => {
    const { url, heard } = await server(says(OK));
    const plain = connected(url.replace('http:', 'https:'));
    expect(await plain.put('a', utf8('x'), 'create')).toMatchObject({ outcome: 'unknown' });
    await expect(plain.get('a')).rejects.toMatchObject(UNAVAILABLE);
    expect(heard).toHaveLength(0);
    const nobody = connected('http://127.0.0.1:1');
    expect(await nobody.put('a', utf8('x'), 'create')).toMatchObject({ outcome: 'unknown' });
    await expect(nobody.get('a')).rejects.toMatchObject({ ...UNAVAILABLE, message: expect.stringContaining('ECONN') });
  });

  it('sends the hash of each body, its length, its type and its condition, and asks for no 100', async () => {
    const { store, heard } = await talk(says(OK), { requestTimeoutMs: 2_000 });
    const bodies = [new Uint8Array(0), utf8('x'), new Uint8Array(1024 * 1024).fill(7)];
    for (const body of bodies) await store.put('a', body, 'create');
    await store.put('a', utf8('x'), { match: 'tag' });
    for (const [i, body] of bodies.entries()) expect(heard[i]?.body.equals(body)).toBe(true);
    for (const { headers, body } of heard) {
      expect(headers['x-amz-content-sha256']).toBe(createHash('sha256').update(body).digest('hex'));
      expect(headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'content-length': String(body.length),
      });
      expect(headers['expect']).toBeUndefined();
    }
    expect(heard.map(({ headers }) => headers['if-none-match'])).toEqual(['*', '*', '*', undefined]);
    expect(heard[3]?.headers['if-match']).toBe('tag');
  });

  it("signs with the environment's keys where it was given none", async () => {
    const env = { AWS_ACCESS_KEY_ID: 'role', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'session' };
    Object.assign(process.env, env);
    try {
      const { store, heard } = await talk(says(OK), { accessKeyId: undefined, secretAccessKey: undefined });
      expect(await store.put('a', utf8('x'), 'create')).toMatchObject({ outcome: 'done' });
      expect(heard[0]?.headers).toMatchObject({
        'x-amz-security-token': 'session',
        authorization: expect.stringMatching(/Credential=role\/.*x-amz-security-token/),
      });
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
    }
  });

  it("signs by the server's clock once it has been told that its own is wrong", async () => {
    const date = 'date: Tue, 01 Jan 2030 00:00:00 GMT\r\n';
    const { store, heard, state } = await talk(says(error('403 Forbidden', 'RequestTimeTooSkewed', date)));
    expect(await store.put('a', utf8('x'), 'create')).toMatchObject({ outcome: 'unknown' });
    state.answer = says(OK);
    await store.put('a', utf8('x'), 'create');
    expect(heard[1]?.headers['x-amz-date']).toMatch(/^20300101T0000/);
  });

  it('opens no more connections than it may, and serves what waits', async () => {
    const { store, state, heard } = await talk((socket) => void setTimeout(() => socket.write(OK), 5), {
      maxSockets: 3,
      requestTimeoutMs: 5_000,
    });
    await Promise.all(Array.from({ length: 60 }, (_, i) => store.put(`a${i}`, utf8('x'), 'create')));
    expect(heard).toHaveLength(60);
    expect(state.most).toBeLessThanOrEqual(3 + URGENT_SOCKETS);
  });

  it('renews sessions past any number of calls that hang', async () => {
    const { store, heard } = await talk(
      (socket, { line }) => {
        if (line.includes('/workers/')) socket.write(OK);
      },
      { maxSockets: 2, requestTimeoutMs: 5_000 },
    );
    const hanging = Array.from({ length: 200 }, (_, i) => store.put(`db/${i}`, utf8('x'), 'create'));
    let ended = 0;
    for (const call of hanging) void call.then(() => ended++);
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (let i = 0; i < 2 * URGENT_SOCKETS; i++)
      expect(await store.put('workers/a', utf8('x'), { match: 'e' })).toMatchObject({ outcome: 'done' });
    expect(ended).toBe(0);
    expect(heard.filter(({ line }) => line.includes('/db/'))).toHaveLength(2);
    const outcomes = new Set((await Promise.all(hanging)).map(({ outcome }) => outcome));
    expect(outcomes).toEqual(new Set(['unknown']));
  });

  it('does not send what was given up while it waited, and counts the wait into the timeout', async () => {
    const { store, heard } = await talk(() => undefined, { maxSockets: 1 });
    const first = store.put('first', utf8('x'), 'create');
    const abort = new AbortController();
    const aborted = store.put('aborted', utf8('x'), 'create', { signal: abort.signal });
    setTimeout(() => abort.abort(new Error('no longer')), 50);
    const begunMs = performance.now();
    expect(await aborted).toMatchObject({
      outcome: 'unknown',
      cause: expect.objectContaining({ message: 'no longer' }),
    });
    expect(performance.now() - begunMs).toBeLessThan(TIMEOUT_MS);
    const late = store.put('late', utf8('x'), 'create');
    await Promise.all([first, late]);
    expect(performance.now() - begunMs).toBeLessThan(3 * TIMEOUT_MS);
    expect(heard.map(({ line }) => line.split(' ')[1])).not.toContain('/main/aborted');
  });

  it('fails at once what is on its way when it is closed, and what comes after', async () => {
    const { store, open, heard } = await talk(() => undefined, { maxSockets: 1, requestTimeoutMs: 10_000 });
    const calls = [store.put('a', utf8('x'), 'create'), store.put('b', utf8('x'), 'create')];
    const read = expect(store.get('c')).rejects.toMatchObject(UNAVAILABLE);
    while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    store.close();
    for (const call of calls)
      expect(await call).toMatchObject({ outcome: 'unknown', cause: { message: 'the store was closed' } });
    await read;
    await expect(store.get('d')).rejects.toMatchObject(UNAVAILABLE);
    while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(heard).toHaveLength(1);
  });
});

/** The first request of what has been received, once it is whole. */
function parsed(received: Buffer): (Heard & { length: number }) | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line = '', ...fields] = received.toString('latin1', 0, end).split('\r\n');
  const headers = Object.fromEntries(
    fields.map((field) => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  const length = end + 4 + Number(headers['content-length'] ?? 0);
  return received.length < length ? undefined : { line, headers, body: received.subarray(end + 4, length), length };
}
