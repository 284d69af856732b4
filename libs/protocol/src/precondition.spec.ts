import { describe, expect, it } from '@jest/globals';
import { formatVersion } from '@leasehold/foundation';

import { parsePrecondition, parseReadCondition } from './precondition.js';

describe('conditions', () => {
  const version = { epoch: 1, sequence: 2 };
  const tag = `"${formatVersion(version)}"`;

  it('of writes', () => {
    expect(parsePrecondition({})).toEqual({ kind: 'none' });
    expect(parsePrecondition({ 'if-none-match': '*' })).toEqual({ kind: 'absent' });
    expect(parsePrecondition({ 'if-match': '*' })).toEqual({ kind: 'present' });
    expect(parsePrecondition({ 'if-match': tag })).toEqual({ kind: 'version', version });
  });

  it('of reads', () => {
    expect(parseReadCondition({})).toEqual({ kind: 'none' });
    expect(parseReadCondition({ 'if-none-match': tag })).toEqual({ kind: 'other-than', version });
  });

  it.each([
    [{ 'if-match': '*', 'if-none-match': '*' }],
    [{ 'if-match': `W/${tag}` }],
    [{ 'if-match': `${tag}, ${tag}` }],
    [{ 'if-match': `${tag},*` }],
    [{ 'if-match': '' }],
    [{ 'if-match': formatVersion(version) }],
    [{ 'if-match': tag.toUpperCase().replace('0', 'Z') }],
    [{ 'if-match': [tag, tag] }],
    [{ 'if-none-match': tag }],
  ])('of writes that are not understood are never ignored: %j', (headers) => {
    expect(() => parsePrecondition(headers)).toThrow();
  });
});
