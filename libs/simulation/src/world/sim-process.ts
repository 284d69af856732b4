import type { Clock, Random } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';
import { hedgedReads, reliableReads } from '@leasehold/object-store';

import { BucketConnection } from './bucket-connection.js';
import type { ProcessRole } from './failpoint.js';
import { Gate } from './gate.js';
import { ProcessClock } from './process-clock.js';
import type { VirtualWorld } from './virtual-world.js';

/** What the product's components are made with. */
export interface ProcessContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** One life of one process: its clock, its randomness, its connection to the bucket, and whether it runs. */
export class SimProcess {
  readonly gate: Gate;
  readonly clock: ProcessClock;
  readonly bucket: BucketConnection;
  readonly ctx: ProcessContext;
  private readonly endings = new Set<() => void>();

  constructor(
    readonly world: VirtualWorld,
    readonly role: ProcessRole,
    readonly name: string,
  ) {
    const random = world.stream(name);
    this.gate = new Gate((callback) => void world.clock.schedule(0, callback));
    const originMs = Math.floor(random.fraction() * 1_000_000);
    this.clock = new ProcessClock(world.clock, this.gate, originMs, world.clockErrorMs());
    world.noteClockError(this.clock.errorMs);
    this.bucket = new BucketConnection(world, this, world.stream(`${name} line`));
    this.bucket.rates = world.storeFaults;
    world.processes.push(this);
    const { clock } = this;
    // As a worker puts it together: reads are hedged and repeated, puts are settled by whoever puts.
    this.ctx = { store: reliableReads(hedgedReads(this.bucket, clock), clock, random), clock, random };
  }

  get isRunning(): boolean {
    return this.gate.state === 'running';
  }

  get isAlive(): boolean {
    return this.gate.state !== 'dead';
  }

  /** Whoever waits for an answer of this process is told when it dies. */
  onDeath(listener: () => void): () => void {
    this.endings.add(listener);
    return () => void this.endings.delete(listener);
  }

  /** SIGKILL: what it has sent may still land, and nothing of it goes on. */
  kill(): void {
    if (!this.isAlive) return;
    this.world.trace.add(`${this.name} killed`);
    this.gate.kill();
    const endings = [...this.endings];
    this.endings.clear();
    for (const listener of endings) listener();
  }

  /** Its wall clock is set. */
  jumpClock(ms: number): void {
    this.clock.jump(ms);
    this.world.noteClockError(this.clock.errorMs);
  }

  /** SIGSTOP, and SIGCONT after `ms`. @returns false when it does not run anyway */
  pauseFor(ms: number): boolean {
    if (!this.isRunning) return false;
    this.world.trace.add(`${this.name} paused ${ms}`);
    this.gate.pause();
    this.world.clock.schedule(ms, () => this.gate.resume());
    return true;
  }
}
