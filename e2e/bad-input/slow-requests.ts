import type { Parties } from './draft.js';

/** Requests that arrive slowly, or never whole. Each is wrong in the end, or never ends. */
export interface SlowRequest {
  readonly name: string;
  readonly parts: readonly Buffer[];
  readonly pauseMs: number;
  /** The client leaves after the last part. */
  readonly isCut: boolean;
  /** What the first line of the answer is like; undefined: there may be none. */
  readonly status: RegExp | undefined;
}

const HEAD_PARTS = 20;
const PAUSE_MS = 50;
const ANNOUNCED_BYTES = 200_000_000;

export function slowRequests({ asker }: Parties): readonly SlowRequest[] {
  const put = (...lines: readonly string[]): string =>
    [
      'PUT /v1/db/main/keys/new%2Fslow HTTP/1.1',
      'host: x',
      `authorization: Bearer ${asker.key}`,
      ...lines,
      '',
      '',
    ].join('\r\n');
  const refused = put('if-match: nonsense', 'content-length: 10');
  return [
    {
      name: 'a head in many parts',
      parts: inParts(`${refused}0123456789`, HEAD_PARTS),
      pauseMs: PAUSE_MS,
      isCut: false,
      status: / 400 /,
    },
    {
      name: 'a body byte by byte',
      parts: [refused, ...'0123456789'].map((part) => Buffer.from(part)),
      pauseMs: PAUSE_MS,
      isCut: false,
      status: / 400 /,
    },
    {
      name: 'a body whose sender leaves',
      parts: inParts(put('content-length: 10') + '01234', 2),
      pauseMs: PAUSE_MS,
      isCut: true,
      status: undefined,
    },
    {
      name: 'chunks whose sender leaves',
      parts: inParts(`${put('transfer-encoding: chunked')}5\r\nhello\r\n`, 2),
      pauseMs: PAUSE_MS,
      isCut: true,
      status: undefined,
    },
    {
      name: 'a body that is announced and far too large',
      parts: [Buffer.from(put(`content-length: ${ANNOUNCED_BYTES}`))],
      pauseMs: 0,
      isCut: false,
      status: / 413 /,
    },
    {
      name: 'a body that is too large and waits to be asked for',
      parts: [Buffer.from(put(`content-length: ${ANNOUNCED_BYTES}`, 'expect: 100-continue'))],
      pauseMs: 0,
      isCut: false,
      status: / (100|413) /,
    },
  ];
}

function inParts(text: string, count: number): readonly Buffer[] {
  const size = Math.ceil(text.length / count);
  return Array.from({ length: count }, (_, n) => Buffer.from(text.slice(n * size, (n + 1) * size)));
}
