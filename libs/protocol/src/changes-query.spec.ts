import { describe, expect, it } from '@jest/globals';
import { utf8, VERSION_ZERO } from '@leasehold/foundation';

import {
  changesRange,
  formatInternalChangesQuery,
  parseChangesQuery,
  parseInternalChangesQuery,
} from './changes-query.js';

const ID = '00000003000000000012';
const VERSION = { epoch: 3, sequence: 18 };
const LATER = '00000003000000000013';

describe('parseChangesQuery', () => {
  it('begins at the present, with everything as text, when nothing is said', () => {
    expect(parseChangesQuery('', undefined)).toEqual({ since: undefined, prefix: undefined, encoding: 'utf8' });
    expect(parseChangesQuery('prefix=', '')).toEqual({ since: undefined, prefix: undefined, encoding: 'utf8' });
  });

  it.each([
    ['since=0', undefined, VERSION_ZERO],
    [`since=${'0'.repeat(20)}`, undefined, VERSION_ZERO],
    [`since=${ID}`, undefined, VERSION],
    [`since=${ID}`, '', VERSION],
    ['', ID, VERSION],
    [`since=${ID}`, LATER, { epoch: 3, sequence: 19 }],
    ['since=0', ID, VERSION],
  ])('begins with %s and Last-Event-ID %s', (query, lastEventId, since) => {
    expect(parseChangesQuery(query, lastEventId).since).toEqual(since);
  });

  it('takes a prefix of any bytes', () => {
    const { prefix, encoding } = parseChangesQuery('prefix=%FF%00a+b&encoding=json', undefined);
    expect([prefix, encoding]).toEqual([Buffer.from([0xff, 0, ...utf8('a b')]), 'json']);
  });

  it.each([
    'since=',
    'since=now',
    'since=-1',
    'since=1',
    'since=00',
    `since=%22${ID}%22`,
    `since=${ID}0`,
    'since=00000003000000000000',
    'since=00000000000000000003',
    'since=%FF',
    'since=0&since=0',
    `prefix=${'p'.repeat(2049)}`,
    'prefix=%',
    'encoding=hex',
    'encoding=',
    'limit=1',
    'waitMs=1',
    'prefix64=YQ',
  ])('refuses %s', (query) => {
    expect(() => parseChangesQuery(query, undefined)).toThrow(expect.objectContaining({ code: 'invalid-parameter' }));
  });

  it.each(['0', 'nonsense', `"${ID}"`, [ID, LATER]])('refuses %j as Last-Event-ID', (lastEventId) => {
    expect(() => parseChangesQuery('since=0', lastEventId)).toThrow(
      expect.objectContaining({ code: 'invalid-request' }),
    );
  });
});

describe('the query of the hop', () => {
  it.each([
    { since: undefined, prefix: undefined, encoding: 'utf8', waitMs: 0 },
    { since: 0, prefix: Uint8Array.from([0xff, 0x20]), encoding: 'base64', waitMs: 30_000 },
    { since: 2 ** 48 - 1, prefix: utf8('a&b=c'), encoding: 'json', waitMs: 1 },
    { since: 5, prefix: undefined, encoding: 'json', waitMs: 1, maxCommits: 1_000 },
  ] as const)('carries %j', (query) => {
    const { prefix, ...rest } = parseInternalChangesQuery(formatInternalChangesQuery(query));
    const { prefix: _, ...asked } = query;
    expect(rest).toEqual(asked);
    expect(prefix && Buffer.from(prefix)).toEqual(query.prefix && Buffer.from(query.prefix));
  });

  it.each([
    'since=-1',
    'since=1.5',
    'since=',
    'since=99999999999999999999',
    'waitMs=30001',
    'waitMs=x',
    'maxCommits=1001',
    'maxCommits=-1',
    'prefix64=!',
    'prefix=a',
  ])('refuses %s', (query) => {
    expect(() => parseInternalChangesQuery(query)).toThrow(expect.objectContaining({ code: 'invalid-parameter' }));
  });
});

describe('changesRange', () => {
  it('is that of the prefix', () => {
    expect(changesRange(undefined)).toEqual({});
    expect(changesRange(utf8('ab'))).toEqual({ start: utf8('ab'), end: utf8('ac') });
    expect(changesRange(Uint8Array.from([0xff]))).toEqual({ start: Uint8Array.from([0xff]), end: undefined });
  });
});
