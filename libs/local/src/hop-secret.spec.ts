import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@leasehold/foundation';
import { MemoryStore } from '@leasehold/object-store';
import { FaultyStore, VirtualClock } from '@leasehold/object-store-testing';

import { drawHopSecret, sharedHopSecret } from './hop-secret.js';

function bucket() {
  const clock = new VirtualClock();
  return new FaultyStore(new MemoryStore(clock), clock, seededRandom(1));
}

describe('the secret that processes on one bucket share', () => {
  it('is the one that was there first, whoever asks, also all at once', async () => {
    const store = bucket();
    const asked = await Promise.all([1, 2, 3, 4].map((seed) => sharedHopSecret(store, seededRandom(seed))));
    expect(new Set(asked).size).toBe(1);
    expect(await sharedHopSecret(store, seededRandom(5))).toBe(asked[0]);
    expect(asked[0]).toMatch(/^[\w-]{43}$/);
  });

  it('is one secret although the answers to the first put were lost', async () => {
    const store = bucket();
    store.next('put', 'fail-after');
    const first = await sharedHopSecret(store, seededRandom(1));
    expect(first).toBe(drawHopSecret(seededRandom(1)));
    expect(await sharedHopSecret(store, seededRandom(2))).toBe(first);
  });

  it('is not had from a bucket that takes nothing', async () => {
    const store = bucket();
    store.next('put', ...Array<'fail-before'>(9).fill('fail-before'));
    await expect(sharedHopSecret(store, seededRandom(1))).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
