import { seededRandom, systemClock } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';

import { contentEtag, MemoryStore } from './memory-store.js';
import type { PutOutcome, StoredObject } from './object-store.js';

/** Below, at and around the pieces that bodies lie in. */
const SIZES = [0, 1, 8_191, 8_192, 16_384, 16_385, 100_000];
const random = seededRandom(3);

async function read(store: MemoryStore, key: string, range?: { readonly start: number; readonly end: number }) {
  const { body } = (await store.get(key, { range })) as StoredObject;
  return Buffer.from(body);
}

function etagOf(outcome: PutOutcome): string | undefined {
  return outcome.outcome === 'done' ? outcome.etag : undefined;
}

describe('a bucket in memory', () => {
  it('gives back what was put, whole and in part, whatever its size and whatever was there before', async () => {
    const store = new MemoryStore(systemClock);
    for (let round = 0; round < 3; round++) {
      const bodies = SIZES.map((sizeBytes) => random.bytes(sizeBytes));
      for (const [n, body] of bodies.entries()) {
        const given = Buffer.from(body);
        const put = await store.put(`key/${n}`, given, 'create');
        // The caller's bytes are the caller's again.
        given.fill(0);
        expect(etagOf(put)).toBe(contentEtag(body));
      }
      for (const [n, body] of bodies.entries()) {
        expect(await read(store, `key/${n}`)).toEqual(Buffer.from(body));
        const start = Math.floor(body.byteLength / 3);
        const end = Math.ceil((body.byteLength * 2) / 3);
        if (start < end) {
          expect(await read(store, `key/${n}`, { start, end })).toEqual(Buffer.from(body.subarray(start, end)));
        }
        await store.delete(`key/${n}`);
      }
    }
  });

  it('leaves what was read as it was when the object is replaced and its memory used again', async () => {
    const store = new MemoryStore(systemClock);
    const bodies = [1, 2, 3].map((fill) => new Uint8Array(50_000).fill(fill)) as [Uint8Array, Uint8Array, Uint8Array];
    const first = etagOf(await store.put('key', bodies[0], 'create')) as string;
    const before = await read(store, 'key');
    expect((await store.put('key', bodies[1], { match: first })).outcome).toBe('done');
    await store.put('other', bodies[2], 'create');
    expect([before, await read(store, 'key'), await read(store, 'other')]).toEqual(
      bodies.map((body) => Buffer.from(body)),
    );
  });

  it('has no other object\u2019s ETag for one that was deleted before anybody asked', async () => {
    const store = new MemoryStore(systemClock);
    const deleted = await store.put('key', new Uint8Array(20_000).fill(1), 'create');
    await store.delete('key');
    const next = await store.put('next', new Uint8Array(20_000).fill(2), 'create');
    expect(etagOf(next)).toBe(contentEtag(new Uint8Array(20_000).fill(2)));
    expect(etagOf(deleted)).not.toBe(etagOf(next));
    expect(etagOf(deleted)).not.toBe(contentEtag(new Uint8Array(20_000).fill(1)));
  });
});
