import { describe, expect, it } from '@jest/globals';

import { SecretSeal } from './sealed-secret.js';

const SECRET = new TextEncoder().encode('twenty bytes of text');

describe('a sealed secret', () => {
  const seal = new SecretSeal('a'.repeat(32));
  const sealed = seal.seal(SECRET, 'somebody');

  it('is read again by the same service for the same person', () => {
    expect(seal.open(sealed, 'somebody')).toEqual(Buffer.from(SECRET));
    expect(Buffer.from(sealed).includes(Buffer.from(SECRET))).toBe(false);
    expect(seal.seal(SECRET, 'somebody')).not.toEqual(sealed);
  });

  it('is read by nobody else', () => {
    expect(seal.open(sealed, 'another')).toBeUndefined();
    expect(new SecretSeal('b'.repeat(32)).open(sealed, 'somebody')).toBeUndefined();
  });

  it('is not read when it is damaged anywhere, or cut', () => {
    for (let at = 0; at < sealed.byteLength; at++) {
      const damaged = sealed.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect(seal.open(damaged, 'somebody')).toBeUndefined();
      expect(seal.open(sealed.subarray(0, at), 'somebody')).toBeUndefined();
    }
  });
});
