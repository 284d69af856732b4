import { describe, expect, it } from '@jest/globals';
import { seededRandom, toHex, utf8 } from '@leasehold/foundation';
import type { Random } from '@leasehold/foundation';

import { ProblemError } from '../problem.js';
import { decodeMessage, encodeMessage } from '../testing/kv-messages.js';
import { decodeTransaction, encodeTransaction } from '../transaction-frame.js';
import { decodeAtomicWrite, encodeAtomicWriteOutput } from './atomic-write.js';
import { KV_LIMITS } from './kv-limits.js';
import { transactionOfKv } from './kv-transaction.js';
import { decodeSnapshotRead, encodeSnapshotReadOutput } from './snapshot-read.js';
import { encodeStoredValue } from './stored-value.js';
import { decodeWatch, encodeWatchMessage } from './watch.js';

const VERSION = { epoch: 3, sequence: 258 };
const STAMP = '00000003000000000102';
const KEY = utf8('k');
const V8 = { data: utf8('v'), encoding: 1 };
const U64 = { data: Buffer.from('0500000000000000', 'hex'), encoding: 2 };

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'fine';
  } catch (error) {
    return error instanceof ProblemError ? error.code : `thrown: ${String(error)}`;
  }
}
const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
const set = (rest: Record<string, unknown> = {}) => ({ key: KEY, value: V8, mutationType: 1, ...rest });

describe('a snapshot read', () => {
  const read = (...ranges: Record<string, unknown>[]) => decodeSnapshotRead(encodeMessage('SnapshotRead', { ranges }));

  it('is ranges as they were asked for', () => {
    const ranges = [
      { start: utf8('a'), end: utf8('b'), limit: 10, reverse: true },
      { start: new Uint8Array(0), end: Uint8Array.of(0xff), limit: 1, reverse: false },
    ];
    const shown = (list: readonly { start: Uint8Array; end: Uint8Array; limit: number; reverse: boolean }[]) =>
      list.map((range) => ({ ...range, start: toHex(range.start), end: toHex(range.end) }));
    expect(shown(read(...ranges))).toEqual(shown(ranges));
    expect(read()).toEqual([]);
  });

  it.each<[string, string, Record<string, unknown>[]]>([
    ['as many ranges as there may be', 'fine', many(10, { limit: 100 })],
    ['one more', 'too-many-operations', many(11, { limit: 1 })],
    ['more entries than there may be', 'invalid-limit', [{ limit: 1_000 }, { limit: 1 }]],
    ['no limit', 'invalid-limit', [{ start: KEY }]],
    ['a limit below', 'invalid-limit', [{ limit: -1 }]],
    ['the longest bounds', 'fine', [{ start: new Uint8Array(2_049), end: new Uint8Array(2_049), limit: 1 }]],
    ['a longer one', 'key-too-long', [{ end: new Uint8Array(2_050), limit: 1 }]],
  ])('with %s is %s', (_, code, ranges) => {
    expect(codeOf(() => read(...ranges))).toBe(code);
  });

  it('is answered by position', () => {
    const entry = { key: KEY, value: encodeStoredValue({ encoding: 'v8', data: utf8('v') }), version: VERSION };
    expect(decodeMessage('SnapshotReadOutput', encodeSnapshotReadOutput([[entry], [], [entry, entry]]))).toEqual({
      ranges: [
        { values: [{ key: '6b', value: '76', encoding: 1, versionstamp: STAMP }] },
        { values: [] },
        { values: many(2, { key: '6b', value: '76', encoding: 1, versionstamp: STAMP }) },
      ],
      readDisabled: false,
      readIsStronglyConsistent: true,
      status: 1,
    });
  });
});

