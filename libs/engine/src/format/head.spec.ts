import type { SessionId } from '@leasehold/foundation';
import { AssertionError, ByteWriter, CorruptBytesError, toHex, utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { arbitraryBitFlip, arbitraryRun, plain } from '../../testing/arbitraries.js';
import { claimedHead, DATABASE, SESSION, TENANT } from '../../testing/engine-world.js';
import { expectGolden, readGolden } from '../../testing/golden.js';
import { deleteEntry, putEntry } from '../entry.js';
import type { Head } from './head.js';
import { decodeHead, encodeHead } from './head.js';
import type { SstRef } from './sst-ref.js';

const NONCE = 'ab'.repeat(16);

function ref(id: string, min: string, max: string, minSequence: number, maxSequence: number): SstRef {
  return {
    id: id.padStart(26, '0'),
    sizeBytes: 1_000,
    entries: 7,
    deletes: 2,
    putBytes: 500,
    minKey: utf8(min),
    maxKey: utf8(max),
    minSequence,
    maxSequence,
    filterOffset: 700,
    filterLength: 100,
    indexOffset: 800,
    indexLength: 80,
  };
}

const HEAD: Head = {
  databaseId: DATABASE,
  tenantId: TENANT,
  name: 'töne',
  epoch: 3,
  owner: SESSION,
  lastCommit: { epoch: 2, sequence: 200 },
  inline: [
    putEntry(utf8('a'), { epoch: 2, sequence: 200 }, utf8('x')),
    deleteEntry(utf8('a'), { epoch: 2, sequence: 150 }),
    deleteEntry(utf8('b'), { epoch: 1, sequence: 151 }),
  ],
  l0: [ref('5', 'a', 'z', 120, 149), ref('4', 'c', 'd', 100, 110)],
  l1: [ref('2', 'a', 'f', 1, 80), ref('3', 'g', 'z', 2, 99)],
  gcFloor: '1'.padStart(26, '0'),
  horizon: 90,
  quarantined: true,
  deletedAt: 1_790_000_000_000,
  trail: { edits: 1, nonces: [NONCE] },
  statistics: { entries: 21, liveBytes: 2_001 },
};

describe('a head', () => {
  it('is laid out as drawn', () => {
    const head: Head = {
      ...claimedHead(),
      lastCommit: { epoch: 1, sequence: 1 },
      inline: [putEntry(utf8('k'), { epoch: 1, sequence: 1 }, utf8('v'))],
      trail: { edits: 1, nonces: [NONCE] },
      statistics: { entries: 1, liveBytes: 2 },
    };
    const drawn = [
      ['magic, format version', '4c484448' + '0001'],
      ['trail: edits, count, nonce', '01' + '01' + NONCE],
      ['database id', '24' + toHex(utf8(DATABASE))],
      ['tenant id', '08' + toHex(utf8(TENANT))],
      ['name', '05' + toHex(utf8('todos'))],
      ['flags: owner', '01'],
      ['epoch', '00000001'],
      ['owner', toHex(utf8(SESSION))],
      ['last commit', '01' + '01'],
      ['horizon', '000000000000'],
      ['statistics', '01' + '02'],
      ['inline: k at (1, 1) = v', '01' + '016b' + '0101' + '01' + '0176'],
      ['L0, L1', '00' + '00'],
    ];
    expect(toHex(encodeHead(head)).slice(0, -8)).toBe(drawn.map(([, hex]) => hex).join(''));
  });

  it('with everything in it is the golden file', () => {
    expectGolden('head-v1', encodeHead(HEAD));
  });

  it('of format version 1 stays readable', () => {
    const head = decodeHead(readGolden('head-v1'));
    expect({ ...head, inline: head.inline.map(plain) }).toEqual({
      ...HEAD,
      inline: HEAD.inline.map(plain),
      l0: expect.anything(),
      l1: expect.anything(),
    });
    expect(head.l0.map(({ id, minKey }) => [id, toHex(minKey)])).toEqual(
      HEAD.l0.map(({ id, minKey }) => [id, toHex(minKey)]),
    );
    expect(encodeHead(head)).toEqual(encodeHead(HEAD));
  });

  it('comes back as it was', () => {
    const options = { min: 0, max: 2 ** 48 - 1 };
    fc.assert(
      fc.property(
        fc.record({
          inline: arbitraryRun,
          name: fc.string({ unit: 'binary', maxLength: 40 }),
          owner: fc.option(fc.constantFrom<SessionId>(SESSION), { nil: undefined }),
          deletedAt: fc.option(fc.integer(options), { nil: undefined }),
          quarantined: fc.boolean(),
          horizon: fc.integer(options),
        }),
        (fields) => {
          const lastCommit = { epoch: 2 ** 32 - 1, sequence: 2 ** 48 - 1 };
          const head: Head = { ...HEAD, ...fields, epoch: lastCommit.epoch, lastCommit, l0: [], l1: [] };
          const decoded = decodeHead(encodeHead(head));
          expect({ ...decoded, inline: decoded.inline.map(plain) }).toEqual({
            ...head,
            inline: head.inline.map(plain),
          });
        },
      ),
    );
  });

  it('with any bit turned over is corrupt', () => {
    fc.assert(
      fc.property(arbitraryBitFlip(encodeHead(HEAD)), (flipped) => {
        expect(() => decodeHead(flipped)).toThrow(CorruptBytesError);
      }),
      { numRuns: 500 },
    );
  });

  it('cut short anywhere, or with bytes behind it, is corrupt', () => {
    const bytes = encodeHead(HEAD);
    for (let length = 0; length < bytes.byteLength; length++) {
      expect(() => decodeHead(bytes.subarray(0, length))).toThrow(CorruptBytesError);
    }
    expect(() => decodeHead(Buffer.concat([bytes, new Uint8Array(1)]))).toThrow(CorruptBytesError);
  });

  it('is corrupt where the checksum is right and the content is not', () => {
    const bytes = encodeHead(claimedHead());
    // The last two bytes before the checksum count L0 and L1: a count without content runs into the end.
    const forged = new ByteWriter().raw(bytes.subarray(0, -5)).u8(0x7f).crc32Since(0).toBytes();
    expect(() => decodeHead(forged)).toThrow(CorruptBytesError);
  });

  it.each<[string, Partial<Head>]>([
    ['inline entries out of order', { inline: [...HEAD.inline].reverse() }],
    ['an inline entry after the last commit', { lastCommit: { epoch: 2, sequence: 199 } }],
    ['an inline entry older than a file', { l0: [ref('5', 'a', 'z', 120, 150)] }],
    ['L0 files out of commit order', { l0: [...HEAD.l0].reverse() }],
    ['L1 files that overlap', { l1: [ref('2', 'a', 'g', 1, 80), ref('3', 'g', 'z', 2, 99)] }],
    ['an L1 file newer than L0', { l1: [ref('2', 'a', 'f', 1, 105)] }],
    ['a horizon after the last commit', { horizon: 201 }],
    [
      'an owner without an epoch',
      { epoch: 0, lastCommit: { epoch: 0, sequence: 0 }, inline: [], l0: [], l1: [], horizon: 0 },
    ],
    ['a commit of a later epoch', { epoch: 1 }],
  ])('is never written with %s', (_, fault) => {
    expect(() => encodeHead({ ...HEAD, ...fault })).toThrow(AssertionError);
  });

  it('of an empty database takes less than 200 bytes', () => {
    expect(encodeHead(claimedHead()).byteLength).toBeLessThan(200);
  });
});
