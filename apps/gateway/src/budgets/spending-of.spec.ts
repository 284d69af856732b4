import { describe, expect, it } from '@jest/globals';
import { writeUnitsOfOperation } from '@leasehold/ownership';
import { LIMITS, readUnitsOf, type TransactionRequest } from '@leasehold/protocol';
import fc from 'fast-check';

import { kvReadOf, listOf, READ_OF_KEY, snapshotOf, transactionOf, writeOfKey } from './spending-of.js';

const bytes = (length: number) => new Uint8Array(length);
const range = { start: bytes(1), end: bytes(1) };
const writeUnitsOf = (...ops: TransactionRequest['ops']) => transactionOf({ checks: [], ops }).writeUnits;

describe('what a request may come to at most', () => {
  it('is for a write of one key what it comes to', () => {
    expect(
      [writeOfKey(1, 0), writeOfKey(24, 1_000), writeOfKey(25, 1_000)].map(({ writeUnits }) => writeUnits),
    ).toEqual([1, 1, 2]);
  });

  it('is for a read of one key the largest value with the longest key', () => {
    expect(READ_OF_KEY.readUnits).toBe(readUnitsOf(LIMITS.keyBytes + LIMITS.valueBytes));
    expect(READ_OF_KEY.egressBytes).toBe(LIMITS.valueBytes);
  });

  it('is for a page its entries, and not more than a page holds with one entry too many', () => {
    const most = LIMITS.pageBytes + LIMITS.keyBytes + LIMITS.valueBytes;
    expect(listOf(1).readUnits).toBe(READ_OF_KEY.readUnits + 1);
    expect(listOf(1_000).readUnits).toBe(readUnitsOf(most) + 1);
    expect(listOf(1_000).egressBytes).toBe(2 * most);
  });

  it('is for many reads a unit for each, and their bytes', () => {
    const keys = Array.from({ length: 1_000 }, () => bytes(1));
    expect(snapshotOf({ gets: keys, lists: [] }).readUnits).toBeGreaterThanOrEqual(1_000 + 4_096);
    expect(snapshotOf({ gets: keys.slice(0, 2), lists: [] }).readUnits).toBeGreaterThanOrEqual(
      2 * READ_OF_KEY.readUnits,
    );
    expect(kvReadOf([{ limit: 1 }]).readUnits).toBeGreaterThanOrEqual(1 + READ_OF_KEY.readUnits);
  });

  it('is for a transaction what its operations come to, and a look at each of its checks', () => {
    expect(
      writeUnitsOf(
        { op: 'put', key: bytes(1), value: bytes(1_024) },
        { op: 'delete', key: bytes(2_048) },
        { op: 'deleteRange', range },
        { op: 'sum', key: bytes(8), operand: 1n },
        { op: 'putVersionstamped', key: bytes(1_000), value: bytes(20) },
      ),
    ).toBe(2 + 1 + 1 + 1 + 2);
    const check = { kind: 'range', range, since: 0 } as const;
    expect(transactionOf({ checks: [check, check], ops: [] })).toEqual({ readUnits: 2, writeUnits: 0, egressBytes: 0 });
  });

  it('is never less than what a worker counts of the operations', () => {
    // About where another unit begins.
    const [few, many] = [fc.nat(40).map(bytes), fc.nat(40).map((less) => bytes(2_048 - less))];
    const operation = fc.oneof<fc.Arbitrary<TransactionRequest['ops'][number]>[]>(
      fc.record({ op: fc.constantFrom('put', 'putVersionstamped'), key: few, value: many }),
      fc.record({ op: fc.constant('delete'), key: many }),
      fc.constant({ op: 'deleteRange', range }),
      fc.record({ op: fc.constantFrom('sum', 'min', 'max'), key: few, operand: fc.constant(1n), prefix: many }),
    );
    fc.assert(
      fc.property(operation, (op) => {
        expect(writeUnitsOf(op)).toBeGreaterThanOrEqual(writeUnitsOfOperation(op));
      }),
      { numRuns: 3_000 },
    );
  });
});
