import type { Benchmark, BenchmarkOptions, BenchmarkRow, BenchmarkSize } from './benchmark.js';
import { rounded } from './benchmark.js';
import { Child } from './child/child.js';
import { pinApart, processorMsOf } from './gateway/cores.js';
import type { Asking, DriverOptions, Held, Holding, Paced, Saturated } from './gateway/driver-main.js';
import { spread, summarize } from './load/rounds.js';
import { YCSB_RECORD_BYTES } from './load/ycsb.js';
import type { GatewayOptions, GatewayStarted } from './services/gateway-main.js';
import type { WorkerStarted } from './services/memory-worker-main.js';

const SECRET = 'a secret of one benchmark, 32 characters and more';
/** The most that a gateway can be told: what it lets in is not what is measured. */
const TENANT_REQUESTS_PER_SECOND = 1_000_000;
const GET_TARGET = 0.4;
const PUT_TARGET = 0.3;
const ADDED_P99_TARGET_MS = 3;
const HELD_CONNECTIONS = 10_000;

interface Scale {
  readonly tenants: number;
  readonly keysPerDatabase: number;
  readonly ycsbRecords: number;
  readonly connections: number;
  readonly heldConnections: number;
  readonly rounds: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  /** Before the first round, of gets and of puts at each target: until all code is compiled that will be. */
  readonly heatMs: number;
}

const SCALES: Readonly<Record<BenchmarkSize, Scale>> = {
  full: {
    tenants: 100,
    keysPerDatabase: 10,
    ycsbRecords: 10_000,
    // A log puts 140 segments a second, and a client who waits for his write has it in one of them: with 128 that alone would be the measure.
    connections: 256,
    heldConnections: HELD_CONNECTIONS,
    rounds: 5,
    warmupMs: 1_000,
    durationMs: 3_000,
    heatMs: 6_000,
  },
  quick: {
    tenants: 5,
    keysPerDatabase: 4,
    ycsbRecords: 100,
    connections: 16,
    heldConnections: 100,
    rounds: 1,
    warmupMs: 50,
    durationMs: 200,
    heatMs: 50,
  },
};

type Target = Asking['target'];
const TARGETS = ['gateway', 'bare'] as const satisfies readonly Target[];

/** Of one round: what was asked, and what it took. */
interface Round extends Saturated {
  /** Processor time of each process that served it, in µs a request; NaN where the system does not tell. */
  readonly costUs: Readonly<Partial<Record<ServerName, number>>>;
}

type ServerName = 'gateway' | 'worker' | 'bare';
type Servers = Readonly<Record<ServerName, Child>>;

interface Measured {
  readonly get: Readonly<Record<Target, readonly Round[]>>;
  readonly put: Readonly<Record<Target, readonly Round[]>>;
  readonly ratePerSecond: number;
  readonly paced: Readonly<Record<Target, readonly Paced[]>>;
  readonly held: Held;
  readonly ycsb: Saturated;
  readonly ycsbPaced: Paced;
}

/** What the way through gateway and worker costs, beside a bare route of the same framework that answers the same bytes. */
export const gateway: Benchmark = {
  name: 'gateway',
  about: 'warm reads and writes through gateway and worker, beside a bare Fastify route',
  measure: async ({ size, say }: BenchmarkOptions) => {
    const scale = SCALES[size];
    const children: Child[] = [];
    const start = (name: string): Child => {
      const child = Child.start(name);
      children.push(child);
      return child;
    };
    try {
      const servers: Servers = {
        worker: start('../services/memory-worker-main'),
        gateway: start('../services/gateway-main'),
        bare: start('../gateway/bare-main'),
      };
      const driver = start('../gateway/driver-main');
      const { bucketUrl } = await servers.worker.call<WorkerStarted>('start', { secret: SECRET });
      const { url, apiKeys } = await servers.gateway.call<GatewayStarted>('start', {
        bucketUrl,
        secret: SECRET,
        tenants: scale.tenants,
        requestsPerSecond: TENANT_REQUESTS_PER_SECOND,
      } satisfies GatewayOptions);
      const bareUrl = await servers.bare.call<string>('start');
      const pinned = pinApart(
        driver.pid,
        Object.values(servers).map(({ pid }) => pid),
      );
      say?.('writing what is read');
      await driver.call('start', { ...scale, gatewayUrl: url, bareUrl, apiKeys } satisfies DriverOptions);
      return rowsOf(await measureAll(driver, servers, scale, say), scale, pinned);
    } finally {
      for (const child of children) await child.kill();
    }
  },
};

