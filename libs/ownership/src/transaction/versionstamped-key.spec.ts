import { describe, expect, it } from '@jest/globals';
import { toHex, utf8 } from '@leasehold/foundation';

import { footprintOf, footprintsMeet } from './footprint.js';
import { spanHolds } from './key-ranges.js';
import { resolveOperations } from './resolve-operations.js';
import type { Operation, Transaction } from './transaction.js';
import { writeUnitsOf } from './transaction-cost.js';
import { assertWithinLimits } from './transaction-limits.js';
import { versionstampedKey, versionstampedSpan } from './versionstamped-key.js';

const VERSION = { epoch: 1, sequence: 10 };
const put = (key: string | Uint8Array, rest: Partial<Operation> = {}): Operation =>
  ({
    op: 'putVersionstamped',
    key: typeof key === 'string' ? utf8(key) : key,
    value: utf8('v'),
    ...rest,
  }) as Operation;

describe('keys that end with the version of their commit', () => {
  it('are the text of the versionstamp behind the key', () => {
    expect(toHex(versionstampedKey(utf8('k'), VERSION))).toBe(
      `6b02${Buffer.from('0000000100000000000a').toString('hex')}00`,
    );
  });

  it('lie where nobody else can write without being noticed', () => {
    const written = footprintOf({ checks: [], ops: [put('k')] });
    const reading = (start: string, end: string): Transaction => ({
      checks: [{ kind: 'range', range: { start: utf8(start), end: utf8(end) }, since: 0 }],
      ops: [],
    });
    expect(spanHolds(versionstampedSpan(utf8('k')), versionstampedKey(utf8('k'), VERSION))).toBe(true);
    expect(footprintsMeet(written, footprintOf(reading('k', 'l')))).toBe(true);
    expect(footprintsMeet(written, footprintOf(reading('a', 'k')))).toBe(false);
    expect(footprintsMeet(written, footprintOf({ checks: [], ops: [put('k')] }))).toBe(true);
  });

  it('are written at that version, the last one of the same beginning counts', () => {
    const ops = [put('k'), put('l', { expiresAt: 5 }), put('k', { value: utf8('w') })];
    const effects = resolveOperations(ops, () => undefined, VERSION, 0);
    if (!('entries' in effects)) throw new Error('was refused');
    const { entries } = effects;
    expect(entries.map(({ key, value, version }) => [toHex(key), toHex(value), version])).toEqual([
      [toHex(versionstampedKey(utf8('k'), VERSION)), toHex(utf8('w')), VERSION],
      [toHex(versionstampedKey(utf8('l'), VERSION)), toHex(utf8('v')), VERSION],
    ]);
    expect(entries[1]?.expiresAt).toBe(5);
  });

  it('count with all of their bytes', () => {
    const longest = put(new Uint8Array(2_048 - 22));
    expect(() => assertWithinLimits({ checks: [], ops: [longest] })).not.toThrow();
    expect(() => assertWithinLimits({ checks: [], ops: [put(new Uint8Array(2_048 - 21))] })).toThrow(
      expect.objectContaining({ code: 'key-too-long' }),
    );
    expect(writeUnitsOf({ ops: [put(new Uint8Array(1_001))] })).toBe(1);
    expect(writeUnitsOf({ ops: [put(new Uint8Array(1_002))] })).toBe(2);
  });
});
