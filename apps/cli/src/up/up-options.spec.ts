import { describe, expect, it } from '@jest/globals';
import { wholeNumber } from './up-options.js';

describe('whole number option', () => {
  const parse = wholeNumber(1, 65_534);

  it.each([
    ['1', 1],
    ['4000', 4000],
    ['65534', 65_534],
  ])('takes %s', (text, value) => {
    expect(parse(text)).toBe(value);
  });

  it.each(['0', '65535', '-1', '4e3', '0x10', '1.5', '', ' 1', '٣', '99999999999999999999'])('refuses "%s"', (text) => {
    expect(() => parse(text)).toThrow('A whole number from 1 to 65534 is needed.');
  });
});
