import type { Benchmark, BenchmarkOptions, BenchmarkRow, BenchmarkSize } from './benchmark.js';
import { rounded } from './benchmark.js';
import { Child } from './child/child.js';
import type { Filling } from './compaction/compaction-main.js';
import type { Compacted, Usage } from './engine/compactor-main.js';
import { KEY_BYTES } from './engine/records.js';
import { spread, summarize } from './load/rounds.js';
import { SLATEDB } from './peer/slatedb.js';
import { BenchBucket, s3Environment, trafficSince } from './world/bench-bucket.js';
import { benchDatabase } from './world/identities.js';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const SECOND_MS = 1_000;
const VALUE_BYTES = 500;
const LARGE_VALUE_BYTES = 4_000;
/** Each key is written twice, in the same order: half of what is merged is dropped. */
const TURNS = 2;
/** As our memtables; at its default of 64 MiB there would be few files to merge. */
const L0_BYTES = 4 * MIB;
const PEER_MANY_FILES = 1_000;
const COLD_GETS = 200;
const PEAK_LIMIT_MIB = 256;
/** Written all over the large database: a run is merged into when it is at most eight times as large as what comes. */
const SCATTERED_SHARE = 1 / 5;
const LEAST_SCATTERED_BYTES = 24 * MIB;

const SCALES: Readonly<Record<BenchmarkSize, { userMiB: number; rounds: number; largeMiB: number; coldGets: number }>> =
  {
    full: { userMiB: 80, rounds: 5, largeMiB: 1_024, coldGets: COLD_GETS },
    quick: { userMiB: 20, rounds: 1, largeMiB: 8, coldGets: 20 },
  };

/** How fast files are merged, what that costs, and in how little memory. */
export const compaction: Benchmark = {
  name: 'compaction',
  about: 'speed, CPU, memory and amplification of compaction',
  measure: async ({ size, databaseMiB, say }: BenchmarkOptions) => {
    const scale = SCALES[size];
    const rounds: Round[] = [];
    for (let number = 1; number <= scale.rounds; number++) {
      say?.(`round ${number}`);
      rounds.push(await measureRound(number, scale));
    }
    const largeMiB = databaseMiB ?? scale.largeMiB;
    say?.(`a database of ${largeMiB} MiB`);
    return [...rowsOf(rounds, scale), ...memoryRows(await measureLarge(largeMiB, say))];
  },
};

interface OneSystem {
  readonly ms: number;
  readonly cpuMs: number;
  /** Put into the bucket from the first write to the last merge, over what the user wrote. */
  readonly writeAmplification: number;
  readonly getsPerRead: number;
  readonly bytesPerRead: number;
  readonly filesLeft: string;
}

interface Round {
  readonly leasehold: OneSystem & { readonly spaceAmplification: number };
  readonly slatedb: OneSystem;
}

async function measureRound(number: number, scale: (typeof SCALES)['full']): Promise<Round> {
  const recordBytes = KEY_BYTES + VALUE_BYTES;
  const keys = Math.floor((scale.userMiB * MIB) / recordBytes / TURNS);
  const filling: Filling = { number, keys, valueBytes: VALUE_BYTES, turns: TURNS, order: 'scattered' };
  const bucket = await BenchBucket.start();
  try {
    const userBytes = keys * TURNS * recordBytes;
    const leasehold = await measureLeasehold(bucket, filling, userBytes, scale.coldGets);
    return { leasehold, slatedb: await measureSlateDb(bucket, filling, userBytes, scale.coldGets) };
  } finally {
    await bucket.stop();
  }
}

async function measureLeasehold(
  bucket: BenchBucket,
  filling: Filling,
  userBytes: number,
  gets: number,
): Promise<Round['leasehold']> {
  const { number, keys } = filling;
  const children = { writer: Child.start('../compaction/compaction-main'), compactor: startCompactor() };
  const reader = Child.start('../compaction/compaction-main');
  try {
    const { url } = bucket;
    const before = await bucket.traffic();
    await children.writer.call('fillLeasehold', { url, filling });
    await children.writer.call('release');
    await children.compactor.call('start', { url });
    const usage = await children.compactor.call<Usage>('usage');
    const startedAt = performance.now();
    await children.compactor.call<Compacted>('compact', { databaseId: benchDatabase(number).databaseId });
    const ms = performance.now() - startedAt;
    const { cpuMs } = await children.compactor.call<Usage>('usage');
    const written = trafficSince(await bucket.traffic(), before);
    const { perGet, perByte } = await coldReads(bucket, reader, 'coldLeasehold', { url, number, keys }, gets);
    const files = await reader.call<{ l0: number; l1: number; bytes: number }>('leaseholdFiles', { number });
    return {
      ms,
      cpuMs: cpuMs - usage.cpuMs,
      writeAmplification: written.putBytes / userBytes,
      spaceAmplification: files.bytes / (userBytes / filling.turns),
      getsPerRead: perGet,
      bytesPerRead: perByte,
      filesLeft: `${files.l0} in L0, ${files.l1} in L1`,
    };
  } finally {
    await reader.kill();
    await children.writer.kill();
    await children.compactor.kill();
  }
}

