import { emptyHead, HeadStore } from '@leasehold/engine';
import { assert } from '@leasehold/foundation';
import { scrubBucket } from '@leasehold/scrub';

import { judge } from '../checker/judge.js';
import type { Call, DatabaseHistory, History, Violation } from '../history/history.js';
import { NO_ENTRANCE_FAULTS } from '../processes/entrance.js';
import { Fleet } from '../processes/fleet.js';
import { Troublemaker } from '../trouble/troublemaker.js';
import { Addends } from '../workload/addends.js';
import { Client } from '../workload/client.js';
import { databaseOf, tagOf } from '../workload/databases.js';
import { VirtualWorld } from '../world/virtual-world.js';
import { Exporter } from './exporter.js';
import { judgeCodes } from './codes.js';
import type { Profile } from './profile.js';
import { drawProfile } from './profile.js';
import { seedReport } from './seed-report.js';
import type { SeedReport } from './seed-report.js';

export interface RunOptions {
  /** Changes what the seed has drawn. */
  readonly adjust?: (profile: Profile) => Profile;
  /** Lines of the trace to keep, for a person. */
  readonly traceLines?: number;
  /** Before clients begin: strikes of one's own. */
  readonly prepare?: (world: VirtualWorld, fleet: Fleet) => void;
  /** They may come after everything else has healed, too. */
  readonly isPreparedForTheEnd?: boolean;
}

/** The whole of it, in virtual time; a run that takes longer hangs. */
const RUN_LIMIT_MS = 3_600_000;
/** Once all faults have ended everybody must be served again within this: a lease's end, a takeover, and room. */
export const LIVENESS_MS = 30_000;
const TOUCH_AGAIN_MS = 500;

/** One run from the first process to the last judgement. The same seed, the same run. */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<SeedReport> {
  return new Run(seed, options).run();
}

class Run {
  private readonly profile: Profile;
  private readonly world: VirtualWorld;
  private readonly fleet: Fleet;
  private readonly trouble: Troublemaker;
  private readonly exporter: Exporter;
  private readonly clients: readonly Client[];
  private readonly last: Client;
  private readonly addends = new Addends();
  /** Tells the commits of the database whose history is short, while they are there to be told. */
  private readonly follower: Client;
  private isRead = false;

  constructor(
    private readonly seed: number,
    private readonly options: RunOptions,
  ) {
    const drawn = drawProfile(
      new VirtualWorld({ seed, storeFaults: {}, clockSkewMs: 0, keepSessionsMs: 0 }).stream('profile'),
    );
    const profile = (this.profile = options.adjust?.(drawn) ?? drawn);
    const { storeFaults, clockSkewMs, keepSessionsMs } = profile;
    const { traceLines } = options;
    const world = (this.world = new VirtualWorld({ seed, storeFaults, clockSkewMs, keepSessionsMs, traceLines }));
    this.fleet = new Fleet(world, profile.fleet);
    this.trouble = new Troublemaker(world, this.fleet, profile.trouble);
    this.exporter = new Exporter(world, profile.client.databases, profile.exportEveryMs);
    this.clients = Array.from({ length: profile.clients }, (_, i) => this.clientNamed(`c${i}`));
    this.last = this.clientNamed('last');
    this.follower = this.clientNamed('follower');
  }

  async run(): Promise<SeedReport> {
    const { world, fleet, options } = this;
    await this.createDatabases();
    await world.clock.settle(fleet.start(), RUN_LIMIT_MS);
    options.prepare?.(world, fleet);
    void this.trouble.run();
    void this.exporter.run();
    const short = this.follower.followAll(this.shortDatabase, () => this.isRead);
    await world.clock.settle(Promise.all(this.clients.map((client) => client.run())), RUN_LIMIT_MS);
    this.heal();
    await this.expectLife();
    await this.readEverything();
    this.isRead = true;
    const feeds = [...(await this.readFeeds()), await world.clock.settle(short, RUN_LIMIT_MS)];
    await this.settle();
    const history = await this.history(feeds);
    const { violations, undecided } = judge(history, { clockSkewMs: world.maxClockErrorMs });
    const codes = judgeCodes(history, { shortDatabase: this.shortDatabase, faults: world.counts.faults });
    const found = [...world.violations, ...world.witness.violations, ...violations, ...codes, ...(await this.scrub())];
    this.stop();
    return seedReport({ seed: this.seed, world, trouble: this.trouble, history, violations: found, undecided });
  }

  private get shortDatabase(): number {
    return this.profile.client.databases - 1;
  }

  /** Heads come with the first write, but for the one whose history is to be short. */
  private async createDatabases(): Promise<void> {
    const { world, profile } = this;
    const identity = databaseOf(this.shortDatabase);
    const heads = new HeadStore({ store: world.bucket, clock: world.clock, random: world.stream('creator') });
    const empty = emptyHead(identity);
    const options = { ...empty.options, retentionMs: profile.shortRetentionMs };
    const created = await heads.create({ ...empty, options });
    assert(created.outcome === 'done', 'a new bucket has no heads');
  }

