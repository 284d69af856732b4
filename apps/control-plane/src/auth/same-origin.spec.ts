import { describe, expect, it } from '@jest/globals';

import { isAllowedOrigin } from './same-origin.js';

const request = { method: 'POST', origin: undefined, host: 'console.example:4001', authorized: false };
const PUBLIC_URL = 'https://leasehold.example/';

describe('isAllowedOrigin', () => {
  it.each([
    ['a program without Origin', {}, true],
    ['our page, by the Host', { origin: 'http://console.example:4001' }, true],
    [
      'our page, by the Host in capitals',
      { origin: 'http://console.example:4001', host: 'Console.Example:4001' },
      true,
    ],
    ['our page behind a proxy, by the public URL', { origin: 'https://leasehold.example' }, true],
    ['another site', { origin: 'https://evil.example' }, false],
    ['another port of our host', { origin: 'http://console.example:4002' }, false],
    ['a site whose name begins like ours', { origin: 'https://leasehold.example.evil.example' }, false],
    ['plain HTTP where the public URL is HTTPS', { origin: 'http://leasehold.example' }, false],
    ['a sandboxed page', { origin: 'null' }, false],
    ['nonsense', { origin: '://' }, false],
    ['no Host at all', { origin: 'http://console.example:4001', host: undefined }, false],
    ['another site with a bearer token', { origin: 'https://evil.example', authorized: true }, true],
    ['another site that only reads', { origin: 'https://evil.example', method: 'GET' }, true],
    ['another site that deletes', { origin: 'https://evil.example', method: 'DELETE' }, false],
  ])('judges %s', (_who, more, allowed) => {
    expect(isAllowedOrigin({ ...request, ...more }, PUBLIC_URL)).toBe(allowed);
  });

  it('goes by the Host alone when no public URL is set', () => {
    expect(isAllowedOrigin({ ...request, origin: 'http://console.example:4001' }, undefined)).toBe(true);
    expect(isAllowedOrigin({ ...request, origin: 'https://leasehold.example' }, undefined)).toBe(false);
  });
});
