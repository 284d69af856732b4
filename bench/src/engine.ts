import type { Benchmark, BenchmarkOptions, BenchmarkRow, BenchmarkSize } from './benchmark.js';
import { rounded } from './benchmark.js';
import type { Child } from './child/child.js';
import type { Phase, PhaseResult } from './engine/engine-main.js';
import { ENGINE_CACHE_BYTES, startEngine } from './engine/engines.js';
import type { Rounds } from './load/rounds.js';
import { interleaved, spread, summarize } from './load/rounds.js';
import { YCSB_RECORD_BYTES, YCSB_WORKLOADS } from './load/ycsb.js';
import { SLATEDB } from './peer/slatedb.js';
import { BenchBucket, trafficSince } from './world/bench-bucket.js';

interface Scale {
  readonly smallKeys: number;
  readonly recordKeys: number;
  readonly rounds: number;
  readonly durationMs: number;
}

const SCALES: Readonly<Record<BenchmarkSize, Scale>> = {
  full: { smallKeys: 1_000_000, recordKeys: 200_000, rounds: 5, durationMs: 1_000 },
  quick: { smallKeys: 5_000, recordKeys: 2_000, rounds: 1, durationMs: 100 },
};

const SMALL_BYTES = 100;
/** Keys that a few writes bring into the memtable, whatever lies in files. */
const MEMTABLE_KEYS = 1_000;
const SCAN_ENTRIES = 1_000;
const BATCH_ENTRIES = 100;
const YCSB_CALLERS = 32;
/** The promise: reads from cached files are so many times faster than the peer's. */
const WARM_GET_RATIO = 10;
const FLUSH_INTERVAL = '5ms';

interface Pair {
  readonly leasehold: Child;
  readonly slatedb: Child;
}

type Method = 'gets' | 'puts' | 'batches' | 'scans' | 'ycsb';

/** How fast one database is inside one process: reads from memory, from cached files, scans, batches and YCSB. */
export const engine: Benchmark = {
  name: 'engine',
  about: 'reads, scans and writes per second of one database through the in-process interface, YCSB A to F',
  measure: async (options) => {
    const bucket = await BenchBucket.start();
    try {
      return [...(await measureSmall(bucket, options)), ...(await measureRecords(bucket, options))];
    } finally {
      await bucket.stop();
    }
  },
};

/** A million small records, everything in files and all of it in memory. */
async function measureSmall(bucket: BenchBucket, { size, say }: BenchmarkOptions): Promise<BenchmarkRow[]> {
  const { smallKeys, rounds, durationMs } = SCALES[size];
  const pair = await open(bucket, 1);
  try {
    const data = { keys: smallKeys, valueBytes: SMALL_BYTES };
    await fill(pair, data, say);
    const phase = { ...data, durationMs };
    const compare = comparison(pair, bucket, rounds, say);
    const what = `${smallKeys} keys, values of ${SMALL_BYTES} B`;
    return [
      await compare(
        'warm-get',
        'gets',
        { ...phase, callers: 1 },
        {
          unit: 'gets/s',
          ratio: WARM_GET_RATIO,
          mode: `${what} in files, all cached, one caller, uniform`,
        },
      ),
      await compare(
        'warm-get-concurrent',
        'gets',
        { ...phase, callers: 64 },
        {
          unit: 'gets/s',
          mode: `${what} in files, all cached, 64 callers, uniform`,
        },
      ),
      await compare(
        'scan',
        'scans',
        { ...phase, callers: 1, entries: SCAN_ENTRIES },
        {
          unit: 'entries/s',
          mode: `${what} in files, all cached, ${SCAN_ENTRIES} entries from a random key, one caller`,
        },
      ),
      await compare(
        'batch-write',
        'batches',
        { ...phase, callers: 4, batchEntries: BATCH_ENTRIES },
        {
          unit: 'batches/s',
          mode: `${BATCH_ENTRIES} entries of ${SMALL_BYTES} B a batch, durable, 4 callers, bucket without latency`,
        },
      ),
      await memtableRow(pair, bucket, { rounds, durationMs }, say),
    ];
  } finally {
    await close(pair);
  }
}

async function memtableRow(
  pair: Pair,
  bucket: BenchBucket,
  { rounds, durationMs }: Pick<Scale, 'rounds' | 'durationMs'>,
  say: BenchmarkOptions['say'],
): Promise<BenchmarkRow> {
  const data = { keys: MEMTABLE_KEYS, valueBytes: SMALL_BYTES };
  await Promise.all([pair.leasehold.call('load', data), pair.slatedb.call('load', data)]);
  return comparison(pair, bucket, rounds, say)(
    'warm-get-memtable',
    'gets',
    { ...data, durationMs, callers: 1 },
    {
      unit: 'gets/s',
      mode: `${MEMTABLE_KEYS} keys just written, values of ${SMALL_BYTES} B, one caller, uniform`,
    },
  );
}

