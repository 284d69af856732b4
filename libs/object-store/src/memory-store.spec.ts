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

  it.each([1, 2, 3])(
    'is a map of bytes, whoever holds on to what was read, and whatever else comes and goes (seed %i)',
    async (seed) => {
      const { fraction } = seededRandom(seed);
      const pick = (count: number): number => Math.floor(fraction() * count);
      const noise = seededRandom(seed + 100).bytes(120_000);
      const store = new MemoryStore(systemClock);
      const expected = new Map<string, Uint8Array>();
      const held: { readonly got: Uint8Array; readonly was: Buffer }[] = [];
      for (let step = 0; step < 600; step++) {
        const key = `key/${pick(8)}`;
        const present = expected.get(key);
        const body = noise.slice(pick(1_000)).subarray(0, SIZES[pick(SIZES.length)]);
        const action = pick(10);
        if (action < 4) {
          const put = await store.put(key, body, present === undefined ? 'create' : { match: contentEtag(present) });
          expect(put.outcome).toBe('done');
          // Nobody asks for most of them.
          if (pick(3) === 0) expect(etagOf(put)).toBe(contentEtag(body));
          expected.set(key, body.slice());
          body.fill(0);
        } else if (action === 4) {
          expect((await store.put(key, body, present === undefined ? { match: 'none' } : 'create')).outcome).toBe(
            'refused',
          );
        } else if (action < 7) {
          await store.delete(key);
          expected.delete(key);
        } else {
          const start = pick(present?.byteLength ?? 0);
          const end = start + 1 + pick((present?.byteLength ?? 0) - start);
          const range = present === undefined || present.byteLength === 0 || action === 7 ? undefined : { start, end };
          const object = (await store.get(key, { range })) as StoredObject | undefined;
          expect(object?.etag).toBe(present && contentEtag(present));
          const was = present && Buffer.from(present.subarray(range?.start ?? 0, range?.end));
          // Jest goes byte by byte.
          expect(object && was?.equals(object.body)).toBe(was && true);
          if (object !== undefined && was !== undefined) held.push({ got: object.body, was });
        }
      }
      const { objects } = await store.list('key/');
      expect(objects.map(({ key, etag, sizeBytes }) => [key, etag, sizeBytes])).toEqual(
        [...expected]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, bytes]) => [key, contentEtag(bytes), bytes.byteLength]),
      );
      expect(held.length).toBeGreaterThan(50);
      expect(held.every(({ got, was }) => was.equals(got))).toBe(true);
    },
  );
});
