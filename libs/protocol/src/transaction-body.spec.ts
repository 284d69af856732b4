import { describe, expect, it } from '@jest/globals';
import { utf8 } from '@leasehold/foundation';
import fc from 'fast-check';

import { isErrorCode } from './error-codes.js';
import { LIMITS } from './limits.js';
import { ProblemError } from './problem.js';
import { parseTransactionBody } from './transaction-body.js';
import { decodeTransaction, encodeTransaction, TRANSACTION_FRAME_BYTES } from './transaction-frame.js';
import type { TransactionRequest } from './transaction-request.js';

const VERSION = '00000001000000000007';
const parse = (body: unknown): TransactionRequest => {
  return parseTransactionBody(utf8(typeof body === 'string' ? body : JSON.stringify(body)));
};
const hop = (request: TransactionRequest): TransactionRequest => decodeTransaction(encodeTransaction(request));
/** Bytes as numbers, so that a Buffer equals a Uint8Array. */
const plain = (value: unknown): unknown =>
  value instanceof Uint8Array
    ? [...value]
    : Array.isArray(value)
      ? value.map(plain)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).flatMap(([k, v]) => (v === undefined ? [] : [[k, plain(v)]])))
        : value;

describe('the body of a transaction', () => {
  it('says checks and operations, each in its spellings', () => {
    const checks = [
      { key: 'a', version: VERSION },
      { key64: 'YQ', version: null },
      { key: 'a', version: '*' },
      { range: { prefix: 'p' }, since: VERSION },
      { range: { start64: 'AA', end: 'z' }, since: '00000000000000000000' },
      { range: { all: true }, since: VERSION },
    ];
    const ops = [
      { op: 'put', key: 'é', value: 'text', ttlSeconds: 60 },
      { op: 'put', key: 'k', value64: '_w', expiresAt: '2030-01-01T00:00:00Z' },
      { op: 'put', key: 'k', json: { n: 1 } },
      { op: 'delete', key: 'k' },
      { op: 'sum', key: 'n', operand: 1 },
      { op: 'min', key: 'n', operand: '18446744073709551615' },
      { op: 'max', key: 'n', operand: '0', ttlSeconds: 1 },
      { op: 'deleteRange', range: { prefix: 'p', end: 'p5' } },
      { op: 'deleteRange', range: { all: true } },
    ];
    const bytes = (text: string) => [...utf8(text)];
    const expected = {
      checks: [
        { kind: 'key', key: bytes('a'), precondition: { kind: 'version', version: { epoch: 1, sequence: 7 } } },
        { kind: 'key', key: bytes('a'), precondition: { kind: 'absent' } },
        { kind: 'key', key: bytes('a'), precondition: { kind: 'present' } },
        { kind: 'range', range: { start: bytes('p'), end: bytes('q') }, since: 7 },
        { kind: 'range', range: { start: [0], end: bytes('z') }, since: 0 },
        { kind: 'range', range: {}, since: 7 },
      ],
      ops: [
        { op: 'put', key: bytes('é'), value: bytes('text'), lifetime: { ttlSeconds: 60 } },
        { op: 'put', key: bytes('k'), value: [0xff], lifetime: { expiresAt: Date.UTC(2030, 0) } },
        { op: 'put', key: bytes('k'), value: bytes('{"n":1}') },
        { op: 'delete', key: bytes('k') },
        { op: 'sum', key: bytes('n'), operand: 1n },
        { op: 'min', key: bytes('n'), operand: 2n ** 64n - 1n },
        { op: 'max', key: bytes('n'), operand: 0n, lifetime: { ttlSeconds: 1 } },
        { op: 'deleteRange', range: { start: bytes('p'), end: bytes('p5') } },
        { op: 'deleteRange', range: {} },
      ],
    };
    expect(plain(parse({ checks, ops }))).toEqual(expected);
    expect(plain(hop(parse({ checks, ops })))).toEqual(expected);
  });

  it('keeps JSON values as they were written', () => {
    const { ops } = parse('{"ops":[{"op":"put","key":"k","json": 12345678901234567890.10 }]}');
    expect(plain(ops)).toEqual(plain([{ op: 'put', key: utf8('k'), value: utf8('12345678901234567890.10') }]));
  });

  it('may hold nothing', () => {
    expect(parse({})).toEqual({ checks: [], ops: [] });
  });

  it('has the same bytes on the hop however it is spelled', () => {
    const one = parse({ ops: [{ op: 'put', key: 'a', value: 'b' }] });
    const other = parse('{ "ops": [ {"value64":"Yg", "key64":"YQ", "op":"put"} ], "checks": [] }');
    expect(encodeTransaction(one)).toEqual(encodeTransaction(other));
  });

  it('fits its limits, JSON and frame', () => {
    const value64 = Buffer.alloc(LIMITS.valueBytes - 8).toString('base64url');
    const body = JSON.stringify({
      ops: Array.from({ length: 8 }, (_, i) => ({ op: 'put', key: `key-${i}-`, value64 })),
    });
    expect(body.length).toBeLessThan(LIMITS.transactionBodyBytes);
    expect(encodeTransaction(parse(body)).byteLength).toBeLessThan(TRANSACTION_FRAME_BYTES);
    const key64 = Buffer.alloc(LIMITS.keyBytes).toString('base64url');
    const many = JSON.stringify({ ops: Array.from({ length: 1_000 }, () => ({ op: 'sum', key64, operand: 1 })) });
    expect(encodeTransaction(parse(many)).byteLength).toBeLessThan(TRANSACTION_FRAME_BYTES);
  });

  const put = { op: 'put', key: 'k', value: 'v' };
  const refusals: readonly (readonly [what: string, body: unknown, code: string, member?: string])[] = [
    ['no JSON', 'x', 'invalid-body'],
    ['nothing', '', 'invalid-body'],
    ['null', 'null', 'invalid-body'],
    ['a list', [], 'invalid-body'],
    ['an unknown member', { operations: [] }, 'invalid-body', 'operations'],
    ['__proto__', '{"__proto__":{"ops":[]}}', 'invalid-body', '__proto__'],
    [
      '__proto__ in an operation',
      '{"ops":[{"op":"delete","key":"k","__proto__":null}]}',
      'invalid-body',
      'ops[0].__proto__',
    ],
    ['constructor', { constructor: 1 }, 'invalid-body', 'constructor'],
    ['operations that are no list', { ops: {} }, 'invalid-body', 'ops'],
    ['an operation that is none', { ops: [1] }, 'invalid-body', 'ops[0]'],
    ['an unknown operation', { ops: [{ op: 'append', key: 'k' }] }, 'invalid-body', 'ops[0].op'],
    ['an operation without a name', { ops: [{ key: 'k' }] }, 'invalid-body', 'ops[0].op'],
    ['an unknown member of an operation', { ops: [put, { ...put, ttl: 1 }] }, 'invalid-body', 'ops[1].ttl'],
    ['no key', { ops: [{ op: 'delete' }] }, 'invalid-body', 'ops[0]'],
    ['two keys', { ops: [{ op: 'delete', key: 'k', key64: 'aw' }] }, 'invalid-body', 'ops[0]'],
    ['a key that is a number', { ops: [{ op: 'delete', key: 1 }] }, 'invalid-body', 'ops[0].key'],
    ['an empty key', { ops: [{ op: 'delete', key: '' }] }, 'invalid-key'],
    ['a long key', { ops: [{ op: 'delete', key: 'k'.repeat(2049) }] }, 'key-too-long'],
    ['padded base64', { ops: [{ op: 'delete', key64: 'YQ==' }] }, 'invalid-body', 'ops[0].key64'],
    ['half a surrogate', '{"ops":[{"op":"delete","key":"\\ud800"}]}', 'invalid-body'],
    ['no value', { ops: [{ op: 'put', key: 'k' }] }, 'invalid-body', 'ops[0]'],
    ['two values', { ops: [{ ...put, value64: 'AA' }] }, 'invalid-body', 'ops[0]'],
    ['a value and JSON', { ops: [{ ...put, json: 1 }] }, 'invalid-body', 'ops[0]'],
    ['a value that is an object', { ops: [{ ...put, value: {} }] }, 'invalid-body', 'ops[0].value'],
    ['a large value', { ops: [{ ...put, value: 'v'.repeat(LIMITS.valueBytes + 1) }] }, 'value-too-large'],
    ['a large JSON value', { ops: [{ op: 'put', key: 'k', json: 'v'.repeat(LIMITS.valueBytes) }] }, 'value-too-large'],
    ['a value on a delete', { ops: [{ op: 'delete', key: 'k', value: 'v' }] }, 'invalid-body', 'ops[0].value'],
    ['no lifetime', { ops: [{ ...put, ttlSeconds: 0 }] }, 'invalid-expiry'],
    ['part of a second', { ops: [{ ...put, ttlSeconds: 0.5 }] }, 'invalid-expiry'],
    ['a lifetime without end', { ops: [{ ...put, ttlSeconds: LIMITS.ttlSeconds + 1 }] }, 'invalid-expiry'],
    ['a lifetime as text', { ops: [{ ...put, ttlSeconds: '1' }] }, 'invalid-body', 'ops[0].ttlSeconds'],
    ['two lifetimes', { ops: [{ ...put, ttlSeconds: 1, expiresAt: '2030-01-01T00:00:00Z' }] }, 'invalid-body'],
    ['an end that is no time', { ops: [{ ...put, expiresAt: 'tomorrow' }] }, 'invalid-expiry'],
    ['an operand below zero', { ops: [{ op: 'sum', key: 'n', operand: -1 }] }, 'invalid-body', 'ops[0].operand'],
    ['a broken operand', { ops: [{ op: 'sum', key: 'n', operand: 1.5 }] }, 'invalid-body', 'ops[0].operand'],
    ['an operand that parsers round', '{"ops":[{"op":"sum","key":"n","operand":9007199254740993}]}', 'invalid-body'],
    ['an operand of 65 bits', { ops: [{ op: 'sum', key: 'n', operand: '18446744073709551616' }] }, 'invalid-body'],
    ['an operand with zeros before it', { ops: [{ op: 'sum', key: 'n', operand: '01' }] }, 'invalid-body'],
    ['no operand', { ops: [{ op: 'max', key: 'n' }] }, 'invalid-body', 'ops[0].operand'],
    ['a range without bounds', { ops: [{ op: 'deleteRange', range: {} }] }, 'invalid-body', 'ops[0].range'],
    ['an empty prefix', { ops: [{ op: 'deleteRange', range: { prefix: '' } }] }, 'invalid-body', 'ops[0].range'],
    ['everything and a part', { ops: [{ op: 'deleteRange', range: { all: true, prefix: 'a' } }] }, 'invalid-body'],
    ['perhaps everything', { ops: [{ op: 'deleteRange', range: { all: false } }] }, 'invalid-body'],
    ['a long bound', { ops: [{ op: 'deleteRange', range: { start: 'a'.repeat(2049) } }] }, 'invalid-range'],
    ['a check without a version', { checks: [{ key: 'k' }] }, 'invalid-body', 'checks[0].version'],
    ['a check of a tag', { checks: [{ key: 'k', version: `"${VERSION}"` }] }, 'invalid-body', 'checks[0].version'],
    ['a check of a number', { checks: [{ key: 'k', version: 7 }] }, 'invalid-body', 'checks[0].version'],
    ['a range without since', { checks: [{ range: { prefix: 'a' } }] }, 'invalid-body', 'checks[0].since'],
    ['a range since a time', { checks: [{ range: { prefix: 'a' }, since: '2030-01-01T00:00:00Z' }] }, 'invalid-body'],
    ['a range with a version', { checks: [{ range: { prefix: 'a' }, since: VERSION, version: null }] }, 'invalid-body'],
    ['too many parts', { ops: Array.from({ length: 1001 }, () => put) }, 'too-many-operations'],
    ['too many parts together', { ops: Array.from({ length: 999 }, () => put), checks: [1, 2] }, 'too-many-operations'],
    [
      'too many bytes',
      { ops: Array.from({ length: 9 }, (_, i) => ({ ...put, key: `k${i}`, value: 'v'.repeat(LIMITS.valueBytes) })) },
      'transaction-too-large',
    ],
  ];
  // Whole rows: with fewer columns than parameters, Jest would pass a callback.
  it.each(refusals.map((row) => [row[0], row] as const))('is refused with %s', (_what, [, body, code, member]) => {
    let refusal: unknown;
    try {
      parse(body);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(ProblemError);
    expect(refusal).toMatchObject({ code, ...(member ? { members: { errors: [{ member }] } } : {}) });
  });

  it('is refused as a whole, with a code, whatever it is', () => {
    const key = fc.record({ key: fc.string(), key64: fc.string() }, { requiredKeys: [] });
    const odd = fc.oneof(fc.anything({ withNullPrototype: true }), fc.constantFrom('*', null, VERSION, -1, 1e300));
    const part = fc.record(
      {
        op: fc.constantFrom('put', 'delete', 'sum', 'min', 'max', 'deleteRange', 'x', 7),
        key: odd,
        key64: odd,
        value: odd,
        value64: odd,
        json: odd,
        operand: odd,
        range: fc.oneof(key, odd),
        since: odd,
        version: odd,
        ttlSeconds: odd,
        expiresAt: odd,
      },
      { requiredKeys: [] },
    );
    const anyBody = fc.oneof(
      fc.record(
        { checks: fc.array(part, { maxLength: 4 }), ops: fc.array(part, { maxLength: 4 }) },
        { requiredKeys: [] },
      ),
      fc.jsonValue(),
    );
    let refused = 0;
    fc.assert(
      fc.property(anyBody, (body) => {
        const text = JSON.stringify(body, (_name, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        );
        try {
          const request = parse(text ?? 'null');
          expect(plain(hop(request))).toEqual(plain(request));
        } catch (error) {
          if (!(error instanceof ProblemError)) throw error;
          refused++;
          expect(isErrorCode(error.code) && error.kind).toBe('invalid');
          expect(JSON.stringify(error.members).length).toBeLessThan(4_000);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(refused).toBeGreaterThan(1_000);
  });

  it('is refused with a code also when it is no text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(() => parseTransactionBody(bytes)).toThrow(expect.objectContaining({ kind: 'invalid' }));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a transaction on the hop', () => {
  it('is refused when it is not whole', () => {
    const bytes = encodeTransaction(
      parse({ checks: [{ key: 'a', version: VERSION }], ops: [{ op: 'sum', key: 'n', operand: 7 }] }),
    );
    for (let length = 0; length < bytes.byteLength; length++) {
      expect(() => decodeTransaction(bytes.subarray(0, length))).toThrow(expect.objectContaining({ kind: 'invalid' }));
    }
    expect(() => decodeTransaction(Buffer.concat([bytes, Buffer.from([0])]))).toThrow('no transaction');
    expect(() => decodeTransaction(Buffer.concat([Buffer.from([9]), bytes.subarray(1)]))).toThrow('no transaction');
  });

  it('is refused, and nothing else happens, when it is any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (rest) => {
        try {
          decodeTransaction(Buffer.concat([Buffer.from([1]), rest]));
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid-request' });
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
