import { describe, expect, it } from '@jest/globals';
import { compareBytes, startsWith, type TenantId } from '@leasehold/foundation';
import { byteRangeOf } from '@leasehold/protocol';
import fc from 'fast-check';

import { GrantedKeys } from './granted-keys.js';

// Few values, so that bounds and prefixes meet; both ends of what a byte can be.
const anyByte = fc.constantFrom(0, 1, 254, 255);
const anyBytes = (minLength: number) =>
  fc.array(anyByte, { minLength, maxLength: 3 }).map((values) => Uint8Array.from(values));
const anyBound = fc.option(anyBytes(1), { nil: undefined });
const anyRange = fc.record({ start: anyBound, end: anyBound });

function allows(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'outside-key-prefix', kind: 'denied' });
    return false;
  }
}

const everyKey = Array.from({ length: 4 ** 4 }, (_, n) =>
  Uint8Array.from([0, 1, 254, 255].map((_value, place) => [0, 1, 254, 255][Math.floor(n / 4 ** place) % 4] ?? 0)),
).flatMap((key) => [1, 2, 3, 4].map((length) => key.subarray(0, length)));

const holds = ({ start, end }: { start?: Uint8Array | undefined; end?: Uint8Array | undefined }, key: Uint8Array) =>
  (start === undefined || compareBytes(key, start) >= 0) && (end === undefined || compareBytes(key, end) < 0);

describe('a caller with a key prefix', () => {
  it('may name the keys that begin with it', () => {
    fc.assert(
      fc.property(anyBytes(1), anyBytes(1), (prefix, key) => {
        expect(allows(() => new GrantedKeys(prefix).requireKey(key))).toBe(startsWith(key, prefix));
      }),
    );
  });

  it('may name no range that holds a key of others', () => {
    fc.assert(
      fc.property(anyBytes(1), anyRange, (prefix, range) => {
        if (!allows(() => new GrantedKeys(prefix).requireRange(range))) return;
        for (const key of everyKey) if (holds(range, key)) expect(startsWith(key, prefix)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('may name every range of its prefix', () => {
    fc.assert(
      fc.property(anyBytes(1), anyBytes(0), anyRange, (prefix, rest, bounds) => {
        const range = byteRangeOf({ ...bounds, prefix: Buffer.concat([prefix, rest]) });
        expect(allows(() => new GrantedKeys(prefix).requireRange(range))).toBe(true);
      }),
    );
  });

  it('lists its prefix where it names none, and no other', () => {
    const keys = new GrantedKeys(Buffer.from('a/'));
    expect(keys.prefixOtherwise).toEqual(Buffer.from('a/'));
    for (const prefix of ['a/', 'a/b']) expect(allows(() => keys.requirePrefix(Buffer.from(prefix)))).toBe(true);
    for (const prefix of ['a', 'b/', '']) expect(allows(() => keys.requirePrefix(Buffer.from(prefix)))).toBe(false);
    expect(allows(() => keys.requirePrefix(undefined))).toBe(false);
    expect(allows(() => keys.requireAll('statistics'))).toBe(false);
  });

  it('hears which part of a transaction or a snapshot lies outside', () => {
    const keys = new GrantedKeys(Buffer.from('a/'));
    const [mine, theirs] = [Buffer.from('a/1'), Buffer.from('b/1')];
    const check = (key: Uint8Array) => ({ kind: 'key', key, precondition: { kind: 'present' } }) as const;
    const range = { start: undefined, end: undefined };
    const cases = [
      [{ checks: [check(mine), check(theirs)], ops: [] }, 'checks.1:'],
      [{ checks: [{ kind: 'range', range, since: 1 }], ops: [] }, 'checks.0.range:'],
      [{ checks: [check(mine)], ops: [{ op: 'delete', key: theirs }] }, 'ops.0:'],
      [{ checks: [], ops: [{ op: 'sum', key: theirs, operand: 1n }] }, 'ops.0:'],
      [
        {
          checks: [],
          ops: [
            { op: 'put', key: mine, value: theirs },
            { op: 'deleteRange', range },
          ],
        },
        'ops.1.range:',
      ],
    ] as const;
    for (const [transaction, where] of cases) expect(() => keys.requireTransaction(transaction)).toThrow(where);
    const list = { prefix: mine, start: undefined, end: undefined, reverse: false, limit: 1, cursor: undefined };
    const snapshot = { gets: [mine], lists: [list], at: undefined, encoding: 'utf8' } as const;
    expect(allows(() => keys.requireSnapshot(snapshot))).toBe(true);
    expect(() => keys.requireSnapshot({ ...snapshot, gets: [mine, theirs] })).toThrow('gets.1:');
    const lists = [list, { ...list, prefix: theirs }];
    expect(() => keys.requireSnapshot({ ...snapshot, lists })).toThrow('lists.1:');
  });
});

describe('the idempotency key of a caller', () => {
  const [b, c] = ['tenant-b', 'tenant-c'] as [TenantId, TenantId];

  it('is its own name where others may not have it, and the same each time', () => {
    const named = () => [
      ...[new GrantedKeys(undefined), new GrantedKeys(Buffer.from('a/')), new GrantedKeys(Buffer.from('b/'))],
      ...[new GrantedKeys(undefined, b), new GrantedKeys(undefined, c), new GrantedKeys(Buffer.from('a/'), b)],
    ];
    const names = named().map((keys) => keys.ownName('once'));
    expect(new Set(names).size).toBe(names.length);
    expect(names[0]).toBe('once');
    expect(named().map((keys) => keys.ownName('once'))).toEqual(names);
    expect(new GrantedKeys(undefined, b).ownName('twice')).not.toBe(new GrantedKeys(undefined, b).ownName('once'));
  });
});

describe('a caller without a key prefix', () => {
  it('may name everything', () => {
    const keys = new GrantedKeys(undefined);
    const all = { start: undefined, end: undefined };
    expect(keys.prefixOtherwise).toBeUndefined();
    for (const act of [
      () => keys.requireKey(Buffer.from('k')),
      () => keys.requirePrefix(undefined),
      () => keys.requireRange(all),
      () => keys.requireTransaction({ checks: [], ops: [{ op: 'deleteRange', range: all }] }),
      () => keys.requireAll('statistics'),
    ]) {
      expect(allows(act)).toBe(true);
    }
  });
});
