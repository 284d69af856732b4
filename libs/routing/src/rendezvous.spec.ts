import { describe, expect, it } from '@jest/globals';

import { rendezvousOrder } from './rendezvous.js';

const WORKERS = ['w1', 'w2', 'w3', 'w4', 'w5'];
const KEYS = Array.from({ length: 2_000 }, (_, i) => `database-${i}`);
const ownerOf = (key: string, workers: readonly string[]) => rendezvousOrder(key, workers)[0];

describe('rendezvousOrder', () => {
  it('does not depend on the order of the candidates', () => {
    for (const key of KEYS.slice(0, 50)) {
      expect(rendezvousOrder(key, [...WORKERS].reverse())).toEqual(rendezvousOrder(key, WORKERS));
    }
  });

  it('spreads keys evenly', () => {
    const counts = new Map<string | undefined, number>();
    for (const key of KEYS) counts.set(ownerOf(key, WORKERS), (counts.get(ownerOf(key, WORKERS)) ?? 0) + 1);
    for (const worker of WORKERS) expect(Math.abs((counts.get(worker) ?? 0) - 400)).toBeLessThan(80);
  });

  it('moves only the keys of a worker that leaves', () => {
    const rest = WORKERS.filter((worker) => worker !== 'w3');
    for (const key of KEYS) {
      const before = ownerOf(key, WORKERS);
      if (before === 'w3') expect(ownerOf(key, rest)).toBe(rendezvousOrder(key, WORKERS)[1]);
      else expect(ownerOf(key, rest)).toBe(before);
    }
  });

  it('has nothing to say about nobody', () => {
    expect(rendezvousOrder('key', [])).toEqual([]);
  });
});
