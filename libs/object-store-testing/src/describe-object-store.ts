import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { equalBytes, systemClock, systemRandom, toHex, utf8 } from '@leasehold/foundation';
import { LIST_PAGE_OBJECTS, probeStore } from '@leasehold/object-store';
import type { ListedObject, ObjectStore, PutCondition, PutOutcome, StoredObject } from '@leasehold/object-store';

export interface StoreUnderTest {
  readonly store: ObjectStore;
  close?(): Promise<void>;
}

const RACERS = 16;
const FIVE_MIB = 5 * 1024 * 1024;
const MAX_UNKNOWN_ANSWERS = 20;

/** Names that have broken object stores, file systems, URL parsers or XML writers before. */
const ODD_KEYS = [
  '.',
  '..',
  '../../etc/passwd',
  'a/./b/../c',
  '/leading',
  'trailing/',
  'double//slash',
  'head',
  'head/x',
  'HEAD',
  'head.o',
  'con',
  'space and+plus',
  'per%cent%2Fencoded',
  'q?uery=1&x#fragment',
  '<xml>&amp;"quoted"\'',
  'back\\slash:colon*star|pipe',
  'tab\tand\u0001control',
  'ünïcode/\u65e5\u672c',
  'cafe\u0301',
  'caf\u00e9',
  '\uffee-last-of-the-basic-plane',
  '\u{10ffff}-last-of-all',
  `long/${'x'.repeat(900)}`,
  'é'.repeat(400),
] as const;

/**
 * What every adapter of the object store must do, whatever is behind it. The store may be shared with other runs: each run keeps to a prefix
 * of its own. Unknown answers to puts are allowed where a real store gives them (a loser's 409 or 500), wrong ones never.
 */
