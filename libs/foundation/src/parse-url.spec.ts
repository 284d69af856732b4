import { describe, expect, it } from '@jest/globals';

import { parseUrl } from './parse-url.js';

describe('parseUrl', () => {
  it('knows what is a URL and what is none', () => {
    expect(parseUrl('https://example.com/a')?.pathname).toBe('/a');
    for (const text of ['', 'example.com', 'https:', 'https://[::1']) expect(parseUrl(text)).toBeUndefined();
  });

  it('answers the same however often it is asked', () => {
    let parsed = 0;
    for (let n = 0; n < 100_000; n++) if (parseUrl('https://bücher.example/') !== undefined) parsed++;
    expect(parsed).toBe(100_000);
  });
});
