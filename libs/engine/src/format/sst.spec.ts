import type { Ulid } from '@leasehold/foundation';
import {
  AssertionError,
  ByteWriter,
  compareBytes,
  concatBytes,
  CorruptBytesError,
  seededRandom,
  toHex,
  utf8,
} from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { arbitraryBitFlip, arbitraryKey, arbitraryRun, plain } from '../../testing/arbitraries.js';
import { DATABASE } from '../../testing/engine-world.js';
import { expectGolden, readGolden } from '../../testing/golden.js';
import type { Entry } from '../entry.js';
import { deleteEntry, putEntry } from '../entry.js';
import { SstBuilder } from '../sst/sst-builder.js';
import { Block } from './sst-block.js';
import { BlockBuilder } from './sst-block-builder.js';
import { BLOCK_CONTENT_LIMIT_BYTES, storeBlock } from './sst-block-envelope.js';
import { Filter, FilterBuilder, hashKey } from './sst-filter.js';
import { encodeIndex, SstIndex } from './sst-index.js';
import { KeySearch } from './key-search.js';
import { parseTail } from './sst-tail.js';

const at = (sequence: number): { epoch: number; sequence: number } => ({ epoch: 1, sequence });
const ENTRIES: readonly Entry[] = [
  putEntry(utf8('apple'), at(9), utf8('red')),
  deleteEntry(utf8('apple'), at(4)),
  putEntry(utf8('apply'), at(5), new Uint8Array(0)),
  putEntry(utf8('apt'), at(7), utf8('x'), 0x0198_0000_0001),
];
const LATEST = Number.MAX_SAFE_INTEGER;
const FILE_ID: Ulid = '01jd00000000000000000000f1';
const NONCE = new Uint8Array(16).fill(0xee);

function blockOf(entries: readonly Entry[]): Uint8Array {
  const builder = new BlockBuilder();
  for (const entry of entries) builder.add(entry);
  return builder.finish();
}

function fileOf(entries: readonly Entry[]): Uint8Array {
  const builder = new SstBuilder(DATABASE, { coversFrom: 3, coversThrough: 9, rangeDeletesThrough: 2 });
  for (const entry of entries) builder.add(entry);
  return builder.finish(FILE_ID, NONCE).bytes;
}

/** One block that compresses well. */
const SIMILAR = Array.from({ length: 100 }, (_, i) =>
  putEntry(
    utf8(`key-${String(i).padStart(4, '0')}`),
    at(i + 1),
    utf8(`{"name":"user ${i}","tags":["one","two","three"]}`),
  ),
);

/** Many blocks: 40 entries of 2 KiB. */
const LARGE = Array.from({ length: 40 }, (_, i) =>
  putEntry(utf8(`key-${String(i).padStart(4, '0')}`), at(i + 1), new Uint8Array(2048).fill(i)),
);

function blocksOf(bytes: Uint8Array): Block[] {
  const { index } = parseTail(bytes, bytes.byteLength);
  return Array.from({ length: index.count }, (_, n) =>
    Block.parse(bytes.subarray(index.offset(n), index.offset(n + 1))),
  );
}

