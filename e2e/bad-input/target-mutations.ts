import { oneOf, someText, wholeBelow } from './draw.js';
import type { Mutation } from './draft.js';
import { withHeaders } from './draft.js';
import type { Route } from './routes.js';
import { ROUTES } from './routes.js';
import { NO_BASE64 } from './wrong-values.js';

const ALWAYS = (): boolean => true;
const isKeyRoute = ({ path }: Route): boolean => path.startsWith('keys/') || path.startsWith('keys64/');
const METHODS = [
  'GET',
  'HEAD',
  'PUT',
  'POST',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'LOCK',
  'MKCOL',
  'SEARCH',
];

const NO_DATABASES = [
  ...['..', '.', '%2e%2e', '%2E%2E%2F%2E%2E', '%00', 'main%00', 'main%2f..', '__proto__', 'constructor', 'toString'],
  ...[
    'MAIN',
    'Main',
    'main.',
    'main%20',
    '%20main',
    '-main',
    '_main',
    'm%C3%A4in',
    '%F0%9F%98%80',
    'main;a=b',
    '*',
    '~',
  ],
  ...['%EF%BC%AD', 'null', 'undefined', 'nowhere', '0', '1e999', 'main%0d%0aset-cookie:a=b', "'or'1'='1", '$ne', '{}'],
];
/** What cannot be decoded as UTF-8, or not at all. */
const BROKEN_NAMES = ['%', '%zz', 'main%', '%ff', '%c3%28', '%ed%a0%80', 'm\xe4in', '\xff\xfe'];
const NO_ROUTES = [
  ...['', '/', '/key', '/KEYS', '/keys32/a', '/stats/', '/stats/a', '/warm/..', '//stats', '/%73tats/x'],
  ...[
    '/transactions/',
    '/transactions/1',
    '/internal',
    '/_',
    '/.',
    '/..',
    '/;',
    '/keys;a=b',
    '/changes/0',
    '/reads/../stats',
  ],
  ...['/__proto__', '/constructor', '/metrics', '/healthz', '/stats%00', '/%00'],
];
const NO_ROOTS = [
  ...[
    '/v2/db/',
    '/V1/db/',
    '/v1/DB/',
    '/v1//db/',
    '//v1/db/',
    '/v1/db//',
    '/v1/dbs/',
    '/db/',
    '/./v1/db/',
    '/v1/../v1/db/',
  ],
  ...['/internal/v1/databases/', '/v1/tenants/', '/v1/db/%2e%2e/', '/%76%31/dc/', '/v1/db/..%2f', '/v1;/db/'],
];

/** The wrong method, path, database or key. */
export const TARGET_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a method that the path does not take',
    applies: ALWAYS,
    codes: ['method-not-allowed', 'route-not-found'],
    mutate: ({ route }, random) => {
      const taken = ROUTES.filter(({ path }) => path === route.path).map(({ method }) => method as string);
      return {
        method: oneOf(
          random,
          METHODS.filter((method) => !taken.includes(method)),
        ),
      };
    },
  },
  {
    name: 'a database that is none',
    applies: ALWAYS,
    codes: ['database-not-found', 'invalid-request', 'route-not-found', 'method-not-allowed'],
    mutate: (_draft, random) => ({
      database: oneOf(random, [...NO_DATABASES, ...BROKEN_NAMES, '', someText(random, 12)]),
    }),
  },
  {
    name: 'a database name that is too long',
    applies: ALWAYS,
    codes: ['database-not-found', 'headers-too-large'],
    mutate: (_draft, random) => ({ database: someText(random, oneOf(random, [64, 65, 1_000, 9_000, 17_000])) }),
  },
  {
    name: 'a database of another tenant',
    applies: ALWAYS,
    codes: ['database-not-found'],
    // With the key of the asker, whatever was made wrong before: with the other's it would be right.
    mutate: (draft, random, { asker, other }) => ({
      database: oneOf(random, [other.ownName, ...other.databaseIds]),
      ...withHeaders(draft, 'authorization', `Bearer ${asker.key}`),
    }),
  },
  {
    name: 'a database by its id',
    applies: ALWAYS,
    codes: ['database-not-found'],
    mutate: (_draft, random, { asker }) => ({ database: oneOf(random, asker.databaseIds) }),
  },
  {
    name: "another tenant's key with a name of the asker",
    applies: ALWAYS,
    codes: ['database-not-found'],
    mutate: (draft, _random, { asker, other }) => ({
      database: asker.ownName,
      ...withHeaders(draft, 'authorization', `Bearer ${other.key}`),
    }),
  },
  {
    name: 'a route that is none',
    applies: ALWAYS,
    codes: ['route-not-found', 'method-not-allowed'],
    mutate: (_draft, random) => ({ resource: oneOf(random, NO_ROUTES) }),
  },
  {
    name: 'a path that is none',
    applies: ALWAYS,
    codes: ['route-not-found', 'method-not-allowed', 'unauthenticated', 'database-not-found', 'invalid-request'],
    mutate: (_draft, random) => ({ root: oneOf(random, NO_ROOTS) }),
  },
  {
    name: 'no key at all',
    applies: isKeyRoute,
    codes: ['invalid-key'],
    mutate: ({ route }) => ({ resource: `/${route.path.split('{')[0] ?? ''}` }),
  },
  {
    name: 'a key in a broken encoding',
    applies: isKeyRoute,
    codes: ['invalid-key', 'invalid-request'],
    mutate: ({ route }, random) => ({
      resource: brokenKey(route, oneOf(random, ['%', '%z', 'a%2', '%u0041', '%%', '%2%', '#', 'a#b'])),
    }),
  },
  {
    name: 'a key that is no base64url',
    applies: ({ path }) => path.startsWith('keys64/'),
    codes: ['invalid-key'],
    mutate: (_draft, random) => ({ resource: `/keys64/${oneOf(random, NO_BASE64.map(encodeURIComponent))}` }),
  },
  {
    name: 'a key that is too long',
    applies: isKeyRoute,
    codes: ['key-too-long', 'headers-too-large'],
    mutate: ({ route }, random) => {
      const key = Buffer.alloc(oneOf(random, [2_049, 2_050, 4_000, 11_000, 20_000]), 'k');
      return {
        resource: route.path.startsWith('keys64/') ? `/keys64/${key.toString('base64url')}` : `/keys/${key.toString()}`,
      };
    },
  },
  {
    name: 'a key of odd bytes',
    applies: (route) => isKeyRoute(route) && (route.method === 'GET' || route.method === 'HEAD'),
    codes: ['key-not-found'],
    mutate: ({ route }, random) => ({ resource: oddKey(route, random.bytes(1 + wholeBelow(random, 300))) }),
  },
  {
    name: 'a key that looks like a path',
    applies: ({ path, method }) => path === 'keys/{key}' && (method === 'GET' || method === 'HEAD'),
    codes: ['key-not-found'],
    mutate: (_draft, random) => ({
      resource: `/keys/${oneOf(random, ['..', '../..', '%2e%2e/x', '/', '//', '../keys', '%00', '__proto__', 'a//b/', './a', '\xff\xfe'])}`,
    }),
  },
];

function brokenKey(route: Route, text: string): string {
  return `/${route.path.split('{')[0] ?? ''}${text}`;
}

function oddKey(route: Route, key: Uint8Array): string {
  if (route.path.startsWith('keys64/')) return `/keys64/${Buffer.from(key).toString('base64url')}`;
  return `/keys/${[...key].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`;
}
