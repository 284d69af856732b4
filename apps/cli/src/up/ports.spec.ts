import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findFreePort, requireFreePort } from './ports.js';

describe('ports', () => {
  let taken: Server;
  let port: number;
  beforeEach(async () => {
    taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    port = (taken.address() as AddressInfo).port;
  });
  afterEach(() => new Promise((done) => taken.close(done)));

  it('names the taken port and the way out', async () => {
    await expect(requireFreePort('127.0.0.1', port, 'gateway')).rejects.toThrow(
      `port ${port} (gateway) is taken; choose another with --port`,
    );
  });

  it('prefers the port of the last start and gives way when it is taken', async () => {
    const free = await findFreePort('127.0.0.1');
    expect(await findFreePort('127.0.0.1', free)).toBe(free);
    expect(await findFreePort('127.0.0.1', port)).not.toBe(port);
    await requireFreePort('127.0.0.1', free, 'gateway');
  });
});
