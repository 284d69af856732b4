import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { bucketLayout } from '@leasehold/bucket-layout';
import { seededRandom, systemClock, UlidSource, type SessionId } from '@leasehold/foundation';
import { encodeSessionRecord, type SessionState } from '@leasehold/lease';
import { UsageLedger } from '@leasehold/usage-ledger';

import { TestBucket } from '../testing/test-bucket.js';
import { TestService } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const OPERATOR = { email: 'ops@example.com', password: 'operators only' };
const NOBODY = 'http://127.0.0.1:9';
const ids = new UlidSource(systemClock, seededRandom(1));

interface Part {
  readonly kind: string;
  readonly name: string;
  readonly state: string;
  readonly latencyMs: number | null;
  readonly detail: string | null;
  readonly since: string;
}

describe('the health of the parts', () => {
  let bucket: TestBucket;
  let service: TestService;
  let operator: string;
  const servers: Server[] = [];
  let [ready, notReady, hanging] = ['', '', ''];

  const listen = async (answer: RequestListener): Promise<string> => {
    const server = createServer(answer);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const telling = (status: number, body: object) =>
    listen((request, response) => {
      const isAsked = request.url === '/readyz';
      response.writeHead(isAsked ? status : 404, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify(isAsked ? body : { code: 'route-not-found' }));
    });
  const putSession = async (state: SessionState, endpoint: string, ttlMs = 600_000): Promise<SessionId> => {
    const sessionId = ids.next() as SessionId;
    const record = { sessionId, state, endpoint, pid: 7, host: 'w', ttlMs, floor: 3, rollups: [] };
    const trail = { edits: 1, nonces: ['0'.repeat(32)] };
    await bucket.store.put(bucketLayout.session(sessionId), encodeSessionRecord({ ...record, trail }), 'create');
    return sessionId;
  };
  const told = async () => {
    const { body } = await service.call('GET', '/v1/admin/health', { token: operator });
    const parts = body['parts'] as Part[];
    return new Map(parts.map((part) => [`${part.kind} ${part.name}`, part]));
  };

  /** What is kept for a moment is told until it is looked at again. */
  const until = async (isSo: (parts: Awaited<ReturnType<typeof told>>) => boolean) => {
    for (let asks = 0; asks < 100; asks++) {
      const parts = await told();
      if (isSo(parts)) return parts;
      await systemClock.sleep(200);
    }
    throw new Error('it did not come to that');
  };

  beforeAll(async () => {
    bucket = await TestBucket.start();
    [ready, notReady, hanging] = await Promise.all([
      telling(200, { status: 'ready', checks: {} }),
      telling(503, { status: 'not-ready', checks: { bucket: 'failed', postgres: 'ok' } }),
      listen(() => undefined),
    ]);
    service = await TestService.start({
      ADMIN_EMAIL: OPERATOR.email,
      ADMIN_PASSWORD: OPERATOR.password,
      HEALTH_TARGETS: `gateway=${ready} compactor=${notReady} other=${NOBODY}`,
      ...bucket.env,
    });
    operator = String((await service.call('POST', '/v1/login', { json: OPERATOR })).body['token']);
  });
  afterAll(async () => {
    await service.close();
    await bucket.close();
    for (const server of servers) server.closeAllConnections();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  });

  it('tells each part’s state, how fast it answered, and is hung by none that hangs', async () => {
    const [fine, hung, ended] = [
      await putSession('live', ready),
      await putSession('live', hanging),
      await putSession('clean', ready),
    ];
    await service.metadata.prisma.gatewayDemand.createMany({
      data: [
        { gatewayId: 'gw-alive', seenAt: new Date(systemClock.now() + 60_000), demand: '{}' },
        { gatewayId: 'gw-gone', seenAt: new Date(systemClock.now() - 60_000), demand: '{}' },
      ],
    });
    const parts = await told();
    const shown = (name: string) => {
      const part = parts.get(name);
      return part && [part.state, typeof part.latencyMs, part.detail];
    };
    expect(shown('postgres metadata')).toEqual(['ok', 'number', null]);
    expect(shown('queues postgres')).toEqual(['ok', 'number', '0 jobs wait, 0 have failed']);
    expect(shown('bucket data')).toEqual(['ok', 'number', null]);
    expect(shown(`gateway ${ready}`)).toEqual(['ok', 'number', null]);
    expect(shown(`compactor ${notReady}`)).toEqual(['not-ready', 'number', 'failed: bucket']);
    expect(shown(`other ${NOBODY}`)).toEqual(['no-answer', 'object', null]);
    expect(shown('gateway gw-alive')).toEqual(['ok', 'object', null]);
    expect(shown('gateway gw-gone')?.[0]).toBe('late');
    expect(shown(`worker ${fine}`)).toEqual(['ok', 'number', 'w']);
    expect(shown(`worker ${hung}`)).toEqual(['no-answer', 'object', 'w']);
    expect(shown(`worker ${ended}`)).toBe(undefined);
    expect(shown('compactor roll-up')).toEqual(['late', 'object', 'usage was never rolled up']);
  });

  it('tells a session that is not renewed, and since when usage is not rolled up', async () => {
    const silent = await putSession('live', ready, 100);
    const ledger = new UsageLedger(service.databaseUrl);
    const long = systemClock.now() - 3_600_000;
    await ledger.passed(long);
    await ledger.close();
    // What is kept for a moment is told until it is looked at again.
    let parts = await told();
    while (
      parts.get(`worker ${silent}`)?.state !== 'late' ||
      parts.get('compactor roll-up')?.detail !== 'usage is not rolled up'
    ) {
      await systemClock.sleep(200);
      parts = await told();
    }
    expect(parts.get('compactor roll-up')?.since).toBe(new Date(long).toISOString());
  });

  it('tells of a worker that lives, however many have ended before it and since, and of how many it does not tell', async () => {
    const before = await putSession('live', ready);
    for (let tens = 0; tens < 50; tens++) {
      await Promise.all(Array.from({ length: 10 }, () => putSession('clean', ready)));
    }
    // As a renewal does: the record is written anew.
    const key = bucketLayout.session(before);
    const record = await bucket.store.get(key);
    if (record === undefined || record === 'not-modified') throw new Error('the record is there');
    await bucket.store.put(key, record.body, { match: record.etag });
    const parts = await until((each) => each.has(`worker ${before}`));
    expect(parts.get(`worker ${before}`)?.state).toBe('ok');
    expect(parts.get('worker others')?.detail).toMatch(/^\d+ more sessions were renewed/);
  });

  it('says what it is not told of', async () => {
    await service.restart({ S3_BUCKET: '', HEALTH_TARGETS: '' });
    const { body } = await service.call('GET', '/v1/admin/health', { token: operator });
    expect((body['parts'] as Part[]).find(({ kind }) => kind === 'bucket')).toMatchObject({
      ...{ state: 'not-configured', detail: 'S3_BUCKET', latencyMs: null },
    });
  });
});
