import type { Ulid } from '@leasehold/foundation';
import { ByteWriter, compareBytes, CorruptBytesError, seededRandom, toHex, utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { arbitraryBitFlip, arbitraryKey, arbitraryRun, plain } from '../../testing/arbitraries.js';
import { DATABASE } from '../../testing/engine-world.js';
import { expectGolden, readGolden } from '../../testing/golden.js';
import type { Entry } from '../entry.js';
import { deleteEntry, putEntry } from '../entry.js';
import { SstBuilder } from '../sst/sst-builder.js';
import { Block, BlockBuilder } from './sst-block.js';
import { Filter, FilterBuilder, hashKey } from './sst-filter.js';
import { encodeIndex, SstIndex } from './sst-index.js';
import { parseTail } from './sst-tail.js';

const at = (sequence: number): { epoch: number; sequence: number } => ({ epoch: 1, sequence });
const ENTRIES: readonly Entry[] = [
  putEntry(utf8('apple'), at(9), utf8('red')),
  deleteEntry(utf8('apple'), at(4)),
  putEntry(utf8('apply'), at(5), new Uint8Array(0)),
  deleteEntry(utf8('b'), at(6)),
];
const FILE_ID: Ulid = '01jd00000000000000000000f1';
const NONCE = new Uint8Array(16).fill(0xee);

function blockOf(entries: readonly Entry[]): Uint8Array {
  const builder = new BlockBuilder();
  for (const entry of entries) builder.add(entry);
  expect(builder.sizeBytes).toBe(builder.finish().byteLength);
  const again = new BlockBuilder();
  for (const entry of entries) again.add(entry);
  return again.finish();
}

function fileOf(entries: readonly Entry[]): Uint8Array {
  const builder = new SstBuilder(DATABASE);
  for (const entry of entries) builder.add(entry);
  return builder.finish(FILE_ID, NONCE).bytes;
}

/** Many blocks: 40 entries of 2 KiB. */
const LARGE = Array.from({ length: 40 }, (_, i) =>
  putEntry(utf8(`key-${String(i).padStart(4, '0')}`), at(i + 1), new Uint8Array(2048).fill(i)),
);

describe('a block', () => {
  it('is laid out as drawn', () => {
    const drawn = [
      ['compression none, not encrypted', '00' + '00000000'],
      ['apple at 9 = red', '00' + '05' + '6170706c65' + '0109' + '01' + '03726564'],
      ['apple at 4, deleted', '05' + '00' + '0104' + '02'],
      ['apply at 5, empty', '04' + '01' + '79' + '0105' + '01' + '00'],
      ['b at 6, deleted', '00' + '01' + '62' + '0106' + '02'],
      ['one restart at 0', '00000000' + '0001'],
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
          expect(plain(block.get(key) as Entry)).toEqual(plain(newest));
        }
        for (const key of absent) {
          const expected = run.find((entry) => compareBytes(entry.key, key) === 0);
          expect(block.get(key)?.version).toEqual(expected?.version);
        }
      }),
    );
  });

  it('finds the newest of versions that lie across a restart', () => {
    const versions = Array.from({ length: 50 }, (_, i) => putEntry(utf8('hot'), at(100 - i), utf8(String(i))));
    const block = Block.parse(blockOf([putEntry(utf8('a'), at(1), utf8('a')), ...versions]));
    expect(block.get(utf8('hot'))?.version).toEqual(at(100));
  });

  it('with any bit turned over is corrupt', () => {
    fc.assert(
      fc.property(arbitraryBitFlip(blockOf(ENTRIES)), (flipped) => {
        expect(() => Block.parse(flipped)).toThrow(CorruptBytesError);
      }),
    );
  });

  it('is corrupt, whatever its checksum says, with any byte replaced by nonsense that breaks it', () => {
    const bytes = blockOf(ENTRIES);
    fc.assert(
      fc.property(fc.nat(bytes.byteLength - 5), fc.integer({ min: 0, max: 255 }), (place, byte) => {
        const forged = Uint8Array.from(bytes.subarray(0, -4));
        forged[place] = byte;
        const sealed = new ByteWriter().raw(forged).crc32Since(0).toBytes();
        // Some replacements make another valid block; none may throw anything but the one error.
        try {
          Block.parse(sealed).entries();
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptBytesError);
        }
      }),
      { numRuns: 1000 },
    );
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

  it('hashes as files of format version 1 were hashed', () => {
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
    expectGolden('sst-v1', fileOf(ENTRIES));
  });

  it('of format version 1 stays readable and tells all about itself', () => {
    const bytes = readGolden('sst-v1');
    const tail = parseTail(bytes, bytes.byteLength);
    expect(tail.databaseId).toBe(DATABASE);
    expect({ ...tail.ref, minKey: toHex(tail.ref.minKey), maxKey: toHex(tail.ref.maxKey) }).toMatchObject({
      id: FILE_ID,
      sizeBytes: bytes.byteLength,
      entries: 4,
      deletes: 2,
      putBytes: 13,
      minKey: toHex(utf8('apple')),
      maxKey: toHex(utf8('b')),
      minSequence: 4,
      maxSequence: 9,
    });
    const blocks = tail.index.blocks.map(({ offset, length }) => Block.parse(bytes.subarray(offset, offset + length)));
    expect(blocks.flatMap((block) => block.entries()).map(plain)).toEqual(ENTRIES.map(plain));
  });

  it('of many blocks has every entry, each block about 16 KiB', () => {
    const bytes = fileOf(LARGE);
    const { index } = parseTail(bytes, bytes.byteLength);
    expect(index.blocks.length).toBeGreaterThan(3);
    expect(Math.max(...index.blocks.map(({ length }) => length))).toBeLessThan(20 * 1024);
    const blocks = index.blocks.map(({ offset, length }) => Block.parse(bytes.subarray(offset, offset + length)));
    expect(blocks.flatMap((block) => block.entries()).map(plain)).toEqual(LARGE.map(plain));
  });

  it('with any bit turned over anywhere is corrupt, in its tail at once, in a block when that is read', () => {
    const bytes = fileOf(ENTRIES);
    fc.assert(
      fc.property(arbitraryBitFlip(bytes), (flipped) => {
        expect(() => {
          const { index } = parseTail(flipped, flipped.byteLength);
          for (const { offset, length } of index.blocks) Block.parse(flipped.subarray(offset, offset + length));
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
