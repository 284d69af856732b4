import { describe, expect, it } from '@jest/globals';

import { digestBody, HOP_HEADERS, HOP_LIFETIME_MS, signHop, verifyHop } from './internal-hop.js';

const NOW = 1_800_000_000_000;
const headers = { [HOP_HEADERS.tenant]: 't', [HOP_HEADERS.database]: 'orders', 'if-match': '"v"' };
const claims = { method: 'PUT', path: '/a?b=c', headers, bodyDigest: digestBody(Buffer.from('x')) };
const without = (name: string) => Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name));
const header = signHop('secret', { ...claims, expiresAt: NOW + HOP_LIFETIME_MS });

describe('the signature of a hop', () => {
  it('holds for what was signed, until it expires', () => {
    expect(verifyHop('secret', header, claims, NOW)).toBe(true);
    expect(verifyHop('secret', header, claims, NOW + HOP_LIFETIME_MS)).toBe(false);
  });

  it.each([
    ['another secret', 'other', header, claims],
    ['another method', 'secret', header, { ...claims, method: 'DELETE' }],
    ['another path', 'secret', header, { ...claims, path: '/a?b=d' }],
    ['another tenant', 'secret', header, { ...claims, headers: { ...headers, [HOP_HEADERS.tenant]: 'u' } }],
    ['another database', 'secret', header, { ...claims, headers: { ...headers, [HOP_HEADERS.database]: 'other' } }],
    ['another condition', 'secret', header, { ...claims, headers: { ...headers, 'if-match': '*' } }],
    ['no condition', 'secret', header, { ...claims, headers: without('if-match') }],
    ['one condition more', 'secret', header, { ...claims, headers: { ...headers, 'if-none-match': '*' } }],
    ['a lifetime', 'secret', header, { ...claims, headers: { ...headers, 'leasehold-ttl': '1' } }],
    ['an idempotency key', 'secret', header, { ...claims, headers: { ...headers, 'idempotency-key': 'k' } }],
    [
      'the wait for an owner',
      'secret',
      header,
      { ...claims, headers: { ...headers, [HOP_HEADERS.waitForOwner]: 's' } },
    ],
    ['that it is not billed', 'secret', header, { ...claims, headers: { ...headers, [HOP_HEADERS.unbilled]: 'true' } }],
    ['a header twice', 'secret', header, { ...claims, headers: { ...headers, 'if-match': ['"v"', '"v"'] } }],
    ['another body', 'secret', header, { ...claims, bodyDigest: digestBody(Buffer.from('y')) }],
    ['a later expiry', 'secret', header.replace(/^\d+/, String(NOW + HOP_LIFETIME_MS + 1)), claims],
    ['no header', 'secret', undefined, claims],
    ['two headers', 'secret', [header, header], claims],
    ['nonsense', 'secret', 'x.y', claims],
    ['a short mac', 'secret', header.slice(0, -2), claims],
  ])('does not hold for %s', (_what, secret, value, claimed) => {
    expect(verifyHop(secret, value, claimed, NOW)).toBe(false);
  });

  it('is not taken from a gateway that claims an hour', () => {
    const long = signHop('secret', { ...claims, expiresAt: NOW + 3_600_000 });
    expect(verifyHop('secret', long, claims, NOW)).toBe(false);
  });

  it('does not depend on headers that change nothing', () => {
    const more = { ...headers, traceparent: '00-1-2-03', 'x-request-id': 'r' };
    expect(verifyHop('secret', header, { ...claims, headers: more }, NOW)).toBe(true);
  });

  it('keeps the parts apart', () => {
    const moved = { 'if-none-match': headers['if-match'], ...without('if-match') };
    for (const other of [
      { ...claims, path: '/a', method: 'PUT?b=c' },
      { ...claims, headers: moved },
    ]) {
      expect(verifyHop('secret', header, other, NOW)).toBe(false);
    }
  });
});
