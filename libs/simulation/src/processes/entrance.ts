import type { Random, SessionId } from '@leasehold/foundation';

import type { Answer, Request } from '../history/history.js';
import type { Service } from '../workload/service.js';
import type { VirtualWorld } from '../world/virtual-world.js';
import type { SimGateway } from './sim-gateway.js';

/** Probabilities per request between a client and a gateway, of which at most one comes true. */
export interface EntranceFaultRates {
  /** No connection: the client goes to another gateway. */
  readonly refused: number;
  /** The connection breaks before the gateway has received anything. */
  readonly lostBefore: number;
  /** The connection breaks while the gateway is at work, which goes on; whoever asks again meets the first request. */
  readonly cut: number;
  /** The gateway answers, and the answer is lost. */
  readonly lostAfter: number;
}

export const NO_ENTRANCE_FAULTS: EntranceFaultRates = { refused: 0, lostBefore: 0, cut: 0, lostAfter: 0 };

interface Told {
  readonly answer: Answer;
  readonly session: SessionId | undefined;
}

/** How long a client waits for an answer. */
const CLIENT_TIMEOUT_MS = 30_000;
/** A client that finds nobody tries again so often. */
const CONNECT_TRIES = 20;
const CONNECT_AGAIN_MS = 500;
const TRAVEL_MS = 1;
/** A connection that is cut is cut within this; most requests take less. */
const CUT_WITHIN_MS = 1_000;

const NOT_TOLD: Told = { answer: { kind: 'unknown' }, session: undefined };

/**
 * What lies between clients and gateways. A client that hears nothing, for whatever reason, knows nothing: its request may have been applied, may be
 * still, or was never received.
 */
export class Entrance implements Service {
  private readonly random: Random;

  constructor(
    private readonly world: VirtualWorld,
    private readonly gateways: () => readonly SimGateway[],
    public rates: EntranceFaultRates,
  ) {
    this.random = world.stream('entrance');
  }

  /** To some gateway, be it the same as the last time; one that cannot be reached has received nothing, so another one is tried. */
  async ask(database: number, callId: string, request: Request): Promise<Told> {
    const { world, random } = this;
    for (let tries = 0; tries < CONNECT_TRIES; tries++) {
      const accepting = this.gateways().filter(({ isDraining }) => !isDraining);
      const gateway = accepting[Math.floor(random.fraction() * accepting.length)];
      if (gateway === undefined) await world.clock.sleep(CONNECT_AGAIN_MS);
      else if (random.fraction() < this.rates.refused) {
        world.counts.fault('client-refused');
        await world.clock.sleep(2 * TRAVEL_MS);
      } else return this.through(gateway, database, callId, request);
    }
    return { answer: { kind: 'disclaimed', code: 'no-gateway' }, session: undefined };
  }

  private through(gateway: SimGateway, database: number, callId: string, request: Request): Promise<Told> {
    const { clock, counts } = this.world;
    const { process } = gateway;
    const fate = this.drawFate();
    const cutMs = this.random.fraction() * CUT_WITHIN_MS;
    if (fate !== undefined) counts.fault(fate);
    return new Promise((resolve) => {
      let isGone = false;
      const lose = (): void => {
        isGone = true;
        resolve(NOT_TOLD);
      };
      const forget = process.onDeath(lose);
      clock.schedule(CLIENT_TIMEOUT_MS, lose);
      if (fate === 'client-lost-before') return void clock.schedule(2 * TRAVEL_MS, lose);
      if (fate === 'client-cut') clock.schedule(cutMs, lose);
      clock.schedule(TRAVEL_MS, () =>
        process.gate.enter(() => {
          void gateway.forward({ database, callId, request, isGone: () => isGone }).then((told) => {
            forget();
            const isLost = isGone || fate === 'client-lost-after';
            if (isLost && told.answer.kind === 'committed') counts.lostAcknowledgements++;
            clock.schedule(TRAVEL_MS, () => (isLost ? lose() : resolve(told)));
          });
        }),
      );
    });
  }

  private drawFate(): 'client-lost-before' | 'client-cut' | 'client-lost-after' | undefined {
    const { lostBefore, cut, lostAfter } = this.rates;
    const draw = this.random.fraction();
    if (draw < lostBefore) return 'client-lost-before';
    if (draw < lostBefore + cut) return 'client-cut';
    return draw < lostBefore + cut + lostAfter ? 'client-lost-after' : undefined;
  }
}
