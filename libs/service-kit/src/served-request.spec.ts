import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { ServedRequest } from './served-request.js';

const GET = 'GET /taken HTTP/1.1\r\nhost: h\r\n\r\n';
const put = (path: string, body: string): string =>
  `PUT ${path} HTTP/1.1\r\nhost: h\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

describe('a request whose body goes to its taker', () => {
  let server: Server;
  let listener: (request: IncomingMessage, response: ServerResponse) => void;
  let socket: Socket;
  let told: string;

  beforeEach(async () => {
    told = '';
    server = createServer({ IncomingMessage: ServedRequest }, (request, response) => listener(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('data', (piece) => (told += piece.toString('latin1'))).on('error', () => undefined);
  });
  afterEach(async () => {
    socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  async function until(is: () => boolean): Promise<void> {
    while (!is()) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const answers = (): string[] => [...told.matchAll(/\r\n\r\n(.*?)(?=HTTP|$)/gs)].map(([, body = '']) => body);

  /** Takes what asks for it, and echoes it; what does not is read as a stream. */
  function echo(request: IncomingMessage, response: ServerResponse): void {
    const pieces: Buffer[] = [];
    const end = (how: string): void => {
      const body = `${how}:${Buffer.concat(pieces).toString('latin1')}`;
      response.writeHead(200, ['content-length', String(body.length)]).end(body);
    };
    if (request.url === '/taken') {
      ServedRequest.take(request, { receive: (piece) => pieces.push(piece), received: () => end('taken') });
    } else request.on('data', (piece: Buffer) => pieces.push(piece)).on('end', () => end('read'));
  }

  it('is one of many on a connection, whether or not the others are taken', async () => {
    listener = echo;
    socket.write(GET + put('/taken', 'a') + put('/read', 'b') + GET + put('/read', 'c') + put('/taken', 'd'));
    await until(() => answers().length === 6);
    expect(answers()).toEqual(['taken:', 'taken:a', 'read:b', 'taken:', 'read:c', 'taken:d']);
  });

  it('gives it in the pieces in which it comes', async () => {
    const events: string[] = [];
    let response: ServerResponse | undefined;
    listener = (request, given) => {
      response = given;
      const receive = (piece: Buffer): unknown => events.push(piece.toString());
      ServedRequest.take(request, { receive, received: () => events.push('end') });
    };
    const [head, ...rest] = ['PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 6\r\n\r\nab', 'cd', 'ef'];
    socket.write(head as string);
    for (const [n, piece] of rest.entries()) {
      await until(() => events.length === n + 1);
      socket.write(piece);
    }
    await until(() => events.length === 4);
    expect(events).toEqual(['ab', 'cd', 'ef', 'end']);
    response?.end();
    await until(() => told.includes('\r\n\r\n'));
  });

  it('has ended when all of it has come, and not before', async () => {
    const ended: boolean[] = [];
    listener = (request, response) => {
      const look = (): unknown => ended.push(request.readableEnded);
      ServedRequest.take(request, {
        receive: look,
        received: () => {
          look();
          response.end();
        },
      });
      look();
    };
    socket.write(put('/', 'a'));
    await until(() => told.includes('\r\n\r\n'));
    expect(ended).toEqual([false, false, true]);
  });

  it('is passed over where nobody wants it', async () => {
    listener = (request, response) => {
      ServedRequest.take(request, undefined);
      response.writeHead(200, ['content-length', '2']).end('ok');
    };
    socket.write(put('/', 'a'.repeat(100_000)) + GET);
    await until(() => answers().length === 2 && told.endsWith('ok'));
    expect(answers()).toEqual(['ok', 'ok']);
  });

  it('is not told as received when its client is gone before', async () => {
    const events: string[] = [];
    let isClosed = false;
    listener = (request, response) => {
      response.on('close', () => (isClosed = true));
      ServedRequest.take(request, { receive: () => events.push('piece'), received: () => events.push('end') });
    };
    socket.write('PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 6\r\n\r\nab');
    await until(() => events.length > 0);
    socket.destroy();
    await until(() => isClosed);
    expect(events).toEqual(['piece']);
  });

  it('leaves no listener and no stream behind on a connection', async () => {
    let connection: Socket | undefined;
    let latest: IncomingMessage | undefined;
    listener = (request, response) => {
      [connection, latest] = [request.socket, request];
      echo(request, response);
    };
    socket.write(put('/taken', 'a'));
    await until(() => answers().length === 1);
    const listeners = connection?.eventNames().map((name) => connection?.listenerCount(name));
    for (let n = 2; n <= 30; n++) {
      socket.write(n % 2 === 0 ? GET : put('/taken', 'a'));
      await until(() => answers().length === n);
    }
    expect(connection?.eventNames().map((name) => connection?.listenerCount(name))).toEqual(listeners);
    expect(latest?.eventNames()).toEqual([]);
  });
});
