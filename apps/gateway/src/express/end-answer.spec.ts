import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { endAnswer } from './end-answer.js';

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const FIELDS = ['content-type', 'application/octet-stream', 'etag', '"1"'];

describe('the end of an answer', () => {
  let server: Server;
  let body: Buffer | undefined;
  let ends: typeof endAnswer;

  beforeEach(async () => {
    server = createServer((_request, response) => {
      response.sendDate = false;
      response.writeHead(200, [...FIELDS, 'content-length', String(body?.byteLength ?? 0)]);
      ends(response, body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  /** All that comes back over one connection, and in how many pieces it came. */
  function ask(requests: string): Promise<{ readonly bytes: Buffer; readonly pieces: number }> {
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = [];
      connect((server.address() as AddressInfo).port, '127.0.0.1')
        .on('data', (piece) => pieces.push(piece))
        .on('end', () => resolve({ bytes: Buffer.concat(pieces), pieces: pieces.length }))
        .on('error', reject)
        .write(requests);
    });
  }
  const LAST = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
  const FIRST = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';

  it.each([
    ['none', undefined],
    ['an empty body', Buffer.alloc(0)],
    ['every byte', EVERY_BYTE],
    ['a body of the longest in one piece', Buffer.alloc(16 * 1024, EVERY_BYTE)],
    ['a longer one', Buffer.alloc(16 * 1024 + 1, EVERY_BYTE)],
  ])('is what Node would write, with %s', async (_what, given) => {
    body = given;
    ends = endAnswer;
    const ours = await ask(LAST);
    const several = await ask(FIRST + FIRST + LAST);
    ends = (response, bytes) => void response.end(bytes);
    expect(ours.bytes).toEqual((await ask(LAST)).bytes);
    expect(several.bytes).toEqual((await ask(FIRST + FIRST + LAST)).bytes);
  });

  it('is one piece with the head where the body is short', async () => {
    body = EVERY_BYTE;
    let pieces: number | undefined;
    ends = (response, bytes) => {
      const { socket } = response;
      if (socket === null) throw new Error('it has its turn');
      const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
      pieces = 0;
      socket.write = ((...given: unknown[]) => {
        pieces = (pieces ?? 0) + 1;
        return write(...given);
      }) as typeof socket.write;
      endAnswer(response, bytes);
    };
    await ask(LAST);
    expect(pieces).toBe(1);
  });
});
