import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { SessionId } from '@leasehold/foundation';
import { fromBase64Url, seededRandom, toBase64Url, utf8 } from '@leasehold/foundation';
import { isErrorCode, ProblemError, toProblem } from '@leasehold/protocol';
import type { ErrorCode } from '@leasehold/protocol';

import type { FramedAsk } from '../testing/framed-worker.js';
import { FramedWorker } from '../testing/framed-worker.js';
import { GatewayWorld } from '../testing/gateway-world.js';
import { masked, talk } from '../testing/raw-client.js';
import { ExpressLane } from './express-lane.js';

const SEEDS = Array.from({ length: 12 }, (_, n) => n + 1);
const TALKS = 40;
const MAX_PIPELINED = 3;
const SESSION = '01arz3ndektsv4rrffq69g5fav' as SessionId;
const VERSION = '"00000001000000000001"';
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const PROBLEMS: readonly ErrorCode[] = ['key-not-found', 'precondition-failed', 'database-full', 'overloaded'];

/** What the worker answers is in the key: so both gateways get the same. */
function answerByKey({ method, path, headers, body, answer }: FramedAsk): void {
  const key = Buffer.from(fromBase64Url(path.slice(path.lastIndexOf('/') + 1)) ?? []).toString('latin1');
  const [kind = '', detail = ''] = key.split(':');
  const told = { 'leasehold-cost': 'read=1, write=0', 'cache-control': 'no-store', 'leasehold-phases': PHASES };
  if (kind === 'problem') {
    const more = { headers: { etag: VERSION, ...told }, ...(detail === 'overloaded' ? { retryAfterMs: 1_500 } : {}) };
    const problem = toProblem(
      new ProblemError(isErrorCode(detail) ? detail : 'key-not-found', 'as the test wants', more),
      String(headers['x-request-id']),
    );
    return answer({ status: problem.status, headers: problem.headers }, JSON.stringify(problem.body));
  }
  if (headers['if-none-match'] === VERSION) return answer({ status: 304, headers: { ...told, etag: VERSION } });
  if (kind === 'value') {
    const type = { 'content-type': 'application/octet-stream', 'leasehold-expires-at': '2030-01-31T00:00:00.000Z' };
    return answer(
      { status: 200, headers: { ...told, ...type, etag: VERSION, secret: 'x' } },
      'é'.repeat(Number(detail)),
    );
  }
  // What was asked, as far as it is the same for both.
  const { traceparent, 'content-type': _type, 'leasehold-wait-ms': _waitMs, ...others } = headers;
  const asked = { method, path, others, trace: traceparent === TRACE, body: body.toString('latin1') };
  const replayed = headers['idempotency-key'] === undefined ? {} : { 'idempotency-replayed': 'true' };
  answer(
    { status: 200, headers: { ...told, ...replayed, 'content-type': 'application/json; charset=utf-8' } },
    JSON.stringify(asked),
  );
}

const PHASES = 'queue;dur=0.02, other;dur=0.1, total;dur=0.12';

/** Requests as they are written, most of them plain, many of them nearly so. */
class RequestWriter {
  private readonly random;
  /** The request at hand may have anything; others are as clients send them. */
  private isOdd = false;

  constructor(
    seed: number,
    private readonly keys: Readonly<Record<'all' | 'reading' | 'elsewhere' | 'prefixed' | 'unknown', string>>,
  ) {
    this.random = seededRandom(seed);
  }

  next(): string {
    this.isOdd = this.index(3) === 0;
    const method = this.pick([
      'GET',
      'GET',
      'GET',
      'PUT',
      'PUT',
      'DELETE',
      ...(this.isOdd ? ['HEAD', 'POST', 'OPTIONS'] : []),
    ]);
    const lines = [`${method} ${this.target()} HTTP/1.${this.isOften() ? 1 : 0}`, `${this.spelled('host')}: h`];
    lines.push(`${this.spelled('authorization')}: ${this.authorization()}`);
    for (const [name, plain, odd] of HEADERS) {
      if (plain.length > 0 && this.index(4) === 0) lines.push(`${this.spelled(name)}: ${this.pick(plain)}`);
      if (this.isOdd && this.index(10) === 0) lines.push(`${this.spelled(name)}: ${this.pick([...plain, ...odd])}`);
    }
    const isWrite = method === 'PUT' || method === 'POST' || !this.isOften();
    if (!isWrite) return `${lines.join('\r\n')}\r\n\r\n`;
    const body = 'b'.repeat(this.pick([0, 1, 100, 1_000, 32_768, 32_769, 100_000]));
    if (this.isOften())
      return `${[...lines, `${this.spelled('content-length')}: ${body.length}`].join('\r\n')}\r\n\r\n${body}`;
    const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
    return `${[...lines, 'transfer-encoding: chunked'].join('\r\n')}\r\n\r\n${chunk}0\r\n\r\n`;
  }