async function measureAll(
  driver: Child,
  servers: Servers,
  scale: Scale,
  say: BenchmarkOptions['say'],
): Promise<Measured> {
  const ask = (target: Target, what: Asking['what'], seed: number): Asking => ({ ...scale, target, what, seed });
  const each = async <T>(what: string, measure: (target: Target, round: number) => Promise<T>) => {
    const results: Record<Target, T[]> = { gateway: [], bare: [] };
    for (let round = 1; round <= scale.rounds; round++) {
      for (const target of TARGETS) {
        say?.(`${what}, round ${round}, ${target}`);
        results[target].push(await measure(target, round));
      }
    }
    return results;
  };
  for (const target of TARGETS) {
    say?.(`warming up, ${target}`);
    for (const what of ['get', 'put'] as const) {
      await driver.call('saturate', { ...ask(target, what, 0), durationMs: scale.heatMs });
    }
  }
  const get = await each('gets', (target, round) => saturate(driver, servers, ask(target, 'get', round)));
  const put = await each('puts', (target, round) => saturate(driver, servers, ask(target, 'put', round)));
  const ratePerSecond = median(get.gateway.map(({ perSecond }) => perSecond)) / 2;
  const paced = await each('gets at half of that', (target, round) =>
    driver.call<Paced>('pace', { ...ask(target, 'get', round), ratePerSecond }),
  );
  say?.(`${scale.heldConnections} connections`);
  const busy = { ...ask('gateway', 'get', 1), ratePerSecond };
  const held = await driver.call<Held>('hold', { connections: scale.heldConnections, busy } satisfies Holding);
  say?.('YCSB B');
  const ycsb = await driver.call<Saturated>('saturate', ask('gateway', 'ycsb-b', 1));
  const ycsbPaced = await driver.call<Paced>('pace', {
    ...ask('gateway', 'ycsb-b', 2),
    ratePerSecond: ycsb.perSecond / 2,
  });
  return { get, put, ratePerSecond, paced, held, ycsb, ycsbPaced };
}

async function saturate(driver: Child, servers: Servers, asking: Asking): Promise<Round> {
  const names = asking.target === 'bare' ? (['bare'] as const) : (['gateway', 'worker'] as const);
  const timesMs = (): number[] => names.map((name) => processorMsOf(servers[name].pid) ?? Number.NaN);
  const before = timesMs();
  const saturated = await driver.call<Saturated>('saturate', asking);
  const spentUs = timesMs().map((ms, n) => ((ms - (before[n] ?? 0)) * 1_000) / saturated.asked);
  return { ...saturated, costUs: Object.fromEntries(names.map((name, n) => [name, spentUs[n]])) };
}

