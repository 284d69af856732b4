import type { Random } from '@leasehold/foundation';
import type { ErrorCode } from '@leasehold/protocol';

import type { Mutation } from './draft.js';
import { oneOf, someBase64Url, someText, wholeBelow } from './draw.js';
import { FUTURE_VERSIONS, NO_BASE64, NO_POINTS } from './wrong-values.js';

interface WrongParameter {
  readonly values: readonly string[];
  readonly codes: readonly ErrorCode[];
}

const PARAMETER = ['invalid-parameter'] as const;
const BROKEN = ['%', '%zz', 'a%2', '%u0041', '%%41'];
const NO_UTF8 = ['%FF', '%C3%28', '%ED%A0%80', '\xff', '%80'];
const TOO_LONG = ['k'.repeat(2_049), '%6B'.repeat(2_049)];
const encoded = (texts: readonly string[]): readonly string[] => texts.map(encodeURIComponent);

/** By the name of the parameter. Every value is wrong wherever the parameter is taken. */
const WRONG: Readonly<Record<string, WrongParameter>> = {
  limit: {
    values: [
      ...[
        '0',
        '-1',
        '1001',
        '1e3',
        '0x10',
        'NaN',
        'Infinity',
        '9007199254740992',
        '-0',
        '1.5',
        '',
        '%20',
        '+5',
        'ten',
        '1e999',
      ],
      ...['%EF%BC%91', 'null', 'undefined', '__proto__', '[]', '1%00', '00000001', '18446744073709551616', ...NO_UTF8],
    ],
    codes: ['invalid-limit', 'invalid-parameter'],
  },
  reverse: { values: ['TRUE', '1', '0', 'yes', '', 'null', '%00', 'true%20', 'True', ...NO_UTF8], codes: PARAMETER },
  encoding: {
    values: ['UTF8', 'utf-8', 'rot13', '', '__proto__', 'constructor', 'hex', 'utf8%00', 'json,utf8', ...NO_UTF8],
    codes: PARAMETER,
  },
  at: {
    values: [...encoded(NO_POINTS), ...FUTURE_VERSIONS, ...NO_UTF8],
    codes: ['invalid-parameter', 'invalid-version'],
  },
  consistency: { values: ['eventual', 'weak', '', 'STRONG', 'strong%00', '__proto__', '0'], codes: PARAMETER },
  cursor: {
    values: ['', 'AAAA', '%FF%00', '__proto__', '..', 'null', ...encoded(NO_BASE64), ...NO_UTF8, 'A'.repeat(8_000)],
    codes: ['invalid-cursor', 'invalid-parameter'],
  },
  prefix: { values: TOO_LONG, codes: PARAMETER },
  start: { values: TOO_LONG, codes: PARAMETER },
  end: { values: TOO_LONG, codes: PARAMETER },
  all: { values: ['1', 'false', 'TRUE', '', 'yes', 'true%00', '%FF'], codes: PARAMETER },
  since: {
    values: [
      ...encoded(NO_POINTS.filter((point) => point !== '0')),
      ...['00000000000000000001', '00000001000000000000', ...FUTURE_VERSIONS, ...NO_UTF8],
    ],
    codes: ['invalid-parameter', 'invalid-version'],
  },
};

const UNKNOWN = [
  ...[
    'prefx',
    '__proto__',
    'constructor',
    'LIMIT',
    'limit%00',
    'cursor[]',
    'at.',
    '%FF',
    '',
    'session',
    'tenant',
    'database',
  ],
  ...['start64', 'prefix64', 'end64', 'waitMs', 'since64', 'leasehold-tenant'],
];

/** The wrong parameters. */
export const QUERY_MUTATIONS: readonly Mutation[] = [
  ...Object.entries(WRONG).map(([name, { values, codes }]): Mutation => ({
    name: `a wrong ${name}`,
    applies: ({ parameters }) => parameters.includes(name),
    codes,
    mutate: (_draft, random) => ({ query: [`${name}=${oneOf(random, values)}`] }),
  })),
  {
    name: 'a cursor that was altered',
    applies: ({ parameters }) => parameters.includes('cursor'),
    codes: ['invalid-cursor'],
    mutate: (_draft, random, { asker }) => ({ query: [`cursor=${altered(random, asker.cursor)}`, 'prefix=listed%2F'] }),
  },
  {
    name: 'a cursor of another range',
    applies: ({ parameters }) => parameters.includes('cursor'),
    codes: ['invalid-cursor'],
    mutate: (_draft, random, { asker, other }) => ({
      query: [`cursor=${oneOf(random, [asker, other]).cursor}`, `prefix=listed%2F${someText(random, 2)}`],
    }),
  },
  {
    name: "a cursor of another tenant's listing",
    applies: ({ path, parameters }) => path === 'keys' && parameters.includes('cursor'),
    codes: [],
    isHarmless: true,
    mutate: (_draft, _random, { other }) => ({ query: [`cursor=${other.cursor}`, 'prefix=listed%2F'] }),
  },
  {
    name: 'an unknown parameter',
    applies: () => true,
    codes: PARAMETER,
    mutate: ({ query }, random) => ({
      query: [...query, `${oneOf(random, UNKNOWN)}=${oneOf(random, ['1', '', 'true', '%00'])}`],
    }),
  },
  {
    name: 'a parameter twice',
    applies: ({ parameters }) => parameters.length > 0,
    codes: PARAMETER,
    mutate: (_draft, random) => {
      const name = oneOf(random, ['encoding', 'prefix', 'at', 'limit', 'all', 'since']);
      return { query: [`${name}=json`, `${name}=json`] };
    },
  },
  {
    name: 'a parameter in a broken encoding',
    applies: ({ parameters }) => parameters.length > 0,
    codes: PARAMETER,
    mutate: ({ route }, random) => ({ query: [`${oneOf(random, route.parameters)}=${oneOf(random, BROKEN)}`] }),
  },
  {
    name: 'too many parameters',
    applies: () => true,
    codes: ['invalid-parameter', 'headers-too-large'],
    mutate: (_draft, random) => ({ query: Array.from({ length: oneOf(random, [33, 100, 4_000]) }, (_, n) => `p${n}`) }),
  },
  {
    name: 'a range delete that names no range, or two',
    applies: ({ method, path }) => method === 'DELETE' && path === 'keys',
    codes: PARAMETER,
    mutate: (_draft, random) => ({
      query: oneOf(random, [
        [],
        ['prefix='],
        ['start='],
        ['end='],
        ['prefix'],
        ['all=true', 'prefix=a'],
        ['all=true', 'start=a'],
      ]),
    }),
  },
];

/** Another cursor of the same length, or a part of this one. */
function altered(random: Random, cursor: string): string {
  const at = wholeBelow(random, cursor.length - 1);
  switch (wholeBelow(random, 3)) {
    case 0:
      return cursor.slice(0, at);
    case 1:
      return cursor + someBase64Url(random, 3);
    default: {
      const replaced = cursor[at] === 'A' ? 'B' : 'A';
      return cursor.slice(0, at) + replaced + cursor.slice(at + 1);
    }
  }
}
