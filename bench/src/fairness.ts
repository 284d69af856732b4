import type { Benchmark, BenchmarkOptions, BenchmarkRow, BenchmarkSize } from './benchmark.js';
import { rounded } from './benchmark.js';
import { Child } from './child/child.js';
import type { Flooding, Load, Measured, Round } from './fairness/driver-main.js';
import type { GatewayStarted } from './services/gateway-main.js';
import type { Rounds } from './load/rounds.js';
import { spread, summarize } from './load/rounds.js';
import { BenchBucket } from './world/bench-bucket.js';

/** What one tenant offers, in multiples of what its gateway lets it have. */
const FLOOD_FACTOR = 50;
const TARGET_PERCENT = 20;
const SECRET = 'a secret of benchmarks that never leave this machine';

interface Scale {
  readonly tenants: number;
  readonly ratePerSecond: number;
  readonly limitPerSecond: number;
  readonly noisyKeys: number;
  readonly rounds: number;
  readonly warmupMs: number;
  readonly durationMs: number;
}

const SCALES: Readonly<Record<BenchmarkSize, Scale>> = {
  full: {
    tenants: 1_000,
    ratePerSecond: 300,
    limitPerSecond: 20,
    noisyKeys: 1_000,
    rounds: 5,
    warmupMs: 1_000,
    durationMs: 6_000,
  },
  quick: {
    tenants: 50,
    ratePerSecond: 50,
    limitPerSecond: 5,
    noisyKeys: 50,
    rounds: 1,
    warmupMs: 100,
    durationMs: 400,
  },
};

/** The flood comes in at the front; or at the worker, as if there were as many gateways as it takes to let all of it through. */
const FLOODS: readonly Flooding[] = [
  { kind: 'puts', target: 'gateway' },
  { kind: 'scans', target: 'gateway' },
  { kind: 'puts', target: 'worker' },
  { kind: 'scans', target: 'worker' },
];

/** What the many feel of the one who asks far too much. */
export const fairness: Benchmark = {
  name: 'fairness',
  about: 'latency of 1,000 tenants on one worker, while another one floods it',
  measure: async ({ size, say }: BenchmarkOptions) => {
    const scale = SCALES[size];
    const bucket = await BenchBucket.start();
    const children: Child[] = [];
    const start = (name: string): Child => {
      const child = Child.start(`../${name}`);
      children.push(child);
      return child;
    };
    try {
      const parts = { bucketUrl: bucket.url, secret: SECRET };
      const workerUrl = await start('services/worker-main').call<string>('start', parts);
      // One more, who is to flood.
      const directory = { tenants: scale.tenants + 1, requestsPerSecond: scale.limitPerSecond };
      const gateway = await start('services/gateway-main').call<GatewayStarted>('start', { ...parts, ...directory });
      const driver = start('fairness/driver-main');
      say?.(`${scale.tenants} tenants`);
      const urls = { gatewayUrl: gateway.url, workerUrl };
      const { noisyKeys } = scale;
      await driver.call('start', { ...urls, apiKeys: gateway.apiKeys, secret: SECRET, noisyKeys });
      await bucket.setLatency('s3');
      const measured = await measureAll(driver, scale, say);
      return rowsOf(measured, scale);
    } finally {
      for (const child of children) await child.kill();
      await bucket.stop();
    }
  },
};

type Subject = 'alone' | `${Flooding['kind']}-${Flooding['target']}`;
type All = Readonly<Record<Subject, { readonly pooled: Measured; readonly rounds: readonly Round[] }>>;

function nameOf({ kind, target }: Flooding): Subject {
  return `${kind}-${target}`;
}

