import { describe, expect, it } from '@jest/globals';
import { encodeKey } from '@leasehold/client';

import { utf8 } from './bytes.js';
import { keyOfText, textOfKey, viewFor } from './key-text.js';

describe('a key', () => {
  it.each([
    [['users', 17], '["users", 17]'],
    [['a "quoted", comma', true, false], '["a \\"quoted\\", comma", true, false]'],
    [[5n, -12345678901234567890n, -0.5], '[5n, -12345678901234567890n, -0.5]'],
    [[new Uint8Array([0, 255])], '[0x00ff]'],
    [[-0, Infinity, Number.NaN], '[-0, Infinity, NaN]'],
  ])('that is a tuple is shown as %j and typed the same', (tuple, text) => {
    const key = encodeKey(tuple);
    expect(textOfKey(key, 'tuple')).toBe(text);
    expect(keyOfText(text, 'tuple')).toEqual(key);
  });

  it.each(['', '[]', 'users', '["users"', '[users]', '["a" "b"]', '[0x1]', '[1,,2]', '["\\x"]'])(
    'is not what is typed as %j',
    (text) => expect(keyOfText(text, 'tuple')).toBeUndefined(),
  );

  it('is text, or hexadecimal digits where it is none', () => {
    expect(textOfKey(utf8('größe'), 'text')).toBe('größe');
    expect(textOfKey(new Uint8Array([0xff, 0x0a]), 'text')).toBe('ff 0a');
    expect(keyOfText('ff 0A', 'hex')).toEqual(new Uint8Array([0xff, 0x0a]));
    expect(keyOfText('f', 'hex')).toBeUndefined();
    expect(keyOfText('', 'hex')).toBeUndefined();
  });

  it('is shown as what all of them can be', () => {
    expect(viewFor([])).toBe('text');
    expect(viewFor([encodeKey(['a']), encodeKey([1])])).toBe('tuple');
    expect(viewFor([encodeKey(['a']), utf8('plain')])).toBe('text');
    expect(viewFor([utf8('plain'), new Uint8Array([0xff])])).toBe('hex');
  });
});
