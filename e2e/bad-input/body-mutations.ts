import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';

import type { Random } from '@leasehold/foundation';

import type { Draft, Mutated, Mutation } from './draft.js';
import { ownedBy, withHeaders } from './draft.js';
import { oneOf, someText, wholeBelow } from './draw.js';
import { jsonText, Members, Verbatim } from './json-text.js';
import type { Route } from './routes.js';
import { wrongSnapshot } from './snapshot-bodies.js';
import { NAMES_OF_NOTHING, wrongTransaction } from './transaction-bodies.js';

const isJson = ({ body }: Route): boolean => body === 'transaction' || body === 'snapshot';
const takesBody = (route: Route): boolean => isJson(route) || route.body === 'value';
const NO_JSON = [
  ...[
    '',
    ' ',
    '\n\t',
    'null',
    '[]',
    '"x"',
    '1',
    'true',
    '[{}]',
    '{',
    '}',
    '{}{}',
    '{"ops":[],}',
    "{'ops':[]}",
    '{ops:[]}',
  ],
  ...[
    '{"ops":[]}//',
    '/**/{"ops":[]}',
    '{"ops":[]} x',
    '{"ops":[],"ops":[]}',
    '{"gets":[],"gets":[]}',
    '{"ops":NaN}',
    '{"ops":[]}\0',
  ],
  ...[
    '{"gets":[1,]}',
    '{"gets":[,1]}',
    '{"lists":[{"limit":01}]}',
    '<xml/>',
    'ops=drop',
    '--a\r\ncontent-disposition: x',
  ],
];
const NO_UTF8 = [
  [0xff],
  [0xc3, 0x28],
  [0xed, 0xa0, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xc0, 0xaf],
  [0xe2, 0x82],
  [0x80],
];
const NO_JSON_TYPES = [
  'text/plain',
  'application/xml',
  'application/json; charset=latin1',
  'multipart/form-data; boundary=a',
  '',
  '*/*',
  'json',
  '\xff',
];

/** What the bombs would come to. */
const BOMB_BYTES = 32 * 1024 * 1024;
let bombs: readonly (readonly [coding: string, body: Buffer])[] | undefined;

/** Built when first asked for. */
function bombOf(random: Random): readonly [coding: string, body: Buffer] {
  bombs ??= codedBodies(Buffer.alloc(BOMB_BYTES));
  return oneOf(random, bombs);
}

