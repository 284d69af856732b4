import type { Random } from '@leasehold/foundation';
import type { Patience } from '@leasehold/routing';

import type { SimProcess } from '../world/sim-process.js';
import type { Hop, HopReply } from './service.js';
import type { SimWorker } from './sim-worker.js';

/** One way between two processes; ms. */
const TRAVEL_MS = 2;

/**
 * - `unreachable`: no connection, so nothing was received
 * - `lost`: the connection broke, or no answer came in time
 */
export interface NoReply {
  readonly kind: 'unreachable' | 'lost';
  readonly isTimeout: boolean;
}

/** Probabilities per request between a gateway and a worker. */
export interface HopFaultRates {
  /** No connection. */
  readonly refused: number;
  /** The connection breaks before the worker has received it. */
  readonly lostBefore: number;
  /** The worker does what it is asked, and the answer is lost. */
  readonly lostAfter: number;
}

/** What lies between gateways and workers. */
export class Network {
  private readonly workers = new Map<string, SimWorker>();
  /** Workers that no gateway reaches, by name. */
  readonly cut = new Set<string>();

  constructor(public rates: HopFaultRates) {}

  join(worker: SimWorker): void {
    this.workers.set(`http://${worker.process.name}`, worker);
  }

  /** One request and its reply, or how none came. A worker that stands still takes requests, and answers when it goes on. */
  ask(
    from: SimProcess,
    endpoint: string,
    hop: Hop,
    { timeoutMs, workerMs }: Pick<Patience, 'timeoutMs' | 'workerMs'>,
    random: Random,
  ): Promise<HopReply | NoReply> {
    const { world } = from;
    const worker = this.workers.get(endpoint);
    const [there, back, draw] = [this.travelMs(random), this.travelMs(random), random.fraction()];
    return new Promise((resolve) => {
      const come = (ms: number, reply: HopReply | NoReply): void =>
        void world.clock.schedule(ms, () => from.gate.enter(() => resolve(reply)));
      const { refused, lostBefore, lostAfter } = this.rates;
      from.clock.schedule(timeoutMs, () => resolve({ kind: 'lost', isTimeout: true }));
      if (worker === undefined || !worker.process.isAlive)
        return come(there + back, { kind: 'unreachable', isTimeout: false });
      if (this.cut.has(worker.process.name)) return;
      if (draw < refused) {
        world.counts.fault('hop-refused');
        return come(there + back, { kind: 'unreachable', isTimeout: false });
      }
      if (draw < refused + lostBefore) {
        world.counts.fault('hop-lost-before');
        return come(there + back, { kind: 'lost', isTimeout: false });
      }
      const isLost = draw < refused + lostBefore + lostAfter;
      if (isLost) world.counts.fault('hop-lost-after');
      const forget = worker.process.onDeath(() => come(back, { kind: 'lost', isTimeout: false }));
      world.clock.schedule(there, () =>
        worker.process.gate.enter(() => {
          void worker.serve(hop, workerMs).then((reply) => {
            forget();
            if (this.cut.has(worker.process.name)) return;
            come(back, isLost ? { kind: 'lost', isTimeout: false } : reply);
          });
        }),
      );
    });
  }

  private travelMs(random: Random): number {
    return TRAVEL_MS * (0.4 + 1.2 * random.fraction());
  }
}