describe('an atomic write', () => {
  const write = (message: Record<string, unknown>) => decodeAtomicWrite(encodeMessage('AtomicWrite', message));
  const refused = (message: Record<string, unknown>) => codeOf(() => write(message));

  it('is a transaction of Leasehold, which keeps its form on the way to a worker', () => {
    const transaction = transactionOfKv(
      write({
        checks: [{ key: KEY, versionstamp: Buffer.from(STAMP, 'hex') }, { key: KEY }],
        mutations: [
          set(),
          set({ expireAtMs: 1_700_000_000_123 }),
          { key: KEY, mutationType: 2 },
          { key: KEY, value: U64, mutationType: 3 },
          { key: KEY, value: U64, mutationType: 4 },
          { key: KEY, value: U64, mutationType: 5 },
          set({ mutationType: 9 }),
        ],
      }),
    );
    expect(transaction.checks.map((check) => 'precondition' in check && check.precondition)).toEqual([
      { kind: 'version', version: VERSION },
      { kind: 'absent' },
    ]);
    expect(transaction.ops.map(({ op }) => op)).toEqual([
      'put',
      'put',
      'delete',
      'sum',
      'max',
      'min',
      'putVersionstamped',
    ]);
    expect(transaction.ops[1]).toMatchObject({ lifetime: { expiresAt: 1_700_000_000_123 } });
    expect(transaction.ops[3]).toMatchObject({ operand: 5n, lifetime: { expiresAt: Infinity } });
    const frame = encodeTransaction(transaction);
    const again = decodeTransaction(frame);
    expect(toHex(encodeTransaction(again))).toBe(toHex(frame));
    expect(again.ops[3]).toMatchObject({ operand: 5n, lifetime: { expiresAt: Infinity } });
    expect(toHex((again.ops[3] as { prefix: Uint8Array }).prefix)).toBe('c14b5602');
  });

  it('without mutations is a commit that changes nothing', () => {
    const { ops } = transactionOfKv(write({}));
    expect(ops).toEqual([{ op: 'deleteRange', range: { start: Uint8Array.of(0), end: Uint8Array.of(0) } }]);
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['as much as there may be', 'fine', { checks: many(100, { key: KEY }), mutations: many(1_000, set()) }],
    ['a check too many', 'too-many-operations', { checks: many(101, { key: KEY }) }],
    ['a mutation too many', 'too-many-operations', { mutations: many(1_001, set()) }],
    ['the longest key', 'fine', { mutations: [set({ key: new Uint8Array(2_048) })] }],
    ['a longer key', 'key-too-long', { mutations: [set({ key: new Uint8Array(2_049) })] }],
    ['a longer key to check', 'key-too-long', { checks: [{ key: new Uint8Array(2_049) }] }],
    ['no key', 'invalid-key', { mutations: [set({ key: new Uint8Array(0) })] }],
    ['the largest value', 'fine', { mutations: [set({ value: { data: new Uint8Array(65_536), encoding: 3 } })] }],
    ['a larger one', 'value-too-large', { mutations: [set({ value: { data: new Uint8Array(65_537), encoding: 3 } })] }],
    [
      'too much of all',
      'transaction-too-large',
      { mutations: many(13, set({ value: { data: new Uint8Array(65_000), encoding: 3 } })) },
    ],
    ['a versionstamp of nine bytes', 'invalid-version', { checks: [{ key: KEY, versionstamp: new Uint8Array(9) }] }],
    ['an expiry before 1970', 'invalid-expiry', { mutations: [set({ expireAtMs: -2 })] }],
    ['an expiry that is none', 'fine', { mutations: [set({ expireAtMs: -1 })] }],
    ['an expiry beyond all', 'fine', { mutations: [set({ expireAtMs: Number.MAX_SAFE_INTEGER })] }],
    ['an unknown mutation', 'invalid-body', { mutations: [set({ mutationType: 6 })] }],
    ['no value', 'invalid-body', { mutations: [{ key: KEY, mutationType: 1 }] }],
    ['an unknown encoding', 'invalid-body', { mutations: [set({ value: { data: KEY, encoding: 4 } })] }],
    [
      'a number of seven bytes',
      'invalid-body',
      { mutations: [set({ value: { data: new Uint8Array(7), encoding: 2 } })] },
    ],
    ['a sum of what is no number', 'invalid-body', { mutations: [set({ mutationType: 3 })] }],
    ['a sum with bounds', 'invalid-body', { mutations: [set({ mutationType: 3, value: U64, sumClamp: true })] }],
    ['a message for a queue', 'invalid-body', { enqueues: [{ payload: KEY }] }],
  ])('with %s is %s', (_, code, message) => {
    expect(refused(message)).toBe(code);
  });

  it('is answered with a status', () => {
    const told = (outcome: Parameters<typeof encodeAtomicWriteOutput>[0]) =>
      decodeMessage('AtomicWriteOutput', encodeAtomicWriteOutput(outcome));
    expect(told({ kind: 'committed', version: VERSION })).toEqual({ status: 1, versionstamp: STAMP, failedChecks: [] });
    expect(told({ kind: 'check-failed', failedCheck: 7 })).toMatchObject({ status: 2, failedChecks: '07' });
    expect(told({ kind: 'unknown' })).toMatchObject({ status: 0 });
  });
});