describe('a block', () => {
  it('is laid out as drawn', () => {
    const drawn = [
      ['compression none, not encrypted', '00' + '00000000'],
      ['all keys begin with', '02' + '6170'],
      ['apple at 9 = red', '03' + '706c65' + '0109' + '01' + '03726564'],
      ['apple at 4, deleted', '03' + '706c65' + '0104' + '02'],
      ['apply at 5, empty', '03' + '706c79' + '0105' + '01' + '00'],
      ['apt at 7 = x, expires', '01' + '74' + '0107' + '03' + '019800000001' + '0178'],
    ];
    expect(toHex(blockOf(ENTRIES)).slice(0, -8)).toBe(drawn.map(([, hex]) => hex).join(''));
  });

  it('gives back its entries, and the newest of each key', () => {
    fc.assert(
      fc.property(arbitraryRun, fc.array(arbitraryKey, { maxLength: 5 }), (run, absent) => {
        const block = Block.parse(blockOf(run));
        expect(block.entries().map(plain)).toEqual(run.map(plain));
        for (const { key } of run) {
          const newest = run.find((entry) => compareBytes(entry.key, key) === 0) as Entry;
          expect(plain(block.get(key, LATEST) as Entry)).toEqual(plain(newest));
        }
        for (const key of absent) {
          const expected = run.find((entry) => compareBytes(entry.key, key) === 0);
          expect(block.get(key, LATEST)?.version).toEqual(expected?.version);
        }
      }),
    );
  });

  it('finds the newest of many versions, up to any sequence', () => {
    const versions = Array.from({ length: 50 }, (_, i) => putEntry(utf8('hot'), at(100 - i), utf8(String(i))));
    const block = Block.parse(
      blockOf([putEntry(utf8('a'), at(1), utf8('a')), ...versions, deleteEntry(utf8('z'), at(2))]),
    );
    expect(block.get(utf8('hot'), LATEST)?.version).toEqual(at(100));
    for (let through = 51; through <= 100; through++)
      expect(block.get(utf8('hot'), through)?.version).toEqual(at(through));
    expect(block.get(utf8('hot'), 50)).toBeUndefined();
    expect(block.get(utf8('ho'), LATEST)).toBeUndefined();
    expect(block.get(utf8('hott'), LATEST)).toBeUndefined();
    expect(block.get(utf8('z'), LATEST)?.kind).toBe('delete');
  });

  it('finds where keys at or after any key begin', () => {
    fc.assert(
      fc.property(arbitraryRun, arbitraryKey, fc.uint8Array({ maxLength: 3 }), (run, absent, prefix) => {
        // Behind a prefix, as keys of one block usually are.
        const entries = run.map((entry) => ({ ...entry, key: concatBytes(prefix, entry.key) }));
        const block = Block.parse(blockOf(entries));
        expect(block.count).toBe(entries.length);
        for (const key of [absent, prefix, concatBytes(prefix, absent), ...entries.map((entry) => entry.key)]) {
          const expected = entries.findIndex((entry) => compareBytes(entry.key, key) >= 0);
          expect(block.firstAtOrAfter(key)).toBe(expected < 0 ? entries.length : expected);
        }
      }),
    );
  });

  it('finds keys of the greatest length, and entries beyond 64 KiB', () => {
    const keyOf = (i: number): Uint8Array => new Uint8Array(2 * 1024).fill(1).fill(i, 100);
    const entries = Array.from({ length: 100 }, (_, i) => putEntry(keyOf(i), at(i + 1), new Uint8Array(1_000)));
    const block = Block.parse(blockOf(entries));
    for (let i = 0; i < 100; i++) expect(block.get(keyOf(i), LATEST)?.version).toEqual(at(i + 1));
  });

  it.each<[string, (writer: ByteWriter) => void]>([
    ['no entries', (w) => w.bytes(utf8('prefix'))],
    ['an entry that is cut short', (w) => w.varint(0).bytes(utf8('a')).varint(1).varint(1).u8(1).varint(9)],
    ['an entry without a key', (w) => w.varint(0).varint(0).varint(1).varint(1).u8(2)],
    ['an entry without a version', (w) => w.varint(0).bytes(utf8('a')).varint(0).varint(0).u8(2)],
    ['a kind that is not known', (w) => w.varint(0).bytes(utf8('a')).varint(1).varint(1).u8(4)],
    [
      'keys out of order',
      (w) => w.varint(0).bytes(utf8('b')).varint(1).varint(1).u8(2).bytes(utf8('a')).varint(1).varint(1).u8(2),
    ],
    [
      'versions out of order',
      (w) => w.varint(0).bytes(utf8('a')).varint(1).varint(1).u8(2).bytes(utf8('a')).varint(1).varint(2).u8(2),
    ],
  ])('is corrupt with %s, whatever its checksum says', (_, write) => {
    const writer = new ByteWriter().u8(0).u32(0);
    write(writer);
    expect(() => Block.parse(writer.crc32Since(0).toBytes())).toThrow(CorruptBytesError);
  });

  it('with any bit turned over is corrupt', () => {
    fc.assert(
      fc.property(arbitraryBitFlip(blockOf(ENTRIES)), (flipped) => {
        expect(() => Block.parse(flipped)).toThrow(CorruptBytesError);
      }),
    );
  });

  it('is corrupt, whatever its checksum says, with any byte replaced by nonsense that breaks it', () => {
    for (const bytes of [blockOf(ENTRIES), blockOf(SIMILAR)]) {
      fc.assert(
        fc.property(fc.nat(bytes.byteLength - 5), fc.integer({ min: 0, max: 255 }), (place, byte) => {
          const forged = Uint8Array.from(bytes.subarray(0, -4));
          forged[place] = byte;
          const sealed = new ByteWriter().raw(forged).crc32Since(0).toBytes();
          // Some replacements make another valid block; none may throw anything but the one error.
          try {
            const block = Block.parse(sealed);
            for (const { key } of [...ENTRIES, ...SIMILAR.slice(0, 5)]) block.get(key, LATEST);
            block.entries();
          } catch (error) {
            expect(error).toBeInstanceOf(CorruptBytesError);
          }
        }),
        { numRuns: 1000 },
      );
    }
  });

  it('is compressed where that saves something, and gives back the same', () => {
    const stored = blockOf(SIMILAR);
    expect(stored[0]).toBe(1);
    expect(stored.byteLength).toBeLessThan(5_000);
    expect(Block.parse(stored).entries().map(plain)).toEqual(SIMILAR.map(plain));
    const random = seededRandom(5);
    const noise = SIMILAR.map(({ key, version }) => putEntry(key, version, random.bytes(150)));
    expect(blockOf(noise)[0]).toBe(0);
    expect(Block.parse(blockOf(noise)).entries().map(plain)).toEqual(noise.map(plain));
  });

  it('is as large as a block may be with one entry of the greatest size after a full one', () => {
    const key = new Uint8Array(2 * 1024).fill(0x7a);
    const value = new Uint8Array(512 * 1024).fill(7);
    const stored = blockOf([...SIMILAR, putEntry(key, at(2), value)]);
    expect(Block.parse(stored).get(key, LATEST)?.value.byteLength).toBe(value.byteLength);
  });

  /** A stored block whose compressed payload says that it has `length` bytes. */
  function bomb(length: number, payload: Uint8Array): Uint8Array {
    const forged = new ByteWriter().u8(1).u32(0).raw(payload);
    const bytes = Buffer.from(forged.toBytes());
    bytes.writeUInt32LE(length, 5);
    return new ByteWriter().raw(bytes).crc32Since(0).toBytes();
  }

  it('is refused before it is decompressed when it would become larger than any block', () => {
    const payload = blockOf(SIMILAR).subarray(5, -4);
    expect(() => Block.parse(bomb(BLOCK_CONTENT_LIMIT_BYTES + 1, payload))).toThrow('length that cannot be');
    expect(() => Block.parse(bomb(0xffff_fff0, payload))).toThrow('length that cannot be');
    expect(() => Block.parse(bomb(400_000, payload.subarray(0, 100)))).toThrow('length that cannot be');
    expect(() => Block.parse(bomb(0, payload))).toThrow('length that cannot be');
    expect(() => Block.parse(bomb(1, new Uint8Array(4)))).toThrow('cut short');
  });

  it('is corrupt when it decompresses to another length than it says, or not at all', () => {
    const payload = blockOf(SIMILAR).subarray(5, -4);
    const length = new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
    for (const wrong of [length - 1, length + 1, 10])
      expect(() => Block.parse(bomb(wrong, payload))).toThrow(CorruptBytesError);
    expect(() => Block.parse(bomb(200, new Uint8Array(40).fill(0xff)))).toThrow(CorruptBytesError);
  });

  it.each([
    ['a compression', 0, 2],
    ['an encryption key', 4, 1],
  ])('is refused with %s that is not known', (_, place, byte) => {
    const forged = Uint8Array.from(blockOf(ENTRIES).subarray(0, -4));
    forged[place] = byte;
    expect(() => Block.parse(new ByteWriter().raw(forged).crc32Since(0).toBytes())).toThrow('not known');
  });

  it('is never stored larger than a reader takes', () => {
    expect(() => storeBlock(new Uint8Array(BLOCK_CONTENT_LIMIT_BYTES + 1))).toThrow(AssertionError);
  });
});

