import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { seededRandom, systemClock, systemRandom, utf8 } from '@leasehold/foundation';
import { startLocalBucket } from '@leasehold/local-bucket';
import type { BucketFaults, LocalBucket } from '@leasehold/local-bucket';
import { MemoryStore, settleCreate } from '@leasehold/object-store';
import type { PutCondition, PutOutcome } from '@leasehold/object-store';

import { ensureBucket } from './ensure-bucket.js';
import { createS3Store } from './s3-store.js';

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local-secret' };
const UNAVAILABLE = { kind: 'unavailable', code: 'store-unavailable' };
const TIMEOUT_MS = 300;
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

type Respond = (message: IncomingMessage, response: ServerResponse) => void;

const failure =
  (status: number, code: string): Respond =>
  (message, response) => {
    message.resume();
    response
      .writeHead(status, { 'content-type': 'application/xml' })
      .end(`<Error><Code>${code}</Code><Message>m</Message></Error>`);
  };
const page =
  (status: number): Respond =>
  (message, response) => {
    message.resume();
    response.writeHead(status, { 'content-type': 'text/html' }).end('<html><body>hello</body></html>');
  };
const reset: Respond = (message) => message.socket.destroy();
const silence: Respond = () => undefined;
const endlessBody: Respond = (_, response) =>
  response.writeHead(200, { etag: '"e"', 'content-length': 100 }).write('part');
const cutBody: Respond = (message, response) => {
  response.writeHead(200, { etag: '"e"', 'content-length': 100 }).write('part', () => message.socket.destroy());
};
/** As some proxies answer: the end of the connection is the end of the body. */
const lengthUntold: Respond = (message) =>
  message.resume().socket.end('HTTP/1.1 200 OK\r\netag: "e"\r\nconnection: close\r\n\r\npart');
const unasked412: Respond = (_, response) => response.writeHead(412, { 'content-length': 100 }).write('<Err');

