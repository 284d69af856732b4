import type { Random } from '@leasehold/foundation';

import type { Fleet } from '../processes/fleet.js';
import type { SimWorker } from '../processes/sim-worker.js';
import type { Failpoint } from '../world/failpoint.js';
import type { SimProcess } from '../world/sim-process.js';
import type { VirtualWorld } from '../world/virtual-world.js';
import type { ProcessFault } from '../world/world-counts.js';

export interface TroubleSettings {
  /** Between two troubles, at most; ms. */
  readonly everyMs: number;
  /** How often each kind comes, relative to the others; what is not named does not. */
  readonly weights: Partial<Record<ProcessFault, number>>;
  readonly ttlMs: number;
  /** Of the troubles, how many wait for their victim to come by a failpoint. */
  readonly failpointShare: number;
}

/** Passes that are let by before a failpoint strikes, at most. */
const MAX_SKIP = 12;
/** An armed failpoint that nobody comes by is taken back; its victim is struck where it is. */
const ARMED_MS = 2_000;

/**
 * Strikes processes while clients are at work: kills, stops, drains, cuts, sets clocks, loses the queue. Half of the time a strike waits until the
 * victim is at the edge of some request to the bucket (see {@link Failpoint}), since that is where it hurts.
 */
export class Troublemaker {
  private isOver = false;
  private readonly random: Random;
  /** Struck at which points, for coverage: `kill worker before put segment`. */
  readonly struck = new Map<string, number>();

  constructor(
    private readonly world: VirtualWorld,
    private readonly fleet: Fleet,
    private readonly settings: TroubleSettings,
  ) {
    this.random = world.stream('trouble');
  }

  async run(): Promise<void> {
    const { clock } = this.world;
    while (!this.isOver) {
      await clock.sleep(Math.ceil(this.random.fraction() * this.settings.everyMs));
      if (!this.isOver) this.strike();
    }
  }

  /** Ends all trouble: who stands still goes on, what was cut is whole. */
  end(): void {
    this.isOver = true;
    this.world.failpoints.disarm();
    this.fleet.network.cut.clear();
    for (const process of this.fleet.processes) {
      process.bucket.isCut = false;
      process.gate.resume();
    }
  }

  private strike(): void {
    const kind = this.drawKind();
    const victim = kind && this.victimOf(kind);
    if (kind === undefined) return;
    if (victim === undefined) {
      this.inflict(kind, undefined);
      return;
    }
    if (this.random.fraction() >= this.settings.failpointShare) {
      this.inflict(kind, victim);
      return;
    }
    let isStruck = false;
    const strike = (failpoint?: Failpoint): void => {
      if (isStruck || this.isOver) return;
      isStruck = true;
      if (failpoint) this.note(`${kind} ${failpoint}`);
      this.inflict(kind, victim);
    };
    // Puts and deletes are what makes a difference; of them the ones that come seldom are sought as often as the others.
    const wanted = this.pick([
      'put segment',
      'put head',
      'put record',
      'put sst',
      'put rollup',
      'delete segment',
      'delete sst',
    ]);
    const moment = this.pick(['before', 'after']);
    const takeBack = this.world.failpoints.arm(
      (failpoint, name) => name === victim.name && failpoint.endsWith(`${moment} ${wanted}`),
      strike,
      Math.floor(this.random.fraction() ** 2 * MAX_SKIP),
    );
    this.world.clock.schedule(ARMED_MS, () => {
      takeBack();
      strike();
    });
  }

  private inflict(kind: ProcessFault, victim: SimProcess | undefined): void {
    const { world, fleet } = this;
    const { ttlMs } = this.settings;
    if (victim !== undefined && !victim.isAlive) return;
    world.counts.fault(kind);
    world.trace.add(`trouble ${kind} ${victim?.name ?? ''}`);
    switch (kind) {
      case 'kill':
      case 'kill-gateway':
      case 'kill-compactor':
        victim?.kill();
        return;
      case 'kill-all':
        for (const { process } of fleet.liveWorkers) process.kill();
        return;
      case 'pause':
        victim?.pauseFor(this.random.fraction() * ttlMs);
        return;
      case 'long-pause':
      case 'pause-gateway':
        victim?.pauseFor(2 * ttlMs);
        return;
      case 'pause-compactor':
        victim?.pauseFor(this.random.fraction() * 6 * ttlMs);
        return;
      case 'clock-jump-forward':
        victim?.jumpClock(Math.floor(this.random.fraction() * world.settings.clockSkewMs));
        return;
      case 'clock-jump-back':
        victim?.jumpClock(-Math.floor(this.random.fraction() * world.settings.clockSkewMs));
        return;
      case 'drain':
        void this.workerOf(victim)?.drain();
        return;
      case 'release':
        this.workerOf(victim)?.release();
        return;
      case 'cut-from-bucket':
        this.cutFromBucket(victim);
        return;
      case 'cut-from-gateways':
        this.cutFromGateways(victim);
        return;
      case 'queue-lost':
        fleet.queue.flush();
        return;
    }
  }

  private cutFromBucket(victim: SimProcess | undefined): void {
    if (victim === undefined) return;
    victim.bucket.isCut = true;
    // Often longer than the lease, sometimes much shorter.
    const forMs = this.random.fraction() * 3 * this.settings.ttlMs;
    this.world.clock.schedule(forMs, () => void (victim.bucket.isCut = false));
  }

  private cutFromGateways(victim: SimProcess | undefined): void {
    if (victim === undefined) return;
    const { cut } = this.fleet.network;
    cut.add(victim.name);
    this.world.clock.schedule(this.random.fraction() * 2 * this.settings.ttlMs, () => void cut.delete(victim.name));
  }

  private victimOf(kind: ProcessFault): SimProcess | undefined {
    const { liveWorkers, liveGateways, liveCompactors } = this.fleet;
    if (kind === 'queue-lost' || kind === 'kill-all') return undefined;
    if (kind.endsWith('gateway')) return this.pick(liveGateways)?.process;
    if (kind.endsWith('compactor')) return this.pick(liveCompactors)?.process;
    return this.pick(liveWorkers)?.process;
  }

  private workerOf(victim: SimProcess | undefined): SimWorker | undefined {
    return this.fleet.workers.find(({ process }) => process === victim);
  }

  private drawKind(): ProcessFault | undefined {
    const kinds = Object.entries(this.settings.weights) as [ProcessFault, number][];
    let left = this.random.fraction() * kinds.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [kind, weight] of kinds) if ((left -= weight) < 0) return kind;
    return undefined;
  }

  private note(what: string): void {
    this.struck.set(what, (this.struck.get(what) ?? 0) + 1);
  }

  private pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random.fraction() * items.length)];
  }
}
