import type { Random } from '@leasehold/foundation';

import type { Fleet } from '../processes/fleet.js';
import type { Failpoint } from '../world/failpoint.js';
import type { SimProcess } from '../world/sim-process.js';
import type { VirtualWorld } from '../world/virtual-world.js';
import type { ProcessFault } from '../world/world-counts.js';
import { inflict } from './inflict.js';

export interface TroubleSettings {
  /** Between two troubles, at most; ms. */
  readonly everyMs: number;
  /** How often each kind comes, relative to the others; what is not named does not. */
  readonly weights: Partial<Record<ProcessFault, number>>;
  /** Of the troubles, how many wait for their victim to come by a failpoint. */
  readonly failpointShare: number;
}

/** Passes that are let by before a failpoint strikes, at most. */
const MAX_SKIP = 4;
const CHANGES = ['put', 'delete'];
/** An armed failpoint that nobody comes by is taken back; its victim is struck where it is. */
const ARMED_MS = 5_000;

/**
 * Strikes processes while clients are at work: kills, stops, drains, cuts, sets clocks, loses the queue. More than half of the time a strike waits until
 * somebody is at the edge of some request to the bucket (see {@link Failpoint}), since that is where it hurts.
 */
export class Troublemaker {
  private isOver = false;
  readonly random: Random;
  /** Struck at which points, for coverage: `kill worker before put segment`. */
  readonly struck = new Map<string, number>();

  constructor(
    readonly world: VirtualWorld,
    readonly fleet: Fleet,
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
    this.fleet.network.cut.clear();
    for (const process of this.world.processes) {
      process.bucket.isCut = false;
      process.gate.resume();
    }
  }

  private strike(): void {
    const kind = this.drawKind();
    const victim = kind && this.victimOf(kind);
    if (kind === undefined) return;
    if (victim === undefined) {
      inflict(this, kind, undefined);
      return;
    }
    if (this.random.fraction() >= this.settings.failpointShare) {
      inflict(this, kind, victim);
      return;
    }
    let isStruck = false;
    const strike = (at?: Failpoint, name?: string): void => {
      if (isStruck || this.isOver) return;
      isStruck = true;
      const present = name === undefined ? victim : this.world.processes.find((process) => process.name === name);
      if (inflict(this, kind, present) && at !== undefined) this.note(`${kind} ${at}`);
    };
    const wanted = this.wantedOf(victim);
    const takeBack = this.world.failpoints.arm(
      // Whoever of this kind comes by first, or a little later.
      (failpoint) => failpoint === wanted,
      strike,
      Math.floor(this.random.fraction() ** 2 * MAX_SKIP),
    );
    this.world.clock.schedule(ARMED_MS, () => {
      takeBack();
      strike();
    });
  }

  /** A step that changes the bucket and that processes of this kind have come by in this run; seldom ones as often as the others. */
  private wantedOf({ role }: SimProcess): Failpoint | undefined {
    const known = [...this.world.failpoints.met.keys()].filter((failpoint) =>
      CHANGES.some(
        (verb) => failpoint.startsWith(`${role} before ${verb}`) || failpoint.startsWith(`${role} after ${verb}`),
      ),
    );
    return this.pick(known);
  }

  private victimOf(kind: ProcessFault): SimProcess | undefined {
    const { liveWorkers, liveGateways, liveCompactors } = this.fleet;
    if (kind === 'queue-lost' || kind === 'kill-all') return undefined;
    if (kind.endsWith('gateway')) return this.pick(liveGateways)?.process;
    if (kind.endsWith('compactor')) return this.pick(liveCompactors)?.process;
    return this.pick(liveWorkers)?.process;
  }

  private drawKind(): ProcessFault | undefined {
    const kinds = Object.entries(this.settings.weights) as [ProcessFault, number][];
    let left = this.random.fraction() * kinds.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [kind, weight] of kinds) if ((left -= weight) < 0) return kind;
    return undefined;
  }

  private note(what: string): void {
    this.world.counts.strikesAtFailpoints++;
    this.struck.set(what, (this.struck.get(what) ?? 0) + 1);
  }

  private pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random.fraction() * items.length)];
  }
}