describe('S3 adapter', () => {
  const closers: (() => Promise<unknown> | void)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  function connected(url: string, more: { maxSockets?: number; requestTimeoutMs?: number; bucket?: string } = {}) {
    const store = createS3Store({
      endpoint: url,
      region: 'us-east-1',
      bucket: 'main',
      forcePathStyle: true,
      ...CREDENTIALS,
      ...more,
    });
    closers.push(() => store.close());
    return store;
  }

  /** A server that answers everything in one way. */
  async function scripted(respond: Respond, more: { maxSockets?: number } = {}) {
    let requests = 0;
    const server: Server = createServer((message, response) => {
      requests++;
      respond(message, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    const store = connected(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      requestTimeoutMs: TIMEOUT_MS,
      ...more,
    });
    return { store, requests: () => requests };
  }

  async function served(faults?: BucketFaults): Promise<{ bucket: LocalBucket; memory: MemoryStore }> {
    const memory = new MemoryStore(systemClock);
    const bucket = await startLocalBucket({
      store: memory,
      host: '127.0.0.1',
      port: 0,
      bucket: 'main',
      faults,
      ...CREDENTIALS,
    });
    closers.push(() => bucket.close());
    return { bucket, memory };
  }

  it('names the trace of a call, and no other', async () => {
    const heard: unknown[] = [];
    const { store } = await scripted((message, response) => {
      heard.push(message.headers['traceparent']);
      message.resume();
      response.writeHead(200, { etag: '"e"', 'content-length': 0 }).end();
    });
    await store.put('a', utf8('x'), 'create', { traceparent: TRACEPARENT });
    await store.get('a', { traceparent: TRACEPARENT });
    await store.delete('a', { traceparent: TRACEPARENT });
    await store.get('a');
    expect(heard).toEqual([TRACEPARENT, TRACEPARENT, TRACEPARENT, undefined]);
  });

  it('is understood by a strict store when it names a trace', async () => {
    const { bucket } = await served();
    const store = connected(bucket.url);
    expect(await store.put('a', utf8('x'), 'create', { traceparent: TRACEPARENT })).toMatchObject({ outcome: 'done' });
    expect(await store.get('a', { traceparent: TRACEPARENT })).toMatchObject({ body: utf8('x') });
    await store.delete('a', { traceparent: TRACEPARENT });
    expect(await store.get('a')).toBeUndefined();
  });

  it.each<[string, Respond, PutOutcome['outcome'], PutOutcome['outcome']]>([
    ['412', failure(412, 'PreconditionFailed'), 'refused', 'refused'],
    ['404 of the key', failure(404, 'NoSuchKey'), 'unknown', 'refused'],
    ['404 of the bucket', failure(404, 'NoSuchBucket'), 'unknown', 'unknown'],
    ["a proxy's 404", page(404), 'unknown', 'unknown'],
    ['409', failure(409, 'ConditionalRequestConflict'), 'unknown', 'unknown'],
    ['403', failure(403, 'AccessDenied'), 'unknown', 'unknown'],
    ['500', failure(500, 'InternalError'), 'unknown', 'unknown'],
    ['503', failure(503, 'SlowDown'), 'unknown', 'unknown'],
    ['a reset', reset, 'unknown', 'unknown'],
    ['silence', silence, 'unknown', 'unknown'],
    ['200 without an etag', (message, response) => (message.resume(), response.end()), 'unknown', 'unknown'],
  ])('takes %s to a put for what it proves, after one attempt', async (_, respond, ofCreate, ofMatch) => {
    const { store, requests } = await scripted(respond);
    expect(await store.put('a', utf8('x'), 'create')).toMatchObject({ outcome: ofCreate });
    expect(await store.put('a', utf8('x'), { match: 'etag' })).toMatchObject({ outcome: ofMatch });
    expect(requests()).toBe(2);
  });

  it.each<[string, Respond]>([
    ['404 of the bucket', failure(404, 'NoSuchBucket')],
    ['403', failure(403, 'AccessDenied')],
    ['500', failure(500, 'InternalError')],
    ['503', failure(503, 'SlowDown')],
    ['a reset', reset],
    ['silence', silence],
    ["a proxy's 404", page(404)],
    ["a proxy's 200", page(200)],
    ['a body that stops', endlessBody],
    ['a body that is cut', cutBody],
    ['a body of untold length', lengthUntold],
    ['an error that stops', unasked412],
  ])('gives %s to a read as unavailable, after one attempt and in time', async (_, respond) => {
    const { store, requests } = await scripted(respond);
    const begunMs = performance.now();
    await expect(store.get('a')).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.list('')).rejects.toMatchObject(UNAVAILABLE);
    expect(performance.now() - begunMs).toBeLessThan(8 * TIMEOUT_MS);
    expect(requests()).toBe(2);
  });

  it('does not take the whole object for a range of it', async () => {
    const { store } = await scripted((message, response) => {
      message.resume();
      response.writeHead(200, { etag: '"e"', 'content-length': 10 }).end('0123456789');
    });
    expect(await store.get('a')).toMatchObject({ sizeBytes: 10 });
    await expect(store.get('a', { range: { start: 2, end: 4 } })).rejects.toMatchObject(UNAVAILABLE);
  });

  it.each<[string, Respond]>([
    ['silence', silence],
    ['a body that stops', endlessBody],
    ['a body that is cut', cutBody],
    ['a reset', reset],
    ['an error that stops', unasked412],
  ])('holds no connection after %s', async (_, respond) => {
    let way = respond;
    const { store } = await scripted((message, response) => way(message, response), { maxSockets: 2 });
    await Promise.allSettled(
      Array.from({ length: 4 }, (_, i) => (i % 2 ? store.get('a') : store.put('a', Buffer.alloc(200_000), 'create'))),
    );
    way = (message, response) =>
      void message.resume().on('end', () => response.writeHead(200, { etag: '"e"', 'content-length': 0 }).end());
    const answers = await Promise.all(Array.from({ length: 6 }, () => store.put('a', utf8('x'), 'create')));
    expect(answers.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 6 }, () => 'done'));
  });

  it.each<[string, Respond]>([
    ['500', failure(500, 'InternalError')],
    ['a reset', reset],
    ['silence', silence],
  ])('gives %s to a delete as unavailable', async (_, respond) => {
    const { store } = await scripted(respond);
    await expect(store.delete('a')).rejects.toMatchObject(UNAVAILABLE);
  });

  it('never takes a missing bucket for an empty one', async () => {
    const { bucket } = await served();
    const store = connected(bucket.url, { bucket: 'other' });
    await expect(store.get('a')).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.get('a', { range: { start: 0, end: 1 } })).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.list('')).rejects.toMatchObject(UNAVAILABLE);
    expect(await store.put('a', utf8('x'), { match: 'etag' })).toMatchObject({ outcome: 'unknown' });
  });

  it('ends a call when its signal aborts', async () => {
    const { store } = await scripted(silence);
    const begunMs = performance.now();
    const signal = AbortSignal.timeout(30);
    await expect(store.get('a', { signal })).rejects.toMatchObject(UNAVAILABLE);
    expect(await store.put('a', utf8('x'), 'create', { signal })).toMatchObject({ outcome: 'unknown' });
    expect(performance.now() - begunMs).toBeLessThan(TIMEOUT_MS);
  });

  it('gives its connections back after every kind of answer', async () => {
    const { bucket } = await served();
    const store = connected(bucket.url, { maxSockets: 2 });
    const etag = ((await store.put('a', utf8('0123456789'), 'create')) as { etag: string }).etag;
    const calls = Array.from({ length: 60 }, (_, i) => [
      store.get('a'),
      store.get('absent'),
      store.get('a', { ifNoneMatch: etag }),
      store.get('a', { range: { start: 50, end: 60 } }),
      store.put('a', utf8('x'), 'create'),
      store.delete(`absent-${i}`),
      store.list(''),
    ]);
    expect(await Promise.all(calls.flat())).toHaveLength(420);
  });

  it.each<[string, PutCondition, Omit<BucketFaults, 'seed'>, boolean]>([
    ['lost before it was applied', 'create', { failBefore: 1 }, false],
    ['lost after it was applied', 'create', { failAfter: 1 }, true],
    ['in conflict with another', 'create', { conflict: 1 }, false],
  ])('answers unknown for a put %s', async (_, condition, faults, applied) => {
    const { bucket, memory } = await served();
    const store = connected(bucket.url);
    for (let seed = 0; seed < 6; seed++) {
      bucket.setFaults({ seed, ...faults });
      expect(await store.put(`key-${seed}`, utf8('x'), condition)).toMatchObject({ outcome: 'unknown' });
      expect((await memory.get(`key-${seed}`)) !== undefined).toBe(applied);
    }
  });

  it('answers unknown for a put that lands later', async () => {
    const { bucket, memory } = await served({ seed: 1, lateLanding: 1, lateMs: 50 });
    const store = connected(bucket.url);
    expect(await store.put('a', utf8('late'), 'create')).toMatchObject({ outcome: 'unknown' });
    expect(await memory.get('a')).toBeUndefined();
    await systemClock.sleep(100);
    expect(await memory.get('a')).toMatchObject({ sizeBytes: 4 });
  });

  it('settles every create through a server that loses a third of its answers', async () => {
    const { bucket, memory } = await served({
      seed: 5,
      failBefore: 0.12,
      failAfter: 0.12,
      lateLanding: 0.06,
      conflict: 0.05,
      lateMs: 50,
    });
    const store = connected(bucket.url);
    const ctx = { store, clock: systemClock, random: seededRandom(2) };
    const names = Array.from({ length: 60 }, (_, i) => `log/${i}`);
    const settled = await Promise.all(names.map((name) => settleCreate(ctx, name, utf8(`segment ${name}`))));
    expect(settled.map(({ outcome }) => outcome)).toEqual(names.map(() => 'done'));
    for (const [i, name] of names.entries())
      expect(await memory.get(name)).toMatchObject({ etag: (settled[i] as { etag: string }).etag });
    const { failed, refused } = bucket.counts().operations.PutObject;
    expect(failed + refused).toBeGreaterThan(5);
  });

  it('creates the bucket where it is missing, and is content where it is not', async () => {
    const { bucket } = await served();
    const settings = { endpoint: bucket.url, region: 'us-east-1', forcePathStyle: true, ...CREDENTIALS };
    await ensureBucket({ ...settings, bucket: 'main' });
    // The local bucket has one bucket: a refusal shows that it was asked.
    await expect(ensureBucket({ ...settings, bucket: 'other' })).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: expect.stringContaining('TooManyBuckets'),
    });
    await expect(ensureBucket({ ...settings, bucket: 'main', secretAccessKey: 'wrong' })).rejects.toMatchObject(
      UNAVAILABLE,
    );
  });

  it('sends bytes that are a view on a larger buffer as they are', async () => {
    const { bucket, memory } = await served();
    const large = systemRandom.bytes(1000);
    await connected(bucket.url).put('a', large.subarray(100, 200), 'create');
    expect(Buffer.from(((await memory.get('a')) as { body: Uint8Array }).body)).toEqual(
      Buffer.from(large.subarray(100, 200)),
    );
  });
});
