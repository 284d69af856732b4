import { describe, expect, it } from '@jest/globals';
import { fromBase64Url, utf8 } from '@leasehold/foundation';

import { formatChangeEvent, formatPosition } from './changes-events.js';
import type { ToldCommit } from './changes-events.js';
import { EventStreamReader } from './event-stream.js';
import type { ListEncoding } from './list-query.js';

const VERSION = { epoch: 3, sequence: 18 };
const ID = '00000003000000000012';
const NO_TEXT = Uint8Array.from([0xff, 0, 0x0a]);

const put = (key: string | Uint8Array, value: string | Uint8Array, expiresAt = Infinity) => ({
  key: bytesOf(key),
  kind: 'put' as const,
  value: bytesOf(value),
  expiresAt,
});
const removed = (key: string | Uint8Array) => ({ ...put(key, ''), kind: 'delete' as const });

function told(commit: Partial<ToldCommit>, encoding: ListEncoding = 'utf8', range = {}): unknown[] {
  const text = formatChangeEvent({ version: VERSION, entries: [], rangeDeletes: [], ...commit }, encoding, range);
  const events = new EventStreamReader().push(utf8(text));
  expect(events.map(({ id, event }) => [id, event])).toEqual([[ID, 'message']]);
  const data = JSON.parse(events[0]?.data ?? '') as { version: string; changes: unknown[] };
  expect([Object.keys(data), data.version]).toEqual([['version', 'changes'], ID]);
  return data.changes;
}

describe('formatChangeEvent', () => {
  it('tells a commit as one event, range deletes first', () => {
    const text = formatChangeEvent(
      {
        version: VERSION,
        entries: [put('a', '1'), removed('b'), put('c', '', 1_700_000_000_000)],
        rangeDeletes: [
          { start: utf8('a'), end: utf8('z') },
          { start: utf8('zz'), end: undefined },
        ],
      },
      'utf8',
    );
    const changes = [
      '{"op":"deleteRange","start":"a","end":"z"}',
      '{"op":"deleteRange","start":"zz"}',
      '{"op":"put","key":"a","value":"1"}',
      '{"op":"delete","key":"b"}',
      '{"op":"put","key":"c","value":"","expiresAt":1700000000000}',
    ];
    expect(text).toBe(`id: ${ID}\ndata: {"version":"${ID}","changes":[${changes.join(',')}]}\n\n`);
  });

  it('shows what is no text as bytes, and everything else as it was asked for', () => {
    const entries = [put(NO_TEXT, 'text'), put('k', NO_TEXT), removed(NO_TEXT)];
    const rangeDeletes = [{ start: NO_TEXT, end: utf8('z') }];
    expect(told({ entries, rangeDeletes })).toEqual([
      { op: 'deleteRange', start64: '_wAK', end: 'z' },
      { op: 'put', key64: '_wAK', value: 'text' },
      { op: 'put', key: 'k', value64: '_wAK' },
      { op: 'delete', key64: '_wAK' },
    ]);
    expect(fromBase64Url('_wAK')).toEqual(Buffer.from(NO_TEXT));
  });

  it('shows everything as bytes when asked to', () => {
    const commit = { entries: [put('k', 'v'), put('e', '')], rangeDeletes: [{ start: utf8(''), end: undefined }] };
    expect(told(commit, 'base64')).toEqual([
      { op: 'deleteRange', start64: '' },
      { op: 'put', key64: 'aw', value64: 'dg' },
      { op: 'put', key64: 'ZQ', value64: '' },
    ]);
  });

  it('shows values that are JSON as what they hold, with all their digits, over several lines too', () => {
    const entries = [
      put('a', '{\n  "x":\r\n [1,\r2] }'),
      put('b', 'no json'),
      put('c', NO_TEXT),
      put('d', ' null\n'),
      put('e', ''),
      put('f', '\ufeff1'),
    ];
    expect(told({ entries }, 'json')).toEqual([
      { op: 'put', key: 'a', json: { x: [1, 2] } },
      { op: 'put', key: 'b', value: 'no json' },
      { op: 'put', key: 'c', value64: '_wAK' },
      { op: 'put', key: 'd', json: null },
      { op: 'put', key: 'e', value: '' },
      { op: 'put', key: 'f', value: '\ufeff1' },
    ]);
    const digits = '12345678901234567890.10';
    const commit = { version: VERSION, entries: [put('k', digits)], rangeDeletes: [] };
    expect(formatChangeEvent(commit, 'json')).toContain(`"json":${digits}`);
  });

  it.each(['a\nb', '\r', '\n\n', 'data: x', 'event: error\n\n', '":}', '\u2028', '\0'])('keeps %j whole', (text) => {
    expect(told({ entries: [put(text, text)] })).toEqual([{ op: 'put', key: text, value: text }]);
  });

  it.each<[string | undefined, string | undefined, unknown]>([
    ['m', 'n', { start: 'm', end: 'n' }],
    ['b', undefined, { start: 'b', end: 'x' }],
    [undefined, 'c', { start: 'a', end: 'c' }],
    [undefined, undefined, { start: 'a', end: 'x' }],
    ['', 'z', { start: 'a', end: 'x' }],
  ])('cuts a range delete to the range of the feed, %s to %s', (start, end, shown) => {
    const range = {
      start: start === undefined ? undefined : utf8(start),
      end: end === undefined ? undefined : utf8(end),
    };
    const rangeDeletes = [{ start: utf8('a'), end: utf8('x') }];
    expect(told({ rangeDeletes }, 'utf8', range)).toEqual([{ op: 'deleteRange', ...(shown as object) }]);
  });

  it('cuts one that has no end', () => {
    const rangeDeletes = [{ start: utf8('a'), end: undefined }];
    expect(told({ rangeDeletes }, 'utf8', { start: utf8('p'), end: utf8('q') })).toEqual([
      { op: 'deleteRange', start: 'p', end: 'q' },
    ]);
  });
});

describe('formatPosition', () => {
  it('moves the place where a reader resumes and is no event', () => {
    const reader = new EventStreamReader();
    expect(reader.push(utf8(formatPosition(VERSION)))).toEqual([]);
    expect(reader.lastId).toBe(ID);
  });
});

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? utf8(text) : text;
}
