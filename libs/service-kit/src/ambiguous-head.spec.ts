import { describe, expect, it } from '@jest/globals';

import { MAX_HEADERS, refuseAmbiguousHead } from './ambiguous-head.js';

const refused = (rawHeaders: readonly string[]): string | undefined => {
  try {
    refuseAmbiguousHead(rawHeaders);
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('the head of a request', () => {
  it.each(['Host', 'authorization', 'Content-Type'])('has one %s at most, however it is spelled', (name) => {
    expect(refused([name, 'a', 'Accept', '*/*'])).toBeUndefined();
    expect(refused([name, 'a', 'Accept', '*/*', name.toUpperCase(), 'a'])).toBe('invalid-request');
  });

  it('may repeat what is a list, and have names as long as those that may not be repeated', () => {
    expect(
      refused(['Accept', 'a', 'Accept', 'b', 'Vary', 'a', 'vary', 'b', 'X-Header-Name', '', 'x-header-name', '']),
    ).toBeUndefined();
  });

  it('is refused from so many headers on as Node may have dropped some', () => {
    const headers = (count: number) => Array.from({ length: count }, () => ['a', '']).flat();
    expect(refused(headers(MAX_HEADERS - 1))).toBeUndefined();
    expect(refused(headers(MAX_HEADERS))).toBe('headers-too-large');
  });
});
