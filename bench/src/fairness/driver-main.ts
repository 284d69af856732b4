import { seededRandom, systemClock } from '@leasehold/foundation';

import { serve } from '../child/serve.js';
import type { LatencySummary } from '../load/latencies.js';
import { Latencies } from '../load/latencies.js';
import { openLoop } from '../load/open-loop.js';
import { NOISY } from '../services/tenants.js';
import type { Ask, Asker } from './asker.js';
import { ApiAsker, HopAsker } from './asker.js';
import { Flood } from './flood.js';

/** Asks as many tenants do, and as the one that floods, in a process of its own. */
export interface DriverOptions {
  readonly gatewayUrl: string;
  readonly workerUrl: string;
  readonly secret: string;
  readonly apiKeys: readonly string[];
  /** Of the one that floods: what it writes over and over, or scans as one page of entries of 1 KiB. */
  readonly noisyKeys: number;
}

/** What one tenant floods with, and where: in at the front, or past what the gateway refuses. */
export interface Flooding {
  readonly kind: 'puts' | 'scans';
  readonly target: 'gateway' | 'worker';
}

export interface Load {
  /** Rounds of the same name are pooled. */
  readonly name: string;
  /** Of all quiet tenants together. */
  readonly ratePerSecond: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  readonly flood: (Flooding & { readonly ratePerSecond: number }) | undefined;
  readonly seed: number;
}

/** From the due time. */
export interface Measured {
  readonly all: LatencySummary;
  readonly gets: LatencySummary;
  readonly puts: LatencySummary;
}

export interface Round extends Measured {
  /** Answers to the flood, by status. */
  readonly flood: Readonly<Record<string, number>>;
  /** Requests of the others that were not served. */
  readonly refused: number;
  readonly worstLagMs: number;
}

const QUIET_CONNECTIONS = 256;
/** As many as a tenant may have under way at one gateway. */
const NOISY_CONNECTIONS = 256;
const MAX_IN_FLIGHT = 10_000;
const KEYS = 20;
const VALUE = new Uint8Array(100).fill(0x61);
const NOISY_VALUE = new Uint8Array(1_024).fill(0x62);
/** Who is refused is worse off than who waited for a minute. */
const REFUSED_MS = 60_000;
const CONCURRENT_OPENS = 32;

let quiet: Asker | undefined;
let noisy: Readonly<Record<Flooding['target'], Asker>> | undefined;
let tenants = 0;
let noisyKeys = 1;
const pooled = new Map<string, Watches>();

type Watches = Readonly<Record<keyof Measured, Latencies>>;

function newWatches(): Watches {
  return { all: new Latencies(), gets: new Latencies(), puts: new Latencies() };
}

function summaryOf({ all, gets, puts }: Watches): Measured {
  return { all: all.summary(), gets: gets.summary(), puts: puts.summary() };
}

async function mustBe(status: Promise<number>, expected: number): Promise<void> {
  const got = await status;
  if (got !== expected) throw new Error(`answered ${got}`);
}

function noiseOf(kind: Flooding['kind']): (number: number) => Ask {
  if (kind === 'scans') return () => ({ kind: 'list', limit: noisyKeys });
  return (number) => ({ kind: 'put', key: `k${number % noisyKeys}`, value: NOISY_VALUE });
}

serve({
  /** Every tenant has written once: their databases are open, on the one worker there is. */
  start: async ({ gatewayUrl, workerUrl, secret, apiKeys, ...options }: DriverOptions) => {
    const direct = new HopAsker(workerUrl, NOISY_CONNECTIONS, secret);
    quiet = new ApiAsker(gatewayUrl, QUIET_CONNECTIONS, apiKeys);
    noisy = { gateway: new ApiAsker(gatewayUrl, NOISY_CONNECTIONS, apiKeys), worker: direct };
    tenants = apiKeys.length;
    noisyKeys = options.noisyKeys;
    const writes: (readonly [tenant: number, request: Ask])[] = [];
    for (let tenant = 1; tenant < tenants; tenant++) writes.push([tenant, { kind: 'put', key: 'k0', value: VALUE }]);
    for (let key = 0; key < noisyKeys; key++) {
      writes.push([NOISY, { kind: 'put', key: `k${key}`, value: NOISY_VALUE }]);
    }
    const rest = writes.values();
    const lane = async (): Promise<void> => {
      for (const [tenant, request] of rest) await mustBe(direct.ask(tenant, request), 200);
    };
    await Promise.all(Array.from({ length: CONCURRENT_OPENS }, lane));
  },
  round: async ({ name, flood, seed, ...load }: Load): Promise<Round> => {
    const random = seededRandom(seed);
    const watches = newWatches();
    let refused = 0;
    const startedAt = systemClock.monotonic();
    const asker = flood && (noisy?.[flood.target] as Asker);
    const noise = asker && new Flood(systemClock, asker, noiseOf(flood.kind), flood.ratePerSecond);
    noise?.start();
    const { latencies, worstLagMs } = await openLoop(
      { clock: systemClock, random },
      { ...load, maxInFlight: MAX_IN_FLIGHT },
      async (number) => {
        const tenant = 1 + Math.floor(random.fraction() * (tenants - 1));
        const kind = random.fraction() < 0.5 ? 'get' : 'put';
        const askedAt = systemClock.monotonic();
        const request: Ask = kind === 'get' ? { kind, key: 'k0' } : { kind, key: `k${number % KEYS}`, value: VALUE };
        const status = await (quiet as Asker).ask(tenant, request);
        if (askedAt - startedAt < load.warmupMs) return;
        const watch = watches[kind === 'get' ? 'gets' : 'puts'];
        if (status === 200) return watch.record(systemClock.monotonic() - askedAt);
        refused++;
        watch.record(REFUSED_MS);
        watches.all.record(REFUSED_MS);
      },
    );
    await noise?.stop();
    watches.all.add(latencies);
    const pool = pooled.get(name) ?? newWatches();
    pooled.set(name, pool);
    for (const what of ['all', 'gets', 'puts'] as const) pool[what].add(watches[what]);
    return { ...summaryOf(watches), flood: noise?.answers ?? {}, refused, worstLagMs };
  },
  /** Of all rounds of a name together. */
  pooled: () => Object.fromEntries([...pooled].map(([name, watches]) => [name, summaryOf(watches)])),
});
