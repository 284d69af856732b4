import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import { askReady } from './ready-process.js';

const PATIENCE_MS = 20_000;

describe('a process that is asked whether it is ready', () => {
  let server: Server;

  async function answering(listener: RequestListener): Promise<string> {
    server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const saying = (status: number, text: string) =>
    answering((_, response) => void response.writeHead(status, { connection: 'close' }).end(text));
  const ask = (url: string) => askReady(url, AbortSignal.timeout(PATIENCE_MS));

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is told with the checks that failed', async () => {
    const body = { status: 'not-ready', checks: { bucket: 'failed', postgres: 'ok' } };
    expect(await ask(await saying(503, JSON.stringify(body)))).toEqual({
      state: 'not-ready',
      detail: 'failed: bucket',
    });
  });

  it('is believed as long as it says no more than there is to say, whatever its letters', async () => {
    const padded = (bytes: number) => {
      const text = JSON.stringify({ status: 'ready', checks: {}, name: 'ü' });
      return text + ' '.repeat(bytes - Buffer.byteLength(text));
    };
    expect(await ask(await saying(200, padded(4_096)))).toEqual({ state: 'ok', detail: null });
    server.close();
    await expect(ask(await saying(200, padded(4_097)))).rejects.toThrow('something else answers there');
  });

  it('is left at once where it goes on for ever', async () => {
    let isLeft = false;
    const url = await answering((_, response) => {
      const more = (): void => {
        while (!isLeft && response.write(' '.repeat(65_536)));
      };
      response.on('drain', more).on('close', () => (isLeft = true));
      more();
    });
    await expect(ask(url)).rejects.toThrow('something else answers there');
    for (let looks = 0; !isLeft && looks < 500; looks++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(isLeft).toBe(true);
  });
});
