import type { Random } from '@leasehold/foundation';
import type { ErrorCode } from '@leasehold/protocol';

import type { Parties } from './draft.js';
import { oneOf, someText, wholeBelow } from './draw.js';

/** Bytes on a socket that are no request, or one that two readers might take for different ones. */
export interface BrokenHttp {
  readonly wrong: string;
  readonly bytes: Buffer;
  readonly codes: readonly ErrorCode[];
  /** It may be served: it only reads. */
  readonly isHarmless: boolean;
  /** Nobody asks whoever sends no request at all: the connection may end without a word. */
  readonly mayClose: boolean;
  /** More could follow, as far as the other side knows: so the client says that it ends. */
  readonly isCut: boolean;
  /** Answers there may be. */
  readonly answers: number;
  readonly parties: Parties;
}

type Kind = Pick<BrokenHttp, 'wrong'> &
  Partial<Pick<BrokenHttp, 'codes' | 'isHarmless' | 'mayClose' | 'isCut' | 'answers'>> & {
    readonly text: (random: Random, parties: Parties) => string;
  };

const ANY_BYTE = 256;
/** A write that would be seen, up to the headers that frame its body. */
const put = ({ asker }: Parties, ...lines: readonly string[]): string =>
  [`PUT /v1/db/main/keys/new%2Fraw HTTP/1.1`, 'Host: x', `Authorization: Bearer ${asker.key}`, ...lines].join('\r\n');
const get = ({ asker }: Parties, ...lines: readonly string[]): string =>
  [`GET /v1/db/main/keys/never HTTP/1.1`, 'Host: x', `Authorization: Bearer ${asker.key}`, ...lines, '', ''].join(
    '\r\n',
  );
const framed = (framings: readonly string[], bodies: readonly string[]) => (random: Random, parties: Parties) =>
  `${put(parties, ...oneOf(random, framings).split('|'))}\r\n\r\n${oneOf(random, bodies)}`;

