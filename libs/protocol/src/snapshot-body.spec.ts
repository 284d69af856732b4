import { describe, expect, it } from '@jest/globals';
import { utf8 } from '@leasehold/foundation';
import fc from 'fast-check';

import { formatCost } from './cost.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { LIMITS } from './limits.js';
import { ProblemError } from './problem.js';
import { formatSnapshot, snapshotReadUnits } from './snapshot-answer.js';
import { formatSnapshotBody, parseSnapshotBody } from './snapshot-body.js';
import type { SnapshotRequest } from './snapshot-body.js';

const VERSION = '00000001000000000007';
const version = { epoch: 1, sequence: 7 };
const RANGE = { prefix: utf8('p'), start: undefined, end: undefined, reverse: false };
const pinned = encodeCursor({ lastKey: utf8('p1'), pin: version }, RANGE);
const parse = (body: unknown): SnapshotRequest =>
  parseSnapshotBody(utf8(typeof body === 'string' ? body : JSON.stringify(body)));
const entry = (key: string, value: string) => ({ key: utf8(key), value: utf8(value), version });

describe('the body of a snapshot read', () => {
  it('says keys, pages and state, and the same on the hop', () => {
    const body = {
      gets: [{ key: 'é' }, { key64: '_w' }],
      lists: [{ prefix: 'p', limit: 7, reverse: true }, { start64: 'AA', end: 'z' }, {}],
      at: '2026-11-27T10:00:00Z',
      encoding: 'base64',
    };
    const request = parse(body);
    expect(request).toMatchObject({ at: { timeMs: Date.UTC(2026, 10, 27, 10) }, encoding: 'base64' });
    expect(request.gets.map((key) => [...key])).toEqual([[...utf8('é')], [0xff]]);
    expect(request.lists.map(({ limit, reverse }) => [limit, reverse])).toEqual([
      [7, true],
      [100, false],
      [100, false],
    ]);
    expect(
      request.lists.map(({ prefix, start, end }) => [prefix, start, end].map((bound) => bound && [...bound])),
    ).toEqual([
      [[...utf8('p')], undefined, undefined],
      [undefined, [0], [...utf8('z')]],
      [undefined, undefined, undefined],
    ]);
    const again = formatSnapshotBody(parseSnapshotBody(formatSnapshotBody(request)));
    expect(again).toEqual(formatSnapshotBody(request));
  });

  it('goes on at the version of its cursors', () => {
    expect(parse({ lists: [{ prefix: 'p', cursor: pinned }] }).at).toEqual({ version });
    expect(parse({ at: '2026-11-27T10:00:00Z', lists: [{}, { prefix: 'p', cursor: pinned }] }).at).toEqual({ version });
    const other = encodeCursor({ lastKey: utf8('p1'), pin: { epoch: 1, sequence: 8 } }, RANGE);
    const both = { lists: [pinned, other].map((cursor) => ({ prefix: 'p', cursor })) };
    expect(() => parse(both)).toThrow(expect.objectContaining({ code: 'invalid-cursor' }));
  });

  it('is of its largest size within the limit of the route', () => {
    const key64 = Buffer.alloc(LIMITS.keyBytes).toString('base64url');
    const gets = Array.from({ length: LIMITS.snapshotGets }, () => ({ key64 }));
    const lists = Array.from({ length: LIMITS.snapshotLists }, () => ({
      prefix64: key64,
      start64: key64,
      end64: key64,
    }));
    const request = parse({ gets, lists });
    expect(JSON.stringify({ gets, lists }).length).toBeLessThan(LIMITS.snapshotBodyBytes);
    expect(formatSnapshotBody(request).byteLength).toBeLessThan(LIMITS.snapshotBodyBytes);
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'invalid-body'],
    ['a list', '[]', 'invalid-body'],
    ['an unknown member', { keys: [] }, 'invalid-body'],
    ['a key that is a text', { gets: ['a'] }, 'invalid-body'],
    ['an empty key', { gets: [{ key: '' }] }, 'invalid-key'],
    ['a long key', { gets: [{ key: 'k'.repeat(2049) }] }, 'key-too-long'],
    ['no key', { gets: [{}] }, 'invalid-body'],
    ['an unknown encoding', { encoding: 'hex' }, 'invalid-body'],
    ['a state that is none', { at: 'yesterday' }, 'invalid-body'],
    ['no state', { at: null }, 'invalid-body'],
    ['no limit', { lists: [{ limit: 0 }] }, 'invalid-limit'],
    ['a large limit', { lists: [{ limit: 1001 }] }, 'invalid-limit'],
    ['a broken limit', { lists: [{ limit: 1.5 }] }, 'invalid-limit'],
    ['a limit as text', { lists: [{ limit: '1' }] }, 'invalid-body'],
    ['a direction as text', { lists: [{ reverse: 'true' }] }, 'invalid-body'],
    ['two prefixes', { lists: [{ prefix: 'a', prefix64: 'YQ' }] }, 'invalid-body'],
    ['a long bound', { lists: [{ end: 'a'.repeat(2049) }] }, 'invalid-range'],
    ['a cursor of another list', { lists: [{ prefix: 'q', cursor: pinned }] }, 'invalid-cursor'],
    [
      'a cursor of another version',
      { at: VERSION.replace('7', '8'), lists: [{ prefix: 'p', cursor: pinned }] },
      'invalid-cursor',
    ],
    ['too many keys', { gets: Array.from({ length: 1001 }, () => ({ key: 'a' })) }, 'too-many-operations'],
    ['too many lists', { lists: Array.from({ length: 101 }, () => ({})) }, 'too-many-operations'],
  ])('is refused with %s', (_what, body, code) => {
    expect(() => parse(body)).toThrow(expect.objectContaining({ code }));
  });

  it('is refused with a code, whatever it is', () => {
    const odd = fc.oneof(fc.anything({ withNullPrototype: true }), fc.constantFrom('*', null, VERSION, -1, pinned));
    const get = fc.record({ key: odd, key64: odd }, { requiredKeys: [] });
    const list = fc.record(
      { prefix: odd, start: odd, end64: odd, limit: odd, reverse: odd, cursor: odd },
      { requiredKeys: [] },
    );
    const some = (part: fc.Arbitrary<unknown>) => fc.oneof(fc.array(part, { maxLength: 4 }), odd);
    const anyBody = fc.oneof(
      fc.record({ gets: some(get), lists: some(list), at: odd, encoding: odd }, { requiredKeys: [] }),
      fc.jsonValue(),
    );
    let refused = 0;
    fc.assert(
      fc.property(anyBody, (body) => {
        const text = JSON.stringify(body, (_name, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        );
        try {
          parse(text ?? 'null');
        } catch (error) {
          if (!(error instanceof ProblemError)) throw error;
          refused++;
          expect(error.kind).toBe('invalid');
        }
      }),
      { numRuns: 2_000 },
    );
    expect(refused).toBeGreaterThan(1_000);
  });
});