/** Records of 1 KiB, which YCSB has as well. */
async function measureRecords(bucket: BenchBucket, { size, say }: BenchmarkOptions): Promise<BenchmarkRow[]> {
  const { recordKeys, rounds, durationMs } = SCALES[size];
  const pair = await open(bucket, 2);
  try {
    const data = { keys: recordKeys, valueBytes: YCSB_RECORD_BYTES };
    await fill(pair, data, say);
    const phase = { ...data, durationMs };
    const compare = comparison(pair, bucket, rounds, say);
    const rows = [
      await compare(
        'warm-get-1k',
        'gets',
        { ...phase, callers: 1 },
        {
          unit: 'gets/s',
          ratio: WARM_GET_RATIO,
          mode: `${recordKeys} keys, values of 1 KiB in files, all cached (a million would exceed the peer's cache), one caller`,
        },
      ),
    ];
    for (const latency of [undefined, 's3'] as const) {
      await bucket.setLatency(latency);
      for (const workload of YCSB_WORKLOADS) {
        const id = `ycsb-${workload.toLowerCase()}-${latency ?? 'memory'}`;
        rows.push(
          await compare(
            id,
            'ycsb',
            { ...phase, workload, callers: YCSB_CALLERS },
            {
              unit: 'operations/s',
              mode: `${recordKeys} records of 1 KiB, ${YCSB_CALLERS} callers in a closed loop, bucket ${
                latency === undefined ? 'without latency' : 'with profile s3'
              }`,
            },
          ),
        );
      }
    }
    return rows;
  } finally {
    await bucket.setLatency(undefined);
    await close(pair);
  }
}

async function open(bucket: BenchBucket, number: number): Promise<Pair> {
  const slatedb = { flush_interval: FLUSH_INTERVAL };
  const leasehold = await startEngine('leasehold', bucket, { number });
  return { leasehold, slatedb: await startEngine('slatedb', bucket, { number, slatedb }) };
}

async function close({ leasehold, slatedb }: Pair): Promise<void> {
  await Promise.all([leasehold.kill(), slatedb.kill()]);
}

async function fill(
  pair: Pair,
  data: { keys: number; valueBytes: number },
  say: BenchmarkOptions['say'],
): Promise<void> {
  for (const [name, child] of Object.entries(pair) as [string, Child][]) {
    say?.(`${name} loads ${data.keys} records of ${data.valueBytes} B`);
    await child.call('load', data);
    await child.call('settle');
    await child.call('warm', data);
  }
}

interface RowSettings {
  readonly unit: string;
  readonly mode: string;
  /** The value has to be so many times the peer's. */
  readonly ratio?: number;
}

function comparison(pair: Pair, bucket: BenchBucket, rounds: number, say: BenchmarkOptions['say']) {
  return async (
    id: string,
    method: Method,
    phase: Omit<Phase, 'seed'> & Readonly<Record<string, unknown>>,
    { unit, mode, ratio: wanted }: RowSettings,
  ): Promise<BenchmarkRow> => {
    say?.(id);
    let seed = 0;
    const requests: Record<string, number> = {};
    const measure = (name: keyof Pair) => async (): Promise<PhaseResult> => {
      const before = await bucket.traffic();
      const result = await pair[name].call<PhaseResult>(method, { ...phase, seed: ++seed });
      requests[name] = (requests[name] ?? 0) + trafficSince(await bucket.traffic(), before).gets;
      return result;
    };
    const results = await interleaved(rounds, { leasehold: measure('leasehold'), slatedb: measure('slatedb') });
    const speed = (name: keyof Pair): Rounds => summarize((results[name] ?? []).map(({ perSecond }) => perSecond));
    const p99 = (name: keyof Pair): number =>
      summarize((results[name] ?? []).map(({ latency }) => latency.p99Ms)).median;
    const ours = speed('leasehold');
    const theirs = speed('slatedb');
    return {
      id,
      value: rounded(ours.median),
      unit,
      target: wanted === undefined ? null : rounded(wanted * theirs.median),
      better: 'higher',
      peer: { name: SLATEDB, value: rounded(theirs.median) },
      ratio: rounded(ours.median / theirs.median),
      mode: `${mode}; block cache ${ENGINE_CACHE_BYTES / 2 ** 20} MiB; SlateDB flushes every ${FLUSH_INTERVAL}`,
      note: [
        ...(wanted === undefined ? [] : [`the target is ${wanted} × the peer of this run`]),
        `${spread(ours)}; the peer's ${spread(theirs)}`,
        `p99 of an operation ${rounded(p99('leasehold'))} ms, the peer's ${rounded(p99('slatedb'))} ms`,
        `GETs meanwhile ${requests['leasehold']}, ${requests['slatedb']}`,
      ].join('; '),
    };
  };
}
