import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { memberSource } from './member-source.js';

describe('the source of a member', () => {
  it.each([
    ['digits', '{ "key": "k", "json": 12345678901234567890 }', '12345678901234567890'],
    ['the form of numbers', '{"json":[1.0, 1e2 ,-0,0.10]}', '[1.0,1e2,-0,0.10]'],
    ['the order of members', '{"json":{"b":1, "2":2, "1":3}}', '{"b":1,"2":2,"1":3}'],
    [
      'blanks in a text',
      '{"json" : { "a b" : " \\" { } [ ] , : \\\\" } , "key":"k"}',
      '{"a b":" \\" { } [ ] , : \\\\"}',
    ],
    ['the last of two', '{"json":1,"json":2}', '2'],
    ['an escaped name', '{"\\u006ason":true}', 'true'],
    ['none of a deeper one', '{"other":{"json":1},"list":[{"json":2}]}', undefined],
    ['none of a text', '{"key":"json","other":"\\"json\\":1"}', undefined],
  ])('keeps %s', (_what, text, source) => {
    expect(memberSource(text, 'json')).toBe(source);
  });

  it('means the same as the member, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 3 }), (json, indent) => {
        const text = JSON.stringify({ key: 'k', json, expiresAt: 'x' }, undefined, indent);
        expect(JSON.parse(memberSource(text, 'json') ?? '')).toEqual(JSON.parse(JSON.stringify(json)));
      }),
    );
  });
});
