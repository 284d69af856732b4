import { describe, expect, it } from '@jest/globals';

import { countOf, formatBytes, formatSeconds, formatUtc } from './format.js';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1 kB'],
    [1_540_000, '1.54 MB'],
    [2 ** 50, '1.13 PB'],
    [1e18, '1,000 PB'],
  ])('says %d as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('formatSeconds', () => {
  it.each([
    [0, '0 seconds'],
    [1, '1 second'],
    [90, '90 seconds'],
    [5_400, '90 minutes'],
    [604_800, '7 days'],
  ])('says %d as %s', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));
});

describe('countOf', () => {
  it('says one of a thing, and many', () => {
    expect([0, 1, 2_000].map((count) => countOf(count, 'edit'))).toEqual(['0 edits', '1 edit', '2,000 edits']);
    expect([1, 2].map((count) => countOf(count, 'entry', 'entries'))).toEqual(['1 entry', '2 entries']);
  });
});

describe('formatUtc', () => {
  it('has no zone but UTC', () => {
    expect(formatUtc(new Date('2026-11-28T09:31:02.999Z'))).toBe('2026-11-28 09:31:02 UTC');
  });
});
