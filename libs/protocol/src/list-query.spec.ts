import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { byteRangeOf } from './byte-range.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { LIMITS } from './limits.js';
import { formatListPage } from './list-page.js';
import { formatInternalListQuery, parseInternalListQuery, parseListQuery, scanBounds } from './list-query.js';
import type { ListQuery } from './list-query.js';
import type { ListRange } from './list-range.js';
import { percentDecode, percentEncode } from './percent-encoding.js';

const bytes = (...values: number[]) => Uint8Array.from(values);
const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
const anyPin = fc.option(fc.record({ epoch: fc.nat(9), sequence: fc.nat(1_000_000) }), { nil: undefined });
const anyRange = fc.record({
  prefix: fc.option(anyBytes, { nil: undefined }),
  start: fc.option(anyBytes, { nil: undefined }),
  end: fc.option(anyBytes, { nil: undefined }),
  reverse: fc.boolean(),
});
/** A key of the range; of empty ranges there is none. */
function keyIn(range: ListRange, rest: Uint8Array): Uint8Array {
  const { start, end } = byteRangeOf(range);
  const key = Buffer.concat([start ?? bytes(), rest]);
  fc.pre(end === undefined || Buffer.compare(key, end) < 0);
  return key;
}
const at = (...key: number[]) => ({ lastKey: bytes(...key), pin: undefined });
const DEFAULTS: ListQuery = {
  prefix: undefined,
  start: undefined,
  end: undefined,
  limit: 100,
  reverse: false,
  cursor: undefined,
  encoding: 'utf8',
  at: undefined,
};

describe('percent-encoding', () => {
  it('takes any bytes there and back', () => {
    fc.assert(fc.property(anyBytes, (key) => Buffer.compare(percentDecode(percentEncode(key)) ?? bytes(), key) === 0));
  });

  it.each([['%'], ['%4'], ['%4g'], ['a%'], ['Ā']])('refuses %j', (text) => {
    expect(percentDecode(text)).toBeUndefined();
  });

  it('takes bytes that were sent as they are', () => {
    expect(percentDecode('é/\u00ff+')).toEqual(Buffer.from([0xe9, 0x2f, 0xff, 0x2b]));
  });
});

describe('parseListQuery', () => {
  it('has defaults, and takes an empty bound for none', () => {
    expect(parseListQuery('')).toEqual(DEFAULTS);
    expect(parseListQuery('prefix=&start=&&end=')).toEqual(DEFAULTS);
  });

  it('has the prefix that goes otherwise, where it names none, also for its cursor', () => {
    const prefix = bytes(5);
    for (const query of ['', 'prefix=', 'start=a&end=b']) expect(parseListQuery(query, prefix).prefix).toEqual(prefix);
    expect(parseListQuery('prefix=%05%06', prefix).prefix).toEqual(Buffer.from([5, 6]));
    const cursor = encodeCursor(at(5, 7), { ...DEFAULTS, prefix });
    expect(parseListQuery(`cursor=${cursor}`, prefix)).toEqual({ ...DEFAULTS, prefix, cursor });
    expect(() => parseListQuery(`cursor=${cursor}`)).toThrow('the cursor is damaged');
  });

  it('takes bounds as bytes, with + for a space', () => {
    expect(parseListQuery('prefix=%FF%00&start=a+b%2B&limit=1000&reverse=true&encoding=json')).toEqual({
      ...DEFAULTS,
      prefix: Buffer.from([0xff, 0]),
      start: Buffer.from('a b+'),
      limit: 1000,
      reverse: true,
      encoding: 'json',
    });
  });

  it('means the same after the hop to the worker', () => {
    fc.assert(
      fc.property(
        anyRange,
        fc.integer({ min: 1, max: LIMITS.listLimit }),
        anyBytes,
        anyPin,
        (range, limit, rest, pin) => {
          const lastKey = keyIn(range, rest);
          const cursor = encodeCursor({ lastKey, pin }, range);
          const query: ListQuery = { ...range, limit, cursor, encoding: 'base64', at: pin && { version: pin } };
          const hex = (part: unknown) => (part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part);
          const plain = (value: ListQuery) =>
            Object.fromEntries(Object.entries(value).map(([name, part]) => [name, hex(part)]));
          expect(plain(parseInternalListQuery(formatInternalListQuery(query)))).toEqual(plain(query));
        },
      ),
    );
  });
});

