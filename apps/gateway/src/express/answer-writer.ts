import type { ServerResponse } from 'node:http';
import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http';

import type { Clock } from '@leasehold/foundation';

import { endAnswer } from './end-answer.js';

/** What Node keeps until the first write: all of the head, as text. Not documented; see {@link AnswerWriter}. */
interface WithHead {
  _header?: unknown;
}

/** What Node puts behind the headers that it is given, where the connection goes on. */
const TAIL = /^Date: [^\r]+\r\nConnection: keep-alive\r\n(?:Keep-Alive: [^\r]+\r\n)?\r\n$/;
const SECOND_MS = 1_000;

/**
 * Writes the heads of answers, which Node does header by header, looking at each name and each value: a tenth of what it does for a short answer.
 *
 * Once in a second Node writes one, from the same headers, and what it puts behind them (the date, and how the connection goes on) is put behind
 * those that follow. It is also how we know that what we write is what it would: where it is not, it goes on writing all of them.
 */
export class AnswerWriter {
  private tail = '';
  private tailUntilMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly clock: Clock) {}

  /**
   * Writes all of an answer.
   * @param lines of {@link linesOf}, or written like these by who knows that they are as they should be
   * @param isLast whether they say that the connection ends with it
   * @param nowMs monotonic
   */
  write(
    response: ServerResponse,
    status: number,
    lines: string,
    body: Buffer | undefined,
    isLast: boolean,
    nowMs: number,
  ): void {
    const { tail, tailUntilMs } = this;
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines}`;
    if (nowMs < tailUntilMs && !isLast && response.shouldKeepAlive) {
      response.statusCode = status;
      (response as WithHead)._header = head + tail;
    } else {
      response.writeHead(status, fieldsOf(lines));
      this.learn(head, (response as WithHead)._header, nowMs);
    }
    endAnswer(response, body);
  }

  private learn(head: string, written: unknown, nowMs: number): void {
    if (typeof written !== 'string' || !written.startsWith(head)) return;
    const tail = written.slice(head.length);
    if (!TAIL.test(tail)) return;
    this.tail = tail;
    // Then it is another date.
    this.tailUntilMs = nowMs + SECOND_MS - (this.clock.now() % SECOND_MS);
  }
}

/** Headers as they stand in an answer. @throws TypeError one of them may not stand there */
export function linesOf(headers: Readonly<Record<string, string>>): string {
  let lines = '';
  for (const name in headers) {
    const value = headers[name] as string;
    validateHeaderName(name);
    validateHeaderValue(name, value);
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

/** Names and values by turns. */
function fieldsOf(lines: string): string[] {
  return lines
    .split('\r\n')
    .slice(0, -1)
    .flatMap((line) => {
      const middle = line.indexOf(': ');
      return [line.slice(0, middle), line.slice(middle + 2)];
    });
}
