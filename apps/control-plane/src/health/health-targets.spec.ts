import { describe, expect, it } from '@jest/globals';

import { parseHealthTargets } from './health-targets.js';

describe('the processes that are asked whether they are ready', () => {
  it('are named by kind and place', () => {
    expect(parseHealthTargets(' gateway=http://gateway-1:4000\ncompactor=https://compactor/ ')).toEqual([
      { kind: 'gateway', url: 'http://gateway-1:4000' },
      { kind: 'compactor', url: 'https://compactor/' },
    ]);
    expect(parseHealthTargets('')).toEqual([]);
  });

  it.each([
    ...['http://gateway:4000', 'gateway', 'gateway=', 'gateway=gateway:4000', 'engine=http://a'],
    ...['gateway=http://user:secret@a', 'gateway=http://a/path', 'gateway=ftp://a'],
    Array.from({ length: 101 }, (_, i) => `gateway=http://a${i}`).join(' '),
  ])('are refused as %s', (text) => {
    expect(parseHealthTargets(text)).toBe(undefined);
  });
});
