import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { connect } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock, utf8 } from '@leasehold/foundation';
import { MemoryStore } from '@leasehold/object-store';
import type { StoredObject } from '@leasehold/object-store';

import { startLocalBucket } from './local-bucket.js';
import type { LocalBucket } from './local-bucket.js';
import { parseS3Request } from './s3-request.js';
import { canonicalRequest, hmac, sha256, signingKey } from './signature.js';

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local-secret' };

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of an error. */
  readonly code: string | undefined;
}
interface Sending {
  readonly headers?: Record<string, string>;
  readonly body?: Uint8Array;
  /** Changes the signed request before it is sent. */
  readonly tamper?: (headers: Record<string, string>) => void;
  readonly secretAccessKey?: string;
  readonly accessKeyId?: string;
  readonly signedAtMs?: number;
  readonly payloadHash?: string;
  readonly unsignedHeaders?: readonly string[];
}

describe('local bucket', () => {
  let store: MemoryStore;
  let bucket: LocalBucket;
  beforeEach(async () => {
    store = new MemoryStore(systemClock);
    bucket = await startLocalBucket({ store, host: '127.0.0.1', port: 0, bucket: 'main', ...CREDENTIALS });
  });
  afterEach(() => bucket.close());

  /** The headers of one request, signed by hand as any S3 client would. */
  function sign(method: string, target: string, sending: Sending = {}): Record<string, string> {
    const body = sending.body ?? new Uint8Array(0);
    const amzDate = new Date(sending.signedAtMs ?? Date.now()).toISOString().replace(/[-:]|\.\d+/g, '');
    const headers: Record<string, string> = {
      host: `127.0.0.1:${bucket.port}`,
      'x-amz-date': amzDate,
      'x-amz-content-sha256': sending.payloadHash ?? sha256(body),
      ...(body.byteLength > 0 || method === 'PUT' ? { 'content-length': String(body.byteLength) } : {}),
      ...sending.headers,
    };
    const signed = Object.keys(headers)
      .filter((name) => !sending.unsignedHeaders?.includes(name))
      .sort();
    const distinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
    const parsed = parseS3Request({ method, url: target, headersDistinct: distinct } as unknown as IncomingMessage);
    const [date, region] = [amzDate.slice(0, 8), 'eu-west-1'];
    const scope = `${date}/${region}/s3/aws4_request`;
    const toSign = [
      'AWS4-HMAC-SHA256',
      amzDate,
      scope,
      sha256(canonicalRequest(parsed, signed, headers['x-amz-content-sha256'] as string)),
    ];
    const signature = hmac(
      signingKey(sending.secretAccessKey ?? CREDENTIALS.secretAccessKey, date, region),
      toSign.join('\n'),
    );
    const credential = `${sending.accessKeyId ?? CREDENTIALS.accessKeyId}/${scope}`;
    headers['authorization'] =
      `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed.join(';')}, Signature=${signature.toString('hex')}`;
    sending.tamper?.(headers);
    return headers;
  }

  function send(method: string, target: string, sending: Sending = {}): Promise<Answer> {
    return raw(method, target, sign(method, target, sending), sending.body);
  }

  /** Head and perhaps a part of the body, for what no proper client would send. */
  function sendBytes(head: string, headers: Record<string, string>, part = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(bucket.port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('data', (data) => (socket.destroy(), resolve(data.toString())));
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`${head} HTTP/1.1\r\n${lines.join('')}\r\n${part}`, () => {
        if (part !== '') setTimeout(() => (socket.destroy(), resolve('')), 50);
      });
    });
  }

  function raw(
    method: string,
    target: string,
    headers: Record<string, string> = {},
    body: Uint8Array = new Uint8Array(0),
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const message = httpRequest(
        { host: '127.0.0.1', port: bucket.port, method, path: target, headers },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const code = /<Code>(.*?)<\/Code>/.exec(text)?.[1];
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, code });
          });
        },
      );
      message.on('error', reject);
      message.end(body);
    });
  }
  const put = (key: string, text: string): Promise<Answer> => send('PUT', `/main/${key}`, { body: utf8(text) });

  describe('signatures', () => {
    it('accepts a signed request', async () => {
      expect(await put('a', 'x')).toMatchObject({ status: 200 });
      expect(await send('GET', '/main/a')).toMatchObject({ status: 200, body: 'x' });
    });

    it('accepts a body that is not signed when the client says so', async () => {
      expect(await send('PUT', '/main/a', { body: utf8('x'), payloadHash: 'UNSIGNED-PAYLOAD' })).toMatchObject({
        status: 200,
      });
    });

    it.each<[string, number, string, Sending]>([
      ['no signature', 403, 'AccessDenied', { tamper: (headers) => delete headers['authorization'] }],
      [
        'a malformed signature',
        400,
        'AuthorizationHeaderMalformed',
        { tamper: (headers) => (headers['authorization'] = 'AWS4-HMAC-SHA256 x') },
      ],
      [
        'another scheme',
        400,
        'AuthorizationHeaderMalformed',
        { tamper: (headers) => (headers['authorization'] = 'Bearer token') },
      ],
      ['an unknown access key', 403, 'InvalidAccessKeyId', { accessKeyId: 'stranger' }],
      ['a wrong secret', 403, 'SignatureDoesNotMatch', { secretAccessKey: 'wrong-secret' }],
      [
        'a condition changed after signing',
        403,
        'SignatureDoesNotMatch',
        { headers: { 'if-match': 'a' }, tamper: (headers) => (headers['if-match'] = 'b') },
      ],
      ['a time of 20 minutes ago', 403, 'RequestTimeTooSkewed', { signedAtMs: Date.now() - 20 * 60_000 }],
      ['a time 20 minutes ahead', 403, 'RequestTimeTooSkewed', { signedAtMs: Date.now() + 20 * 60_000 }],
      ['no time', 403, 'AccessDenied', { tamper: (headers) => delete headers['x-amz-date'] }],
      ['no payload hash', 400, 'InvalidArgument', { tamper: (headers) => delete headers['x-amz-content-sha256'] }],
      ['a payload hash of nothing known', 400, 'InvalidArgument', { payloadHash: 'none' }],
      ['the hash of another body', 400, 'XAmzContentSHA256Mismatch', { payloadHash: sha256('other') }],
      ['a body in signed chunks', 501, 'NotImplemented', { payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }],
      [
        'an x-amz header that is not signed',
        403,
        'AccessDenied',
        { headers: { 'x-amz-extra': '1' }, unsignedHeaders: ['x-amz-extra'] },
      ],
      ['a host that is not signed', 403, 'AccessDenied', { unsignedHeaders: ['host'] }],
    ])('refuses %s', async (_, status, code, sending) => {
      const answer = await send('PUT', '/main/a', { body: utf8('x'), ...sending });
      expect([answer.status, answer.code]).toEqual([status, code]);
      expect(await store.get('a')).toBeUndefined();
    });

    it('refuses a signature that was made for another key', async () => {
      expect(await raw('GET', '/main/b', sign('GET', '/main/a'))).toMatchObject({
        status: 403,
        code: 'SignatureDoesNotMatch',
      });
    });
  });

  describe('objects', () => {
    it('puts only on its condition', async () => {
      const create = { headers: { 'if-none-match': '*' }, body: utf8('first') };
      const created = await send('PUT', '/main/a', create);
      expect(created.status).toBe(200);
      expect(created.headers.etag).toMatch(/^"[0-9a-f]{32}"$/);
      expect(await send('PUT', '/main/a', create)).toMatchObject({ status: 412, code: 'PreconditionFailed' });
      const quoted = created.headers.etag as string;
      const swapped = await send('PUT', '/main/a', { headers: { 'if-match': quoted }, body: utf8('second') });
      expect(swapped.status).toBe(200);
      expect(await send('PUT', '/main/a', { headers: { 'if-match': quoted }, body: utf8('third') })).toMatchObject({
        status: 412,
      });
      const plain = (swapped.headers.etag as string).replaceAll('"', '');
      expect(await send('PUT', '/main/a', { headers: { 'if-match': plain }, body: utf8('third') })).toMatchObject({
        status: 200,
      });
      expect(await send('PUT', '/main/none', { headers: { 'if-match': plain } })).toMatchObject({
        status: 404,
        code: 'NoSuchKey',
      });
    });

    it('puts without a condition over whatever is there, by 20 writers at once', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => put('a', `writer ${i}`)));
      expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
      expect(Buffer.from(((await store.get('a')) as StoredObject).body).toString()).toMatch(/^writer \d+$/);
    });

    it.each([
      ['if-none-match', '"etag"'],
      ['if-match', '*'],
    ])('refuses a put with %s: %s', async (name, value) => {
      expect(await send('PUT', '/main/a', { headers: { [name]: value } })).toMatchObject({
        status: 501,
        code: 'NotImplemented',
      });
      expect(await store.get('a')).toBeUndefined();
    });

    it('refuses a put with two conditions', async () => {
      expect(await send('PUT', '/main/a', { headers: { 'if-match': 'x', 'if-none-match': '*' } })).toMatchObject({
        status: 501,
      });
    });

    it('reads with conditions', async () => {
      const etag = (await put('a', 'content')).headers.etag as string;
      expect(await send('GET', '/main/a', { headers: { 'if-none-match': etag } })).toMatchObject({
        status: 304,
        body: '',
      });
      expect(await send('GET', '/main/a', { headers: { 'if-none-match': '"other"' } })).toMatchObject({ status: 200 });
      expect(await send('GET', '/main/a', { headers: { 'if-match': etag } })).toMatchObject({
        status: 200,
        body: 'content',
      });
      expect(await send('GET', '/main/a', { headers: { 'if-match': '"other"' } })).toMatchObject({ status: 412 });
      expect(await send('GET', '/main/absent')).toMatchObject({ status: 404, code: 'NoSuchKey' });
    });

    it.each<[string, number, string, string | undefined]>([
      ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
      ['bytes=3-6', 206, '3456', 'bytes 3-6/10'],
      ['bytes=8-', 206, '89', 'bytes 8-9/10'],
      ['bytes=8-99999999999999999999', 206, '89', 'bytes 8-9/10'],
      ['bytes=-3', 206, '789', 'bytes 7-9/10'],
      ['bytes=-100', 206, '0123456789', 'bytes 0-9/10'],
      ['bytes=5-3', 200, '0123456789', undefined],
      ['bytes=0-1,3-4', 200, '0123456789', undefined],
      ['items=0-1', 200, '0123456789', undefined],
    ])('reads the range %s', async (range, status, body, contentRange) => {
      await put('a', '0123456789');
      const answer = await send('GET', '/main/a', { headers: { range } });
      expect([answer.status, answer.body, answer.headers['content-range']]).toEqual([status, body, contentRange]);
      expect(answer.headers['content-length']).toBe(String(body.length));
    });

    it.each(['bytes=10-', 'bytes=10-20', 'bytes=-0', 'bytes=99999999999999999999-'])(
      'refuses the range %s',
      async (range) => {
        await put('a', '0123456789');
        expect(await send('GET', '/main/a', { headers: { range } })).toMatchObject({
          status: 416,
          code: 'InvalidRange',
        });
        expect(await send('GET', '/main/absent', { headers: { range } })).toMatchObject({ status: 404 });
      },
    );

    it('tells of an object without its body', async () => {
      const { headers } = await put('a', '0123456789');
      const head = await send('HEAD', '/main/a');
      expect(head).toMatchObject({ status: 200, body: '', headers: { etag: headers.etag, 'content-length': '10' } });
      expect(Math.abs(Date.parse(head.headers['last-modified'] as string) - Date.now())).toBeLessThan(5000);
      expect(await send('HEAD', '/main/absent')).toMatchObject({ status: 404, body: '' });
    });

    it('deletes, also what is not there, but never on a condition that it would ignore', async () => {
      await put('a', 'x');
      expect(await send('DELETE', '/main/a', { headers: { 'if-match': '"x"' } })).toMatchObject({ status: 501 });
      expect(await store.get('a')).toBeDefined();
      expect(await send('DELETE', '/main/a')).toMatchObject({ status: 204 });
      expect(await send('DELETE', '/main/a')).toMatchObject({ status: 204 });
      expect(await store.get('a')).toBeUndefined();
    });
  });

  describe('listings', () => {
    const keysOf = ({ body }: Answer): string[] =>
      [...body.matchAll(/<Key>(.*?)<\/Key>/g)].map((match) => match[1] as string);
    const prefixesOf = ({ body }: Answer): string[] =>
      [...body.matchAll(/<CommonPrefixes><Prefix>(.*?)<\/Prefix>/g)].map((match) => match[1] as string);
    const valueOf = ({ body }: Answer, name: string): string | undefined =>
      new RegExp(`<${name}>(.*?)</${name}>`).exec(body)?.[1];

    it('goes on at a continuation token', async () => {
      for (const key of ['a', 'b', 'c', 'd', 'e']) await put(key, key);
      const found: string[] = [];
      let token = '';
      do {
        const page = await send('GET', `/main/?list-type=2&max-keys=2${token && `&continuation-token=${token}`}`);
        found.push(...keysOf(page));
        token = valueOf(page, 'NextContinuationToken') ?? '';
        expect(valueOf(page, 'IsTruncated')).toBe(String(token !== ''));
      } while (token !== '');
      expect(found).toEqual(['a', 'b', 'c', 'd', 'e']);
    });

    it('folds names at a delimiter, over pages too', async () => {
      for (const key of ['a/1', 'a/2', 'b', 'c/1', 'c/2/3', 'd']) await put(key, key);
      const all = await send('GET', '/main?list-type=2&delimiter=%2F');
      expect([keysOf(all), prefixesOf(all), valueOf(all, 'KeyCount')]).toEqual([['b', 'd'], ['a/', 'c/'], '4']);
      const below = await send('GET', '/main?list-type=2&delimiter=%2F&prefix=c%2F');
      expect([keysOf(below), prefixesOf(below)]).toEqual([['c/1'], ['c/2/']]);
      const first = await send('GET', '/main?list-type=2&delimiter=%2F&max-keys=1');
      expect([keysOf(first), prefixesOf(first), valueOf(first, 'IsTruncated')]).toEqual([[], ['a/'], 'true']);
      const next = await send(
        'GET',
        `/main?list-type=2&delimiter=%2F&max-keys=2&continuation-token=${valueOf(first, 'NextContinuationToken')}`,
      );
      expect([keysOf(next), prefixesOf(next), valueOf(next, 'IsTruncated')]).toEqual([['b'], ['c/'], 'true']);
    });

    it('escapes and encodes names', async () => {
      await put('%3Ca%26b%3E%20%2B', 'x');
      expect(keysOf(await send('GET', '/main?list-type=2'))).toEqual(['&lt;a&amp;b&gt; +']);
      expect(keysOf(await send('GET', '/main?list-type=2&encoding-type=url'))).toEqual(['%3Ca%26b%3E+%2B']);
    });

    it.each([
      ['max-keys=-1', 400, 'InvalidArgument'],
      ['max-keys=many', 400, 'InvalidArgument'],
      ['continuation-token=%21', 400, 'InvalidArgument'],
      ['encoding-type=xml', 400, 'InvalidArgument'],
      ['versions', 501, 'NotImplemented'],
    ])('refuses %s', async (parameter, status, code) => {
      expect(await send('GET', `/main?list-type=2&${parameter}`)).toMatchObject({ status, code });
    });

    it('gives an empty page for no keys', async () => {
      await put('a', 'x');
      const page = await send('GET', '/main?list-type=2&max-keys=0');
      expect([page.status, keysOf(page), valueOf(page, 'IsTruncated')]).toEqual([200, [], 'false']);
    });
  });

  it.each<[string, string, number, string]>([
    ['GET', '/', 501, 'NotImplemented'],
    ['GET', '/other?list-type=2', 404, 'NoSuchBucket'],
    ['GET', '/other/key', 404, 'NoSuchBucket'],
    ['PUT', '/other/key', 404, 'NoSuchBucket'],
    ['PUT', '/other', 400, 'TooManyBuckets'],
    ['DELETE', '/main', 405, 'MethodNotAllowed'],
    ['POST', '/main/key', 405, 'MethodNotAllowed'],
    ['PATCH', '/main/key', 405, 'MethodNotAllowed'],
    ['GET', '/main', 501, 'NotImplemented'],
    ['POST', '/main?delete', 405, 'MethodNotAllowed'],
    ['PUT', '/main/key?partNumber=1&uploadId=x', 501, 'NotImplemented'],
    ['GET', '/main/key?acl', 501, 'NotImplemented'],
    ['GET', '/main/key?versionId=x', 501, 'NotImplemented'],
  ])('answers %s %s with %i %s', async (method, target, status, code) => {
    expect(await send(method, target)).toMatchObject({ status, code });
  });

  it('refuses a path that is no key', async () => {
    expect(await raw('GET', `/main/${'x'.repeat(1025)}`)).toMatchObject({ status: 400, code: 'KeyTooLongError' });
    expect(await raw('GET', '/main/%zz')).toMatchObject({ status: 400, code: 'InvalidURI' });
    expect(await raw('GET', '/main/%ff')).toMatchObject({ status: 400, code: 'InvalidURI' });
  });

  it.each(['x-amz-copy-source', 'x-amz-acl', 'x-amz-tagging', 'x-amz-meta-owner', 'x-amz-server-side-encryption'])(
    'refuses the header %s instead of ignoring it',
    async (name) => {
      expect(await send('PUT', '/main/a', { headers: { [name]: 'x' } })).toMatchObject({
        status: 501,
        code: 'NotImplemented',
      });
      expect(await store.get('a')).toBeUndefined();
    },
  );

  it('answers for its one bucket', async () => {
    expect(await send('HEAD', '/main')).toMatchObject({ status: 200 });
    expect(await send('PUT', '/main')).toMatchObject({ status: 200 });
    expect(await send('HEAD', '/other')).toMatchObject({ status: 404 });
  });

  it('refuses a body above 64 MiB before it arrives', async () => {
    const headers = sign('PUT', '/main/large', { headers: { 'content-length': String(64 * 1024 * 1024 + 1) } });
    const answer = await sendBytes('PUT /main/large', headers);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('<Code>EntityTooLarge</Code>');
  });

  it('refuses a put without a length', async () => {
    const headers = sign('PUT', '/main/a', { unsignedHeaders: ['content-length'] });
    delete headers['content-length'];
    const answer = await raw('PUT', '/main/a', { ...headers, 'transfer-encoding': 'chunked' });
    expect(answer).toMatchObject({ status: 411, code: 'MissingContentLength' });
  });

  it('refuses a put with a wrong digest', async () => {
    const digest = { body: utf8('x'), headers: { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' } };
    expect(await send('PUT', '/main/a', digest)).toMatchObject({ status: 400, code: 'BadDigest' });
    expect(await store.get('a')).toBeUndefined();
  });

  it('applies nothing of a put whose client goes away in the middle of the body', async () => {
    const headers = sign('PUT', '/main/cut', { body: utf8('0123456789'), payloadHash: 'UNSIGNED-PAYLOAD' });
    await sendBytes('PUT /main/cut', headers, '01234');
    await systemClock.sleep(50);
    expect(bucket.counts().operations.PutObject.requests).toBe(1);
    expect(await store.get('cut')).toBeUndefined();
  });

  it('counts requests, bytes and dollars by operation', async () => {
    await put('a', '12345');
    await send('PUT', '/main/a', { headers: { 'if-none-match': '*' }, body: utf8('12') });
    await send('GET', '/main/a');
    await send('GET', '/main/absent');
    await send('GET', '/main?list-type=2');
    const counts = JSON.parse((await raw('GET', '/_leasehold/counts')).body);
    expect(counts).toEqual(bucket.counts());
    expect(counts.operations.PutObject).toMatchObject({ requests: 2, refused: 1, failed: 0, receivedBytes: 7 });
    expect(counts.operations.GetObject).toMatchObject({ requests: 2, refused: 1 });
    expect(counts.operations.ListObjectsV2.requests).toBe(1);
    expect(counts.requests).toBe(5);
    expect(counts.dollars).toBeCloseTo((3 * 0.005 + 2 * 0.0004) / 1000, 10);
  });

  it('tells its health and its metrics to anybody', async () => {
    await put('a', '12345');
    expect(await raw('GET', '/healthz')).toMatchObject({ status: 200, body: '{"status":"ok"}' });
    expect(await raw('GET', '/readyz')).toMatchObject({ status: 200 });
    const metrics = await raw('GET', '/metrics');
    expect(metrics.body).toContain('leasehold_bucket_requests_total{operation="PutObject",outcome="ok"} 1\n');
    expect(metrics.body).toContain('leasehold_bucket_bytes_total{operation="PutObject",direction="received"} 5\n');
  });

  it('answers 500 when the store has no answer, and tells the operator', async () => {
    const errors: unknown[] = [];
    const broken = new MemoryStore(systemClock);
    broken.get = () => Promise.reject(new Error('disk is gone'));
    broken.put = async () => ({ outcome: 'unknown', cause: new Error('disk is gone') });
    await bucket.close();
    bucket = await startLocalBucket({
      store: broken,
      host: '127.0.0.1',
      port: 0,
      bucket: 'main',
      ...CREDENTIALS,
      onError: (error) => errors.push(error),
    });
    expect(await send('GET', '/main/a')).toMatchObject({ status: 500, code: 'InternalError' });
    expect(await send('PUT', '/main/a', { headers: { 'if-none-match': '*' } })).toMatchObject({
      status: 500,
      code: 'InternalError',
    });
    expect(await send('PUT', '/main/a')).toMatchObject({ status: 500 });
    expect(errors).toMatchObject([
      { message: 'disk is gone' },
      { cause: { message: 'disk is gone' } },
      { message: 'disk is gone' },
    ]);
    expect(bucket.counts().operations.GetObject.failed).toBe(1);
  });

  it('finishes a request in progress when it is closed, and takes no more', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const original = store.get.bind(store);
    let entered = (): void => undefined;
    const inside = new Promise<void>((resolve) => (entered = resolve));
    store.get = async (...args) => (entered(), await held, original(...args));
    const pending = send('GET', '/main/absent');
    await inside;
    const closed = bucket.close();
    await expect(raw('GET', '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    release();
    expect((await pending).status).toBe(404);
    await closed;
  });
});
