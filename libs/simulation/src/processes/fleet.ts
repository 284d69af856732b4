import type { Random } from '@leasehold/foundation';

import { SimProcess } from '../world/sim-process.js';
import type { VirtualWorld } from '../world/virtual-world.js';
import { Entrance } from './entrance.js';
import type { EntranceFaultRates } from './entrance.js';
import { JobQueue } from './job-queue.js';
import type { JobQueueSettings } from './job-queue.js';
import { Network } from './network.js';
import type { HopFaultRates } from './network.js';
import { SimCompactor } from './sim-compactor.js';
import type { SimCompactorSettings } from './sim-compactor.js';
import { SimGateway } from './sim-gateway.js';
import { SimWorker } from './sim-worker.js';
import type { SimWorkerSettings } from './sim-worker.js';

export interface FleetSettings {
  readonly workers: number;
  readonly gateways: number;
  readonly compactors: number;
  /** Until a process that died is started again; ms, at most. */
  readonly restartMs: number;
  readonly worker: SimWorkerSettings;
  readonly compactor: SimCompactorSettings;
  readonly queue: JobQueueSettings;
  readonly hops: HopFaultRates;
  readonly entrance: EntranceFaultRates;
}

/** A process that has not come up by then is given up, as a supervisor does, and another is started. */
const START_TIMEOUT_MS = 60_000;

/** All processes of the service, and a supervisor that starts another for each that dies. */
export class Fleet {
  readonly queue: JobQueue;
  readonly network: Network;
  /** By which clients come in. */
  readonly entrance: Entrance;
  readonly workers: SimWorker[] = [];
  readonly gateways: SimGateway[] = [];
  readonly compactors: SimCompactor[] = [];
  private readonly random: Random;
  private started = 0;
  private isClosed = false;

  constructor(
    readonly world: VirtualWorld,
    private readonly settings: FleetSettings,
  ) {
    this.random = world.stream('fleet');
    this.queue = new JobQueue(world, settings.queue);
    this.network = new Network(settings.hops);
    this.entrance = new Entrance(world, () => this.liveGateways, settings.entrance);
  }

  /** Resolves when one of each kind is up. */
  async start(): Promise<void> {
    const { workers, gateways, compactors } = this.settings;
    const firsts = [
      ...Array.from({ length: workers }, () => this.startWorker()),
      ...Array.from({ length: gateways }, () => this.startGateway()),
    ];
    for (let i = 0; i < compactors; i++) this.startCompactor();
    await Promise.all(firsts);
  }

  /** Nothing is started any more. */
  close(): void {
    this.isClosed = true;
  }

  get liveWorkers(): readonly SimWorker[] {
    return this.workers.filter(({ process }) => process.isAlive);
  }

  get liveGateways(): readonly SimGateway[] {
    return this.gateways.filter(({ process }) => process.isAlive);
  }

  get liveCompactors(): readonly SimCompactor[] {
    return this.compactors.filter(({ process }) => process.isAlive);
  }

  private async startWorker(): Promise<void> {
    const process = this.newProcess('worker');
    process.onDeath(() => this.again(() => this.startWorker()));
    const starting = SimWorker.start(process, this.settings.worker, this.queue);
    const worker = await this.inTime(process, starting);
    if (worker === undefined) return;
    this.workers.push(worker);
    this.network.join(worker);
  }

  private async startGateway(): Promise<void> {
    const process = this.newProcess('gateway');
    process.onDeath(() => this.again(() => this.startGateway()));
    const gateway = new SimGateway(process, this.network);
    const isUp = await this.inTime(
      process,
      gateway.start().then(() => true),
    );
    if (isUp) this.gateways.push(gateway);
  }

  private startCompactor(): void {
    const process = this.newProcess('compactor');
    process.onDeath(() => this.again(() => Promise.resolve(this.startCompactor())));
    const compactor = new SimCompactor(process, this.queue, this.settings.compactor);
    this.compactors.push(compactor);
    compactor.start().catch(() => process.kill());
  }

  private newProcess(role: SimProcess['role']): SimProcess {
    const process = new SimProcess(this.world, role, `${role}-${++this.started}`);
    return process;
  }

  /** What came of a start; undefined when it failed, took too long, or its process died. */
  private inTime<T>(process: SimProcess, starting: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const fail = (): void => {
        process.kill();
        resolve(undefined);
      };
      this.world.clock.schedule(START_TIMEOUT_MS, () => {
        if (!isUp) fail();
      });
      let isUp = false;
      process.onDeath(() => resolve(undefined));
      starting.then((value) => {
        isUp = true;
        resolve(value);
      }, fail);
    });
  }

  private again(start: () => Promise<void>): void {
    if (this.isClosed) return;
    this.world.clock.schedule(Math.ceil(this.random.fraction() * this.settings.restartMs), () => {
      if (!this.isClosed) void start();
    });
  }
}