  index(below: number): number {
    return Math.floor(this.random.fraction() * below);
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.index(from.length)] as T;
  }

  private isOften(): boolean {
    return !this.isOdd || this.index(10) > 0;
  }

  private spelled(name: string): string {
    const capitals = name.replace(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase());
    return this.pick([name, name, capitals, capitals, name.toUpperCase()]);
  }

  private authorization(): string {
    const { all, reading, elsewhere, prefixed, unknown } = this.keys;
    if (this.isOften()) return `Bearer ${all}`;
    return this.pick([
      `Bearer ${reading}`,
      `Bearer ${elsewhere}`,
      `Bearer ${prefixed}`,
      `bearer ${all}`,
      `Bearer  ${all} `,
      `Bearer ${unknown}`,
      'Bearer lh_no',
      'Basic YTpi',
    ]);
  }

  private target(): string {
    const name = this.isOften() ? 'main' : this.pick(['other', 'missing', 'm%61in', 'Main', '', 'main/x']);
    const text = this.pick([
      'echo',
      `value:${this.pick([0, 1, 100, 9_000, 40_000])}`,
      `problem:${this.pick(PROBLEMS)}`,
      '/a//é%',
      ...(this.isOdd ? ['', 'k'.repeat(2_049)] : []),
    ]);
    const coded = this.pick([true, false]) ? `keys64/${toBase64Url(utf8(text))}` : `keys/${encodeURIComponent(text)}`;
    const odd = this.isOften() ? '' : this.pick(['?', '?at=now', '?x=1', '=', '%', '#f', '/', '?consistency=strong']);
    return `/v1/db/${name}/${this.isOften() ? coded : this.pick(['keys', 'stats', 'keys/%ff', 'keys64/=', 'keys64/YR'])}${odd}`;
  }
}

/** Values that are plain, and values that are not. */
const HEADERS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['accept', ['*/*', 'application/json'], []],
  ['user-agent', ['test'], []],
  ['x-forwarded-for', ['10.0.0.1'], []],
  ['connection', ['keep-alive', 'Keep-Alive'], ['close', 'TE']],
  ['x-request-id', ['mine-1', 'not sane', ''], []],
  ['traceparent', [TRACE, 'nonsense'], []],
  ['tracestate', ['a=b', 'x'.repeat(600)], []],
  ['if-none-match', [VERSION], ['*', '"00000001000000000002"', '"1", "2"']],
  ['if-match', [], ['*', VERSION, 'W/"1"', 'nonsense']],
  ['leasehold-ttl', [], ['60', '0', '-1', '1e3']],
  ['idempotency-key', [], ['once-1', 'with space', '']],
  ['content-type', [], ['text/plain', 'application/json; charset=utf-8', 'nonsense', 'a/b']],
  ['if-unmodified-since', [], ['x']],
  ['content-encoding', [], ['gzip', 'identity']],
  ['expect', [], ['100-continue', 'nonsense']],
  ['origin', [], ['https://console.example']],
  ['x-unheard-of', [], ['1']],
  ['cookie', [], ['a=b']],
];

