import { describe, expect, it } from '@jest/globals';

import { codeAt, keyUri, stepOf, toBase32 } from './totp.js';

/** RFC 6238, appendix B. */
const SECRET = new TextEncoder().encode('12345678901234567890');

describe('codes of time', () => {
  it.each([
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ])('are those of the RFC at second %d', (seconds, digits) => {
    expect(codeAt(SECRET, Math.floor(seconds / 30))).toBe(digits.slice(-6));
    expect(stepOf(SECRET, digits.slice(-6), seconds * 1_000)).toBe(Math.floor(seconds / 30));
  });

  it('are taken one step early or late, and no more', () => {
    const nowMs = 1_111_111_111_000;
    const present = Math.floor(nowMs / 30_000);
    const taken = [-2, -1, 0, 1, 2].map((drift) => stepOf(SECRET, codeAt(SECRET, present + drift), nowMs));
    expect(taken).toEqual([undefined, present - 1, present, present + 1, undefined]);
    for (const code of ['', '000000', '0504711', '５０４７１１']) expect(stepOf(SECRET, code, nowMs)).toBeUndefined();
  });

  it.each([
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ])('come of secrets that are typed in base32: %j', (text, typed) => {
    expect(toBase32(new TextEncoder().encode(text))).toBe(typed);
  });

  it('come of secrets that are shown with the address', () => {
    expect(keyUri(SECRET, 'a+b@example.com')).toBe(
      'otpauth://totp/Leasehold%3Aa%2Bb%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Leasehold&digits=6',
    );
  });
});
