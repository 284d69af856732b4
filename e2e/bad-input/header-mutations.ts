import type { ErrorCode } from '@leasehold/protocol';

import type { Mutation } from './draft.js';
import { ownedBy, withHeaders } from './draft.js';
import { oneOf, someText, wholeBelow } from './draw.js';
import { madeUpToken } from './made-up-token.js';
import type { Header } from './raw-request.js';
import type { Route } from './routes.js';
import { FUTURE_VERSIONS } from './wrong-values.js';

const MEANINGS: readonly Header[] = [
  ['if-match', '*'],
  ['if-none-match', '*'],
  ['if-unmodified-since', 'Mon, 01 Jan 2024 00:00:00 GMT'],
  ['leasehold-ttl', '5'],
  ['idempotency-key', 'once'],
];
const NO_TAGS = [
  ...[
    '"nonsense"',
    'abc',
    'W/"00000001000000000001"',
    '""',
    '"*"',
    '*, *',
    '"00000001000000000001", "00000001000000000002"',
  ],
  ...[
    '"0000000100000000000G"',
    '"FFFFFFFFFFFFFFFFFFFF"',
    "'*'",
    '',
    '"',
    '00000001000000000001',
    '\xff',
    '"1e999"',
    '**',
  ],
];
const NO_TTLS = [
  '0',
  '-1',
  '1.5',
  '1e3',
  '315360001',
  '9007199254740992',
  'NaN',
  '',
  '5s',
  '0x5',
  '+5',
  '\xb2',
  '-0',
  '5,5',
  '1e999',
];
const NO_IDEMPOTENCY_KEYS = ['', 'a b', 'k'.repeat(256), 'k\xe9', '\xff\xfe', 'a\tb', 'k'.repeat(8_000)];
const INTERNAL = [
  ...['leasehold-tenant', 'leasehold-database', 'leasehold-hop', 'leasehold-wait-for-owner', 'leasehold-wait-ms'],
  ...[
    'leasehold-owner',
    'leasehold-owner-session',
    'x-forwarded-for',
    'x-forwarded-host',
    'forwarded',
    'x-original-url',
  ],
  ...['x-rewrite-url', 'x-http-method-override', 'traceparent', 'tracestate', 'cookie', 'range', 'origin'],
];
const isRead = ({ method }: Route): boolean => method === 'GET' || method === 'HEAD';
const understands = (header: string) => (route: Route) => route.headers.includes(header);

function wrongHeader(
  name: string,
  values: readonly string[],
  codes: readonly ErrorCode[],
  applies: (route: Route) => boolean = understands(name),
): Mutation {
  return {
    name: `a wrong ${name}`,
    applies,
    codes,
    mutate: (draft, random) => withHeaders(draft, name, oneOf(random, values)),
  };
}