describe('the cursor', () => {
  it('gives back last key and version under the same range', () => {
    fc.assert(
      fc.property(anyRange, anyBytes, anyPin, (range, rest, pin) => {
        const lastKey = keyIn(range, rest);
        const decoded = decodeCursor(encodeCursor({ lastKey, pin }, range), range);
        expect([Buffer.compare(decoded.lastKey, lastKey), decoded.pin]).toEqual([0, pin]);
      }),
    );
  });

  it('is refused under every other range', () => {
    const range: ListRange = { prefix: bytes(1), start: undefined, end: bytes(2), reverse: false };
    const cursor = encodeCursor(at(1, 5), range);
    const others: ListRange[] = [
      { ...range, prefix: undefined },
      { ...range, prefix: bytes(2) },
      { ...range, start: bytes(1) },
      { ...range, end: undefined },
      { ...range, reverse: true },
      { ...range, prefix: undefined, start: bytes(1) },
    ];
    for (const other of others) expect(() => decodeCursor(cursor, other)).toThrow('the cursor is damaged');
  });

  it('is refused when it leads out of its range, though it was made for it', () => {
    const prefix: ListRange = { prefix: bytes(5), start: undefined, end: undefined, reverse: false };
    for (const reverse of [false, true]) {
      for (const key of [[4, 255], [6], [255]]) {
        const range = { ...prefix, reverse };
        expect(() => decodeCursor(encodeCursor(at(...key), range), range)).toThrow('the cursor is damaged');
      }
    }
    const bounds = { ...prefix, prefix: undefined, start: bytes(5), end: bytes(6) };
    for (const key of [[4], [6]]) {
      expect(() => decodeCursor(encodeCursor(at(...key), bounds), bounds)).toThrow('the cursor is damaged');
    }
  });

  it('is refused when any character of it changes', () => {
    const range: ListRange = { prefix: undefined, start: undefined, end: undefined, reverse: false };
    for (const pin of [undefined, { epoch: 1, sequence: 7 }]) {
      const cursor = encodeCursor({ lastKey: Buffer.from('some key'), pin }, range);
      for (let i = 0; i < cursor.length; i++) {
        const altered = cursor.slice(0, i) + (cursor[i] === 'A' ? 'B' : 'A') + cursor.slice(i + 1);
        expect(() => decodeCursor(altered, range)).toThrow('the cursor is damaged');
      }
    }
  });
});

describe('the state that is listed', () => {
  const VERSION = '00000001000000000007';
  const pinned = encodeCursor({ lastKey: bytes(1), pin: { epoch: 1, sequence: 7 } }, DEFAULTS);
  const loose = encodeCursor(at(1), DEFAULTS);

  it.each([
    ['', undefined],
    [`at=${VERSION}`, { version: { epoch: 1, sequence: 7 } }],
    ['at=2026-11-27T10:00:00.5Z', { timeMs: Date.UTC(2026, 10, 27, 10, 0, 0, 500) }],
    ['at=2026-11-27T10:00:00%2B02:00', { timeMs: Date.UTC(2026, 10, 27, 8) }],
    [`cursor=${loose}`, undefined],
    [`cursor=${loose}&at=${VERSION}`, { version: { epoch: 1, sequence: 7 } }],
    [`cursor=${pinned}`, { version: { epoch: 1, sequence: 7 } }],
    [`cursor=${pinned}&at=${VERSION}`, { version: { epoch: 1, sequence: 7 } }],
    [`cursor=${pinned}&at=2026-11-27T10:00:00Z`, { version: { epoch: 1, sequence: 7 } }],
  ])('of %j is %j', (query, state) => expect(parseListQuery(query).at).toEqual(state));

  it.each([
    ['at=', 'invalid-parameter'],
    ['at=7', 'invalid-parameter'],
    ['at=2026-11-27T10:00:00+02:00', 'invalid-parameter'],
    [`at=%22${VERSION}%22`, 'invalid-parameter'],
    [`cursor=${pinned}&at=${VERSION.replace('7', '8')}`, 'invalid-cursor'],
  ])('is refused as %j', (query, code) => {
    expect(() => parseListQuery(query)).toThrow(expect.objectContaining({ code }));
  });
});

