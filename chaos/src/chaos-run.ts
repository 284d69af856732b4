import { seededRandom } from '@leasehold/foundation';
import type { Clock } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

import type { ChaosReport } from './chaos-report.js';
import { auditBucket } from './checks/bucket-audit.js';
import { openBucket } from './checks/open-bucket.js';
import { readBack } from './checks/read-back.js';
import { scrub } from './checks/scrub.js';
import { ServiceMetrics } from './checks/service-metrics.js';
import { FaultLog } from './fault-log.js';
import type { ChaosWorld } from './faults/chaos-world.js';
import { FAULT_ACTIONS } from './faults/fault-actions.js';
import { newZombieTally } from './faults/zombie-tally.js';
import type { Fleet } from './fleet/fleet.js';
import { signUp } from './fleet/sign-up.js';
import { Findings } from './ledger/finding.js';
import { addSums, NO_SUMS } from './ledger/tally-record.js';
import type { Gap } from './load/availability.js';
import { HttpClient } from './load/http-client.js';
import { LatencySample } from './load/latency-sample.js';
import { Load } from './load/load.js';
import type { EndedRequest } from './load/load.js';
import { isServed } from './load/outcome.js';
import type { TenantDatabase } from './load/tenant-database.js';
import type { FaultKind, Need } from './plan/fault-kind.js';
import { FAULT_KINDS } from './plan/fault-kind.js';
import type { PlannedFault } from './plan/fault-plan.js';
import { planFaults } from './plan/fault-plan.js';
import type { EndOfRun } from './report-of-run.js';
import { reportOf } from './report-of-run.js';
import type { ChaosSettings } from './chaos-settings.js';

const METRICS_INTERVAL_MS = 2_000;
const MINUTE_MS = 60_000;
const PROGRESS_INTERVAL_MS = 10_000;
/** A database that has not been served for so long still feels the last fault. */
const CALM_MS = 500;
const CALM_WITHIN_MS = 20_000;
/** Longer ones are told one by one: after a takeover that took longer than promised. */
const LONG_GAP_MS = 7_000;
const LONG_GAPS_SHOWN = 200;

/** One run over a started fleet: load with faults, then everything read back and looked at. */
export class ChaosRun {
  private readonly log = new FaultLog();
  private readonly findings: Findings;
  private readonly zombies = newZombieTally();
  private readonly metrics = new ServiceMetrics();
  private readonly calm = new LatencySample();
  private readonly requests = { failed: 0, unknownOutcomes: 0, acknowledged: 0, repeated: 0, replayed: 0 };
  private readonly notDone: string[] = [];
  private longGaps = 0;
  private clients: readonly HttpClient[] = [];
  /** The same gateways by the proxies before them. */
  private lines: readonly HttpClient[] = [];
  private usesLines = false;

  constructor(
    private readonly settings: ChaosSettings,
    private readonly fleet: Fleet,
    private readonly clock: Clock,
    private readonly say: (line: string) => void,
    private readonly signal: AbortSignal,
    private readonly ttlMs: number,
  ) {
    this.findings = new Findings(({ kind, database, key, detail }) =>
      this.say(`FOUND ${kind} (${this.log.at(clock.monotonic())}): ${database} ${key}: ${detail}`),
    );
  }

  async run(): Promise<ChaosReport> {
    const { fleet } = this;
    const databases = await signUp(fleet, this.findings);
    const store = openBucket(fleet.parts.store);
    this.clients = fleet.gateways.map(({ url }) => new HttpClient(url));
    this.lines = fleet.lines.map(({ url }) => new HttpClient(url));
    const collecting = setInterval(() => void this.collect(), METRICS_INTERVAL_MS);
    try {
      const load = await this.underLoad(databases, store);
      await this.collect();
      this.say('reading everything back through fresh workers');
      await this.freshWorkers();
      const read = await readBack(databases, this.clients, this.clock);
      await this.collect();
      clearInterval(collecting);
      this.say('draining all workers and looking at the bucket');
      await Promise.all([...fleet.workers, ...fleet.compactors].map(({ child }) => child.stop()));
      const bucket = await auditBucket(store, databases);
      const scrubbed = await scrub(store);
      return this.report(load, {
        readBack: read,
        sums: databases.map(({ record }) => record.tallies.counts).reduce(addSums, NO_SUMS),
        bucket,
        scrub: scrubbed,
      });
    } finally {
      clearInterval(collecting);
      await Promise.all([...this.clients, ...this.lines].map((client) => client.close()));
      store.close();
    }
  }