describe('the answer of a snapshot read', () => {
  const request = parse({ gets: [{ key: 'a' }, { key: 'b' }], lists: [{ prefix: 'p', limit: 1 }], encoding: 'json' });
  const result = {
    version,
    gets: [entry('a', '1.50'), undefined],
    lists: [{ entries: [entry('p1', '{}')], more: true }],
  };

  it('has everything by position, with its version', () => {
    const text = formatSnapshot(result, request);
    expect(text).toContain('"value":1.50');
    const answer = JSON.parse(text) as { lists: { cursor: string }[] };
    expect(answer).toEqual({
      version: VERSION,
      gets: [{ value: 1.5, version: VERSION }, null],
      lists: [{ entries: [{ key: 'p1', value: {}, version: VERSION }], cursor: expect.any(String) }],
    });
    expect(decodeCursor(answer.lists[0]?.cursor ?? '', RANGE).pin).toBeUndefined();
  });

  it('has cursors that hold on to the state that was asked for', () => {
    const text = formatSnapshot(result, { ...request, at: { timeMs: 1 } });
    const { lists } = JSON.parse(text) as { lists: { cursor: string }[] };
    expect(decodeCursor(lists[0]?.cursor ?? '', RANGE).pin).toEqual(version);
  });

  it('is refused when it cannot be shown, or would be too large', () => {
    const binary = { ...result, gets: [entry('a', 'no JSON')] };
    expect(() => formatSnapshot(binary, request)).toThrow(expect.objectContaining({ code: 'invalid-encoding' }));
    const zeros = { ...entry('a', ''), value: new Uint8Array(LIMITS.valueBytes) };
    const large = { version, gets: Array.from({ length: 20 }, () => zeros), lists: [] };
    expect(() => formatSnapshot(large, { ...request, encoding: 'utf8' })).toThrow(
      expect.objectContaining({ code: 'answer-too-large' }),
    );
    expect(formatSnapshot(large, { ...request, encoding: 'base64' }).length).toBeLessThan(LIMITS.snapshotAnswerBytes);
  });

  it('costs a unit for each begun 4 KiB of a key or a page, and never nothing', () => {
    const sized = (bytes: number) => ({ ...entry('', ''), value: new Uint8Array(bytes) });
    expect(snapshotReadUnits({ version, gets: [], lists: [] })).toBe(1);
    expect(snapshotReadUnits(result)).toBe(3);
    expect(snapshotReadUnits({ version, gets: [sized(4_096), sized(4_097)], lists: [] })).toBe(3);
    const page = { entries: Array.from({ length: 100 }, () => sized(100)), more: false };
    expect(snapshotReadUnits({ version, gets: [], lists: [page] })).toBe(3);
    expect(formatCost({ readUnits: 3, writeUnits: 0 })).toBe('read=3, write=0');
  });
});
