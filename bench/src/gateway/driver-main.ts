import { seededRandom, systemClock } from '@leasehold/foundation';

import { cpuMs } from '../child/memory.js';
import { serve } from '../child/serve.js';
import type { LatencySummary } from '../load/latencies.js';
import { openLoop } from '../load/open-loop.js';
import { YcsbOperations } from '../load/ycsb.js';
import { recordBytes, writtenRequest } from './asked-keys.js';
import { HttpConnection } from './http-connection.js';
import { IdleConnections } from './idle-connections.js';
import { saturate } from './saturation.js';

/** A client in a process of its own. It has its requests as bytes before it begins to ask. */
export interface DriverOptions {
  readonly gatewayUrl: string;
  readonly bareUrl: string;
  /** By tenant, who has one database. The first is the one that YCSB asks. */
  readonly apiKeys: readonly string[];
  readonly keysPerDatabase: number;
  readonly ycsbRecords: number;
}

export interface Asking {
  readonly target: 'gateway' | 'bare';
  /** `ycsb-b` asks one database, the others all but that. */
  readonly what: 'get' | 'put' | 'ycsb-b';
  readonly connections: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  readonly seed: number;
}

export interface Saturated {
  readonly perSecond: number;
  readonly asked: number;
  readonly latency: LatencySummary;
  /** Of one processor: at 1 it is the client that is measured. */
  readonly driverBusy: number;
}

export interface Paced {
  readonly latency: LatencySummary;
  readonly worstLagMs: number;
  readonly lagP99Ms: number;
}

export interface Holding {
  readonly connections: number;
  /** Of the requests that go on meanwhile, on connections of their own. */
  readonly busy: Asking & { readonly ratePerSecond: number };
}

export interface Held extends Paced {
  /** Of the connections, how many had a first answer, were left alone, and then had a second. */
  readonly answeredTwice: number;
}

const MAX_IN_FLIGHT = 50_000;
const CONCURRENT_WRITES = 64;
/** Opened at a time: a server takes no more than its backlog at once. */
const CONCURRENT_CONNECTS = 64;
/** Of different values for each key, so that writes write something else. */
const TURNS = 2;

let options: DriverOptions;
let gets: readonly Buffer[] = [];
let puts: readonly Buffer[] = [];
let ycsbReads: readonly Buffer[] = [];
let ycsbUpdates: readonly Buffer[] = [];

async function connect(target: Asking['target'], count: number): Promise<HttpConnection[]> {
  const url = target === 'gateway' ? options.gatewayUrl : options.bareUrl;
  const connections: HttpConnection[] = [];
  while (connections.length < count) {
    const now = Math.min(CONCURRENT_CONNECTS, count - connections.length);
    connections.push(...(await Promise.all(Array.from({ length: now }, () => HttpConnection.open(url)))));
  }
  return connections;
}

async function over<T>(
  { target, connections }: Pick<Asking, 'target' | 'connections'>,
  work: (connections: readonly HttpConnection[]) => Promise<T>,
): Promise<T> {
  const opened = await connect(target, connections);
  try {
    return await work(opened);
  } finally {
    for (const connection of opened) connection.close();
  }
}

/** What is asked one after the other, the same for the same seed. */
function requestsOf({ what, seed }: Asking): () => Buffer {
  const random = seededRandom(seed);
  if (what === 'ycsb-b') {
    const operations = new YcsbOperations('B', options.ycsbRecords, random);
    return () => {
      const { kind, record } = operations.next();
      return (kind === 'read' ? ycsbReads : ycsbUpdates)[record] as Buffer;
    };
  }
  const requests = what === 'get' ? gets : puts;
  return () => requests[Math.floor(random.fraction() * requests.length)] as Buffer;
}

function pace(connections: readonly HttpConnection[], asking: Holding['busy']): Promise<Paced> {
  const idle = new IdleConnections(connections);
  const next = requestsOf(asking);
  const context = { clock: systemClock, random: seededRandom(asking.seed) };
  return openLoop(context, { ...asking, maxInFlight: MAX_IN_FLIGHT }, () => idle.ask(next())).then(
    ({ latencies, worstLagMs, lagP99Ms }) => ({ latency: latencies.summary(), worstLagMs, lagP99Ms }),
  );
}

function statusOf(connection: HttpConnection, request: Buffer): Promise<number> {
  return new Promise((resolve) => connection.ask(request, resolve));
}

/** How many of them have an answer. */
async function askEach(connections: readonly HttpConnection[]): Promise<number> {
  let answered = 0;
  const rest = connections.entries();
  const lane = async (): Promise<void> => {
    for (const [n, connection] of rest) {
      if ((await statusOf(connection, gets[n % gets.length] as Buffer)) === 200) answered++;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_CONNECTS }, lane));
  return answered;
}

serve({
  /** Writes every record once: databases are open, values in memory. */
  start: async (given: DriverOptions) => {
    options = given;
    const [ycsbKey = '', ...apiKeys] = options.apiKeys;
    const all = apiKeys.flatMap((key) => Array.from({ length: options.keysPerDatabase }, (_, n) => [key, n] as const));
    gets = all.map(([key, number]) => writtenRequest(key, number));
    puts = all.map(([key, number], n) => writtenRequest(key, number, recordBytes(number, 1 + (n % TURNS))));
    const records = Array.from({ length: options.ycsbRecords }, (_, number) => number);
    ycsbReads = records.map((number) => writtenRequest(ycsbKey, number));
    ycsbUpdates = records.map((number) => writtenRequest(ycsbKey, number, recordBytes(number)));
    await over({ target: 'gateway', connections: CONCURRENT_WRITES }, async (connections) => {
      const idle = new IdleConnections(connections);
      const rest = [...puts, ...ycsbUpdates].values();
      const lane = async (): Promise<void> => {
        for (const request of rest) await idle.ask(request);
      };
      await Promise.all(connections.map(lane));
    });
  },
  saturate: (asking: Asking): Promise<Saturated> =>
    over(asking, async (connections) => {
      const beganMs = cpuMs();
      const beganAt = systemClock.monotonic();
      const { perSecond, asked, latencies } = await saturate(systemClock, connections, requestsOf(asking), asking);
      const driverBusy = (cpuMs() - beganMs) / (systemClock.monotonic() - beganAt);
      return { perSecond, asked, latency: latencies.summary(), driverBusy };
    }),
  pace: (asking: Holding['busy']): Promise<Paced> => over(asking, (connections) => pace(connections, asking)),
  hold: ({ connections: count, busy }: Holding): Promise<Held> =>
    over({ target: busy.target, connections: count }, async (held) => {
      const first = await askEach(held);
      const paced = await over(busy, (connections) => pace(connections, busy));
      const second = await askEach(held);
      return { ...paced, answeredTwice: Math.min(first, second) };
    }),
});