async function measureSlateDb(
  bucket: BenchBucket,
  filling: Filling,
  userBytes: number,
  gets: number,
): Promise<OneSystem> {
  const { number, keys } = filling;
  const start = (): Child => Child.start('../compaction/compaction-main', { env: s3Environment(bucket.url) });
  const [peer, reader] = [start(), start()];
  try {
    const before = await bucket.traffic();
    const settings = { l0_sst_size_bytes: L0_BYTES, l0_max_ssts: PEER_MANY_FILES };
    await peer.call('fillSlateDb', { filling, settings: { ...settings, compactor_options: null } });
    const { ms, cpuMs, l0 } = await peer.call<{ ms: number; cpuMs: number; l0: number }>('compactSlateDb', {
      number,
      settings: { ...settings, 'compactor_options.poll_interval': '100ms' },
    });
    const written = trafficSince(await bucket.traffic(), before);
    await peer.kill();
    const { perGet, perByte } = await coldReads(bucket, reader, 'coldSlateDb', { number, keys }, gets);
    return {
      ms,
      cpuMs,
      writeAmplification: written.putBytes / userBytes,
      getsPerRead: perGet,
      bytesPerRead: perByte,
      filesLeft: `${l0} in L0`,
    };
  } finally {
    await reader.kill();
    await peer.kill();
  }
}

async function coldReads(
  bucket: BenchBucket,
  reader: Child,
  method: 'coldLeasehold' | 'coldSlateDb',
  argument: object,
  gets: number,
): Promise<{ perGet: number; perByte: number }> {
  const before = await bucket.traffic();
  await reader.call(method, { ...argument, gets });
  const read = trafficSince(await bucket.traffic(), before);
  return { perGet: read.gets / gets, perByte: read.getBytes / gets };
}

interface Large {
  readonly sizeBytes: number;
  readonly scatteredBytes: number;
  readonly before: Usage;
  readonly after: Usage;
  readonly ms: number;
}

/**
 * A database is made in order, so that making it merges little; then writes all over it bring its whole run into a merge. The
 * compactor that is watched does everything from there on.
 */
async function measureLarge(largeMiB: number, say: BenchmarkOptions['say']): Promise<Large> {
  const bucket = await BenchBucket.start();
  const writer = Child.start('../compaction/compaction-main', { maxHeapMiB: 4_096 });
  const [helper, compactor] = [startCompactor(), startCompactor()];
  const { databaseId } = benchDatabase(1);
  try {
    const { url } = bucket;
    await helper.call('start', { url });
    await compactor.call('start', { url });
    const compactWith = (child: Child) => (): void => void child.call('compact', { databaseId }).catch(() => undefined);
    writer.onNews(compactWith(helper));
    const keys = Math.max(1, Math.floor((largeMiB * MIB) / (KEY_BYTES + LARGE_VALUE_BYTES)));
    const filling: Filling = { number: 1, keys, valueBytes: LARGE_VALUE_BYTES, turns: 1, order: 'ascending' };
    await writer.call('fillLeasehold', { url, filling });
    await helper.call('compact', { databaseId });
    const { bytes: sizeBytes } = await writer.call<{ bytes: number }>('leaseholdFiles', { number: 1 });
    const before = await compactor.call<Usage>('usage');
    say?.('scattered writes over it, and compactions');
    const startedAt = performance.now();
    writer.onNews(compactWith(compactor));
    const scatteredBytes = Math.max(LEAST_SCATTERED_BYTES, largeMiB * MIB * SCATTERED_SHARE);
    const count = Math.min(keys, Math.floor(scatteredBytes / LARGE_VALUE_BYTES));
    await writer.call('scatterLeasehold', { number: 1, keys, count, valueBytes: LARGE_VALUE_BYTES });
    await compactor.call('compact', { databaseId });
    const ms = performance.now() - startedAt;
    const after = await compactor.call<Usage>('usage');
    return { sizeBytes, scatteredBytes: count * LARGE_VALUE_BYTES, before, after, ms };
  } finally {
    await compactor.kill();
    await helper.kill();
    await writer.kill();
    await bucket.stop();
  }
}

