import { createServer, request as httpRequest } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { LocalBucket } from '@leasehold/local-bucket';
import type { RunningService } from '@leasehold/service-kit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { AskedDatabase, WorkerWorld } from '../../testing/worker-world.js';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const world = new WorkerWorld();
let line: Server;
let worker: RunningService;
/** Calls that named a trace. */
let traced: { readonly call: string; readonly traceparent: string }[] = [];

/** Passes everything on to the bucket as it came, and notes who named a trace. */
function listenTo(bucket: LocalBucket): Promise<Server> {
  const server = createServer((message, response) => {
    const { method, url = '', headers } = message;
    const { traceparent } = headers;
    if (typeof traceparent === 'string') traced.push({ call: `${method} ${kindOf(url)}`, traceparent });
    const passed = httpRequest({ host: '127.0.0.1', port: bucket.port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    message.pipe(passed);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function kindOf(url: string): string {
  return /\/(log|workers)\//.exec(url)?.[1] ?? (/\/db\/[^/]+\/(head)/.exec(url)?.[1] as string);
}

beforeAll(async () => {
  const bucket = await world.serveBucket();
  line = await listenTo(bucket);
  const { port } = line.address() as AddressInfo;
  worker = await world.start(bucket, { S3_ENDPOINT: `http://127.0.0.1:${port}` });
});

beforeEach(() => {
  traced = [];
});

afterAll(async () => {
  await world.close();
  line.closeAllConnections();
  await new Promise((resolve) => line.close(resolve));
});

describe('the trace of a hop', () => {
  it('goes to the bucket with the calls that are made for it', async () => {
    const database = new AskedDatabase();
    const headers = { traceparent: TRACEPARENT };
    expect((await database.key('k', worker, { headers })).status).toBe(404);
    expect(traced).toEqual([{ call: 'GET head', traceparent: TRACEPARENT }]);
    expect((await database.put('k', 'v', worker, headers)).status).toBe(200);
    expect(traced.slice(1)).toEqual([
      { call: 'GET head', traceparent: TRACEPARENT },
      { call: 'PUT head', traceparent: TRACEPARENT },
    ]);
  });

  it('does not go with a segment, which is of many', async () => {
    const database = new AskedDatabase();
    await database.put('k', 'v', worker);
    traced = [];
    expect((await database.put('k', 'w', worker, { traceparent: TRACEPARENT })).status).toBe(200);
    expect(traced).toEqual([]);
  });

  it('begins at the worker where the hop names none that is valid', async () => {
    await new AskedDatabase().key('k', worker, { headers: { traceparent: 'nonsense' } });
    expect(traced).toEqual([{ call: 'GET head', traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-/) }]);
  });
});
