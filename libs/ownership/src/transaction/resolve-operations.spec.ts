import { describe, expect, it } from '@jest/globals';
import type { Entry } from '@leasehold/engine';
import { deleteEntry, NEVER, putEntry } from '@leasehold/engine';
import { compareBytes, utf8 } from '@leasehold/foundation';
import fc from 'fast-check';

import { decodeCounter, encodeCounter, MAX_COUNTER } from './counter.js';
import type { Effects } from './resolve-operations.js';
import { resolveOperations } from './resolve-operations.js';
import type { Operation } from './transaction.js';

const VERSION = { epoch: 2, sequence: 10 };
const OLD = { epoch: 1, sequence: 4 };
const NOW = 1_000;

function resolve(ops: readonly Operation[], present: Record<string, Entry> = {}): Effects {
  const effects = resolveOperations(ops, (i) => present[textOf((ops[i] as { key: Uint8Array }).key)], VERSION, NOW);
  if ('faultyOperation' in effects) throw new Error(`operation ${effects.faultyOperation} is faulty`);
  return effects;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function shown({ entries, rangeDeletes }: Effects): string[] {
  return [
    ...entries.map(({ key, kind, value }) => `${textOf(key)}${kind === 'put' ? `=${textOf(value)}` : ' gone'}`),
    ...rangeDeletes.map(({ start, end }) => `${textOf(start)}..${end === undefined ? '' : textOf(end)} gone`),
  ];
}

const put = (key: string, value: string): Operation => ({ op: 'put', key: utf8(key), value: utf8(value) });
const del = (key: string): Operation => ({ op: 'delete', key: utf8(key) });
const delRange = (start: string, end?: string): Operation => ({
  op: 'deleteRange',
  range: { start: utf8(start), end: end === undefined ? undefined : utf8(end) },
});
const sum = (key: string, operand: bigint): Operation => ({ op: 'sum', key: utf8(key), operand });
const numbered = (key: string, number: bigint, expiresAt = NEVER): Entry =>
  putEntry(utf8(key), OLD, encodeCounter(number), expiresAt);

describe('operations in order', () => {
  it.each<[string, readonly Operation[], string[]]>([
    ['the last of a key wins', [put('a', '1'), put('a', '2'), del('b'), put('b', '3')], ['a=2', 'b=3']],
    ['a delete after a put stays a delete', [put('a', '1'), del('a')], ['a gone']],
    ['a put that a later range delete covers vanishes', [put('b', '1'), delRange('a', 'c')], ['a..c gone']],
    ['a put after the range delete stands', [delRange('a', 'c'), put('b', '1')], ['b=1', 'a..c gone']],
    ['a put at the end of the range is not in it', [put('c', '1'), delRange('a', 'c')], ['c=1', 'a..c gone']],
    ['a delete inside a later range delete is needless', [del('b'), delRange('a', 'c')], ['a..c gone']],
    ['ranges that touch are one', [delRange('a', 'c'), delRange('c', 'e'), delRange('b', 'd')], ['a..e gone']],
    ['ranges apart stay apart', [delRange('e', 'f'), delRange('a', 'b')], ['a..b gone', 'e..f gone']],
    ['a range without an end swallows', [delRange('x', 'z'), delRange('b')], ['b.. gone']],
    ['an empty range does nothing', [put('a', '1'), delRange('c', 'a')], ['a=1']],
    ['nothing comes to nothing', [], []],
  ])('%s', (_, ops, expected) => {
    expect(shown(resolve(ops))).toEqual(expected);
  });

  it('have the version of their commit', () => {
    const { entries, rangeDeletes } = resolve([put('a', '1'), del('b'), delRange('x')]);
    for (const { version } of [...entries, ...rangeDeletes]) expect(version).toBe(VERSION);
  });

  it('come to what a plain map comes to, with at most one entry per key', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const op = fc.oneof(
      fc.tuple(key, fc.nat(9)).map(([k, v]) => put(k, String(v))),
      key.map(del),
      fc.tuple(key, fc.option(key, { nil: undefined })).map(([start, end]) => delRange(start, end)),
    );
    fc.assert(
      fc.property(fc.array(op, { maxLength: 12 }), fc.subarray(['a', 'b', 'c', 'd', 'e']), (ops, before) => {
        const model = new Map(before.map((k) => [k, 'old']));
        for (const step of ops) {
          if (step.op === 'put') model.set(textOf(step.key), textOf(step.value));
          else if (step.op === 'delete') model.delete(textOf(step.key));
          else if (step.op === 'deleteRange') {
            const { start, end } = step.range;
            for (const k of model.keys()) {
              const inside = compareBytes(utf8(k), start!) >= 0 && (!end || compareBytes(utf8(k), end) < 0);
              if (inside) model.delete(k);
            }
          }
        }
        const { entries, rangeDeletes } = resolve(ops);
        const result = new Map<string, string>();
        // As the engine applies a commit: range deletes hide what is older, entries stand above them.
        for (const k of before) {
          const hidden = rangeDeletes.some(
            ({ start, end }) => compareBytes(utf8(k), start) >= 0 && (!end || compareBytes(utf8(k), end) < 0),
          );
          if (!hidden) result.set(k, 'old');
        }
        for (const entry of entries) {
          if (entry.kind === 'put') result.set(textOf(entry.key), textOf(entry.value));
          else result.delete(textOf(entry.key));
        }
        expect(new Set(entries.map((entry) => textOf(entry.key))).size).toBe(entries.length);
        expect([...result].sort()).toEqual([...model].sort());
      }),
    );
  });
});

