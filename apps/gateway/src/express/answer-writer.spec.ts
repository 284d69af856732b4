import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';

import { AnswerWriter, linesOf } from './answer-writer.js';
import { endAnswer } from './end-answer.js';

const LINES = linesOf({ 'x-request-id': 'é: 1', etag: '"1"', empty: '' });
const BODY = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const FIRST = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
const LAST = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';

describe('the writer of answers', () => {
  let server: Server;
  let writer: AnswerWriter;
  let answer: (response: ServerResponse) => void;
  let writeHead: jest.Mock;

  beforeEach(async () => {
    writer = new AnswerWriter(systemClock);
    writeHead = jest.fn();
    server = createServer((_request, response) => {
      const write = response.writeHead.bind(response) as (...given: unknown[]) => ServerResponse;
      response.writeHead = (...given: unknown[]) => {
        writeHead(...given);
        return write(...given);
      };
      answer(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  /** All that comes back over one connection; what differs by the second is left out. */
  function ask(requests: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let told = '';
      connect((server.address() as AddressInfo).port, '127.0.0.1')
        .on('data', (piece) => (told += piece.toString('latin1')))
        .on('end', () => resolve(told.replaceAll(/\r\nDate: [^\r]{29}\r\n/g, '\r\nDate: now\r\n')))
        .on('error', reject)
        .write(requests);
    });
  }

  it.each([
    ['200, with a body', 200, BODY, false],
    ['200, with a body that is longer than one piece', 200, Buffer.alloc(20_000, BODY), false],
    ['200, with an empty body', 200, Buffer.alloc(0), false],
    ['304, without a body', 304, undefined, false],
    ['503, and ends the connection', 503, BODY, true],
  ])('writes what Node would write: %s', async (_what, status, body, isLast) => {
    const length = body === undefined ? '' : `content-length: ${body.byteLength}\r\n`;
    const lines = `${isLast ? `${LINES}connection: close\r\n` : LINES}${length}`;
    answer = (response) => writer.write(response, status, lines, body, isLast, performance.now());
    const requests = isLast ? FIRST : FIRST + FIRST + FIRST + LAST;
    const ours = await ask(requests);
    answer = (response) => {
      const fields = lines.split('\r\n').slice(0, -1);
      response.writeHead(
        status,
        fields.flatMap((field) => [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 2)]),
      );
      endAnswer(response, body);
    };
    expect(ours).toBe(await ask(requests));
    expect(ours.match(/HTTP\/1\.1 /g)).toHaveLength(isLast ? 1 : 4);
    expect(ours).toContain('\r\nDate: now\r\n');
  });

  it('leaves one answer in a second to Node, and those that end a connection', async () => {
    let nowMs = 0;
    const clock = { ...systemClock, now: () => 10_400 };
    writer = new AnswerWriter(clock);
    const times = [0, 1, 599, 600, 601, 1_199, 1_300];
    const byNode: boolean[] = [];
    answer = (response) => {
      nowMs = times[byNode.length] ?? NaN;
      const before = writeHead.mock.calls.length;
      writer.write(response, 200, 'content-length: 0\r\n', undefined, false, nowMs);
      byNode.push(writeHead.mock.calls.length > before);
    };
    await ask(FIRST.repeat(times.length - 1) + LAST);
    expect(byNode).toEqual([true, false, false, true, false, false, true]);
  });

  it('leaves all of them to Node where that writes something else', async () => {
    answer = (response) => {
      // As a later Node might: what is put in front, or behind, is not what we know.
      response.setHeader('x-other', '1');
      writer.write(response, 200, 'content-length: 0\r\n', undefined, false, performance.now());
    };
    await ask(FIRST + FIRST + LAST);
    expect(writeHead).toHaveBeenCalledTimes(3);
  });

  it.each([
    ['a value with a line break', { etag: 'a\r\nset-cookie: b' }],
    ['a value with a control character', { etag: 'a\0' }],
    ['a name that is none', { 'e tag': 'a' }],
  ])('refuses %s', (_what, headers) => {
    expect(() => linesOf(headers)).toThrow(
      /^(Invalid character in header content|Header name must be a valid HTTP token)/,
    );
  });
});
