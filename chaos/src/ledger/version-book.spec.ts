import { describe, expect, it } from '@jest/globals';

import { VersionBook } from './version-book.js';

describe('the book of versions', () => {
  it('takes each sequence once, whatever its epoch', () => {
    const book = new VersionBook();
    for (let sequence = 1; sequence <= 20_000; sequence++) expect(book.add({ epoch: 1, sequence })).toBeUndefined();
    expect(book.add({ epoch: 2, sequence: 19_999 })).toBe('given out before');
  });

  it('takes epochs one after the other', () => {
    const book = new VersionBook();
    book.add({ epoch: 1, sequence: 1 });
    book.add({ epoch: 3, sequence: 9 });
    expect(book.add({ epoch: 1, sequence: 5 })).toBeUndefined();
    expect(book.add({ epoch: 2, sequence: 6 })).toBeUndefined();
    expect(book.add({ epoch: 2, sequence: 10 })).toBe('out of the order of epochs');
    expect(book.add({ epoch: 1, sequence: 7 })).toBe('out of the order of epochs');
  });
});
