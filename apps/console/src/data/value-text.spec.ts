import { describe, expect, it } from '@jest/globals';

import { utf8 } from './bytes.js';
import { previewOf, textOfValue, valueOfText, viewOfValue } from './value-text.js';

describe('a value', () => {
  it.each([
    ['{"a":1}', 'json'],
    ['[1, 2]', 'json'],
    ['{"a":', 'text'],
    ['17', 'text'],
    ['', 'text'],
    ['a\0b', 'hex'],
  ])('%j is probably %s', (text, view) => expect(viewOfValue(utf8(text))).toBe(view));

  it('is hexadecimal digits where it is no text', () => {
    const value = new Uint8Array([0xff, 0x00]);
    expect(viewOfValue(value)).toBe('hex');
    expect(textOfValue(value, 'text')).toBeUndefined();
    expect(textOfValue(value, 'hex')).toBe('ff 00');
  });

  it('is laid out as JSON, unless that would change it', () => {
    expect(textOfValue(utf8('{"a":[1]}'), 'json')).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(textOfValue(utf8('{"n":12345678901234567890}'), 'json')).toBe('{"n":12345678901234567890}');
    expect(textOfValue(utf8('{"a":1,"a":2}'), 'json')).toBe('{"a":1,"a":2}');
    expect(textOfValue(utf8('no'), 'json')).toBeUndefined();
  });

  it('is taken as it is typed, if it is one', () => {
    expect(valueOfText('{"a": 1}', 'json')).toEqual(utf8('{"a": 1}'));
    expect(valueOfText('{a}', 'json')).toBeUndefined();
    expect(valueOfText('0', 'hex')).toBeUndefined();
    expect(valueOfText('', 'text')).toEqual(utf8(''));
  });

  it('is previewed on one line, cut between characters', () => {
    expect(previewOf(utf8('a\n  b'))).toBe('a b');
    expect(previewOf(utf8('é'.repeat(150)))).toBe(`${'é'.repeat(100)}…`);
    expect(previewOf(utf8(`x${'é'.repeat(150)}`))).toBe(`x${'é'.repeat(99)}…`);
  });
});
