import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { coversPatterns, isDatabasePattern, matchesPatterns } from './database-patterns.js';

describe('database patterns', () => {
  it.each(['main', 'customer-*', '*-eu', 'a*b', '_*', `${'n'.repeat(62)}*`])('are %.20s', (text) =>
    expect(isDatabasePattern(text)).toBe(true),
  );
  it.each(['', '*', '**', 'a**', 'a*b*', 'A*', 'a.*', 'a b*', 'a*\n', '-a', 'a/*', 'ä*', 'a?', `${'n'.repeat(63)}*`])(
    'are not %j',
    (text) => expect(isDatabasePattern(text)).toBe(false),
  );

  it.each([
    ['main', 'main', true],
    ['main', 'main2', false],
    ['customer-*', 'customer-1', true],
    ['customer-*', 'customer-', true],
    ['customer-*', 'customer', false],
    ['customer-*', 'a-customer-1', false],
    ['*-eu', 'a-eu', true],
    ['*-eu', 'a-eu-1', false],
    ['a*b', 'ab', true],
    ['ab*ba', 'aba', false],
    ['ab*ba', 'abba', true],
  ])('%s stands for %s: %p', (pattern, name, isMatch) => expect(matchesPatterns([pattern], name)).toBe(isMatch));

  it.each([
    [['customer-*'], ['customer-1', 'customer-*', 'customer-1*', 'customer-*-eu'], true],
    [['customer-*'], ['customer*'], false],
    [['customer-*'], ['*'], false],
    [['customer-*'], ['customer-1', 'main'], false],
    [['main'], ['main'], true],
    [['main'], ['main*'], false],
    [['a*', 'b'], ['b', 'a1'], true],
    [['ab*ba'], ['ab*a'], false],
    [['ab*ba'], ['aba'], false],
  ])('%j cover %j: %p', (patterns, others, isCovered) => expect(coversPatterns(patterns, others)).toBe(isCovered));

  it('cover nothing that they do not stand for', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 });
    const pattern = fc.oneof(
      text,
      fc.tuple(text, text).map(([before, behind]) => `${before}*${behind}`),
    );
    fc.assert(
      fc.property(pattern, pattern, text, (one, other, between) => {
        const name = other.replace('*', between);
        if (coversPatterns([one], [other])) expect([one, matchesPatterns([one], name)]).toEqual([one, true]);
      }),
      { numRuns: 2_000, seed: 7 },
    );
  });
});
