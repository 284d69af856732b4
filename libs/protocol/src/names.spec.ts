import { describe, expect, it } from '@jest/globals';
import { formatVersion } from '@leasehold/foundation';

import { isDatabaseName } from './database-name.js';
import { parseKey, parseKey64 } from './key.js';
import { parsePrecondition, parseReadCondition } from './precondition.js';
import { requestIdFrom, traceparentFrom } from './request-id.js';

describe('isDatabaseName', () => {
  it.each(['a', '0', 'main', 'a-b_c', 'n'.repeat(63)])('takes %j', (name) => expect(isDatabaseName(name)).toBe(true));
  it.each(['', '-a', '_a', 'A', 'a.b', 'a/b', 'a b', 'ä', 'a\n', '..', '__proto__', 'n'.repeat(64)])(
    'refuses %j',
    (name) => expect(isDatabaseName(name)).toBe(false),
  );
});

describe('keys in paths', () => {
  it('are bytes, at most 2,048 after decoding', () => {
    expect(parseKey('%00/%ff')).toEqual(Buffer.from([0, 0x2f, 0xff]));
    expect(parseKey('%61'.repeat(2048)).byteLength).toBe(2048);
    expect(() => parseKey('a'.repeat(2049))).toThrow('at most 2048 bytes');
  });

  it('have one spelling in base64url', () => {
    expect(parseKey64('_w')).toEqual(Buffer.from([0xff]));
    for (const text of ['', '/w', '_w=', '_x', ' _w', '_w\n']) expect(() => parseKey64(text)).toThrow();
  });
});

describe('conditions', () => {
  const version = { epoch: 1, sequence: 2 };
  const tag = `"${formatVersion(version)}"`;

  it('of writes', () => {
    expect(parsePrecondition({})).toEqual({ kind: 'none' });
    expect(parsePrecondition({ 'if-none-match': '*' })).toEqual({ kind: 'absent' });
    expect(parsePrecondition({ 'if-match': '*' })).toEqual({ kind: 'present' });
    expect(parsePrecondition({ 'if-match': tag })).toEqual({ kind: 'version', version });
  });

  it('of reads', () => {
    expect(parseReadCondition({})).toEqual({ kind: 'none' });
    expect(parseReadCondition({ 'if-none-match': tag })).toEqual({ kind: 'other-than', version });
  });

  it.each([
    [{ 'if-match': '*', 'if-none-match': '*' }],
    [{ 'if-match': `W/${tag}` }],
    [{ 'if-match': `${tag}, ${tag}` }],
    [{ 'if-match': `${tag},*` }],
    [{ 'if-match': '' }],
    [{ 'if-match': formatVersion(version) }],
    [{ 'if-match': tag.toUpperCase().replace('0', 'Z') }],
    [{ 'if-match': [tag, tag] }],
    [{ 'if-none-match': tag }],
  ])('of writes that are not understood are never ignored: %j', (headers) => {
    expect(() => parsePrecondition(headers)).toThrow();
  });
});

describe('ids of requests and traces', () => {
  it('are kept when they are sane', () => {
    expect(requestIdFrom('abc.1:2-3_4')).toBe('abc.1:2-3_4');
    for (const odd of [undefined, '', 'a b', 'a\r\nx', 'a'.repeat(129), ['a']]) {
      expect(requestIdFrom(odd)).toMatch(/^[0-9a-f-]{36}$/);
    }
    const trace = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    expect(traceparentFrom(trace)).toBe(trace);
    for (const odd of [trace.toUpperCase(), `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`, 'x', [trace]]) {
      expect(traceparentFrom(odd)).toBeUndefined();
    }
  });
});
