import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { answerClientError } from './client-error.js';

describe('what the HTTP parser refuses', () => {
  let server: Server;
  beforeAll(async () => {
    server = createServer().on('clientError', answerClientError);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void server.close());

  async function detailFor(text: string): Promise<unknown> {
    const { port } = server.address() as AddressInfo;
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
      let seen = '';
      socket.on('data', (chunk) => (seen += chunk.toString('latin1'))).on('error', reject);
      socket.on('close', () => resolve(seen));
    });
    return (JSON.parse(answer.split('\r\n\r\n')[1] ?? '') as { readonly detail: unknown }).detail;
  }

  it('says that a URL has to be percent-encoded', async () => {
    expect(await detailFor('GET /caf\xc3\xa9 HTTP/1.1\r\nhost: a\r\n\r\n')).toContain('percent-encoded');
  });

  it('says what is not HTTP about it, without a byte of the request', async () => {
    expect(await detailFor('SECRET / HTTP/1.1\r\n\r\n')).toMatch(/^not understood as HTTP: (?!.*SECRET)./);
  });
});