export function describeObjectStore(adapter: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`object store: ${adapter}`, () => {
    const root = `conformance-${toHex(systemRandom.bytes(8))}/`;
    let made: StoreUnderTest;
    let store: ObjectStore;
    let folder = '';
    let folders = 0;

    beforeAll(async () => {
      made = await makeStore();
      store = made.store;
    }, 60_000);
    afterAll(() => made?.close?.());

    /** A prefix that nothing else uses. */
    const fresh = (): string => (folder = `${root}${folders++}/`);
    const key = (rest: string): string => folder + rest;

    const read = async (of: string): Promise<StoredObject> => {
      const object = await store.get(of);
      if (object === undefined || object === 'not-modified')
        throw new Error(`expected an object, got ${String(object)}`);
      return object;
    };
    /** A put whose condition holds, with nobody else about. */
    const put = async (of: string, body: Uint8Array, condition: PutCondition = 'create'): Promise<string> => {
      const answer = await store.put(of, body, condition);
      if (answer.outcome !== 'done') throw new Error(`expected done, got ${answer.outcome}`, { cause: answer });
      return answer.etag;
    };
    /** A put whose condition does not hold: a store may answer unknown for a while, but must never apply it. */
    const refusal = async (of: string, condition: PutCondition): Promise<PutOutcome['outcome']> => {
      for (let attempt = 1; ; attempt++) {
        const answer = await store.put(of, utf8('must not be applied'), condition);
        if (answer.outcome !== 'unknown' || attempt === MAX_UNKNOWN_ANSWERS) return answer.outcome;
        await systemClock.sleep(10 * attempt);
      }
    };
    const listAll = async (prefix: string, limit?: number): Promise<ListedObject[]> => {
      const all: ListedObject[] = [];
      for (;;) {
        const page = await store.list(prefix, { startAfter: all.at(-1)?.key, limit });
        all.push(...page.objects);
        if (!page.truncated) return all;
        if (page.objects.length === 0) throw new Error('a truncated page has objects');
      }
    };

    it('passes the start-up probe', async () => {
      await probeStore(store, { clock: systemClock, random: systemRandom });
    });

    it('reads back what was put, with size, etag and time', async () => {
      fresh();
      const before = Date.now();
      const etag = await put(key('a'), utf8('content'));
      const object = await read(key('a'));
      expect(Buffer.from(object.body).toString()).toBe('content');
      expect(object.etag).toBe(etag);
      expect(etag).not.toBe('');
      expect(object.sizeBytes).toBe(7);
      // S3 rounds to seconds, and another machine's clock may be off a little.
      expect(Math.abs(object.lastModifiedAt - before)).toBeLessThan(60_000);
    });

    it('finds nothing under a key that was never put', async () => {
      fresh();
      expect(await store.get(key('absent'))).toBeUndefined();
      expect(await store.get(key('absent'), { range: { start: 0, end: 1 } })).toBeUndefined();
      expect(await store.get(key('absent'), { ifNoneMatch: '0'.repeat(32) })).toBeUndefined();
    });

    it('keeps its copy when the caller reuses the bytes of a put', async () => {
      fresh();
      const bytes = utf8('before');
      await put(key('a'), bytes);
      bytes.fill(0);
      expect(Buffer.from((await read(key('a'))).body).toString()).toBe('before');
    });

    it('gives each reader bytes of his own', async () => {
      fresh();
      // A Buffer: its slices are views.
      await put(key('a'), Buffer.from('before'));
      (await read(key('a'))).body.fill(0);
      expect(Buffer.from((await read(key('a'))).body).toString()).toBe('before');
    });

    it('refuses a second create and leaves the first', async () => {
      fresh();
      const etag = await put(key('a'), utf8('first'));
      expect(await refusal(key('a'), 'create')).toBe('refused');
      expect(await read(key('a'))).toMatchObject({ etag, sizeBytes: 5 });
    });

    it('swaps only over the etag that is present', async () => {
      fresh();
      const first = await put(key('a'), utf8('first'));
      const second = await put(key('a'), utf8('second'), { match: first });
      expect(second).not.toBe(first);
      expect(await refusal(key('a'), { match: first })).toBe('refused');
      expect(Buffer.from((await read(key('a'))).body).toString()).toBe('second');
    });

    it('refuses a match on an absent object and creates nothing', async () => {
      fresh();
      const etag = await put(key('other'), utf8('x'));
      expect(await refusal(key('absent'), { match: etag })).toBe('refused');
      expect(await store.get(key('absent'))).toBeUndefined();
    });

    it.each<[string, boolean]>([
      ['creates', false],
      ['swaps', true],
    ])('lets exactly one of 16 concurrent %s win', async (_, swap) => {
      fresh();
      for (let round = 0; round < 5; round++) {
        const contested = key(`race-${round}`);
        const condition: PutCondition = swap ? { match: await put(contested, utf8('base')) } : 'create';
        const bodies = Array.from({ length: RACERS }, (_unused, racer) =>
          utf8(`racer ${racer} ${toHex(systemRandom.bytes(8))}`),
        );
        const answers = await Promise.all(bodies.map((body) => store.put(contested, body, condition)));
        const present = await read(contested);
        const winner = bodies.findIndex((body) => equalBytes(body, present.body));
        expect(winner).toBeGreaterThanOrEqual(0);
        expect(answers.filter(({ outcome }) => outcome === 'done').length).toBeLessThanOrEqual(1);
        expect(answers[winner]?.outcome).not.toBe('refused');
        const done = answers.findIndex(({ outcome }) => outcome === 'done');
        if (done >= 0) expect(done).toBe(winner);
      }
    });

    it('loses no increment of 8 writers that swap and read again', async () => {
      fresh();
      const counter = key('counter');
      await put(counter, utf8('0'));
      let unclear = 0;
      const increment = async (): Promise<void> => {
        for (;;) {
          const base = await read(counter);
          const next = String(Number(Buffer.from(base.body).toString().split(' ')[0]) + 1);
          const answer = await store.put(counter, utf8(`${next} ${toHex(systemRandom.bytes(8))}`), {
            match: base.etag,
          });
          if (answer.outcome === 'done') return;
          if (answer.outcome === 'unknown') unclear++;
        }
      };
      await Promise.all(
        Array.from({ length: 8 }, async () => [await increment(), await increment(), await increment()]),
      );
      const total = Number(
        Buffer.from((await read(counter)).body)
          .toString()
          .split(' ')[0],
      );
      // Each unclear answer may have been an applied increment that was then repeated.
      expect(total).toBeGreaterThanOrEqual(24);
      expect(total).toBeLessThanOrEqual(24 + unclear);
    });

    it('answers not-modified for the present etag only', async () => {
      fresh();
      const first = await put(key('a'), utf8('first'));
      expect(await store.get(key('a'), { ifNoneMatch: first })).toBe('not-modified');
      await put(key('a'), utf8('second'), { match: first });
      expect(await store.get(key('a'), { ifNoneMatch: first })).toMatchObject({ sizeBytes: 6 });
    });

    it('reads ranges', async () => {
      fresh();
      const etag = await put(key('a'), utf8('0123456789'));
      const ranges: [{ start: number; end: number } | { suffix: number }, string][] = [
        [{ start: 0, end: 1 }, '0'],
        [{ start: 3, end: 7 }, '3456'],
        [{ start: 8, end: 100 }, '89'],
        [{ start: 0, end: 10 }, '0123456789'],
        [{ start: 10, end: 11 }, ''],
        [{ start: 500, end: 501 }, ''],
        [{ suffix: 3 }, '789'],
        [{ suffix: 100 }, '0123456789'],
      ];
      for (const [range, expected] of ranges) {
        const part = await store.get(key('a'), { range });
        expect(part).toMatchObject({ etag, sizeBytes: 10 });
        expect(Buffer.from((part as StoredObject).body).toString()).toBe(expected);
      }
    });

    it('keeps an empty object', async () => {
      fresh();
      const etag = await put(key('empty'), new Uint8Array(0));
      expect(await read(key('empty'))).toMatchObject({ etag, sizeBytes: 0 });
      expect((await read(key('empty'))).body.byteLength).toBe(0);
      expect(await store.get(key('empty'), { range: { suffix: 5 } })).toMatchObject({ etag, sizeBytes: 0 });
      expect(await store.list(folder)).toMatchObject({ objects: [{ key: key('empty'), sizeBytes: 0 }] });
    });

    it('keeps an object of 5 MiB to the byte', async () => {
      fresh();
      const body = systemRandom.bytes(FIVE_MIB);
      await put(key('large'), body);
      expect(equalBytes((await read(key('large'))).body, body)).toBe(true);
      const middle = (await store.get(key('large'), { range: { start: 1_000_000, end: 1_000_016 } })) as StoredObject;
      expect(equalBytes(middle.body, body.subarray(1_000_000, 1_000_016))).toBe(true);
    });

    it('deletes, and deleting again succeeds', async () => {
      fresh();
      await put(key('a'), utf8('x'));
      await store.delete(key('a'));
      expect(await store.get(key('a'))).toBeUndefined();
      await store.delete(key('a'));
      await store.delete(key('never-there'));
      expect(await listAll(folder)).toEqual([]);
      await put(key('a'), utf8('again'));
    });

    it('lists what was put, with etag, size and time, at once', async () => {
      fresh();
      const etag = await put(key('a'), utf8('first'));
      expect((await listAll(folder)).map(({ key: of, etag: tag, sizeBytes }) => [of, tag, sizeBytes])).toEqual([
        [key('a'), etag, 5],
      ]);
      const next = await put(key('a'), utf8('second'), { match: etag });
      const [listed] = await listAll(folder);
      expect(listed).toMatchObject({ etag: next, sizeBytes: 6 });
      expect(Math.abs((listed?.lastModifiedAt ?? 0) - Date.now())).toBeLessThan(60_000);
    });

    it('lists in the order of UTF-8 bytes', async () => {
      fresh();
      const names = ['b', 'B', 'a/b', 'a', 'a-b', 'a0', '~', 'ä', '\uffee', '\u{10000}', 'aa'];
      await Promise.all(names.map((name) => put(key(name), utf8(name))));
      const expected = [...names].sort((a, b) => Buffer.compare(utf8(a), utf8(b)));
      expect((await listAll(folder)).map((object) => object.key.slice(folder.length))).toEqual(expected);
    });

    it('lists only what begins with the prefix and lies after the start', async () => {
      fresh();
      for (const name of ['a', 'b/1', 'b/2', 'b/3', 'c']) await put(key(name), utf8(name));
      const names = async (prefix: string, startAfter?: string): Promise<string[]> =>
        (
          await store.list(key(prefix), { startAfter: startAfter === undefined ? undefined : key(startAfter) })
        ).objects.map((object) => object.key.slice(folder.length));
      expect(await names('b/')).toEqual(['b/1', 'b/2', 'b/3']);
      expect(await names('b/', 'b/1')).toEqual(['b/2', 'b/3']);
      expect(await names('b/', 'b/1x')).toEqual(['b/2', 'b/3']);
      expect(await names('b/', 'a')).toEqual(['b/1', 'b/2', 'b/3']);
      expect(await names('b/', 'b/3')).toEqual([]);
      expect(await names('b/', 'c')).toEqual([]);
      expect(await names('absent')).toEqual([]);
      expect(await names('', 'b/2')).toEqual(['b/3', 'c']);
    });

    it('pages through a listing without gaps or repetitions', async () => {
      fresh();
      const names = Array.from({ length: 23 }, (_, i) => key(String(i).padStart(3, '0')));
      await Promise.all(names.map((name) => put(name, utf8(name))));
      for (const limit of [1, 7, 22, 23, LIST_PAGE_OBJECTS]) {
        expect((await listAll(folder, limit)).map((object) => object.key)).toEqual(names);
      }
      expect(await store.list(folder, { limit: 23 })).toMatchObject({ truncated: false });
      expect(await store.list(folder, { limit: 22 })).toMatchObject({ truncated: true });
    });

    it('gives 1000 objects to a page', async () => {
      fresh();
      const names = Array.from({ length: 1001 }, (_, i) => key(String(i).padStart(4, '0')));
      for (let i = 0; i < names.length; i += 50) {
        await Promise.all(names.slice(i, i + 50).map((name) => put(name, new Uint8Array(0))));
      }
      const first = await store.list(folder);
      expect(first.objects.length).toBe(LIST_PAGE_OBJECTS);
      expect(first.truncated).toBe(true);
      expect((await listAll(folder)).map((object) => object.key)).toEqual(names);
    }, 60_000);

    it('keeps odd keys apart and lists them as they are', async () => {
      fresh();
      for (const name of ODD_KEYS) await put(key(name), utf8(`content of ${name}`));
      for (const name of ODD_KEYS)
        expect(Buffer.from((await read(key(name))).body).toString()).toBe(`content of ${name}`);
      const expected = ODD_KEYS.map(key).sort((a, b) => Buffer.compare(utf8(a), utf8(b)));
      expect((await listAll(folder)).map((object) => object.key)).toEqual(expected);
      const [last] = ODD_KEYS.slice(-2);
      expect((await store.list(folder, { startAfter: key(last as string), limit: 1 })).objects.length).toBe(1);
      for (const name of ODD_KEYS) await store.delete(key(name));
      expect(await listAll(folder)).toEqual([]);
    });

    it('answers unknown for a put that is abandoned, unavailable for anything else', async () => {
      fresh();
      const signal = AbortSignal.abort(new Error('abandoned'));
      expect(await store.put(key('a'), utf8('x'), 'create', { signal })).toMatchObject({ outcome: 'unknown' });
      const unavailable = { kind: 'unavailable', code: 'store-unavailable' };
      await expect(store.get(key('a'), { signal })).rejects.toMatchObject(unavailable);
      await expect(store.list(folder, { signal })).rejects.toMatchObject(unavailable);
      await expect(store.delete(key('a'), { signal })).rejects.toMatchObject(unavailable);
    });
  });
}