describe('a watch', () => {
  const watch = (...keys: Record<string, unknown>[]) => decodeWatch(encodeMessage('Watch', { keys }));

  it.each<[string, string, Record<string, unknown>[]]>([
    ['ten keys', 'fine', many(10, { key: KEY })],
    ['eleven', 'too-many-operations', many(11, { key: KEY })],
    ['none', 'invalid-body', []],
    ['an empty key', 'invalid-key', [{}]],
    ['a key that is too long', 'key-too-long', [{ key: new Uint8Array(2_049) }]],
  ])('of %s is %s', (_, code, keys) => {
    expect(codeOf(() => watch(...keys))).toBe(code);
  });

  it('is told in messages behind their lengths', () => {
    const entry = { key: KEY, value: utf8('v'), version: VERSION };
    const message = Buffer.from(encodeWatchMessage([entry, undefined]));
    expect(message.readUInt32LE()).toBe(message.byteLength - 4);
    const told = decodeMessage('WatchOutput', message.subarray(4)) as {
      status: number;
      keys: Record<string, unknown>[];
    };
    expect(told.status).toBe(1);
    expect(told.keys.map(({ changed, entryIfChanged }) => [changed, entryIfChanged])).toEqual([
      [true, { key: '6b', value: '76', encoding: 3, versionstamp: STAMP }],
      [true, null],
    ]);
  });
});

describe('messages that are none', () => {
  const samples = [
    encodeMessage('SnapshotRead', { ranges: [{ start: KEY, end: utf8('z'), limit: 5 }] }),
    encodeMessage('AtomicWrite', { checks: [{ key: KEY }], mutations: [set(), set({ mutationType: 3, value: U64 })] }),
    encodeMessage('Watch', { keys: [{ key: KEY }, { key: utf8('longer') }] }),
  ];
  const decoders = [decodeSnapshotRead, decodeAtomicWrite, decodeWatch];

  it('are refused, and nothing else is thrown, however they were damaged', () => {
    const random = seededRandom(7);
    const codes = new Set<string>();
    for (let i = 0; i < 20_000; i++) {
      const message = damaged(samples[i % samples.length] as Buffer, random);
      const decode = decoders[Math.floor(random.fraction() * decoders.length)] as (body: Uint8Array) => unknown;
      codes.add(codeOf(() => decode(message)));
    }
    expect([...codes].filter((code) => code.startsWith('thrown'))).toEqual([]);
    expect([...codes]).toEqual(expect.arrayContaining(['fine', 'invalid-body', 'invalid-limit']));
  });

  it.each([
    ['groups in each other', Buffer.alloc(100_000, 0x0b)],
    ['a length beyond the end', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    ['a field 0', Buffer.from([0x00, 0x01])],
    ['the end of a group that nobody began', Buffer.from([0x0c])],
    ['a number without an end', Buffer.alloc(20, 0xff)],
  ])('are refused with %s', (_, body) => {
    for (const decode of decoders) expect(codeOf(() => decode(body))).toBe('invalid-body');
  });
});

function damaged(message: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(message);
  const changes = 1 + Math.floor(random.fraction() * 3);
  for (let i = 0; i < changes; i++) {
    bytes[Math.floor(random.fraction() * bytes.byteLength)] = Math.floor(random.fraction() * 256);
  }
  const end = random.fraction() < 0.3 ? Math.floor(random.fraction() * bytes.byteLength) : bytes.byteLength;
  const extra = random.fraction() < 0.2 ? random.bytes(Math.floor(random.fraction() * 8)) : new Uint8Array(0);
  return Buffer.concat([bytes.subarray(0, end), extra]);
}

describe('the limits', () => {
  it('leave room in bodies for all that is allowed in them', () => {
    expect(KV_LIMITS.writeBodyBytes).toBeGreaterThan(
      KV_LIMITS.writeBytes + (KV_LIMITS.checks + KV_LIMITS.mutations) * 64,
    );
    expect(KV_LIMITS.readBodyBytes).toBeGreaterThan(KV_LIMITS.readRanges * (2 * KV_LIMITS.boundBytes + 32));
    expect(KV_LIMITS.watchBodyBytes).toBeGreaterThan(KV_LIMITS.watchedKeys * (KV_LIMITS.keyBytes + 16));
  });
});
