import { describe, expect, it } from '@jest/globals';

import { keyOf } from './granted-ranges.js';

const range = (start: number[], end: number[]) => ({
  start: Uint8Array.from(start),
  end: Uint8Array.from(end),
  limit: 1,
  reverse: false,
});

describe('a range of KV Connect', () => {
  it('is for one key where it goes on to the end of all keys, or holds that key alone', () => {
    expect(keyOf(range([2], [0xff]))).toEqual(Uint8Array.of(2));
    expect(keyOf(range([2], [2, 0]))).toEqual(Uint8Array.of(2));
  });

  it('is for no key where it ends before it begins', () => {
    expect(keyOf(range([0xff], [0xff]))).toBeUndefined();
    expect(keyOf(range([0xff, 1], [0xff]))).toBeUndefined();
  });
});