describe('counters', () => {
  const value = (ops: readonly Operation[], present?: Record<string, Entry>): bigint | undefined =>
    decodeCounter(resolve(ops, present).entries.at(-1)!.value);

  it.each<[string, readonly Operation[], Record<string, Entry>, bigint]>([
    ['a sum adds', [sum('n', 5n)], { n: numbered('n', 2n) }, 7n],
    ['a sum wraps at 64 bits', [sum('n', 3n)], { n: numbered('n', MAX_COUNTER) }, 2n],
    ['a key that does not exist takes the operand', [sum('n', 5n)], {}, 5n],
    ['so does one that was deleted', [sum('n', 5n)], { n: deleteEntry(utf8('n'), OLD) }, 5n],
    ['and one that has expired by now', [sum('n', 5n)], { n: numbered('n', 2n, NOW) }, 5n],
    ['a min keeps the smaller', [{ op: 'min', key: utf8('n'), operand: 3n }], { n: numbered('n', 9n) }, 3n],
    ['a max keeps the larger', [{ op: 'max', key: utf8('n'), operand: 3n }], { n: numbered('n', 9n) }, 9n],
    [
      'they compare as unsigned',
      [{ op: 'max', key: utf8('n'), operand: 1n }],
      { n: numbered('n', MAX_COUNTER) },
      MAX_COUNTER,
    ],
    ['a sum after a sum sees it', [sum('n', 1n), sum('n', 1n)], { n: numbered('n', 1n) }, 3n],
    ['a sum after a delete starts anew', [del('n'), sum('n', 1n)], { n: numbered('n', 9n) }, 1n],
    ['a sum after a range delete starts anew', [delRange('m', 'o'), sum('n', 1n)], { n: numbered('n', 9n) }, 1n],
    ['a sum beside a range delete does not', [delRange('o'), sum('n', 1n)], { n: numbered('n', 9n) }, 10n],
    [
      'a sum after a put adds to it',
      [{ op: 'put', key: utf8('n'), value: encodeCounter(4n) }, sum('n', 1n)],
      { n: numbered('n', 9n) },
      5n,
    ],
  ])('%s', (_, ops, present, expected) => {
    expect(value(ops, present)).toBe(expected);
  });

  it('are 8 bytes, least first, behind their prefix', () => {
    expect([...encodeCounter(0x0102n, Uint8Array.of(9))]).toEqual([9, 2, 1, 0, 0, 0, 0, 0, 0]);
    const tagged: Operation = { op: 'sum', key: utf8('n'), operand: 1n, prefix: Uint8Array.of(9) };
    const present = { n: putEntry(utf8('n'), OLD, encodeCounter(4n, Uint8Array.of(9))) };
    expect([...resolve([tagged], present).entries[0]!.value]).toEqual([9, 5, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('end so long after the commit as they say', () => {
    const lifetime = { ttlMs: 500 };
    const expiries = (ops: readonly object[]) =>
      resolve(ops as Operation[], { n: numbered('n', 1n, 5_000) }).entries.map(({ expiresAt }) => expiresAt);
    expect(expiries([{ ...put('k', 'v'), ...lifetime }])).toEqual([NOW + 500]);
    expect(expiries([{ ...put('k', 'v'), ...lifetime }, { ...sum('n', 1n), ...lifetime }, put('stays', 'v')])).toEqual([
      NOW + 500,
      NOW + 500,
      NEVER,
    ]);
  });

  it('keep the expiry of their key unless they name one', () => {
    const present = { n: numbered('n', 1n, 5_000) };
    expect(resolve([sum('n', 1n)], present).entries[0]).toMatchObject({ expiresAt: 5_000 });
    expect(resolve([{ ...sum('n', 1n), expiresAt: 7_000 } as Operation], present).entries[0]).toMatchObject({
      expiresAt: 7_000,
    });
    expect(resolve([{ ...sum('n', 1n), expiresAt: NEVER } as Operation], present).entries[0]).toMatchObject({
      expiresAt: NEVER,
    });
  });

  it.each<[string, readonly Operation[], Record<string, Entry>]>([
    ['7 bytes', [sum('n', 1n)], { n: putEntry(utf8('n'), OLD, new Uint8Array(7)) }],
    ['9 bytes', [sum('n', 1n)], { n: putEntry(utf8('n'), OLD, new Uint8Array(9)) }],
    [
      'another prefix',
      [{ ...sum('n', 1n), prefix: utf8('x') } as Operation],
      { n: putEntry(utf8('n'), OLD, new Uint8Array(9)) },
    ],
    ['a value of the same transaction', [put('a', '1'), put('n', 'text'), sum('n', 1n)], {}],
  ])('refuse %s and name the operation', (_, ops, present) => {
    const refused = resolveOperations(ops, (i) => present[textOf((ops[i] as { key: Uint8Array }).key)], VERSION, NOW);
    expect(refused).toEqual({ faultyOperation: ops.length - 1 });
  });
});
