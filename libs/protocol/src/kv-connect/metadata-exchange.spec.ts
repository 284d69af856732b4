import { describe, expect, it } from '@jest/globals';
import { utf8 } from '@leasehold/foundation';

import { negotiatedVersion } from './metadata-exchange.js';

describe('the metadata exchange', () => {
  it.each<[string, number]>([
    ['', 1],
    ['{"supportedVersions":[1]}', 1],
    ['{"supportedVersions":[1,2,3]}', 3],
    ['{"supportedVersions":[2,7]}', 2],
    ['{"supportedVersions":[3,2,1],"more":true}', 3],
  ])('answers %p in version %p', (body, version) => {
    expect(negotiatedVersion(utf8(body))).toBe(version);
  });

  it.each([
    '{"supportedVersions":[]}',
    '{"supportedVersions":[4]}',
    '{}',
    '[]',
    'null',
    '{"supportedVersions":["3"]}',
    '{',
  ])('refuses %p', (body) => {
    expect(() => negotiatedVersion(utf8(body))).toThrow(expect.objectContaining({ code: 'invalid-body' }));
  });
});