  /** From here on nothing fails any more. */
  private heal(): void {
    const { world, fleet } = this;
    this.trouble.end();
    if (this.options.isPreparedForTheEnd !== true) {
      world.failpoints.disarm();
      world.storeStrike = undefined;
    }
    this.exporter.end();
    world.storeFaults = {};
    fleet.network.rates = { refused: 0, lostBefore: 0, lostAfter: 0 };
    fleet.entrance.rates = NO_ENTRANCE_FAULTS;
    for (const process of world.processes) process.bucket.rates = {};
    world.trace.add('healed');
  }

  /** Liveness: every database takes writes and answers reads again, soon. */
  private async expectLife(): Promise<void> {
    const { world, profile } = this;
    const begunMs = world.clock.monotonic();
    const each = Array.from({ length: profile.client.databases }, async (_, database) => {
      while (!(await this.last.touch(database))) {
        if (world.clock.monotonic() - begunMs > LIVENESS_MS) {
          const what = `takes no writes ${LIVENESS_MS} ms after all faults have ended`;
          world.violations.push({ rule: 'liveness', database, what });
          return;
        }
        await world.clock.sleep(TOUCH_AGAIN_MS);
      }
    });
    await world.clock.settle(Promise.all(each), RUN_LIMIT_MS);
  }

  /** Warm, from whoever owns what; then by workers that never saw any of it, which have to take it over or find it released. */
  private async readEverything(): Promise<void> {
    const { world, fleet, profile } = this;
    const random = world.stream('end');
    const read = async (): Promise<void> => {
      for (let database = 0; database < profile.client.databases; database++) {
        const seen = await world.clock.settle(this.last.snapshot(database), RUN_LIMIT_MS);
        if (seen === undefined)
          world.violations.push({ rule: 'liveness', database, what: 'nobody reads it to the end' });
      }
    };
    await read();
    const drains = fleet.liveWorkers.map((worker) => {
      if (random.fraction() < 0.5) return worker.drain();
      worker.process.kill();
      return Promise.resolve();
    });
    await world.clock.settle(Promise.all(drains), RUN_LIMIT_MS);
    await world.clock.advance(2 * profile.ttlMs + profile.fleet.restartMs);
    await read();
    for (const worker of fleet.liveWorkers) worker.release();
    await world.clock.advance(profile.ttlMs);
    await read();
  }

  private async readFeeds(): Promise<readonly DatabaseHistory['commits'][]> {
    const { world, profile } = this;
    const feeds: DatabaseHistory['commits'][] = [];
    for (let database = 0; database < profile.client.databases; database++) {
      if (database === this.shortDatabase) continue;
      const commits = await world.clock.settle(this.last.feed(database), RUN_LIMIT_MS);
      if (commits === undefined) world.violations.push({ rule: 'liveness', database, what: 'nobody tells its feed' });
      feeds.push(commits);
    }
    return feeds;
  }

  /** Everything is flushed and given up; what was abandoned lands; sweeps, collections and purges have their time. */
  private async settle(): Promise<void> {
    const { world, fleet, profile } = this;
    const drains = fleet.liveWorkers.map((worker) => worker.drain());
    await world.clock.settle(Promise.all(drains), RUN_LIMIT_MS);
    for (const { process } of fleet.liveGateways) process.kill();
    await world.clock.advance(profile.settleMs);
  }

  private async history(feeds: readonly DatabaseHistory['commits'][]): Promise<History> {
    const { world, profile } = this;
    const heads = new HeadStore({ store: world.bucket, clock: world.clock, random: world.stream('reader') });
    const databases = Array.from({ length: profile.client.databases }, async (_, number): Promise<DatabaseHistory> => {
      const { databaseId } = databaseOf(number);
      const stored = await heads.load(databaseId);
      return {
        number,
        tag: tagOf(number),
        calls: this.callsOf(number),
        commits: feeds[number],
        usage: stored && { ...stored.head.usage.total },
        frames: world.witness.framesOf(databaseId),
      };
    });
    return { databases: await Promise.all(databases) };
  }

  private callsOf(database: number): readonly Call[] {
    return [...this.clients, this.last, this.follower]
      .flatMap((client) => client.byDatabase.get(database) ?? [])
      .sort((a, b) => a.begunAt - b.begunAt);
  }

  private async scrub(): Promise<readonly Violation[]> {
    const { profile, world } = this;
    const graceMs = 2 * profile.fleet.compactor.gcMinAgeMs + 3 * profile.fleet.compactor.sweepEveryMs;
    const report = await scrubBucket({ store: world.bucket, clock: world.clock }, { graceMs });
    return (
      report.findings
        // What logs have left waits for their purge; files are collected after the grace.
        .filter(
          ({ kind, name }) => kind === 'missing' || kind === 'corrupt' || (kind === 'orphan' && name.includes('/sst/')),
        )
        .map(({ kind, name, why }) => ({ rule: `scrub: ${kind}`, database: undefined, what: `${name}: ${why}` }))
    );
  }

  private stop(): void {
    this.fleet.close();
    for (const process of this.world.processes) process.kill();
  }

  private clientNamed(name: string): Client {
    const { world, fleet, profile, addends } = this;
    return new Client(
      name,
      { world, service: fleet.entrance, addends },
      profile.client,
      world.stream(`client ${name}`),
    );
  }
}