const KINDS: readonly Kind[] = [
  {
    wrong: 'a request line that is none',
    codes: ['invalid-request', 'route-not-found'],
    text: (random) => {
      const lines = [
        'NONSENSE',
        'GET',
        'GET /',
        'GET / HTTP/9.9',
        'GET / HTTP/1.1 x',
        'G\0T / HTTP/1.1',
        'GET /\0 HTTP/1.1',
        'get / HTTP/1.1',
      ];
      const more = [
        'GET nowhere HTTP/1.1',
        'FOO / HTTP/1.1',
        ' GET / HTTP/1.1',
        'GET / HTTQ/1.1',
        'GET / http/1.1',
        'GET / HTTP/1',
        ': / HTTP/1.1',
      ];
      return `${oneOf(random, [...lines, ...more])}\r\nHost: x\r\n\r\n`;
    },
  },
  {
    wrong: 'bytes that are no text',
    mayClose: true,
    isCut: true,
    text: (random) => binary(random, 1 + wholeBelow(random, 2_000)),
  },
  {
    wrong: 'another protocol',
    mayClose: true,
    isCut: true,
    text: (random) =>
      oneOf(random, [
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
        '*1\r\n$4\r\nPING\r\n',
        'SSH-2.0-x\r\n',
        '\0\0\0\x08\x04\xd2\x16\x2f',
      ]),
  },
  {
    wrong: 'a header that is none',
    text: (random, parties) => {
      const odd = [
        'no colon',
        ': nameless',
        'Name : x',
        'N(a)me: x',
        'N\xe4me: x',
        'Na me: x',
        'X: a\0b',
        'X: a\rb',
        ' folded: x',
        'X\0: a',
        'X: \x7f',
        '\x01: a',
      ];
      return get(parties, oneOf(random, odd));
    },
  },
  {
    wrong: 'a target of odd characters',
    codes: ['invalid-request', 'route-not-found'],
    text: (random) => `GET /${oneOf(random, ['\t', ' ', '\x7f', '\x01'])}x HTTP/1.1\r\nHost: x\r\n\r\n`,
  },
  {
    wrong: 'a length that is none',
    text: framed(
      [
        'Content-Length: -1',
        'Content-Length: +5',
        'Content-Length: 0x5',
        'Content-Length: 5,5',
        'Content-Length: 5 5',
        'Content-Length: ',
        'Content-Length: 99999999999999999999999',
        'Content-Length: 1e1',
        'Content-Length: 5.0',
        'Content-Length: \xb2',
      ],
      ['hello'],
    ),
  },
  {
    wrong: 'two lengths',
    text: framed(
      [
        'Content-Length: 5|Content-Length: 6',
        'Content-Length: 5|Content-Length: 5',
        'Content-Length: 0|Content-Length: 5',
      ],
      ['hello', 'hello!'],
    ),
  },
  {
    wrong: 'a length beside chunks',
    text: framed(
      [
        'Content-Length: 5|Transfer-Encoding: chunked',
        'Transfer-Encoding: chunked|Content-Length: 0',
        'Content-Length: 4|Transfer-Encoding: identity',
      ],
      ['5\r\nhello\r\n0\r\n\r\n', '0\r\n\r\n'],
    ),
  },
  {
    wrong: 'a transfer coding that is not taken',
    codes: ['invalid-request', 'unsupported-media-type'],
    text: framed(
      [
        'gzip',
        'identity',
        'chunked, identity',
        'xchunked',
        'chunked;q=1',
        '"chunked"',
        'gzip, chunked',
        'chunked, chunked',
        'chunked\x0b',
        '',
      ].map((coding) => `Transfer-Encoding: ${coding}`),
      ['5\r\nhello\r\n0\r\n\r\n'],
    ),
  },
  {
    wrong: 'two transfer codings',
    codes: ['invalid-request', 'unsupported-media-type'],
    text: framed(
      [
        'Transfer-Encoding: chunked|Transfer-Encoding: identity',
        'Transfer-Encoding: identity|Transfer-Encoding: chunked',
        'Transfer-Encoding: chunked|Transfer-Encoding: chunked',
      ],
      ['5\r\nhello\r\n0\r\n\r\n'],
    ),
  },
  {
    wrong: 'chunks that are none',
    text: framed(
      ['Transfer-Encoding: chunked'],
      [
        ...[
          'g\r\nhello\r\n0\r\n\r\n',
          '-1\r\n',
          '0x5\r\nhello\r\n0\r\n\r\n',
          'ffffffffffffffffff\r\nhello',
          '5\r\nhelloo\r\n0\r\n\r\n',
          ' 5\r\nhello\r\n0\r\n\r\n',
        ],
        ...[
          '5\nhello\n0\n\n',
          '\r\nhello',
          '5 5\r\nhello\r\n0\r\n\r\n',
          '5\r\nhello0\r\n\r\n',

          '\xff\r\n',
          `5;${'e'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
        ],
      ],
    ),
  },
  {
    wrong: 'chunks that end too early',
    mayClose: true,
    isCut: true,
    text: framed(['Transfer-Encoding: chunked'], ['', '5', '5\r\nhel', '5\r\nhello\r\n', '5\r\nhello\r\n0\r\n']),
  },
  {
    wrong: 'a body that ends too early',
    mayClose: true,
    isCut: true,
    codes: ['invalid-request', 'request-timeout'],
    text: framed(['Content-Length: 10', 'Content-Length: 500000'], ['', 'hello']),
  },
  { wrong: 'two hosts', text: (random, parties) => get(parties, `Host: ${oneOf(random, ['x', 'y', ''])}`) },
  {
    wrong: 'no host',
    text: (_random, { asker }) => `GET /v1/db/main/stats HTTP/1.1\r\nAuthorization: Bearer ${asker.key}\r\n\r\n`,
  },
  {
    wrong: 'the version before',
    isHarmless: true,
    codes: ['key-not-found'],
    text: (_random, parties) => get(parties).replace('HTTP/1.1', 'HTTP/1.0'),
  },
  {
    wrong: 'a host of odd characters',
    isHarmless: true,
    codes: ['key-not-found', 'invalid-request'],
    text: (random, parties) =>
      get(parties).replace(
        'Host: x',
        `Host: ${oneOf(random, ['a b', 'a/b', '@', ':0', '[', '../..', '\xff', 'x'.repeat(3_000)])}`,
      ),
  },
  {
    wrong: 'a change of protocol',
    isHarmless: true,
    codes: ['key-not-found', 'invalid-request'],
    text: (random, parties) =>
      get(parties, 'Connection: Upgrade', `Upgrade: ${oneOf(random, ['websocket', 'h2c', 'TLS/1.0', '\xff'])}`),
  },
  {
    wrong: 'a whole address',
    isHarmless: true,
    codes: ['key-not-found', 'route-not-found', 'invalid-request'],
    text: (random, parties) =>
      get(parties).replace(
        'GET ',
        `GET ${oneOf(random, ['http://x', 'http://other.example', 'https://x:1', 'ftp://x'])}`,
      ),
  },
  {
    wrong: 'an asterisk, or a tunnel',
    codes: ['invalid-request', 'route-not-found', 'method-not-allowed'],
    text: (random) =>
      `${oneOf(random, ['OPTIONS *', 'GET *', 'CONNECT x:443', 'CONNECT /v1/db/main/stats', 'TRACE /v1/db/main/stats'])} HTTP/1.1\r\nHost: x\r\n\r\n`,
  },
  {
    wrong: 'a write in the body of a refused request',
    codes: ['route-not-found'],
    text: (_random, parties) => {
      const inner = `${put(parties, 'Content-Length: 1')}\r\n\r\nx`;
      return `POST /v1/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`;
    },
  },
  {
    wrong: 'two refused requests at once',
    codes: ['invalid-precondition', 'route-not-found'],
    answers: 2,
    text: (_random, parties) =>
      `${put(parties, 'If-Match: nonsense', 'Content-Length: 1')}\r\n\r\nxGET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n`,
  },
  { wrong: 'a head without end', codes: ['headers-too-large'], text: (random) => `GET /${someText(random, 17_000)}` },
  {
    wrong: 'a head that is cut',
    isCut: true,
    codes: ['invalid-request', 'request-timeout'],
    mayClose: true,
    text: (random, parties) => get(parties).slice(0, 1 + wholeBelow(random, 60)),
  },
];

export const BROKEN_KINDS: readonly string[] = KINDS.map(({ wrong }) => wrong);

/** Every kind in turn, for ever. */
export function* brokenHttp(random: Random, sides: readonly Parties[]): Generator<BrokenHttp, never> {
  for (;;) {
    for (const { text, ...kind } of KINDS) {
      const parties = oneOf(random, sides);
      const bytes = Buffer.from(text(random, parties), 'latin1');
      yield {
        codes: ['invalid-request'],
        isHarmless: false,
        mayClose: false,
        isCut: false,
        answers: 1,
        ...kind,
        bytes,
        parties,
      };
    }
  }
}

/** Never a whole request. */
function binary(random: Random, length: number): string {
  return String.fromCharCode(
    0x80 + wholeBelow(random, 0x80),
    ...Array.from({ length }, () => wholeBelow(random, ANY_BYTE)),
  );
}
