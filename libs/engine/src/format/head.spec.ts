import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { AssertionError, ByteWriter, CorruptBytesError, toHex, utf8 } from '@leasehold/foundation';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  arbitraryBitFlip,
  arbitraryIdempotencyRecord,
  arbitraryInstant,
  arbitraryRangeDelete,
  arbitraryRun,
  arbitraryUsage,
  plainAll,
} from '../../testing/arbitraries.js';
import { claimedHead, DATABASE, SESSION, TENANT } from '../../testing/engine-world.js';
import { expectGolden, readGolden } from '../../testing/golden.js';
import { deleteEntry, putEntry } from '../entry.js';
import type { Head } from './head.js';
import { decodeHead, encodeHead } from './head.js';
import type { SstRef } from './sst-ref.js';

const NONCE = 'ab'.repeat(16);

const FOLDER = 'c4a1e2d3-0000-4000-8000-5f6e7d8c9b0a' as DatabaseId;

function ref(
  id: string,
  min: string,
  max: string,
  minSequence: number,
  maxSequence: number,
  rest: Partial<SstRef> = {},
): SstRef {
  return {
    id: id.padStart(26, '0'),
    sizeBytes: 1_000,
    entries: 7,
    deletes: 2,
    putBytes: 500,
    superseded: 1,
    supersededBytes: 60,
    expiring: 0,
    expiresThrough: 0,
    rangeDeletesThrough: 0,
    minKey: utf8(min),
    maxKey: utf8(max),
    minSequence,
    maxSequence,
    coversFrom: 0,
    coversThrough: 0,
    folder: undefined,
    filterOffset: 700,
    filterLength: 100,
    indexOffset: 800,
    indexLength: 80,
    ...rest,
  };
}

/** Every field that can be there is there. */
const HEAD: Head = {
  databaseId: DATABASE,
  tenantId: TENANT,
  name: 'töne',
  epoch: 3,
  owner: SESSION,
  lastCommit: { epoch: 2, sequence: 200 },
  lastCommittedAt: 1_789_000_000_200,
  inline: [
    putEntry(utf8('a'), { epoch: 2, sequence: 200 }, utf8('x')),
    deleteEntry(utf8('a'), { epoch: 2, sequence: 150 }),
    putEntry(utf8('b'), { epoch: 1, sequence: 151 }, utf8('y'), 1_791_000_000_000),
  ],
  inlineFrom: 150,
  l0: [
    ref('5', 'a', 'z', 120, 149, { coversFrom: 120, coversThrough: 149 }),
    ref('4', 'c', 'd', 100, 110, { expiring: 2, expiresThrough: 1_790_000_000_000 }),
  ],
  l1: [ref('2', 'a', 'f', 1, 80, { folder: FOLDER, rangeDeletesThrough: 120 }), ref('3', 'g', 'z', 2, 99)],
  history: [
    { role: 'merged', ref: ref('1', 'a', 'b', 60, 70, { coversFrom: 60, coversThrough: 75 }) },
    { role: 'versions', ref: ref('6', 'a', 'b', 110, 148, { coversFrom: 111, coversThrough: 149 }) },
  ],
  rangeDeletes: [
    { start: utf8('c'), end: utf8('e'), version: { epoch: 1, sequence: 130 } },
    { start: utf8('x'), end: undefined, version: { epoch: 2, sequence: 180 } },
  ],
  timeline: [
    { sequence: 100, at: 1_788_000_000_000 },
    { sequence: 200, at: 1_789_000_000_200 },
  ],
  idempotency: {
    recent: [
      {
        key: utf8('once'),
        digest: new Uint8Array(16).fill(0xdd),
        version: { epoch: 2, sequence: 199 },
        expiresAt: 1_789_100_000_000,
      },
    ],
    files: [ref('7', 'k', 'q', 20, 140)],
    recentFrom: 150,
  },
  usage: {
    total: { commits: 200, writeUnits: 300, writtenBytes: 4_000 },
    recorded: { commits: 100, writeUnits: 200, writtenBytes: 3_000 },
    hours: [{ hour: 496_944, total: { commits: 200, writeUnits: 300, writtenBytes: 4_000 } }],
  },
  options: { retentionMs: 86_400_000, maxBytes: 10_000_000_000 },
  parent: { databaseId: FOLDER, sequence: 80 },
  gcFloor: '1'.padStart(26, '0'),
  horizon: 90,
  quarantined: true,
  deletedAt: 1_790_000_000_000,
  trail: { edits: 1, nonces: [NONCE] },
  statistics: { entries: 21, liveBytes: 2_001, historyBytes: 2_000 },
};