describe('a filter', () => {
  it('knows every key that was added', () => {
    fc.assert(
      fc.property(fc.array(arbitraryKey, { minLength: 1, maxLength: 200 }), (keys) => {
        const builder = new FilterBuilder();
        for (const key of keys) builder.add(key);
        const filter = Filter.parse(builder.finish());
        expect(keys.every((key) => filter.mayContain(hashKey(key)))).toBe(true);
      }),
    );
  });

  it.each([
    ['counting', (i: number) => utf8(`user:${i}`)],
    [
      'random',
      (() => {
        const random = seededRandom(7);
        return () => random.bytes(16);
      })(),
    ],
    [
      'big-endian',
      (i: number) => {
        const key = Buffer.alloc(8);
        key.writeUInt32BE(i, 4);
        return new Uint8Array(key);
      },
    ],
  ])('of %s keys says no to 98 of 100 others at least', (_, keyOf) => {
    const builder = new FilterBuilder();
    for (let i = 0; i < 10_000; i++) builder.add(keyOf(i));
    const filter = Filter.parse(builder.finish());
    let wrong = 0;
    for (let i = 10_000; i < 20_000; i++) if (filter.mayContain(hashKey(keyOf(i)))) wrong++;
    expect(wrong).toBeLessThan(200);
    expect(wrong).toBeGreaterThan(0);
  });

  it('hashes as files of format version 2 were hashed', () => {
    expect([hashKey(utf8('a')), hashKey(utf8('leasehold')), hashKey(Uint8Array.of(0, 255))]).toMatchInlineSnapshot(`
     [
       {
         "h1": 3993327588,
         "h2": 1825575109,
       },
       {
         "h1": 3559289772,
         "h2": 2441370111,
       },
       {
         "h1": 3266472725,
         "h2": 2205157939,
       },
     ]
    `);
  });
});