function startCompactor(): Child {
  return Child.start('../engine/compactor-main');
}

function rowsOf(rounds: readonly Round[], scale: (typeof SCALES)['full']): BenchmarkRow[] {
  const userBytes = scale.userMiB * MIB;
  const mode = `${scale.userMiB} MiB written in scattered order, each key ${TURNS} times, values of ${VALUE_BYTES} B, L0 files of ${
    L0_BYTES / MIB
  } MiB, merged at one go; bucket without latency in another process; SlateDB with the same size of L0 files, LZ4`;
  const row = (
    id: string,
    unit: string,
    better: BenchmarkRow['better'],
    figure: (system: OneSystem) => number,
    note: string,
  ): BenchmarkRow => {
    const ours = summarize(rounds.map(({ leasehold }) => figure(leasehold)));
    const theirs = summarize(rounds.map(({ slatedb }) => figure(slatedb)));
    return {
      id,
      value: rounded(ours.median),
      unit,
      target: null,
      better,
      peer: { name: SLATEDB, value: rounded(theirs.median) },
      ratio: rounded(ours.median / theirs.median),
      mode,
      note: `${note}; ${spread(ours)}; the peer's ${spread(theirs)}`,
    };
  };
  const [first] = rounds;
  const left = `left: ${first?.leasehold.filesLeft}; the peer: ${first?.slatedb.filesLeft}`;
  const space = summarize(rounds.map(({ leasehold }) => leasehold.spaceAmplification));
  return [
    row(
      'compaction-mib-per-second',
      'MiB/s',
      'higher',
      ({ ms }) => userBytes / MIB / (ms / SECOND_MS),
      `of what the user wrote, until nothing more is merged; ${left}`,
    ),
    row(
      'compaction-cpu-seconds-per-gib',
      's/GiB',
      'lower',
      ({ cpuMs }) => cpuMs / SECOND_MS / (userBytes / GIB),
      'of all threads of the process that compacts',
    ),
    row(
      'write-amplification',
      '×',
      'lower',
      ({ writeAmplification }) => writeAmplification,
      'bytes put into the bucket (log, flushes, merges, heads) over bytes written',
    ),
    row(
      'read-amplification-requests',
      'GETs/get',
      'lower',
      ({ getsPerRead }) => getsPerRead,
      'of scattered gets after a cold open, which is included',
    ),
    row(
      'read-amplification-bytes',
      'B/get',
      'lower',
      ({ bytesPerRead }) => bytesPerRead,
      'read from the bucket for a get, as above',
    ),
    {
      id: 'space-amplification',
      value: rounded(space.median),
      unit: '×',
      target: null,
      better: 'lower',
      peer: null,
      ratio: null,
      mode,
      note: `bytes of the files that the head names over live bytes, after compression; ${spread(space)}; the peer's binding does not tell its files`,
    },
  ];
}

function memoryRows({ sizeBytes, scatteredBytes, before, after, ms }: Large): BenchmarkRow[] {
  const mib = (bytes: number): string => `${rounded(bytes / MIB)} MiB`;
  const row = {
    unit: 'MiB',
    target: PEAK_LIMIT_MIB,
    better: 'lower',
    peer: null,
    ratio: null,
    mode: `a database of ${mib(sizeBytes)} in files, then ${mib(scatteredBytes)} of writes all over it, default settings`,
  } as const;
  const merged = `${mib(after.inputBytes)} merged in ${after.steps} steps, at most ${mib(after.largestInputBytes)} in one; ${rounded(
    ms / SECOND_MS,
  )} s with the writes`;
  return [
    {
      ...row,
      id: 'compaction-peak-memory',
      value: rounded((after.peakRssBytes - before.rssBytes) / MIB),
      note: `the most that was resident in the process of the compactor (as the kernel counts it) over the ${mib(before.rssBytes)} after its start; ${merged}`,
    },
    {
      ...row,
      id: 'compaction-peak-held',
      value: rounded(after.peakHeldBytes / MIB),
      note: `heap and buffers of the process of the compactor, garbage included, of samples every 10 ms; ${merged}`,
    },
  ];
}
