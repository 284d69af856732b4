import { describe, expect, it } from '@jest/globals';

import { digestBody, HOP_LIFETIME_MS, signHop, verifyHop } from './internal-hop.js';

const NOW = 1_800_000_000_000;
const claims = { method: 'PUT', path: '/a?b=c', tenant: 't', bodyDigest: digestBody(Buffer.from('x')) };
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
    ['another tenant', 'secret', header, { ...claims, tenant: 'u' }],
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

  it('keeps the parts apart', () => {
    const moved = signHop('secret', { ...claims, path: '/a', tenant: '?b=ct', expiresAt: NOW + 1000 });
    expect(verifyHop('secret', moved, claims, NOW)).toBe(false);
  });
});
