import { LATENCY_PROFILES } from '@leasehold/local-bucket';

import type { Benchmark, BenchmarkOptions, BenchmarkRow, BenchmarkSize } from './benchmark.js';
import { rounded } from './benchmark.js';
import { Child } from './child/child.js';
import type { ColdStarts, DriverOptions, Load } from './coldstart/driver-main.js';
import type { Making } from './coldstart/maker-main.js';
import type { GatewayOptions, GatewayStarted } from './services/gateway-main.js';
import { BenchBucket } from './world/bench-bucket.js';

const SECRET = 'a secret of one benchmark, 32 characters and more';
/** Each database is one tenant's, and asked once: no tenant comes near a limit. */
const TENANT_REQUESTS_PER_SECOND = 1_000;
const KEYS = 4;
const VALUE_BYTES = 100;
/** Slow enough that nothing waits for this machine's processors. */
const RATE_PER_SECOND = 40;
/** Requests come at random: so many more databases than are expected to be asked. */
const SPARE = 1.3;
/** What others have in print for a cold start on object storage: turbopuffer. Neon's is a few hundred, too. */
const FIGURE_TO_BEAT_MS = 316;
const MISSED_SHARE = 0.05;

/** A full run asks a thousand of each kind, with room for chance. */
const SCALES: Readonly<Record<BenchmarkSize, { warmupMs: number; durationMs: number }>> = {
  full: { warmupMs: 3_000, durationMs: 27_000 },
  quick: { warmupMs: 500, durationMs: 1_000 },
};

const KINDS = ['get', 'put'] as const;
const QUANTILES = [
  ['p50', 'p50Ms'],
  ['p99', 'p99Ms'],
] as const;

type Measured = Readonly<Record<(typeof KINDS)[number], ColdStarts>>;

/** How long the first request of a database takes that no process has open, as its client sees it, and where the time goes. */
export const coldstart: Benchmark = {
  name: 'coldstart',
  about: 'the first request of databases that nobody has open, through gateway and worker over a bucket like S3',
  measure: async ({ size, say }: BenchmarkOptions) => {
    const scale = SCALES[size];
    const perKind = Math.ceil((SPARE * RATE_PER_SECOND * (scale.warmupMs + scale.durationMs)) / 1_000);
    const databases = perKind * KINDS.length;
    const bucket = await BenchBucket.start();
    const children: Child[] = [];
    const start = (name: string): Child => {
      const child = Child.start(name);
      children.push(child);
      return child;
    };
    try {
      say?.(`making ${databases} databases`);
      const maker = start('../coldstart/maker-main');
      const making: Making = { bucketUrl: bucket.url, databases, keys: KEYS, valueBytes: VALUE_BYTES };
      await maker.call('make', making);
      await maker.kill();
      const services = { bucketUrl: bucket.url, secret: SECRET };
      await start('../services/worker-main').call('start', services);
      const gateway: GatewayOptions = {
        ...services,
        tenants: databases,
        requestsPerSecond: TENANT_REQUESTS_PER_SECOND,
      };
      const { url, apiKeys } = await start('../services/gateway-main').call<GatewayStarted>('start', gateway);
      const driver = start('../coldstart/driver-main');
      await driver.call('start', { gatewayUrl: url, apiKeys } satisfies DriverOptions);
      await bucket.setLatency('s3');
      const measured = {} as Record<(typeof KINDS)[number], ColdStarts>;
      for (const [n, kind] of KINDS.entries()) {
        say?.(`cold ${kind}s`);
        const load: Load = {
          kind,
          from: n * perKind,
          ratePerSecond: RATE_PER_SECOND,
          ...scale,
          valueBytes: VALUE_BYTES,
          seed: n + 1,
        };
        measured[kind] = await driver.call<ColdStarts>('run', load);
      }
      return rowsOf(measured);
    } finally {
      for (const child of children) await child.kill();
      await bucket.stop();
    }
  },
};

function rowsOf(measured: Measured): BenchmarkRow[] {
  const shared = {
    better: 'lower',
    mode: `${measured.get.latency.count} and ${measured.put.latency.count} databases of ${KEYS} keys of ${VALUE_BYTES} B, written and given up by another worker; ${RATE_PER_SECOND} requests/s, open loop from the due time; profile s3; gateway, worker, bucket and client are processes of this machine`,
  } as const;
  return [
    ...KINDS.flatMap((kind) => QUANTILES.map((quantile) => ({ ...shared, ...latencyRow(kind, quantile, measured) }))),
    ...sumRows(measured).map((row) => ({ ...shared, ...row })),
  ];
}

type OwnPart = Omit<BenchmarkRow, 'better' | 'mode'>;

/** In ms, beside one GET or PUT of the profile. */
function latencyRow(
  kind: (typeof KINDS)[number],
  [name, quantile]: (typeof QUANTILES)[number],
  measured: Measured,
): OwnPart {
  const { latency, phases, worstLagMs } = measured[kind];
  const { read, write } = LATENCY_PROFILES.s3;
  const one = (kind === 'get' ? read : write)[quantile];
  const trips = kind === 'get' ? 'one GET' : 'a GET and a PUT in sequence';
  const told = Object.entries(phases).filter(([, ms]) => ms >= 0.05);
  const means = told.map(([phase, ms]) => `${phase} ${rounded(ms)}`).join(', ');
  return {
    id: `cold-${kind}-${name}`,
    value: rounded(latency[quantile]),
    unit: 'ms',
    target: FIGURE_TO_BEAT_MS,
    peer: { name: `one ${kind.toUpperCase()} of the profile`, value: one },
    ratio: rounded(latency[quantile] / one),
    note: `${trips}; ms by phase in the mean: ${means}; the driver was at most ${rounded(worstLagMs)} ms late`,
  };
}

/** Two watches of the gateway: one that counts phases, and one that runs from the head of the request to its answer. */
function sumRows(measured: Measured): OwnPart[] {
  const row = (id: string, shares: 'missed' | 'untold', target: number | null, what: string): OwnPart => {
    const all = KINDS.flatMap((kind) => measured[kind][shares]).sort((a, b) => a - b);
    const at = (quantile: number): number => rounded(100 * (all[Math.floor(quantile * (all.length - 1))] ?? 1));
    const note = `${what}; median ${at(0.5)} %, p99 ${at(0.99)} %`;
    return { id, value: at(1), unit: '%', target, peer: null, ratio: null, note };
  };
  return [
    row(
      'phases-add-up',
      'missed',
      100 * MISSED_SHARE,
      'largest share by which the phases of one request miss its total',
    ),
    row(
      'outside-of-total',
      'untold',
      null,
      "largest share of one request's time on the client's watch that is not in its total: connection and event loops of both",
    ),
  ];
}
