import { utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import type { Entry } from '../entry.js';
import { putEntry } from '../entry.js';
import { NewestIndex } from './newest-index.js';

const entry = (key: Uint8Array, sequence: number): Entry => putEntry(key, { epoch: 1, sequence }, utf8('v'));

describe('the index of newest entries', () => {
  it('keeps the newest of each key, whatever came first, while it grows', () => {
    const index = new NewestIndex();
    const count = 10_000;
    for (let i = 0; i < count; i++) index.put(entry(utf8(`k${i}`), 5));
    for (let i = 0; i < count; i += 2) index.put(entry(utf8(`k${i}`), i % 4 === 0 ? 9 : 1));
    for (let i = 0; i < count; i++) {
      expect(index.get(utf8(`k${i}`))?.version.sequence).toBe(i % 4 === 0 ? 9 : 5);
    }
    expect(index.get(utf8('absent'))).toBeUndefined();
    expect(index.isUsable).toBe(true);
  });

  it('gives up on forged keys rather than to search through all of them', () => {
    // Of 330,000 keys some eighty fall into one slot; an adversary who knows the hash finds them as this does.
    const prime = 0x01000193;
    const index = new NewestIndex();
    const seen = new Map<number, Uint8Array[]>();
    for (let a = 0; a < 256; a++)
      for (let b = 0; b < 256; b++)
        for (let c = 0; c < 256; c += 51) {
          let h = 3;
          for (const byte of [a, b, c]) h = Math.imul(h ^ byte, prime);
          const bucket = mixed(h) & 4095;
          const keys = seen.get(bucket);
          if (keys === undefined) seen.set(bucket, [Uint8Array.of(a, b, c)]);
          else if (keys.length < 40) keys.push(Uint8Array.of(a, b, c));
        }
    const forged = [...seen.values()].find((keys) => keys.length === 40) as Uint8Array[];
    for (const key of forged) index.put(entry(key, 1));
    expect(index.isUsable).toBe(false);
  });
});

function mixed(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}
