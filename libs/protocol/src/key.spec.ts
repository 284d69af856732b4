import { describe, expect, it } from '@jest/globals';

import { parseKey, parseKey64 } from './key.js';

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
