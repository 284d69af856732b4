import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { Metadata } from './metadata.js';
import { outageOf } from './outage.js';

describe('a Postgres that takes connections and says nothing', () => {
  const sockets = new Set<Socket>();
  let server: Server;
  let metadata: Metadata;
  const open = (connectTimeoutMs: number) => {
    const { port } = server.address() as AddressInfo;
    return Metadata.open({ databaseUrl: `postgres://nobody@127.0.0.1:${port}/nothing`, connectTimeoutMs });
  };

  beforeEach(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await metadata.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('was not reached: nothing can have been applied', async () => {
    metadata = open(100);
    const error = await metadata.databases.create('o', 'orders').catch((thrown: unknown) => thrown);
    expect([outageOf(error), error]).toEqual(['unreached', error]);
  });

  it.each([100, 60_000])('does not answer, and nobody waits %i ms to know', async (connectTimeoutMs) => {
    metadata = open(connectTimeoutMs);
    const before = performance.now();
    expect(await metadata.answers()).toBe(false);
    expect(performance.now() - before).toBeLessThan(4_500);
  });
});