describe('a request that goes ahead of the routes', () => {
  let worker: FramedWorker;
  let express: GatewayWorld;
  let routes: GatewayWorld;
  let keys: ConstructorParameters<typeof RequestWriter>[1];
  let taken = 0;

  beforeAll(async () => {
    const take = ExpressLane.prototype.take;
    jest.spyOn(ExpressLane.prototype, 'take').mockImplementation(function (this: ExpressLane, ...of) {
      const isTaken = take.apply(this, of);
      if (isTaken) taken++;
      return isTaken;
    });
    worker = await FramedWorker.start();
    worker.onAsk = answerByKey;
    express = new GatewayWorld();
    const { source } = express;
    const unknown = new GatewayWorld().key;
    const scopes = ['data:read', 'data:write'] as const;
    keys = {
      all: express.key,
      reading: source.addKey('tenant-a', ['data:read']),
      elsewhere: source.addKey('tenant-a', scopes, { databases: ['oth*'], keyPrefix: undefined }),
      prefixed: source.addKey('tenant-a', scopes, { databases: undefined, keyPrefix: utf8('value:') }),
      unknown,
    };
    source.addDatabase('tenant-a', 'other', '1b2f6f53-5a2f-4c6e-9a57-0d6a1f0b9d12');
    routes = new GatewayWorld({ source });
    const env = { CONSOLE_ORIGIN: 'https://console.example', TENANT_REQUESTS_PER_SECOND: '1000000' };
    await Promise.all([express.start(env), routes.start(env, { expressLane: false })]);
    for (const { sessions, url, usage } of [express, routes]) {
      sessions.add(SESSION, worker.endpoint);
      const asked = `GET /v1/db/main/keys/echo HTTP/1.1\r\nhost: h\r\nauthorization: Bearer ${keys.all}\r\n\r\n`;
      const other = asked.replace('main', 'other');
      // Until the connection to the worker is there, and all that is asked for has been looked up once.
      while (!(await talk(url, asked + other)).includes('"method":"GET"'));
      usage.take();
    }
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await Promise.all([express.stop(), routes.stop()]);
    await worker.stop();
  });

  it.each(SEEDS)('is answered byte for byte as by them: seed %d', async (seed) => {
    const writer = new RequestWriter(seed, keys);
    for (let n = 0; n < TALKS; n++) {
      const requests = Array.from({ length: 1 + writer.index(MAX_PIPELINED) }, () => writer.next()).join('');
      const answers = await Promise.all([talk(express.url, requests), talk(routes.url, requests)]);
      const [ours, theirs] = answers.map(masked) as [string, string];
      expect({ requests, answers: ours }).toEqual({ requests, answers: theirs });
    }
  });

  it('is one of many', () => {
    expect(taken).toBeGreaterThan((SEEDS.length * TALKS) / 2);
  });

  it('leaves confined keys to them, also where all is known', async () => {
    const answerTo = async (key: string, name: string, of: string) => {
      const asked = `GET /v1/db/${name}/keys/${of} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer ${key}\r\n\r\n`;
      const before = taken;
      const [status] = (await talk(express.url, asked)).split('\r\n');
      return [status, taken - before];
    };
    const [found, missing, outside] = ['HTTP/1.1 200 OK', 'HTTP/1.1 404 Not Found', 'HTTP/1.1 403 Forbidden'];
    for (let n = 0; n < 2; n++) {
      expect(await answerTo(keys.all, 'main', 'echo')).toEqual([found, 1]);
      expect(await answerTo(keys.elsewhere, 'main', 'echo')).toEqual([missing, 0]);
      expect(await answerTo(keys.elsewhere, 'other', 'echo')).toEqual([found, 0]);
      expect(await answerTo(keys.prefixed, 'main', 'echo')).toEqual([outside, 0]);
      expect(await answerTo(keys.prefixed, 'main', 'value%3A1')).toEqual([found, 0]);
    }
    // The other gateway counts them, too.
    for (const [key, name, of] of [
      [keys.all, 'main', 'echo'],
      [keys.elsewhere, 'main', 'echo'],
      [keys.elsewhere, 'other', 'echo'],
      [keys.prefixed, 'main', 'echo'],
      [keys.prefixed, 'main', 'value%3A1'],
    ]) {
      const asked = `GET /v1/db/${name}/keys/${of} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer ${key}\r\n\r\n`;
      await talk(routes.url, asked + asked);
    }
  });

  it('is metered like them, by database and key', () => {
    const [ours, theirs] = [express, routes].map(({ usage }) =>
      usage.take().map(({ database, reads }) => {
        // An hour may have ended meanwhile.
        const keysOf = [...new Set(reads.map(({ key }) => key))];
        return [
          database,
          keysOf.map((key) => {
            const ofKey = reads.filter((read) => read.key === key);
            const sum = (member: 'requests' | 'readUnits' | 'egressBytes') =>
              ofKey.reduce((total, read) => total + read[member], 0);
            return [key, sum('requests'), sum('readUnits'), sum('egressBytes')];
          }),
        ];
      }),
    );
    expect(ours).toEqual(theirs);
    expect(ours).toHaveLength(2);
    const [, [ofAll] = []] = ours?.[0] as [string, [string, number, number, number][]];
    expect(ofAll?.[1]).toBeGreaterThan((SEEDS.length * TALKS) / 2);
    expect(ofAll?.[3]).toBeGreaterThan(1_000);
  });

  it('is counted like them', async () => {
    const counts = async ({ url }: GatewayWorld): Promise<readonly string[]> => {
      const text = await (await fetch(`${url}/metrics`)).text();
      // Up to the time that it took, or how far it got by then.
      return text
        .split('\n')
        .filter((line) => /^leasehold_(?:http_requests_total|http_request_duration_seconds_count|gateway_)/.test(line))
        .filter((line) => !/healthz|metrics/.test(line))
        .sort();
    };
    const ours = await counts(express);
    expect(ours).toEqual(await counts(routes));
    // All has been given back.
    for (const gauge of ['answers_bytes', 'forwarded_requests']) {
      expect(ours).toContain(`leasehold_gateway_${gauge}{service="gateway"} 0`);
    }
  });
});
