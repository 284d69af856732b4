import type { Version } from '@leasehold/foundation';
import fc from 'fast-check';

import type { Commit, Entry } from '../src/entry.js';
import { commitOf, compareEntries, NEVER } from '../src/entry.js';

export const arbitraryKey: fc.Arbitrary<Uint8Array> = fc.uint8Array({ minLength: 1, maxLength: 24 });

export const arbitraryVersion: fc.Arbitrary<Version> = fc.record({
  epoch: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  sequence: fc.oneof(
    fc.integer({ min: 1, max: 300 }),
    fc.maxSafeNat().map((n) => 1 + (n % (2 ** 48 - 1))),
  ),
});

const arbitraryEffect = fc.oneof(
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 60 }).map((value) => ({ kind: 'put' as const, value })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'delete' as const, value: new Uint8Array(0) }) },
);

export const arbitraryEntry: fc.Arbitrary<Entry> = fc
  .tuple(arbitraryKey, arbitraryVersion, arbitraryEffect)
  .map(([key, version, effect]) => ({ key, version, expiresAt: NEVER, ...effect }));

/** In order, no (key, version) twice. */
export const arbitraryRun: fc.Arbitrary<Entry[]> = fc
  .uniqueArray(arbitraryEntry, { minLength: 1, maxLength: 60, comparator: (a, b) => compareEntries(a, b) === 0 })
  .map((entries) => entries.sort(compareEntries));

/** With ascending sequences. */
export const arbitraryCommits: fc.Arbitrary<Commit[]> = fc
  .array(
    fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 5 }),
      fc.array(arbitraryEntry, { maxLength: 6 }),
    ),
    {
      maxLength: 6,
    },
  )
  .map((drawn) => {
    let sequence = 0;
    return drawn.map(([gap, epoch, entries]) => {
      sequence += gap;
      const version = { epoch, sequence };
      return commitOf(
        version,
        entries.map((entry) => ({ ...entry, version })),
      );
    });
  });

/** `bytes` with one bit turned over, anywhere in them. */
export function arbitraryBitFlip(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.nat({ max: bytes.byteLength * 8 - 1 }).map((bit) => {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >>> 3] = (flipped[bit >>> 3] as number) ^ (1 << (bit & 7));
    return flipped;
  });
}

/** Two equal entries, whatever array classes hold their bytes. */
export function plain(entry: Entry): { key: string; version: Version; kind: string; value: string } {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return { key: hex(entry.key), version: entry.version, kind: entry.kind, value: hex(entry.value) };
}
