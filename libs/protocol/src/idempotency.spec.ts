import { describe, expect, it } from '@jest/globals';

import { digestOfRequest, parseIdempotencyKey } from './idempotency.js';
import { parseTtl } from './lifetime.js';

describe('an idempotency key', () => {
  it.each(['k', '"quoted"', '!~', 'a'.repeat(255)])('may be %j', (key) => {
    expect(parseIdempotencyKey({ 'idempotency-key': key })).toBe(key);
  });

  it('may be left out', () => expect(parseIdempotencyKey({})).toBeUndefined());

  it.each([[''], ['a b'], ['é'], ['a\u007f'], ['a'.repeat(256)], [['a', 'b']], ['a,\tb']])('is not %j', (key) => {
    expect(() => parseIdempotencyKey({ 'idempotency-key': key })).toThrow(
      expect.objectContaining({ code: 'invalid-idempotency-key' }),
    );
  });

  it('belongs to method, resource, conditions, lifetime and body, and to nothing else', () => {
    const request = { method: 'PUT', resource: 'keys64/YQ', headers: { 'if-match': '*' }, body: Buffer.from('v') };
    const others = [
      { ...request, method: 'DELETE' },
      { ...request, resource: 'keys64/YR' },
      { ...request, headers: {} },
      { ...request, headers: { 'if-none-match': '*' } },
      { ...request, headers: { 'if-match': '*', 'leasehold-ttl': '1' } },
      { ...request, body: Buffer.from('w') },
      { ...request, body: Buffer.from('') },
    ];
    const digests = [request, ...others].map((each) => Buffer.from(digestOfRequest(each)).toString('hex'));
    expect(new Set(digests).size).toBe(digests.length);
    expect(digests[0]).toHaveLength(32);
    const traced = { ...request, headers: { ...request.headers, traceparent: 't', 'x-request-id': 'r' } };
    expect(digestOfRequest(traced)).toEqual(digestOfRequest(request));
  });
});

describe('Leasehold-TTL', () => {
  it.each([
    [undefined, undefined],
    ['1', 1],
    ['315360000', 315_360_000],
  ])('%j means %j', (text, seconds) => expect(parseTtl({ 'leasehold-ttl': text })).toBe(seconds));

  it.each([
    ['0'],
    ['-1'],
    ['1.5'],
    ['1e3'],
    [''],
    [' '],
    ['315360001'],
    ['99999999999999999999'],
    ['ten'],
    [['1', '1']],
  ])('is refused as %j', (text) => {
    expect(() => parseTtl({ 'leasehold-ttl': text })).toThrow(expect.objectContaining({ code: 'invalid-expiry' }));
  });
});