describe('scanBounds', () => {
  const range = (more: Partial<ListQuery>): ListQuery => ({ ...DEFAULTS, ...more });
  it.each<[string, ListQuery, Uint8Array | undefined, Uint8Array | undefined]>([
    ['everything', range({}), undefined, undefined],
    ['a prefix', range({ prefix: bytes(5) }), bytes(5), bytes(6)],
    ['a prefix that has no end', range({ prefix: bytes(255) }), bytes(255), undefined],
    [
      'the narrower of prefix and bounds',
      range({ prefix: bytes(5), start: bytes(5, 1), end: bytes(5, 9) }),
      bytes(5, 1),
      bytes(5, 9),
    ],
    ['a prefix inside the bounds', range({ prefix: bytes(5), start: bytes(1), end: bytes(9) }), bytes(5), bytes(6)],
  ])('scans %s', (_what, query, start, end) => {
    const bounds = scanBounds(query);
    expect(bounds.start && [...bounds.start]).toEqual(start && [...start]);
    expect(bounds.end && [...bounds.end]).toEqual(end && [...end]);
  });

  it('goes on right after the last key, or before it in reverse', () => {
    const forward = range({ prefix: bytes(5) });
    const reverse = range({ prefix: bytes(5), reverse: true });
    const after = scanBounds({ ...forward, cursor: encodeCursor(at(5, 7), forward) });
    expect([[...(after.start ?? [])], [...(after.end ?? [])]]).toEqual([[5, 7, 0], [6]]);
    const before = scanBounds({ ...reverse, cursor: encodeCursor(at(5, 7), reverse) });
    expect([[...(before.start ?? [])], [...(before.end ?? [])]]).toEqual([[5], [5, 7]]);
  });
});

describe('formatListPage', () => {
  const version = { epoch: 1, sequence: 2 };
  const entry = (key: string | Uint8Array, value: string | Uint8Array) => ({
    key: Buffer.from(key),
    value: Buffer.from(value),
    version,
  });
  const page = (entries: ReturnType<typeof entry>[], more: boolean, encoding: ListQuery['encoding']) =>
    JSON.parse(formatListPage(entries, more, { ...DEFAULTS, encoding })) as {
      entries: unknown[];
      cursor: string | null;
    };

  it('shows text, base64 or JSON', () => {
    const stamp = '00000001000000000002';
    expect(page([entry('k"', 'v\n')], false, 'utf8')).toEqual({
      entries: [{ key: 'k"', value: 'v\n', version: stamp }],
      cursor: null,
    });
    expect(page([entry(bytes(255), bytes(0))], false, 'base64').entries).toEqual([
      { key: '/w==', value: 'AA==', version: stamp },
    ]);
    expect(page([entry('k', ' {"__proto__": [1, null]} ')], false, 'json').entries).toHaveLength(1);
  });

  it('keeps every digit of a number', () => {
    expect(formatListPage([entry('k', '12345678901234567890.10')], false, { ...DEFAULTS, encoding: 'json' })).toContain(
      '"value":12345678901234567890.10,',
    );
  });

  it.each([
    [bytes(255), 'v', 'utf8'],
    ['k', bytes(255), 'utf8'],
    [bytes(255), '1', 'json'],
    ['k', 'not json', 'json'],
    ['k', '', 'json'],
  ] as const)('refuses what it cannot show', (key, value, encoding) => {
    expect(() => page([entry(key, value)], false, encoding)).toThrow(/ask for/);
  });

  it('has a cursor exactly when more follows', () => {
    const full = page([entry('a', '1'), entry('b', '2')], true, 'utf8');
    expect(decodeCursor(full.cursor ?? '', DEFAULTS).lastKey).toEqual(Buffer.from('b'));
    expect(page([], false, 'utf8').cursor).toBeNull();
  });

  it('has a cursor to its own beginning when nothing of it could be shown', () => {
    const bare = { entries: [], more: true };
    const cursorOf = (form: ListQuery): string =>
      (JSON.parse(formatListPage(bare.entries, bare.more, form)) as { cursor: string }).cursor;
    expect(scanBounds({ ...DEFAULTS, cursor: cursorOf(DEFAULTS) })).toEqual(scanBounds(DEFAULTS));
    const second = { ...DEFAULTS, cursor: encodeCursor(at(5), DEFAULTS) };
    expect(scanBounds({ ...DEFAULTS, cursor: cursorOf(second) })).toEqual(scanBounds(second));
  });

  it('ends a page of large values early, after at least one', () => {
    const large = Buffer.alloc(LIMITS.valueBytes, 'x');
    const entries = Array.from({ length: 20 }, (_, i) => entry(`k${i}`, large));
    const early = page(entries, false, 'utf8');
    expect(early.entries).toHaveLength(7);
    expect(decodeCursor(early.cursor ?? '', DEFAULTS).lastKey).toEqual(Buffer.from('k6'));
  });
});
