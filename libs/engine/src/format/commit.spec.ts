import { CorruptBytesError, toHex, utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { arbitraryBitFlip, arbitraryCommits, plain } from '../../testing/arbitraries.js';
import { expectGolden, readGolden } from '../../testing/golden.js';
import type { Commit } from '../entry.js';
import { deleteEntry, putEntry } from '../entry.js';
import { decodeCommits, encodeCommits } from './commit.js';

const first = { epoch: 3, sequence: 300 };
const second = { epoch: 3, sequence: 301 };
const COMMITS: readonly Commit[] = [
  { version: first, entries: [putEntry(utf8('a'), first, utf8('xy')), deleteEntry(utf8('bc'), first)] },
  { version: second, entries: [putEntry(utf8('d'), second, new Uint8Array(0))] },
];

describe('commits of a frame', () => {
  it('are laid out as drawn', () => {
    const bytes = toHex(encodeCommits(COMMITS));
    const drawn = [
      ['magic', '4c48434d'],
      ['format version', '0001'],
      ['commits', '02'],
      ['epoch, sequence 300, entries', '03' + 'ac02' + '02'],
      ['put a = xy', '0161' + '01' + '027879'],
      ['delete bc', '026263' + '02'],
      ['epoch, sequence 301, entries', '03' + 'ad02' + '01'],
      ['put d, empty', '0164' + '01' + '00'],
    ];
    expect(bytes.slice(0, -8)).toBe(drawn.map(([, hex]) => hex).join(''));
    expectGolden('commits-v1', encodeCommits(COMMITS));
  });

  it('of format version 1 stay readable', () => {
    expect(decodeCommits(readGolden('commits-v1')).map(({ entries }) => entries.map(plain))).toEqual(
      COMMITS.map(({ entries }) => entries.map(plain)),
    );
  });

  it('come back as they were', () => {
    fc.assert(
      fc.property(arbitraryCommits, (commits) => {
        const decoded = decodeCommits(encodeCommits(commits));
        expect(decoded.map(({ version }) => version)).toEqual(commits.map(({ version }) => version));
        expect(decoded.map(({ entries }) => entries.map(plain))).toEqual(
          commits.map(({ entries }) => entries.map(plain)),
        );
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

  it('of a format version to come are refused, not misread', () => {
    const bytes = encodeCommits(COMMITS);
    bytes[5] = 2;
    expect(() => decodeCommits(bytes)).toThrow('format version that is not known: 2');
  });
});
