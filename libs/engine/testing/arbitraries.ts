import type { Version } from '@leasehold/foundation';
import { toHex } from '@leasehold/foundation';
import fc from 'fast-check';

import type { Commit, Entry, IdempotencyRecord, RangeDelete, UsageCounters } from '../src/entry.js';
import { compareEntries, NEVER } from '../src/entry.js';

export const arbitraryKey: fc.Arbitrary<Uint8Array> = fc.uint8Array({ minLength: 1, maxLength: 24 });

export const arbitraryVersion: fc.Arbitrary<Version> = fc.record({
  epoch: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  sequence: fc.oneof(
    fc.integer({ min: 1, max: 300 }),
    fc.maxSafeNat().map((n) => 1 + (n % (2 ** 48 - 1))),
  ),
});

/** Wall ms, as far as a u48 goes. */
export const arbitraryInstant: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: 1_000 }),
  fc.maxSafeNat().map((n) => n % 2 ** 48),
);

const arbitraryEffect = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      value: fc.uint8Array({ maxLength: 60 }),
      expiresAt: fc.oneof({ weight: 3, arbitrary: fc.constant(NEVER) }, arbitraryInstant),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ kind: 'delete' as const, value: new Uint8Array(0), expiresAt: NEVER }),
  },
);

export const arbitraryEntry: fc.Arbitrary<Entry> = fc
  .tuple(arbitraryKey, arbitraryVersion, arbitraryEffect)
  .map(([key, version, effect]) => ({ key, version, ...effect }));

/** In order, no (key, version) twice. */
export const arbitraryRun: fc.Arbitrary<Entry[]> = fc
  .uniqueArray(arbitraryEntry, { minLength: 1, maxLength: 60, comparator: (a, b) => compareEntries(a, b) === 0 })
  .map((entries) => entries.sort(compareEntries));

const arbitraryRange: fc.Arbitrary<Pick<RangeDelete, 'start' | 'end'>> = fc.oneof(
  fc.record({ start: fc.uint8Array({ maxLength: 4 }), end: fc.constant(undefined) }),
  fc
    .uniqueArray(fc.uint8Array({ maxLength: 4 }), {
      minLength: 2,
      maxLength: 2,
      comparator: (a, b) => Buffer.compare(a, b) === 0,
    })
    .map((bounds) => {
      const [start, end] = bounds.sort((a, b) => Buffer.compare(a, b)) as [Uint8Array, Uint8Array];
      return { start, end };
    }),
);

export const arbitraryRangeDelete: fc.Arbitrary<RangeDelete> = fc
  .tuple(arbitraryRange, arbitraryVersion)
  .map(([range, version]) => ({ ...range, version }));

export const arbitraryIdempotencyRecord: fc.Arbitrary<IdempotencyRecord> = fc.record({
  key: fc.uint8Array({ minLength: 1, maxLength: 255 }),
  digest: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  version: arbitraryVersion,
  expiresAt: arbitraryInstant,
});

export const arbitraryUsage: fc.Arbitrary<UsageCounters> = fc.record({
  commits: fc.maxSafeNat(),
  writeUnits: fc.maxSafeNat(),
  writtenBytes: fc.maxSafeNat(),
});

/** With ascending sequences. */
export const arbitraryCommits: fc.Arbitrary<Commit[]> = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: 9 }),
      epoch: fc.integer({ min: 1, max: 5 }),
      committedAt: arbitraryInstant,
      entries: fc.array(arbitraryEntry, { maxLength: 6 }),
      rangeDeletes: fc.array(arbitraryRangeDelete, { maxLength: 2 }),
      idempotency: fc.option(arbitraryIdempotencyRecord, { nil: undefined }),
      usage: arbitraryUsage,
    }),
    { maxLength: 6 },
  )
  .map((drawn) => {
    let sequence = 0;
    return drawn.map(({ gap, epoch, entries, rangeDeletes, idempotency, ...rest }) => {
      sequence += gap;
      const version = { epoch, sequence };
      return {
        ...rest,
        version,
        entries: entries.map((entry) => ({ ...entry, version })),
        rangeDeletes: rangeDeletes.map((rangeDelete) => ({ ...rangeDelete, version })),
        idempotency: idempotency && { ...idempotency, version },
      };
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

export interface PlainEntry {
  readonly key: string;
  readonly version: Version;
  readonly kind: string;
  readonly value: string;
  readonly expiresAt: number;
}

/** Two equal entries, whatever array classes hold their bytes. */
export function plain({ key, version, kind, value, expiresAt }: Entry): PlainEntry {
  return { key: toHex(key), version, kind, value: toHex(value), expiresAt };
}

/** Any structure with its byte strings as hexadecimal, so that it can be compared whatever array classes hold them. */
export function plainAll(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plainAll);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plainAll(field)]));
}