describe('a search over keys', () => {
  it('finds what a search from front to back finds', () => {
    const keyOfFew = fc.array(fc.constantFrom(0, 1, 255), { maxLength: 9 }).map((bytes) => Uint8Array.from(bytes));
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3 }),
        fc.array(keyOfFew, { maxLength: 20 }),
        keyOfFew,
        (prefix, keys, key) => {
          const sorted = keys.map((rest) => concatBytes(prefix, rest)).sort(compareBytes);
          const search = KeySearch.of(sorted) as KeySearch;
          for (const wanted of [key, concatBytes(prefix, key), ...sorted, prefix]) {
            const expected = sorted.findIndex((other) => compareBytes(other, wanted) >= 0);
            const found = search.firstAtOrAfter(wanted);
            expect(found).toBe(expected < 0 ? sorted.length : expected);
            if (expected >= 0)
              expect(search.equals(found, wanted)).toBe(compareBytes(sorted[expected] as Uint8Array, wanted) === 0);
          }
        },
      ),
    );
  });

  it('takes no keys out of order', () => {
    expect(KeySearch.of([utf8('b'), utf8('a')])).toBeUndefined();
    expect(KeySearch.of([utf8('a'), utf8('a')])?.count).toBe(2);
  });
});

describe('an index', () => {
  const handles = [
    { lastKey: utf8('b'), offset: 0, length: 10 },
    { lastKey: utf8('d'), offset: 10, length: 20 },
    { lastKey: utf8('d'), offset: 30, length: 5 },
  ];

  it('is laid out as drawn', () => {
    expect(toHex(encodeIndex(handles)).slice(0, -8)).toBe('03' + '01620a' + '016414' + '016405');
  });

  it('finds the block in which the versions of a key begin', () => {
    const index = SstIndex.parse(encodeIndex(handles), 35);
    expect(['a', 'b', 'c', 'd', 'e'].map((key) => index.firstAtOrAfter(utf8(key)))).toEqual([0, 0, 1, 1, 3]);
  });

  it('is corrupt unless it covers the blocks exactly', () => {
    expect(() => SstIndex.parse(encodeIndex(handles), 36)).toThrow(CorruptBytesError);
    expect(() => SstIndex.parse(encodeIndex(handles), 34)).toThrow(CorruptBytesError);
    expect(() => SstIndex.parse(encodeIndex([]), 0)).toThrow(CorruptBytesError);
  });
});