  private async underLoad(databases: readonly TenantDatabase[], store: ObjectStore): Promise<Load> {
    const { settings, clock } = this;
    const random = seededRandom(settings.seed);
    const load = new Load(
      databases,
      () => (this.usesLines ? this.lines : this.clients),
      seededRandom(settings.seed + 1),
      clock,
      { ended: (request) => this.ended(request), gap: (database, of, gap) => this.gap(database, of, gap) },
      { requestsPerSecond: settings.requestsPerSecond },
    );
    const plan = planFaults(random, {
      durationMs: settings.minutes * MINUTE_MS,
      has: this.possible(),
      only: settings.only,
    });
    this.say(`${databases.length} databases, ${settings.requestsPerSecond} requests/s, ${plan.length} faults planned`);
    const world: ChaosWorld = {
      fleet: this.fleet,
      databases,
      gateways: () => this.clients,
      useLines: (isOn) => void (this.usesLines = isOn),
      findings: this.findings,
      zombies: this.zombies,
      store,
      clock,
      random: seededRandom(settings.seed + 2),
      ttlMs: this.ttlMs,
      pause: (ms) => clock.sleep(ms, this.signal),
      say: this.say,
    };
    const startMs = clock.monotonic();
    load.start();
    const progress = setInterval(() => this.progress(load), PROGRESS_INTERVAL_MS);
    try {
      const done = new Set<FaultKind>();
      const isLate = (): boolean => clock.monotonic() > startMs + settings.minutes * MINUTE_MS;
      for (const planned of plan) {
        // A busy machine takes longer for all of it: then what was done before is left out.
        if (isLate() && done.has(planned.kind)) continue;
        done.add(planned.kind);
        await world.pause(Math.max(0, startMs + planned.atMs - clock.monotonic()));
        await this.strike(world, planned);
        // Whatever happens until everything is served again is put down to it.
        await this.calmDown(load);
        this.log.end(clock.monotonic());
      }
      await world.pause(Math.max(0, startMs + settings.minutes * MINUTE_MS - clock.monotonic()));
    } finally {
      clearInterval(progress);
      await load.stop();
    }
    return load;
  }

  private async strike(world: ChaosWorld, { kind, holdMs, target }: PlannedFault): Promise<void> {
    const { clock, log } = this;
    const { title, settleMs } = FAULT_KINDS[kind];
    this.say(`${kind}: ${title}`);
    log.begin(kind, clock.monotonic());
    try {
      const effect = await FAULT_ACTIONS[kind](world, { holdMs, target });
      this.say(`${kind}: ${effect}`);
    } catch (error) {
      this.signal.throwIfAborted();
      this.notDone.push(`${kind}: ${(error as Error).message}`);
      this.say(`${kind} was not done: ${(error as Error).message}`);
    }
    await world.pause(settleMs);
  }

  /** The next fault comes when everything is served again, so that what happens then has one cause. On a busy machine that may take a while. */
  private async calmDown(load: Load): Promise<void> {
    await this.fleet.settled();
    for (let waitedMs = 0; waitedMs < CALM_WITHIN_MS && load.longestWaitMs() > CALM_MS; waitedMs += CALM_MS) {
      await this.clock.sleep(CALM_MS, this.signal);
    }
  }

  private ended(request: EndedRequest): void {
    const { sentMs, endedMs, outcome, isWrite, isRepetition, isNeedless } = request;
    this.log.request(request);
    if (!isServed(outcome)) this.requests.failed++;
    else if (this.log.at(endedMs) === 'calm') this.calm.add(endedMs - sentMs);
    if (outcome.kind === 'unknown' && isWrite) this.requests.unknownOutcomes++;
    if (outcome.kind === 'done' && isWrite && !isNeedless) this.requests.acknowledged++;
    if (isRepetition) this.requests.repeated++;
    if (outcome.kind === 'done' && outcome.isReplayed) this.requests.replayed++;
  }

  private gap(database: string, of: 'any' | 'writes', gap: Gap): void {
    const kind = this.log.gap(of, gap);
    const lengthMs = Math.round(gap.toMs - gap.fromMs);
    if (lengthMs < LONG_GAP_MS || of === 'writes' || ++this.longGaps > LONG_GAPS_SHOWN) return;
    const agoMs = Math.round(this.clock.monotonic() - gap.fromMs);
    this.say(`  ${kind}: ${database} served nothing for ${lengthMs} ms, from ${agoMs} ms ago`);
  }

  private progress(load: Load): void {
    const { acknowledged, failed } = this.requests;
    this.say(
      `  ${load.sent} requests, ${acknowledged} writes acknowledged, ${failed} failed, ${this.findings.total} found`,
    );
  }

  private async freshWorkers(): Promise<void> {
    const { fleet } = this;
    await fleet.settled();
    await Promise.all(fleet.workers.map(({ child }) => child.kill()));
    await Promise.all(fleet.workers.map(({ child }) => fleet.restart(child, 0)));
  }

  private possible(): ReadonlySet<Need> {
    const possible = new Set<Need>();
    const { parts, cacheDisk } = this.fleet;
    if (parts.redis !== undefined) possible.add('redis');
    else this.notDone.push('faults of Redis: there is no redis-server on the PATH, and REDIS_URL is not set');
    if (cacheDisk.isSmall) possible.add('small-disk');
    else this.notDone.push('disk-full: no file system of its own can be mounted here');
    if (process.platform === 'linux') possible.add('proc');
    else this.notDone.push('cache-corruption: files without a name can be opened by /proc alone');
    return possible;
  }

  private async collect(): Promise<void> {
    const { workers, compactors } = this.fleet;
    await Promise.all(
      [...workers, ...compactors].map(async ({ child }) => {
        if (child.serving) await this.metrics.collect(`${child.name} ${child.pid}`, child.url);
      }),
    );
  }

  private report(load: Load, end: EndOfRun): ChaosReport {
    const { settings, fleet, findings, zombies, log, metrics, notDone, requests, calm, ttlMs } = this;
    const { sent, shed } = load;
    return reportOf(
      { settings, fleet, findings, zombies, log, metrics, notDone, calm, requests: { ...requests, sent, shed } },
      end,
      { ttlMs },
    );
  }
}
