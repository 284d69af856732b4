import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import type { ErrorCode } from '@leasehold/protocol';
import { ERROR_CODES, ProblemError, requestIdFrom, toProblem } from '@leasehold/protocol';

const CODE_OF_PARSER: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
};

interface ParserError extends Error {
  readonly code?: string;
  /** What llhttp expected: a text of its own, without bytes of the request. */
  readonly reason?: unknown;
}

/**
 * Answers what Node's HTTP parser refuses, where there is no request object yet: the same problem details, written to
 * the socket, which is then closed because nothing after the error can be understood.
 */
export function answerClientError(error: ParserError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = CODE_OF_PARSER[error.code ?? ''] ?? 'invalid-request';
  answerOnSocket(new ProblemError(code, detailOf(error, code)), socket);
}

/** Answers CONNECT, for which Node makes no response object and would only hang up. */
export function answerConnect(_request: IncomingMessage, socket: Duplex): void {
  // Whoever asks for a tunnel may be gone before the answer.
  socket.on('error', () => socket.destroy());
  answerOnSocket(new ProblemError('invalid-request', 'CONNECT is not served: this is no proxy'), socket);
}

/** A refusal where there is no response object; the connection is closed with it. */
export function answerOnSocket(problem: ProblemError, socket: Duplex): void {
  const requestId = requestIdFrom(undefined);
  const { status, headers, body } = toProblem(problem, requestId);
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `x-request-id: ${requestId}`,
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy());
}

function detailOf({ code: parserCode, reason }: ParserError, code: ErrorCode): string {
  if (code !== 'invalid-request') return ERROR_CODES[code].meaning;
  if (parserCode === 'HPE_INVALID_URL') return 'the URL holds a character that has to be percent-encoded';
  return typeof reason === 'string' ? `not understood as HTTP: ${reason}` : 'not understood as HTTP';
}