function codedBodies(zeros: Buffer): readonly (readonly [coding: string, body: Buffer])[] {
  const once = gzipSync(zeros);
  return [
    ['gzip', once],
    ['br', brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ['deflate', deflateSync(zeros)],
    ['zstd', Buffer.from('28b52ffd', 'hex')],
    ['gzip, gzip', gzipSync(once)],
    ['rot13', Buffer.from('k')],
    ['*', Buffer.from('k')],
    ['', Buffer.from('k')],
    ['GZIP', gzipSync('x')],
    ['identity, identity', Buffer.from('k')],
  ];
}

/** The wrong bodies. */
export const BODY_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a value that is too large',
    applies: ({ body }) => body === 'value',
    codes: ['value-too-large'],
    mutate: (_draft, random) => ({ body: Buffer.alloc(512 * 1024 + 1, 'v'), isChunked: random.fraction() < 0.5 }),
  },
  {
    name: 'a body in a coding',
    applies: takesBody,
    codes: ['unsupported-media-type', 'invalid-request'],
    mutate: (draft, random) => {
      const [coding, body] = bombOf(random);
      return { body, ...withHeaders(draft, 'content-encoding', coding) };
    },
  },
  {
    name: 'a body where none is taken',
    applies: ({ body }) => body === 'refused',
    codes: ['invalid-body'],
    mutate: (_draft, random) => ({ body: Buffer.from(oneOf(random, ['{}', '\0', 'x'.repeat(10_000), '[]'])) }),
  },
  {
    name: 'a body of another type',
    applies: isJson,
    codes: ['unsupported-media-type'],
    mutate: (draft, random) =>
      withHeaders(draft, 'content-type', ...oneOf(random, [[], ...NO_JSON_TYPES.map((type) => [type])])),
  },
  {
    name: 'no JSON of the route',
    applies: isJson,
    codes: ['invalid-body'],
    mutate: (_draft, random) => ({ body: Buffer.from(oneOf(random, NO_JSON)) }),
  },
  {
    name: 'JSON that is cut',
    weight: 4,
    applies: isJson,
    codes: ['invalid-body'],
    mutate: (draft, random) => ({ body: bodyOf(draft).subarray(0, wholeBelow(random, bodyOf(draft).byteLength)) }),
  },
  {
    name: 'JSON with bytes in it that are no UTF-8, or no text',
    weight: 4,
    applies: isJson,
    codes: ['invalid-body'],
    mutate: (draft, random) => {
      const odd = oneOf(random, [...NO_UTF8, [wholeBelow(random, 9)], [0x0b], [0x1f], [0xef, 0xbb, 0xbf]]);
      const at = wholeBelow(random, bodyOf(draft).byteLength);
      // A byte order mark may stand at the beginning of a text, or in a string.
      const inside = odd[0] === 0xef ? 1 : at;
      return {
        body: Buffer.concat([bodyOf(draft).subarray(0, inside), Buffer.from(odd), bodyOf(draft).subarray(inside)]),
      };
    },
  },
  {
    name: 'JSON in another encoding',
    applies: isJson,
    codes: ['invalid-body'],
    mutate: (draft, random) => {
      const little = Buffer.from(bodyOf(draft).toString(), 'utf16le');
      return {
        body: oneOf(random, [little, Buffer.concat([Buffer.from([0xff, 0xfe]), little]), Buffer.from(little).swap16()]),
      };
    },
  },
  {
    name: 'JSON with a member that nobody knows',
    applies: isJson,
    codes: ['invalid-body'],
    mutate: ({ route }, random) => {
      const list = route.body === 'transaction' ? 'ops' : 'gets';
      return {
        body: text(
          Members.of({ [list]: [] }).with(oneOf(random, [...NAMES_OF_NOTHING, someText(random, 5)]), Members.of({})),
        ),
      };
    },
  },
  {
    name: 'JSON that is nested too deep',
    applies: isJson,
    codes: ['invalid-body'],
    mutate: ({ route }, random) => {
      const depth = oneOf(random, [65, 100, 5_000, 100_000]);
      const deep = new Verbatim(
        random.fraction() < 0.5 ? '['.repeat(depth) + ']'.repeat(depth) : '{"a":'.repeat(depth),
      );
      const list = route.body === 'transaction' ? 'ops' : 'gets';
      return { body: text(Members.of({ [list]: [Members.of({ op: 'put', key: 'new/deep', json: deep })] })) };
    },
  },
  {
    name: 'JSON with too many parts',
    applies: isJson,
    codes: ['too-many-operations', 'invalid-body'],
    mutate: ({ route }, random) => {
      const parts = Array.from({ length: oneOf(random, [1_001, 1_500, 2_500]) }, () => Members.of({ key: 'a' }));
      return { body: text(Members.of({ [route.body === 'transaction' ? 'ops' : 'gets']: parts })) };
    },
  },
  {
    name: 'a transaction with something wrong in it',
    weight: 30,
    applies: ({ body }) => body === 'transaction',
    codes: [],
    mutate: (_draft, random, { asker }) => ({ ...wrong(wrongTransaction(random)), ...ownedBy(asker) }),
  },
  {
    name: 'a snapshot read with something wrong in it',
    weight: 20,
    applies: ({ body }) => body === 'snapshot',
    codes: [],
    mutate: (_draft, random) => wrong(wrongSnapshot(random)),
  },
];

function bodyOf({ body }: Draft): Buffer {
  return Buffer.from(body ?? []);
}

function text(body: Members): Buffer {
  return Buffer.from(jsonText(body));
}

function wrong({ body, codes }: ReturnType<typeof wrongTransaction>): Mutated {
  return { body: text(body), codes };
}
