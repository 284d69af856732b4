import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { LIMITS } from './limits.js';
import { parseStrictJson, RawJson } from './strict-json.js';

const membersOf = (count: number): string => Array.from({ length: count }, (_, i) => `"${i}":0`).join(',');
const RAW = { depth: 2, name: 'json' };
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const spaced = fc.tuple(fc.jsonValue({ noUnicodeString: false }), fc.constantFrom(undefined, 1, '\t'));

describe('parseStrictJson', () => {
  it('agrees with JSON.parse about what is JSON and unambiguous', () => {
    fc.assert(
      fc.property(spaced, ([value, space]) => {
        const text = JSON.stringify(value, undefined, space);
        expect(plain(parseStrictJson(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it('refuses what JSON.parse refuses, and never fails in another way', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '\\u00',
      '1',
      '-',
      '.',
      'e',
      'null',
      ' ',
      'a',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        const [strict, lenient] = [() => parseStrictJson(text), () => JSON.parse(text) as unknown].map((parse) => {
          try {
            return { value: plain(parse()) };
          } catch (error) {
            return { code: (error as { code?: string }).code };
          }
        });
        if (lenient && 'code' in lenient) expect(strict).toEqual({ code: 'invalid-body' });
        else if (strict && 'value' in strict) expect(strict).toEqual(lenient);
        else expect(strict).toEqual({ code: 'invalid-body' });
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['a member twice', '{"a":1,"a":2}', 'twice'],
    ['a member twice, once in disguise', '{"a":1,"\\u0061":2}', 'twice'],
    ['a member twice, deep in a value kept as text', '[{"json":{"a":[{"b":1,"b":2}]}}]', 'twice'],
    ['half a surrogate pair', '["\\ud800"]', 'surrogate'],
    ['the other half', '{"\\udc00x":1}', 'surrogate'],
    ['half a pair in a value kept as text', '[{"json":"\\ud800"}]', 'surrogate'],
    ['a list without end', `[${'0,'.repeat(2_000)}0]`, 'members'],
    ['many lists', `[${`[${'0,'.repeat(1_000)}0],`.repeat(20)}0]`, '20000 values'],
    ['many objects', `[${`[${'{"a":0},'.repeat(1_000)}0],`.repeat(10)}0]`, '20000 values'],
    ['a member twice in a value kept as text, whole numbers', '[{"json":{"7":1,"8":2,"\\u0037":3}}]', 'twice'],
    ['members without end in a value kept as text', `[{"json":{${membersOf(20_001)}}}]`, '20000 members'],
    ['an unknown escape', '["\\x"]', 'not valid JSON'],
    ['an escape of three digits', '["\\u123"]', 'not valid JSON'],
    ['a raw line feed beside an escape', '["\\n\n"]', 'not valid JSON'],
    ['depth', '['.repeat(100_000), 'nested'],
    ['depth of objects', '{"a":'.repeat(100_000), 'nested'],
    ['depth in a value kept as text', `[{"json":${'['.repeat(100_000)}`, 'nested'],
    ['a byte order mark', '\ufeff{}', 'not valid JSON'],
    ['a comment', '{}//', 'not valid JSON'],
    ['a comma too many', '[1,]', 'not valid JSON'],
    ['a leading zero', '[01]', 'not valid JSON'],
    ['a bare word', '[NaN]', 'not valid JSON'],
    ['a raw line feed in a text', '["\n"]', 'not valid JSON'],
    ['a text without end', `"${'a'.repeat(1_000)}`, 'not valid JSON'],
    ['nothing', '', 'not valid JSON'],
    ['two values', '1 2', 'not valid JSON'],
  ])('refuses %s', (_what, text, detail) => {
    expect(() => parseStrictJson(text, RAW)).toThrow(expect.objectContaining({ code: 'invalid-body' }));
    expect(() => parseStrictJson(text, RAW)).toThrow(detail);
  });

  it('takes pairs of surrogates, escaped or not', () => {
    expect(parseStrictJson('["\\ud83d\\ude00","😀"]')).toEqual(['😀', '😀']);
  });

  it('takes __proto__ for a name like any other', () => {
    const parsed = parseStrictJson('{"__proto__":{"admin":true}}') as Record<string, unknown>;
    expect(Object.keys(parsed)).toEqual(['__proto__']);
    expect(parsed['admin']).toBeUndefined();
  });

  it('keeps members of the given name and depth as they were written', () => {
    const parsed = parseStrictJson('[{"json": 12345678901234567890.10 , "x":{"json":1}}]', RAW);
    expect(plain(parsed)).toEqual([{ json: { text: '12345678901234567890.10' }, x: { json: 1 } }]);
    expect((parsed as { json: unknown }[])[0]?.json).toBeInstanceOf(RawJson);
  });

  it.each([
    ['a list', '[', '0,'],
    ['objects', '[', '{"a":0},'],
    ['texts', '[', '"\\n",'],
    ['nothing but space', '[', ' '.repeat(1_000)],
  ])('refuses a value kept as text where it is too long, whatever comes behind, %s', (_what, head, part) => {
    const text = `[{"json":${head}${part.repeat((2 * LIMITS.valueBytes) / part.length)}this is not JSON`;
    expect(() => parseStrictJson(text, RAW)).toThrow(expect.objectContaining({ code: 'value-too-large' }));
  });

  it('takes a value kept as text up to the limit of values', () => {
    const text = `"${'v'.repeat(LIMITS.valueBytes - 2)}"`;
    expect(plain(parseStrictJson(`[{"json": ${text} }]`, RAW))).toEqual([{ json: { text } }]);
    const longer = () => parseStrictJson(`[{"json":${text.slice(0, -1)}v"}]`, RAW);
    expect(longer).toThrow(expect.objectContaining({ code: 'value-too-large' }));
  });

  it('takes an object kept as text up to its bound', () => {
    const text = `{${membersOf(20_000)}}`;
    expect(plain(parseStrictJson(`[{"json":${text}}]`, RAW))).toEqual([{ json: { text } }]);
  });

  it('keeps as text what has more members than a request may list', () => {
    const text = `[${'0,'.repeat(100_000)}0]`;
    expect(plain(parseStrictJson(`[{"json":${text}}]`, RAW))).toEqual([{ json: { text } }]);
  });
});
