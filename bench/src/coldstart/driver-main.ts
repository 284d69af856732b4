import { PHASES, seededRandom, sumOf, systemClock, toBase64Url, utf8 } from '@leasehold/foundation';
import type { Phase } from '@leasehold/foundation';
import { parseServerTiming } from '@leasehold/protocol';
import { Pool } from 'undici';

import { serve } from '../child/serve.js';
import type { LatencySummary } from '../load/latencies.js';
import { openLoop } from '../load/open-loop.js';
import { DATABASE_NAME } from '../services/tenants.js';

/** A client of the public API who asks each database once, in a process of its own. */
export interface DriverOptions {
  readonly gatewayUrl: string;
  /** By tenant, who has one database. */
  readonly apiKeys: readonly string[];
}

export interface Load {
  readonly kind: 'get' | 'put';
  /** The first of the databases that nobody has asked yet. */
  readonly from: number;
  readonly ratePerSecond: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  readonly valueBytes: number;
  readonly seed: number;
}

export interface ColdStarts {
  /** From the due time, after the warm-up. */
  readonly latency: LatencySummary;
  readonly worstLagMs: number;
  /** Of databases that were asked, the warm-up included. */
  readonly asked: number;
  /** Mean ms of each phase. */
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
  /** By how much of the time that an answer tells its phases miss it; ascending, 0 to 1. */
  readonly missed: readonly number[];
  /** How much of the time on the client's watch the answer does not tell of: the network and both ends of it. */
  readonly untold: readonly number[];
}

const CONNECTIONS = 256;
const MAX_IN_FLIGHT = 2_000;
const KEY = toBase64Url(utf8('k0'));

let pool: Pool | undefined;
let apiKeys: readonly string[] = [];

/** ms on this client's watch until the whole answer is here, and what the answer says of it. */
async function ask(kind: Load['kind'], number: number, value: Uint8Array) {
  const askedAt = systemClock.monotonic();
  const { statusCode, headers, body } = await (pool as Pool).request({
    method: kind === 'put' ? 'PUT' : 'GET',
    path: `/v1/db/${DATABASE_NAME}/keys64/${KEY}`,
    headers: { authorization: `Bearer ${apiKeys[number]}` },
    body: kind === 'put' ? value : null,
  });
  await body.dump();
  if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
  const told = String(headers['server-timing']);
  const totalMs = Number(/total;dur=([\d.]+)$/.exec(told)?.[1]);
  return { tookMs: systemClock.monotonic() - askedAt, totalMs, phases: parseServerTiming(told) };
}

serve({
  start: async (options: DriverOptions) => {
    pool = new Pool(options.gatewayUrl, { connections: CONNECTIONS });
    apiKeys = options.apiKeys;
  },
  run: async ({ kind, from, valueBytes, seed, ...load }: Load): Promise<ColdStarts> => {
    const value = new Uint8Array(valueBytes).fill(0x62);
    const beginsAt = systemClock.monotonic() + load.warmupMs;
    const sums: Partial<Record<Phase, number>> = {};
    const missed: number[] = [];
    const untold: number[] = [];
    const { latencies, issued, worstLagMs } = await openLoop(
      { clock: systemClock, random: seededRandom(seed) },
      { ...load, maxInFlight: MAX_IN_FLIGHT },
      async (number) => {
        if (from + number >= apiKeys.length) throw new Error('there are no more databases');
        const isMeasured = systemClock.monotonic() >= beginsAt;
        const { tookMs, totalMs, phases } = await ask(kind, from + number, value);
        if (!isMeasured) return;
        missed.push(Math.abs(totalMs - sumOf(phases)) / totalMs);
        untold.push(Math.abs(tookMs - totalMs) / tookMs);
        for (const phase of PHASES) sums[phase] = (sums[phase] ?? 0) + (phases[phase] ?? 0);
      },
    );
    const means = Object.entries(sums).map(([phase, ms]) => [phase, ms / missed.length] as const);
    return {
      latency: latencies.summary(),
      worstLagMs,
      asked: issued,
      phases: Object.fromEntries(means),
      missed: missed.sort((a, b) => a - b),
      untold: untold.sort((a, b) => a - b),
    };
  },
});