/** The wrong headers, one by one right as HTTP. */
export const HEADER_MUTATIONS: readonly Mutation[] = [
  wrongHeader('if-match', NO_TAGS, ['invalid-precondition']),
  wrongHeader('if-none-match', [...NO_TAGS, '"00000001000000000001"'], ['invalid-precondition'], ({ method, path }) =>
    method === 'PUT' ? path.startsWith('keys') : method === 'DELETE' && path !== 'keys',
  ),
  wrongHeader(
    'if-none-match',
    [...NO_TAGS, '*'],
    ['invalid-precondition'],
    (route) => isRead(route) && understands('if-none-match')(route),
  ),
  {
    name: 'a condition on a version that nobody has made',
    applies: (route) => understands('if-match')(route) && !isRead(route),
    codes: ['precondition-failed'],
    mutate: (draft, random, { asker }) => ({
      ...ownedBy(asker),
      ...withHeaders(draft, 'if-match', `"${oneOf(random, FUTURE_VERSIONS)}"`),
    }),
  },
  wrongHeader('leasehold-ttl', NO_TTLS, ['invalid-expiry']),
  wrongHeader('idempotency-key', NO_IDEMPOTENCY_KEYS, ['invalid-idempotency-key']),
  wrongHeader(
    'last-event-id',
    ['x', '0', '-1', '\xff', '00000000000000000001', '*'],
    ['invalid-request'],
    ({ path }) => path === 'changes',
  ),
  wrongHeader(
    'last-event-id',
    FUTURE_VERSIONS,
    ['invalid-version', 'invalid-request'],
    ({ path }) => path === 'changes',
  ),
  wrongHeader(
    'accept',
    ['application/json', 'text/html', 'text/event-stream;q=0', '*/*;q=0', '\xff'],
    ['not-acceptable'],
    ({ path }) => path === 'changes',
  ),
  wrongHeader('expect', ['200-ok', '100', '\xff', 'x'.repeat(500)], ['expectation-failed'], () => true),
  {
    name: 'both conditions',
    applies: (route) => understands('if-match')(route),
    codes: ['invalid-precondition'],
    mutate: ({ headers }) => ({ headers: [...headers, ['if-match', '*'], ['if-none-match', '*']] }),
  },
  {
    name: 'a header of meaning on a route without it',
    applies: () => true,
    codes: ['unsupported-header'],
    mutate: ({ route, headers }, random) => {
      return {
        headers: [
          ...headers,
          oneOf(
            random,
            MEANINGS.filter(([name]) => !route.headers.includes(name)),
          ),
        ],
      };
    },
  },
  {
    name: 'a header of meaning twice',
    applies: ({ headers }) => headers.includes('idempotency-key'),
    codes: ['invalid-idempotency-key', 'invalid-request'],
    mutate: (draft) => withHeaders(draft, 'idempotency-key', 'one', 'two'),
  },
  {
    name: 'no authorization',
    applies: () => true,
    codes: ['unauthenticated'],
    mutate: (draft, random) => {
      const values = [
        '',
        'Bearer',
        'Bearer ',
        'Basic dXNlcjpwYXNz',
        'bearer',
        'Bearer a b',
        'Digest x="y"',
        '\xff',
        'Bearer\xa0x',
      ];
      return withHeaders(draft, 'authorization', ...oneOf(random, [[], ...values.map((value) => [value])]));
    },
  },
  {
    name: 'a key that is none',
    applies: () => true,
    codes: ['invalid-api-key', 'unauthenticated'],
    mutate: (draft, random, { asker }) => withHeaders(draft, 'authorization', `Bearer ${brokenKey(random, asker.key)}`),
  },
  {
    name: 'a token that nobody has signed',
    applies: () => true,
    codes: ['invalid-token'],
    mutate: (draft, random, { asker }) =>
      withHeaders(draft, 'authorization', `Bearer ${madeUpToken(random, asker.databaseIds[0] ?? '')}`),
  },
  {
    name: 'a key that was revoked, or is of the control plane',
    applies: () => true,
    codes: ['invalid-api-key'],
    mutate: (draft, random, { asker }) =>
      withHeaders(draft, 'authorization', `Bearer ${oneOf(random, [asker.revokedKey, asker.token])}`),
  },
  {
    name: 'two authorizations',
    applies: () => true,
    codes: ['invalid-request'],
    mutate: (draft, random, { asker, other }) => {
      const values = [
        `Bearer ${asker.key}`,
        oneOf(random, [`Bearer ${other.key}`, 'Basic dXNlcjpwYXNz', `Bearer ${asker.key}`]),
      ];
      return withHeaders(draft, 'authorization', ...(random.fraction() < 0.5 ? values : values.reverse()));
    },
  },
  {
    name: 'two hosts',
    applies: () => true,
    codes: ['invalid-request'],
    mutate: (draft, random) =>
      withHeaders(draft, 'host', 'leasehold.example', oneOf(random, ['leasehold.example', 'other', ''])),
  },
  {
    name: 'no host',
    applies: () => true,
    codes: ['invalid-request'],
    mutate: (draft) => withHeaders(draft, 'host'),
  },
  {
    name: 'a head that is too large',
    applies: () => true,
    codes: ['headers-too-large'],
    mutate: ({ headers }, random) => ({
      headers: [...headers, ['x-long', 'h'.repeat(oneOf(random, [16_384, 17_000, 60_000]))]],
    }),
  },
  {
    name: 'a condition behind thousands of short headers',
    applies: (route) => understands('if-match')(route),
    codes: ['headers-too-large'],
    mutate: ({ headers }, random) => {
      const filler = Array.from({ length: oneOf(random, [256, 1_000, 2_000, 2_500, 4_000]) }, (): Header => ['a', '']);
      return { headers: [...headers, ...filler, ['if-match', '"nonsense"']] };
    },
  },
  {
    name: 'headers of the inner hop and of proxies',
    applies: (route) => isRead(route) || route.path === 'reads' || route.path === 'warm',
    // A page of an origin that the tenant does not list is refused.
    codes: ['key-not-found', 'origin-not-allowed'],
    isHarmless: true,
    mutate: ({ headers }, random, { other }) => {
      const values = [
        other.databaseIds[0] ?? '',
        other.ownName,
        '1',
        `${'9'.repeat(13)}.${'a'.repeat(64)}`,
        '\xff',
        someText(random, 200),
      ];
      const added = Array.from({ length: 1 + wholeBelow(random, 4) }, (): Header => [
        oneOf(random, INTERNAL),
        oneOf(random, values),
      ]);
      return { headers: [...headers, ...added] };
    },
  },
  {
    name: 'headers of the inner hop on a condition that fails',
    applies: (route) => understands('if-match')(route) && !isRead(route),
    codes: ['precondition-failed', 'invalid-precondition'],
    mutate: ({ headers }, random, { asker, other }) => {
      const hop: Header[] = [
        ['leasehold-tenant', other.databaseIds[0] ?? ''],
        ['leasehold-database', other.ownName],
        ['leasehold-wait-ms', oneOf(random, ['0', '-1', '1e999', '9007199254740992'])],
      ];
      return { ...ownedBy(asker), headers: [...headers, ...hop, ['if-match', '"00000001ffffffffffff"']] };
    },
  },
];

function brokenKey(random: Parameters<Mutation['mutate']>[1], key: string): string {
  const at = 3 + wholeBelow(random, key.length - 3);
  const others = [
    'lh_',
    'lh__',
    '__proto__',
    'null',
    'k'.repeat(7_000),
    '\xff\xfe',
    'lh_aaaaaaaaaaaaaaaaaaaaaa_bbbbbbbbbbbbbbbbbbbb',
  ];
  const replaced = key[at] === 'a' ? 'b' : 'a';
  return oneOf(random, [
    ...others,
    key.slice(0, at),
    `${key}a`,
    key.slice(0, at) + replaced + key.slice(at + 1),
    key.toUpperCase(),
  ]);
}