async function measureAll(driver: Child, scale: Scale, say: BenchmarkOptions['say']): Promise<All> {
  const rounds = new Map<Subject, Round[]>();
  const subjects = [['alone', undefined], ...FLOODS.map((flood) => [nameOf(flood), flood] as const)] as const;
  for (let round = 1; round <= scale.rounds; round++) {
    for (const [name, flood] of subjects) {
      say?.(`round ${round}, ${name}`);
      const { ratePerSecond, warmupMs, durationMs, limitPerSecond } = scale;
      const noise = flood && { ...flood, ratePerSecond: FLOOD_FACTOR * limitPerSecond };
      const load: Load = { name, ratePerSecond, warmupMs, durationMs, flood: noise, seed: round };
      const results = rounds.get(name) ?? [];
      rounds.set(name, [...results, await driver.call<Round>('round', load)]);
    }
  }
  const pooled = await driver.call<Record<Subject, Measured>>('pooled');
  const entries = subjects.map(([name]) => [name, { pooled: pooled[name], rounds: rounds.get(name) ?? [] }] as const);
  return Object.fromEntries(entries) as unknown as All;
}

function rowsOf(measured: All, scale: Scale): BenchmarkRow[] {
  const { tenants, ratePerSecond, limitPerSecond, noisyKeys, rounds, durationMs } = scale;
  const mode = `${tenants} tenants with one open database each, ${ratePerSecond} requests/s of theirs, gets and puts of 100 B, open loop from the due time; profile s3; one more tenant with ${
    FLOOD_FACTOR * limitPerSecond
  } requests/s (puts of 1 KiB, or pages of ${noisyKeys} of them), limit ${limitPerSecond}/s; ${rounds} × ${durationMs / 1_000} s; gateway, worker, bucket and driver are processes on one machine`;
  const shared = { mode, peer: null, ratio: null, better: 'lower' } as const;
  const { alone } = measured;
  return [
    {
      ...shared,
      id: 'fairness-alone-p99',
      value: rounded(alone.pooled.all.p99Ms),
      unit: 'ms',
      target: null,
      note: `of ${alone.pooled.all.count} requests; gets ${rounded(alone.pooled.gets.p99Ms)} ms, puts ${rounded(alone.pooled.puts.p99Ms)} ms; p99 by round ${spread(summarize(alone.rounds.map(({ all }) => all.p99Ms)))}, and where that differs much the rises below say nothing; ${troubleOf(alone.rounds)}`,
    },
    ...FLOODS.flatMap((flood) => {
      const name = nameOf(flood);
      // Round by round: a minute in which the machine was busy with something else hits neighbours alike.
      const rise = (of: keyof Measured): Rounds =>
        summarize(measured[name].rounds.map((round, n) => risePercent(round, alone.rounds[n] ?? round, of)));
      const with_ = measured[name].pooled;
      return [
        {
          ...shared,
          id: `fairness-${name}-p99-rise`,
          value: rounded(rise('all').median),
          unit: '%',
          target: TARGET_PERCENT,
          note: `${rounded(with_.all.p99Ms)} ms instead of ${rounded(alone.pooled.all.p99Ms)} ms over all rounds; ${spread(rise('all'))}; puts ${rounded(rise('puts').median)} %; the flood was answered ${answersOf(measured[name].rounds)}; ${troubleOf(measured[name].rounds)}`,
        },
        {
          ...shared,
          id: `fairness-${name}-get-p99-rise`,
          value: rounded(rise('gets').median),
          unit: '%',
          target: null,
          note: `${rounded(with_.gets.p99Ms)} ms instead of ${rounded(alone.pooled.gets.p99Ms)} ms over all rounds, ${spread(rise('gets'))}: gets wait for no bucket, and show every ms of the processor`,
        },
      ];
    }),
  ];
}

function risePercent(flooded: Measured, alone: Measured, of: keyof Measured): number {
  return (flooded[of].p99Ms / alone[of].p99Ms - 1) * 100;
}

function answersOf(rounds: readonly Round[]): string {
  const sums: Record<string, number> = {};
  for (const { flood } of rounds) {
    for (const [what, count] of Object.entries(flood)) sums[what] = (sums[what] ?? 0) + count;
  }
  return Object.entries(sums)
    .map(([what, count]) => `${what}: ${count}`)
    .join(', ');
}

function troubleOf(rounds: readonly Round[]): string {
  const refused = rounds.reduce((sum, round) => sum + round.refused, 0);
  return `${refused} of the others' requests were refused; the driver was at most ${rounded(Math.max(...rounds.map(({ worstLagMs }) => worstLagMs)))} ms late`;
}
