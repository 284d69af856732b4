import type { Benchmark, BenchmarkOptions, BenchmarkRow, BenchmarkSize } from './benchmark.js';
import { rounded } from './benchmark.js';
import { Child } from './child/child.js';
import type { Load, Round, Subject } from './durable/durable-main.js';
import type { LatencySummary } from './load/latencies.js';
import type { Rounds } from './load/rounds.js';
import { spread, summarize } from './load/rounds.js';
import { SLATEDB } from './peer/slatedb.js';
import { BenchBucket, s3Environment } from './world/bench-bucket.js';

const RATE_PER_SECOND = 1_000;
const DATABASES = 1_000;
const VALUE_BYTES = 100;
/** Of the bare put: as large as a segment of mode `fast` at this rate, and as many a second. */
const BARE_PUTS_PER_SECOND = 140;
const BARE_PUT_BYTES = 2_048;
/** The shortest that does not slow it down; at its default of 100 ms nothing is durable sooner. */
const FLUSH_INTERVAL = '5ms';

const SCALES: Readonly<
  Record<BenchmarkSize, { rounds: number; warmupMs: number; durationMs: number; databases: number }>
> = {
  full: { rounds: 5, warmupMs: 1_500, durationMs: 6_000, databases: DATABASES },
  quick: { rounds: 1, warmupMs: 300, durationMs: 700, databases: 50 },
};

type Quantile = 'p50Ms' | 'p99Ms';
const QUANTILES = [
  ['p50', 'p50Ms'],
  ['p99', 'p99Ms'],
] as const satisfies readonly (readonly [string, Quantile])[];

interface Measured {
  readonly pooled: LatencySummary;
  readonly rounds: readonly Round[];
}

type SubjectName = 'bare' | 'fast' | 'economy' | 'hot' | 'slatedb';

/** How long a write takes until it is durable, beside the bare put of the same minute: what the log adds to the bucket. */
export const durable: Benchmark = {
  name: 'durable',
  about: 'latency of durable writes at an open-loop rate over a bucket like S3, in multiples of a bare put',
  measure: async ({ size, say }: BenchmarkOptions) => {
    const scale = SCALES[size];
    const bucket = await BenchBucket.start();
    const children: Child[] = [];
    try {
      const { url } = bucket;
      const subjects: Readonly<Record<SubjectName, Subject>> = {
        bare: { kind: 'bare-put', url, bodyBytes: BARE_PUT_BYTES },
        fast: { kind: 'leasehold', url, mode: 'fast', databases: scale.databases },
        economy: { kind: 'leasehold', url, mode: 'economy', databases: scale.databases },
        hot: { kind: 'leasehold', url, mode: 'fast', databases: 1 },
        slatedb: { kind: 'slatedb', flushInterval: FLUSH_INTERVAL },
      };
      const measured = {} as Record<SubjectName, Measured>;
      const started = new Map<SubjectName, { child: Child; rounds: Round[] }>();
      for (const [name, subject] of Object.entries(subjects) as [SubjectName, Subject][]) {
        const child = Child.start('../durable/durable-main', { env: s3Environment(url) });
        children.push(child);
        await child.call('start', subject);
        started.set(name, { child, rounds: [] });
      }
      await bucket.setLatency('s3');
      for (let round = 1; round <= scale.rounds; round++) {
        for (const [name, { child, rounds }] of started) {
          say?.(`round ${round}, ${name}`);
          const load: Load = {
            ...scale,
            ratePerSecond: name === 'bare' ? BARE_PUTS_PER_SECOND : RATE_PER_SECOND,
            valueBytes: VALUE_BYTES,
            seed: round,
          };
          rounds.push(await child.call<Round>('round', load));
        }
      }
      for (const [name, { child, rounds }] of started) {
        measured[name] = { pooled: await child.call<LatencySummary>('pooled'), rounds };
      }
      return rowsOf(measured, scale);
    } finally {
      for (const child of children) await child.kill();
      await bucket.stop();
    }
  },
};

function rowsOf(measured: Readonly<Record<SubjectName, Measured>>, scale: (typeof SCALES)['full']): BenchmarkRow[] {
  const many = `${scale.databases} databases`;
  return QUANTILES.flatMap(([name, quantile]) => {
    const row = (id: string, subject: SubjectName, target: number | null, mode: string): BenchmarkRow => ({
      id: `${id}-${name}`,
      ...against(measured, subject, quantile),
      target,
      better: 'lower',
      mode: `${mode}; ${RATE_PER_SECOND} writes/s of ${VALUE_BYTES} B, open loop from the due time; profile s3; ${scale.rounds} × ${
        scale.durationMs / 1_000
      } s; SlateDB: one database, flushes every ${FLUSH_INTERVAL}`,
    });
    return [
      row('durable-write', 'fast', quantile === 'p50Ms' ? 1.15 : 1.2, `fast; ${many}`),
      row('durable-write-economy', 'economy', null, `economy; ${many}`),
      row('durable-write-hot', 'hot', null, 'fast; one database'),
    ];
  });
}

/** In multiples of the bare put's quantile. */
function against(
  measured: Readonly<Record<SubjectName, Measured>>,
  subject: SubjectName,
  quantile: Quantile,
): Pick<BenchmarkRow, 'value' | 'unit' | 'peer' | 'ratio' | 'note'> {
  const bare = measured.bare.pooled[quantile];
  // Round by round: a minute in which the machine was busy with something else hit the bare put as well.
  const over = (name: SubjectName): Rounds =>
    summarize(measured[name].rounds.map((round, n) => round[quantile] / (measured.bare.rounds[n]?.[quantile] ?? bare)));
  const [ours, theirs] = [over(subject), over('slatedb')];
  const { pooled, rounds } = measured[subject];
  const lag = Math.max(...rounds.map(({ worstLagMs }) => worstLagMs));
  return {
    value: rounded(ours.median),
    unit: `× PUT ${quantile.slice(0, -2)}`,
    peer: { name: SLATEDB, value: rounded(theirs.median) },
    ratio: rounded(ours.median / theirs.median),
    note: `${spread(ours)}; the peer's ${spread(theirs)}; of all ${pooled.count} writes together ${rounded(
      pooled[quantile],
    )} ms, the bare put ${rounded(bare)} ms, the peer ${rounded(measured.slatedb.pooled[quantile])} ms; the driver was at most ${rounded(lag)} ms late`,
  };
}