describe('a file', () => {
  it('is the golden file', () => {
    expectGolden('sst-v2', fileOf(ENTRIES));
  });

  it('with compressed blocks is the golden file', () => {
    expectGolden('sst-v2-lz4', fileOf(SIMILAR));
    expect(
      blocksOf(readGolden('sst-v2-lz4'))
        .flatMap((block) => block.entries())
        .map(plain),
    ).toEqual(SIMILAR.map(plain));
  });

  it('of format version 2 stays readable and tells all about itself', () => {
    const bytes = readGolden('sst-v2');
    const tail = parseTail(bytes, bytes.byteLength);
    expect(tail.databaseId).toBe(DATABASE);
    expect({ ...tail.ref, minKey: toHex(tail.ref.minKey), maxKey: toHex(tail.ref.maxKey) }).toMatchObject({
      id: FILE_ID,
      sizeBytes: bytes.byteLength,
      entries: 4,
      deletes: 1,
      putBytes: 17,
      superseded: 1,
      supersededBytes: 0,
      expiring: 1,
      expiresThrough: 0x0198_0000_0001,
      minKey: toHex(utf8('apple')),
      maxKey: toHex(utf8('apt')),
      minSequence: 4,
      maxSequence: 9,
      coversFrom: 3,
      coversThrough: 9,
      rangeDeletesThrough: 2,
      folder: undefined,
    });
    expect(
      blocksOf(bytes)
        .flatMap((block) => block.entries())
        .map(plain),
    ).toEqual(ENTRIES.map(plain));
  });

  it('of many blocks has every entry, each block about 16 KiB', () => {
    const bytes = fileOf(LARGE);
    const blocks = blocksOf(bytes);
    expect(blocks.length).toBeGreaterThan(3);
    expect(Math.max(...blocks.map(({ sizeBytes }) => sizeBytes))).toBeLessThan(20 * 1024);
    expect(blocks.flatMap((block) => block.entries()).map(plain)).toEqual(LARGE.map(plain));
  });

  it('with any bit turned over anywhere is corrupt, in its tail at once, in a block when that is read', () => {
    const bytes = fileOf(ENTRIES);
    fc.assert(
      fc.property(arbitraryBitFlip(bytes), (flipped) => {
        expect(() => {
          blocksOf(flipped);
        }).toThrow(CorruptBytesError);
      }),
      { numRuns: 1000 },
    );
  });

  it('cut short anywhere is corrupt', () => {
    const bytes = fileOf(ENTRIES);
    for (let length = 0; length < bytes.byteLength; length++) {
      expect(() => parseTail(bytes.subarray(0, length), length)).toThrow(CorruptBytesError);
      expect(() => parseTail(bytes.subarray(bytes.byteLength - length), bytes.byteLength - 1)).toThrow(
        CorruptBytesError,
      );
    }
  });
});
