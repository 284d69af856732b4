import type { Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';

import { FeedClient } from '../testing/feed-client.js';
import { FeedConnection } from './feed-connection.js';

/** More than a kernel keeps for a connection on loopback. */
const LARGE = Buffer.alloc(32 * 1024 * 1024, 'data: x\n');
const NEVER = new AbortController().signal;

let server: Server;
let client: FeedClient;
let connection: FeedConnection;

async function connect(pace: { readonly takeMs: number; readonly minTakenBytesPerMs: number }): Promise<void> {
  server = createServer();
  const response = new Promise<ServerResponse>((resolve) => server.once('request', (_request, each) => resolve(each)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const opening = FeedClient.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, '/');
  connection = new FeedConnection(await response, systemClock, pace);
  connection.open({ 'x-request-id': 'r' }, 2_000);
  client = await opening;
}

afterEach(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('the connection of a feed', () => {
  beforeEach(() => connect({ takeMs: 60_000, minTakenBytesPerMs: 64 }));

  it('carries what is written, heartbeats and the end', async () => {
    await connection.write(Buffer.from('id: 1\ndata: a\n\n'), NEVER);
    connection.beat();
    connection.end(250, '{"code":"x"}');
    await client.untilEnded();
    expect(client.headers).toMatchObject({ 'content-type': 'text/event-stream', 'x-request-id': 'r' });
    expect(client.text).toBe('retry: 2000\n\nid: 1\ndata: a\n\n:\n\nevent: error\nretry: 250\ndata: {"code":"x"}\n\n');
    expect([client.ids, client.error, client.ended]).toEqual([['1'], { code: 'x' }, 'whole']);
  });

  it('waits until a client has taken what it is told', async () => {
    client.stall();
    const written = connection.write(LARGE, NEVER);
    expect(await Promise.race([written, systemClock.sleep(200).then(() => 'waiting')])).toBe('waiting');
    // Nothing stands behind what was not taken.
    connection.beat();
    client.resume();
    await written;
    connection.end(1);
    await client.untilEnded();
    expect(client.text.length).toBe('retry: 2000\n\n'.length + LARGE.byteLength + 'retry: 1\n\n'.length);
  });

  it('waits no longer when it is over for another reason', async () => {
    client.stall();
    const stopping = new AbortController();
    const written = connection.write(LARGE, stopping.signal);
    stopping.abort();
    await written;
    expect(connection.gone.aborted).toBe(false);
  });

  it('waits no longer for a client that is gone, and writes nothing to it', async () => {
    client.stall();
    const written = connection.write(LARGE, NEVER);
    client.close();
    await written;
    expect(connection.gone.aborted).toBe(true);
    await connection.write(LARGE, NEVER);
    connection.beat();
    connection.end(1);
  });
});

describe('the connection of a feed to a client that takes nothing', () => {
  it('is cut off after its time', async () => {
    await connect({ takeMs: 300, minTakenBytesPerMs: LARGE.byteLength / 100 });
    client.stall();
    const begunAt = performance.now();
    await connection.write(LARGE, NEVER);
    expect(performance.now() - begunAt).toBeGreaterThan(350);
    expect(connection.gone.aborted).toBe(true);
  });

  it('is not kept for the sake of its end', async () => {
    await connect({ takeMs: 60_000, minTakenBytesPerMs: 64 });
    client.stall();
    void connection.write(LARGE, AbortSignal.abort());
    connection.end(1);
    await client.until('it is cut off', () => connection.gone.aborted, 8_000);
  }, 10_000);
});
