import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, it } from '@jest/globals';

import { ResponsePresence } from './client-presence.js';

it('cuts a client off in the middle of its answer, and tells that it is gone', async () => {
  const server = createServer();
  try {
    const responding = new Promise<ServerResponse>((resolve) =>
      server.once('request', (_request, each) => resolve(each)),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const call = httpRequest({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false }).end();
    const answering = new Promise<IncomingMessage>((resolve) => call.once('response', resolve));
    const response = await responding;
    const presence = new ResponsePresence(response);
    response.writeHead(200, { 'content-length': 10 }).write('half');
    const answer = await answering;
    const broken = new Promise<unknown>((resolve) => answer.once('error', resolve));
    const gone = new Promise<void>((resolve) => presence.onGone(resolve));
    answer.resume();
    presence.cutOff();
    await gone;
    expect(presence.isGone).toBe(true);
    expect(await broken).toMatchObject({ code: 'ECONNRESET' });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
