import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import { utf8 } from '@leasehold/foundation';

import { payloadHash, signed } from './s3-signature.js';

const AT = {
  address: {
    origin: 'https://examplebucket.s3.amazonaws.com',
    host: 'examplebucket.s3.amazonaws.com',
    pathPrefix: '',
    signingRegion: 'us-east-1',
  },
  credentials: {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  },
  nowMs: Date.UTC(2013, 4, 24),
};

describe('signature of a request', () => {
  it("is that of AWS's own example of a put", async () => {
    const headers = { Date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' };
    const hash = await payloadHash(utf8('Welcome to Amazon S3.'));
    const request = signed({ method: 'PUT', key: 'test$file.text', headers }, hash, AT);
    expect(request.path).toBe('/test%24file.text');
    expect(request.headers['Authorization']).toContain(
      'Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    );
  });

  it('covers the conditions, the hash of the body and the session of the key', async () => {
    const credentials = { ...AT.credentials, sessionToken: 'token' };
    const request = signed(
      { method: 'PUT', key: 'a', headers: { 'If-None-Match': '*' } },
      await payloadHash(utf8('x')),
      { ...AT, credentials },
    );
    expect(request.headers['X-Amz-Security-Token']).toBe('token');
    expect(/SignedHeaders=([^,]+)/.exec(request.headers['Authorization'] ?? '')?.[1]?.split(';')).toEqual([
      'host',
      'if-none-match',
      'x-amz-content-sha256',
      'x-amz-date',
      'x-amz-security-token',
    ]);
  });

  it('does not cover the trace, which others may change on the way', async () => {
    const hash = await payloadHash(undefined);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const plain = signed({ method: 'GET', key: 'a', headers: {} }, hash, AT).headers;
    const traced = signed({ method: 'GET', key: 'a', headers: {}, traceparent }, hash, AT).headers;
    expect(traced).toEqual({ ...plain, traceparent });
  });

  it.each([0, 1, 1000, 256 * 1024 - 1, 256 * 1024, 1024 * 1024])('hashes a view of %i bytes', async (length) => {
    const view = new Uint8Array(length + 20).fill(7).subarray(10, 10 + length);
    expect(await payloadHash(view)).toBe(createHash('sha256').update(view).digest('hex'));
  });
});
