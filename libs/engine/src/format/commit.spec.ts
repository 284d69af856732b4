import { crc32 } from 'node:zlib';

import { AssertionError, ByteWriter, CorruptBytesError, toHex, utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { arbitraryBitFlip, arbitraryCommits, plainAll } from '../../testing/arbitraries.js';
import { expectGolden, readGolden } from '../../testing/golden.js';
import type { Commit } from '../entry.js';
import { commitOf, deleteEntry, putEntry } from '../entry.js';
import { checksumOfCommits, decodeCommits, encodeCommits } from './commit.js';

const first = { epoch: 3, sequence: 300 };
const second = { epoch: 3, sequence: 301 };
const COMMITS: readonly Commit[] = [
  commitOf(first, [putEntry(utf8('a'), first, utf8('xy'), 0x0198_0000_0001), deleteEntry(utf8('bc'), first)], {
    committedAt: 0x0197_0000_0001,
    usage: { commits: 9, writeUnits: 200, writtenBytes: 3 },
  }),
  commitOf(second, [putEntry(utf8('d'), second, new Uint8Array(0))], {
    committedAt: 0x0197_0000_0002,
    usage: { commits: 10, writeUnits: 201, writtenBytes: 4 },
    rangeDeletes: [
      { start: utf8('k'), end: utf8('l'), version: second },
      { start: new Uint8Array(0), end: undefined, version: second },
    ],
    idempotency: {
      key: utf8('once'),
      digest: new Uint8Array(16).fill(0xdd),
      version: second,
      expiresAt: 0x0199_0000_0003,
    },
  }),
];

describe('commits of a frame', () => {
  it('are laid out as drawn', () => {
    const bytes = toHex(encodeCommits(COMMITS));
    const drawn = [
      ['magic', '4c48434d'],
      ['format version', '0002'],
      ['commits', '02'],
      ['epoch, sequence 300, committed at', '03' + 'ac02' + '019700000001'],
      ['usage', '09' + 'c801' + '03'],
      ['entries', '02'],
      ['put a = xy, expires', '0161' + '03' + '019800000001' + '027879'],
      ['delete bc', '026263' + '02'],
      ['no range deletes, no idempotency record', '00' + '00'],
      ['epoch, sequence 301, committed at', '03' + 'ad02' + '019700000002'],
      ['usage', '0a' + 'c901' + '04'],
      ['put d, empty', '01' + '0164' + '01' + '00'],
      ['range deletes: k to l, all', '02' + '016b' + '01' + '016c' + '00' + '00'],
      ['idempotency record', '01' + '04' + toHex(utf8('once')) + 'dd'.repeat(16) + '03' + 'ad02' + '019900000003'],
    ];
    expect(bytes.slice(0, -8)).toBe(drawn.map(([, hex]) => hex).join(''));
    expectGolden('commits-v2', encodeCommits(COMMITS));
  });

  it('are bytes of their own, whose checksum is known from their end', () => {
    fc.assert(
      fc.property(arbitraryCommits, (commits) => {
        const bytes = encodeCommits(commits);
        expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
        expect(checksumOfCommits(bytes)).toBe(crc32(bytes));
      }),
    );
  });

  it('of format version 2 stay readable', () => {
    expect(plainAll(decodeCommits(readGolden('commits-v2')))).toEqual(plainAll(COMMITS));
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(arbitraryCommits, (commits) => {
        expect(plainAll(decodeCommits(encodeCommits(commits)))).toEqual(plainAll(commits));
      }),
    );
  });

  it('with any bit turned over are corrupt', () => {
    fc.assert(
      fc.property(arbitraryBitFlip(encodeCommits(COMMITS)), (flipped) => {
        expect(() => decodeCommits(flipped)).toThrow(CorruptBytesError);
      }),
    );
  });

  it('cut short anywhere are corrupt', () => {
    const bytes = encodeCommits(COMMITS);
    for (let length = 0; length < bytes.byteLength; length++) {
      expect(() => decodeCommits(bytes.subarray(0, length))).toThrow(CorruptBytesError);
    }
  });

  it.each([1, 3])('of format version %i are refused, not misread', (version) => {
    const bytes = encodeCommits(COMMITS);
    bytes[5] = version;
    expect(() => decodeCommits(bytes)).toThrow(`format version that is not known: ${version}`);
  });

  it.each<[string, (writer: ByteWriter) => void]>([
    ['a range whose end is not above its start', (w) => w.varint(1).bytes(utf8('b')).u8(1).bytes(utf8('b')).u8(0)],
    ['a flag that is neither 0 nor 1', (w) => w.varint(0).u8(2)],
    ['more range deletes than a commit can have', (w) => w.varint(2_001)],
    ['an empty idempotency key', (w) => w.varint(0).u8(1).varint(0).raw(new Uint8Array(24))],
  ])('with %s are corrupt, whatever the checksum says', (_, rest) => {
    const writer = new ByteWriter().raw(utf8('LHCM')).u16(2).varint(1);
    writer.varint(1).varint(1).u48(5).varint(0).varint(0).varint(0).varint(0);
    rest(writer);
    expect(() => decodeCommits(writer.crc32Since(0).toBytes())).toThrow(CorruptBytesError);
  });

  it('are never written with a range delete that deletes nothing', () => {
    const rangeDeletes = [{ start: utf8('b'), end: utf8('b'), version: first }];
    expect(() => encodeCommits([commitOf(first, [], { rangeDeletes })])).toThrow(AssertionError);
  });
});
