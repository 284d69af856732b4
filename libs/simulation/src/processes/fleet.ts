import type { Random, SessionId } from '@leasehold/foundation';

import type { Answer, Request } from '../history/history.js';
import type { Service } from '../workload/client.js';
import { SimProcess } from '../world/sim-process.js';
import type { VirtualWorld } from '../world/virtual-world.js';
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
}

/** How long a client waits for an answer. */
const CLIENT_TIMEOUT_MS = 30_000;
/** A client that finds nobody tries again so often. */
const CONNECT_TRIES = 20;
const CONNECT_AGAIN_MS = 500;
/** A process that has not come up by then is given up, as a supervisor does, and another is started. */
const START_TIMEOUT_MS = 60_000;
const TRAVEL_MS = 1;

/** All processes of the service, and a supervisor that starts another for each that dies. */
export class Fleet implements Service {
  readonly queue: JobQueue;
  readonly network: Network;
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

  /** A client's request to some gateway; one that cannot be reached has received nothing, so another one is tried. */
  async ask(
    database: number,
    callId: string,
    request: Request,
  ): Promise<{ readonly answer: Answer; readonly session: SessionId | undefined }> {
    const { clock } = this.world;
    for (let tries = 0; tries < CONNECT_TRIES; tries++) {
      const gateway = this.pick(this.liveGateways);
      if (gateway !== undefined) return this.through(gateway, database, callId, request);
      await clock.sleep(CONNECT_AGAIN_MS);
    }
    return { answer: { kind: 'disclaimed', code: 'no-gateway' }, session: undefined };
  }

  private through(
    gateway: SimGateway,
    database: number,
    callId: string,
    request: Request,
  ): Promise<{ readonly answer: Answer; readonly session: SessionId | undefined }> {
    const { clock } = this.world;
    const { process } = gateway;
    return new Promise((resolve) => {
      const lost = (): void => resolve({ answer: { kind: 'unknown' }, session: undefined });
      const forget = process.onDeath(lost);
      clock.schedule(CLIENT_TIMEOUT_MS, lost);
      clock.schedule(TRAVEL_MS, () =>
        process.gate.enter(() => {
          void gateway.forward({ database, callId, request }).then((answer) => {
            forget();
            clock.schedule(TRAVEL_MS, () => resolve(answer));
          });
        }),
      );
    });
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

  private pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random.fraction() * items.length)];
  }
}