describe('a head', () => {
  it('is laid out as drawn', () => {
    const head: Head = {
      ...claimedHead(),
      lastCommit: { epoch: 1, sequence: 1 },
      lastCommittedAt: 0x0197_0000_0001,
      inline: [putEntry(utf8('k'), { epoch: 1, sequence: 1 }, utf8('v'), 0x0198_0000_0001)],
      inlineFrom: 2,
      l0: [],
      history: [
        { role: 'versions', ref: ref('6', 'a', 'b', 1, 1, { coversFrom: 1, coversThrough: 1, folder: FOLDER }) },
      ],
      rangeDeletes: [{ start: utf8('c'), end: utf8('e'), version: { epoch: 1, sequence: 1 } }],
      timeline: [{ sequence: 1, at: 0x0197_0000_0001 }],
      idempotency: {
        recentFrom: 1,
        recent: [
          { key: utf8('i'), digest: new Uint8Array(16).fill(0xdd), version: { epoch: 1, sequence: 1 }, expiresAt: 5 },
        ],
        files: [],
      },
      usage: {
        total: { commits: 1, writeUnits: 2, writtenBytes: 3 },
        recorded: { commits: 0, writeUnits: 0, writtenBytes: 0 },
        hours: [{ hour: 300, total: { commits: 1, writeUnits: 2, writtenBytes: 3 } }],
      },
      options: { retentionMs: 5, maxBytes: 300 },
      parent: { databaseId: FOLDER, sequence: 7 },
      trail: { edits: 1, nonces: [NONCE] },
      statistics: { entries: 1, liveBytes: 2, historyBytes: 300 },
    };
    const drawn = [
      ['magic, format version', '4c484448' + '0002'],
      ['trail: edits, count, nonce', '01' + '01' + NONCE],
      ['database id', '24' + toHex(utf8(DATABASE))],
      ['tenant id', '08' + toHex(utf8(TENANT))],
      ['name', '05' + toHex(utf8('todos'))],
      ['flags: owner, parent', '11'],
      ['epoch', '00000001'],
      ['owner', toHex(utf8(SESSION))],
      ['last commit, at', '01' + '01' + '019700000001'],
      ['horizon', '000000000000'],
      ['parent', '24' + toHex(utf8(FOLDER)) + '000000000007'],
      ['options', '05' + 'ac02'],
      ['usage: total, recorded', '010203' + '000000'],
      ['usage hours: 300', '01' + 'ac02' + '010203'],
      ['statistics', '01' + '02' + 'ac02'],
      ['timeline', '01' + '000000000001' + '019700000001'],
      ['range deletes: c to e at (1, 1)', '01' + '0163' + '01' + '0165' + '0101'],
      ['inline from', '000000000002'],
      ['inline: k at (1, 1) = v, expires', '01' + '016b' + '0101' + '03' + '019800000001' + '0176'],
      ['L0, L1', '00' + '00'],
      ['history: versions', '01' + '02'],
      ['  id, size, entries, deletes, put bytes', toHex(utf8('6'.padStart(26, '0'))) + 'e807' + '07' + '02' + 'f403'],
      ['  superseded, its bytes, expiring, expires through', '01' + '3c' + '00' + '000000000000'],
      ['  min key, max key', '0161' + '0162'],
      ['  sequences, covers, range deletes through', '000000000001'.repeat(4) + '000000000000'],
      ['  filter length, index length, filter offset', '64' + '50' + 'bc05'],
      ['  folder', '01' + toHex(utf8(FOLDER))],
      ['idempotency: recent from, records', '000000000001' + '01'],
      ['  key, digest, version, expiry', '0169' + 'dd'.repeat(16) + '0101' + '000000000005'],
      ['  files', '00'],
    ];
    expect(toHex(encodeHead(head)).slice(0, -8)).toBe(drawn.map(([, hex]) => hex).join(''));
  });

  it('with everything in it is the golden file', () => {
    expectGolden('head-v2', encodeHead(HEAD));
  });

  it('of format version 2 stays readable', () => {
    const head = decodeHead(readGolden('head-v2'));
    expect(plainAll(head)).toEqual(plainAll(HEAD));
    expect(encodeHead(head)).toEqual(encodeHead(HEAD));
  });

  it.each([1, 3])('of format version %i is refused, not misread', (version) => {
    const bytes = encodeHead(HEAD);
    bytes[5] = version;
    expect(() => decodeHead(bytes)).toThrow(`format version that is not known: ${version}`);
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.record({
          inline: arbitraryRun,
          name: fc.string({ unit: 'binary', maxLength: 40 }),
          owner: fc.option(fc.constantFrom<SessionId>(SESSION), { nil: undefined }),
          deletedAt: fc.option(arbitraryInstant, { nil: undefined }),
          lastCommittedAt: arbitraryInstant,
          quarantined: fc.boolean(),
          horizon: arbitraryInstant,
          inlineFrom: fc.integer({ min: 1, max: 2 ** 48 - 1 }),
          rangeDeletes: fc.array(arbitraryRangeDelete, { maxLength: 5 }),
          timeline: fc.array(fc.record({ sequence: arbitraryInstant, at: arbitraryInstant }), { maxLength: 5 }),
          options: fc.record({ retentionMs: fc.maxSafeNat(), maxBytes: fc.maxSafeNat() }),
          parent: fc.option(fc.record({ databaseId: fc.constant(FOLDER), sequence: arbitraryInstant }), {
            nil: undefined,
          }),
          usage: fc.record({
            total: arbitraryUsage,
            recorded: arbitraryUsage,
            hours: fc.array(fc.record({ hour: fc.nat(), total: arbitraryUsage }), { maxLength: 3 }),
          }),
          idempotency: fc.record({
            recent: fc.array(arbitraryIdempotencyRecord, { maxLength: 4 }),
            files: fc.constant(HEAD.idempotency.files),
            recentFrom: arbitraryInstant,
          }),
        }),
        (fields) => {
          const lastCommit = { epoch: 2 ** 32 - 1, sequence: 2 ** 48 - 1 };
          const head: Head = { ...HEAD, ...fields, epoch: lastCommit.epoch, lastCommit, l0: [], l1: [] };
          expect(plainAll(decodeHead(encodeHead(head)))).toEqual(plainAll(head));
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
    // The last byte before the checksum counts idempotency files: a count without content runs into the end.
    const forged = new ByteWriter().raw(bytes.subarray(0, -5)).u8(0x7f).crc32Since(0).toBytes();
    expect(() => decodeHead(forged)).toThrow(CorruptBytesError);
  });

  it('is corrupt, whatever its checksum says, with any byte replaced by nonsense that breaks it', () => {
    const bytes = encodeHead(HEAD);
    fc.assert(
      fc.property(fc.nat(bytes.byteLength - 5), fc.integer({ min: 0, max: 255 }), (place, byte) => {
        const forged = Uint8Array.from(bytes.subarray(0, -4));
        forged[place] = byte;
        // Some replacements make another valid head; none may throw anything but the one error.
        try {
          decodeHead(new ByteWriter().raw(forged).crc32Since(0).toBytes());
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptBytesError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, Partial<Head>]>([
    ['inline entries out of order', { inline: [...HEAD.inline].reverse() }],
    ['an inline entry after the last commit', { lastCommit: { epoch: 2, sequence: 199 } }],
    ['an inline run that begins after the last commit', { inlineFrom: 202 }],
    ['an inline entry older than a file', { l0: [ref('5', 'a', 'z', 120, 150)] }],
    ['L0 files out of commit order', { l0: [...HEAD.l0].reverse() }],
    ['L1 files that overlap', { l1: [ref('2', 'a', 'g', 1, 80), ref('3', 'g', 'z', 2, 99)] }],
    ['an L1 file newer than L0', { l1: [ref('2', 'a', 'f', 1, 105)] }],
    ['a horizon after the last commit', { horizon: 201 }],
    [
      'a range delete after the last commit',
      { rangeDeletes: [{ start: utf8('a'), end: undefined, version: { epoch: 2, sequence: 201 } }] },
    ],
    [
      'more range deletes than the limit',
      {
        rangeDeletes: Array.from({ length: 1_025 }, () => ({
          start: utf8('a'),
          end: undefined,
          version: { epoch: 1, sequence: 2 },
        })),
      },
    ],
    [
      'an owner without an epoch',
      { epoch: 0, lastCommit: { epoch: 0, sequence: 0 }, inline: [], l0: [], l1: [], horizon: 0 },
    ],
    ['a commit of a later epoch', { epoch: 1 }],
  ])('is never written with %s', (_, fault) => {
    expect(() => encodeHead({ ...HEAD, ...fault })).toThrow(AssertionError);
  });

  it.each<[string, Partial<SstRef>]>([
    ['an index outside of the file', { sizeBytes: 880 }],
    ['more deletes than entries', { deletes: 8 }],
    ['nothing but superseded entries', { superseded: 7 }],
    ['expiring puts and no last expiry', { expiring: 1 }],
    ['a commit range that is reversed', { minSequence: 150 }],
    ['commits after the covered range', { coversThrough: 140 }],
    ['a covered range that is reversed', { coversFrom: 150 }],
  ])('is corrupt with a file that has %s', (_, fault) => {
    const head: Head = { ...HEAD, idempotency: { ...HEAD.idempotency, files: [ref('7', 'k', 'q', 120, 149, fault)] } };
    expect(() => decodeHead(encodeHead(head))).toThrow(CorruptBytesError);
  });

  it('of an empty database takes less than 250 bytes', () => {
    expect(encodeHead(claimedHead()).byteLength).toBeLessThan(250);
  });
});
