import { describe, expect, it } from '@jest/globals';
import { seededRandom, systemClock, systemRandom, UlidSource, type Random } from '@leasehold/foundation';
import fc from 'fast-check';

import { hashSecret, mintApiKey, parseApiKey, secretMatches } from './api-key.js';

const mint = (seed = 1) =>
  mintApiKey(new UlidSource({ ...systemClock, now: () => 1_800_000_000_000 }, seededRandom(seed)), seededRandom(seed));

describe('an API key', () => {
  it('has the documented form and parses to what it was made of', () => {
    const { id, key, secretHash, lastFour } = mint();
    expect(key).toMatch(/^lh_[0-9a-hjkmnp-tv-z]{26}_[0-9A-Za-z]{49}$/);
    const parsed = parseApiKey(key);
    expect(parsed?.id).toBe(id);
    expect(hashSecret(parsed?.secret ?? '')).toEqual(secretHash);
    expect(key.endsWith(lastFour)).toBe(true);
  });

  it('is never drawn twice', () => {
    const ids = new UlidSource(systemClock, systemRandom);
    const keys = Array.from({ length: 1_000 }, () => mintApiKey(ids, systemRandom));
    expect(new Set(keys.map(({ key }) => parseApiKey(key)?.secret)).size).toBe(1_000);
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1_000);
  });

  it('refuses any one changed character without asking anybody', () => {
    const { key } = mint();
    const character = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-. é\0');
    fc.assert(
      fc.property(fc.nat(key.length - 1), character, (at, other) => {
        fc.pre(key[at] !== other);
        expect(parseApiKey(key.slice(0, at) + other + key.slice(at + 1))).toBeUndefined();
      }),
    );
  });

  it.each([
    ['empty', ''],
    ['a prefix alone', 'lh_'],
    ['cut short', mint().key.slice(0, -1)],
    ['with something behind', `${mint().key}x`],
    ['with a line behind', `${mint().key}\n`],
    ['in capitals', mint().key.toUpperCase()],
    ['long', `lh_${'a'.repeat(100_000)}`],
  ])('refuses a text that is %s', (_what, text) => expect(parseApiKey(text)).toBeUndefined());

  it('does not parse any text that it did not make', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(parseApiKey(text)).toBeUndefined()));
  });

  it('has a secret whose characters are equally likely', () => {
    const counts = new Map<string, number>();
    const ids = new UlidSource(systemClock, systemRandom);
    for (let i = 0; i < 2_000; i++) {
      const secret = parseApiKey(mintApiKey(ids, seededRandom(i)).key)?.secret ?? '';
      for (const character of secret) counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    const expected = (2_000 * 43) / 62;
    expect(counts.size).toBe(62);
    // The standard deviation is 37: ten of them.
    for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(370);
  });

  it('stops at a random source that is stuck instead of making a short secret', () => {
    const stuck: Random = { bytes: (length) => new Uint8Array(length).fill(255), fraction: () => 0 };
    expect(() => mintApiKey(new UlidSource(systemClock, systemRandom), stuck)).toThrow('not random');
  });
});

describe('secretMatches', () => {
  it('accepts the secret and nothing else', () => {
    const hash = hashSecret('right');
    expect(secretMatches('right', hash)).toBe(true);
    expect(secretMatches('wrong', hash)).toBe(false);
    expect(secretMatches('right', hash.subarray(0, 16))).toBe(false);
    expect(secretMatches('', new Uint8Array(0))).toBe(false);
  });
});
