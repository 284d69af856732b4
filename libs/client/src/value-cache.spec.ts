import { describe, expect, it } from '@jest/globals';

import { ValueCache } from './value-cache.js';

describe('values that are kept', () => {
  const filled = (cache: ValueCache) => ['a', 'b', 'c', 'd'].filter((key) => cache.get(key) !== undefined);

  it('lets those go that nobody has read for longest, by number and by bytes', () => {
    const few = new ValueCache({ maxBytes: 1_000, maxEntries: 2 });
    for (const key of ['a', 'b']) few.set(key, new Uint8Array(1), key);
    few.get('a');
    few.set('c', new Uint8Array(1), 'c');
    expect(filled(few)).toEqual(['a', 'c']);
    const small = new ValueCache({ maxBytes: 22 });
    for (const key of ['a', 'b', 'c']) small.set(key, new Uint8Array(10), key);
    expect(filled(small)).toEqual(['b', 'c']);
    small.set('b', new Uint8Array(20), 'b');
    expect(filled(small)).toEqual(['b']);
    small.set('d', new Uint8Array(22), 'd');
    expect(filled(small)).toEqual(['b']);
    small.delete('b');
    small.set('a', new Uint8Array(21), 'a');
    expect(filled(small)).toEqual(['a']);
  });
});