function rowsOf(measured: Measured, scale: Scale, pinned: string): BenchmarkRow[] {
  const { tenants, keysPerDatabase, ycsbRecords, connections, heldConnections, rounds, durationMs } = scale;
  const databases = `${tenants - 1} databases of ${keysPerDatabase} keys`;
  const how = `${databases}, values of ${YCSB_RECORD_BYTES} B; worker over a bucket in its memory; ${rounds} × ${durationMs / 1_000} s, gateway and bare in turn; ${pinned}`;
  const shared = { peer: null, ratio: null, target: null } as const;
  const { paced, held, ycsb, ycsbPaced, ratePerSecond } = measured;
  const added = summarize(paced.gateway.map(({ latency }, n) => latency.p99Ms - (paced.bare[n]?.latency.p99Ms ?? NaN)));
  const p99s = (target: Target): number => rounded(median(paced[target].map(({ latency }) => latency.p99Ms)));
  const lagMs = Math.max(...TARGETS.flatMap((target) => paced[target].map(({ worstLagMs }) => worstLagMs)));
  const lagP99s = TARGETS.map((target) => rounded(median(paced[target].map(({ lagP99Ms }) => lagP99Ms))));
  const ycsbMode = `one database of ${ycsbRecords} records of ${YCSB_RECORD_BYTES} B, scrambled zipfian 0.99; worker over a bucket in its memory; ${pinned}`;
  return [
    overBare('gateway-get', GET_TARGET, measured.get, scale, how),
    overBare('gateway-put', PUT_TARGET, measured.put, scale, how),
    {
      ...shared,
      id: 'added-p99-ms',
      value: rounded(added.median),
      unit: 'ms',
      target: ADDED_P99_TARGET_MS,
      better: 'lower',
      mode: `gets at ${Math.round(ratePerSecond)}/s, half of what gateway-get has measured, open loop from the due time; ${how}`,
      note: `${p99s('gateway')} ms instead of ${p99s('bare')} ms; by round ${spread(added)}; the driver itself was late by ${lagP99s.join(' and ')} ms at p99, at most ${rounded(lagMs)} ms`,
    },
    {
      ...shared,
      id: 'connections',
      value: held.answeredTwice,
      unit: 'held',
      target: heldConnections,
      better: 'higher',
      mode: `keep-alive connections, each asked, left alone and asked again; meanwhile ${Math.round(ratePerSecond)} gets/s over ${connections} more; ${pinned}`,
      note: `gets meanwhile: p50 ${rounded(held.latency.p50Ms)} ms, p99 ${rounded(held.latency.p99Ms)} ms`,
    },
    {
      ...shared,
      id: 'ycsb-b-http',
      value: rounded(ycsb.perSecond),
      unit: 'operations/s',
      better: 'higher',
      mode: `closed loop, ${connections} connections; ${ycsbMode}`,
      note: `p50 ${rounded(ycsb.latency.p50Ms)} ms, p99 ${rounded(ycsb.latency.p99Ms)} ms`,
    },
    {
      ...shared,
      id: 'ycsb-b-http-p99',
      value: rounded(ycsbPaced.latency.p99Ms),
      unit: 'ms',
      better: 'lower',
      mode: `open loop from the due time at half of ycsb-b-http; ${ycsbMode}`,
      note: `p50 ${rounded(ycsbPaced.latency.p50Ms)} ms of ${ycsbPaced.latency.count}`,
    },
  ];
}

/** Round by round: whatever else the machine did in a minute hit both. */
function overBare(
  id: string,
  target: number,
  { gateway: ours, bare }: Measured['get'],
  { connections }: Scale,
  how: string,
): BenchmarkRow {
  const ratios = summarize(ours.map(({ perSecond }, n) => perSecond / (bare[n]?.perSecond ?? NaN)));
  const cost = (rounds: readonly Round[], name: ServerName): string =>
    `${name} ${rounded(median(rounds.map(({ costUs }) => costUs[name] ?? NaN)))}`;
  const busiest = Math.max(...[...ours, ...bare].map(({ driverBusy }) => driverBusy));
  return {
    id,
    value: rounded(ratios.median),
    unit: '× bare Fastify',
    target,
    better: 'higher',
    peer: { name: 'requests/s of bare Fastify', value: rounded(median(bare.map(({ perSecond }) => perSecond))) },
    ratio: null,
    mode: `closed loop, ${connections} connections; ${how}`,
    note: `${rounded(median(ours.map(({ perSecond }) => perSecond)))} requests/s; by round ${spread(ratios)}; processor µs a request: ${cost(ours, 'gateway')}, ${cost(ours, 'worker')}, ${cost(bare, 'bare')}; the driver took at most ${Math.round(100 * busiest)} % of a processor`,
  };
}

function median(values: readonly number[]): number {
  return summarize(values).median;
}
