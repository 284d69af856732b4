import type { Random, SessionId } from '@leasehold/foundation';
import { elapsedMsSince, instant } from '@leasehold/foundation';
import { SessionWatch } from '@leasehold/lease';
import type { HopResult, Repetition, RouteStep } from '@leasehold/routing';
import { CircuitBreaker, OwnerHints, patienceFor, Route } from '@leasehold/routing';

import type { Answer, Request } from '../history/history.js';
import { databaseOf } from '../workload/databases.js';
import type { SimProcess } from '../world/sim-process.js';
import type { Network } from './network.js';

/** apps/gateway's HOLD_TIMEOUT_MS. */
const HOLD_MS = 12_000;
const MAX_HINTS = 1_000;
/** The service kit's DRAIN_TIMEOUT_MS by default: less than a request may be held. */
const DRAIN_MS = 10_000;

export interface GatewayRequest {
  readonly database: number;
  readonly callId: string;
  readonly request: Request;
  /** The client is not there any more; what has been sent to a worker is not called back. */
  readonly isGone: () => boolean;
}

export interface GatewayAnswer {
  readonly answer: Answer;
  readonly session: SessionId | undefined;
}

const NOBODY_KNOWS: GatewayAnswer = { answer: { kind: 'unknown' }, session: undefined };
const DRAINING: GatewayAnswer = { answer: { kind: 'disclaimed', code: 'service-draining' }, session: undefined };

/** One life of one gateway: the route of apps/gateway's forwarder, over the virtual network. */
export class SimGateway {
  private readonly watch: SessionWatch;
  private readonly hints = new OwnerHints(MAX_HINTS);
  private readonly breakers = new Map<SessionId, CircuitBreaker>();
  private readonly random: Random;
  /** From SIGTERM on: takes no connections, and refuses what still comes. */
  isDraining = false;
  private inFlight = 0;

  constructor(
    readonly process: SimProcess,
    private readonly network: Network,
  ) {
    this.watch = new SessionWatch(process.ctx);
    this.random = process.world.stream(`${process.name} hops`);
  }

  start(): Promise<void> {
    return this.watch.start();
  }

  /** As the forwarder does: follows {@link Route} until there is an answer. */
  async forward(request: GatewayRequest): Promise<GatewayAnswer> {
    if (this.isDraining) return DRAINING;
    this.inFlight++;
    try {
      return await this.follow(request);
    } finally {
      this.inFlight--;
      if (this.isDraining && this.inFlight === 0) this.endSoon();
    }
  }

  /** SIGTERM: ends when everything is answered, or when that takes too long, and then the rest is not. */
  drain(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    this.process.world.trace.add(`${this.process.name} drains`);
    if (this.inFlight === 0) this.endSoon();
    this.process.clock.schedule(DRAIN_MS, () => this.process.kill());
  }

  /** The last answer has left by then. */
  private endSoon(): void {
    this.process.clock.schedule(0, () => this.process.kill());
  }

  private async follow(request: GatewayRequest): Promise<GatewayAnswer> {
    const { clock } = this.process;
    const arrivedAt = instant(clock);
    const database = databaseOf(request.database).databaseId;
    const repetition = repetitionOf(request.request);
    const route = new Route({ database, repetition, hint: this.hints.get(database), holdMs: HOLD_MS });
    for (;;) {
      const elapsedMs = elapsedMsSince(clock, arrivedAt);
      const live = this.watch.live().map(({ sessionId }) => sessionId);
      const step = route.next({ live, avoid: this.unreachable(), elapsedMs });
      switch (step.kind) {
        case 'try': {
          const outcome = await this.attempt(request, step, HOLD_MS - elapsedMs);
          if ('answer' in outcome) {
            this.hints.remember(database, step.session);
            if (!route.believes(outcome.answer.kind === 'committed' ? 'success' : 'refusal')) return NOBODY_KNOWS;
            return { answer: outcome.answer, session: step.session };
          }
          this.hints.forget(database, step.session);
          route.report(outcome);
          break;
        }
        case 'look-up':
          await this.watch.refresh(step.session).catch(() => undefined);
          break;
        case 'wait':
          await clock.sleep(step.ms);
          if (request.isGone()) return NOBODY_KNOWS;
          break;
        case 'give-up':
          if (step.code === 'outcome-unknown') return NOBODY_KNOWS;
          return { answer: { kind: 'disclaimed', code: step.code }, session: undefined };
      }
    }
  }

  private async attempt(
    { database, callId, request }: GatewayRequest,
    { session, waitForOwner }: Extract<RouteStep, { kind: 'try' }>,
    leftMs: number,
  ): Promise<{ readonly answer: Answer } | HopResult> {
    const { clock } = this.process;
    const endpoint = this.watch.get(session)?.record.endpoint;
    const breaker = this.breakerOf(session);
    if (endpoint === undefined || !breaker.allows(clock.monotonic())) return { kind: 'unreachable', from: session };
    const repetition = repetitionOf(request);
    const patience = patienceFor({ repetition, waitsForOwner: waitForOwner !== undefined, leftMs });
    const hop = { database, callId, request, waitForOwner };
    const reply = await this.network.ask(this.process, endpoint, hop, patience, this.random);
    switch (reply.kind) {
      case 'answer':
        breaker.succeeded();
        if (reply.answer.kind === 'unknown' && repetition !== 'unsafe') return { kind: 'lost', from: session };
        return { answer: reply.answer };
      case 'misdirected':
      case 'not-applied':
        breaker.succeeded();
        return { ...reply, from: session };
      default:
        if (!reply.isTimeout || patience.blameSilence) breaker.failed(clock.monotonic());
        return { kind: reply.kind, from: session };
    }
  }

  private breakerOf(session: SessionId): CircuitBreaker {
    const breaker = this.breakers.get(session) ?? new CircuitBreaker();
    this.breakers.set(session, breaker);
    return breaker;
  }

  private unreachable(): ReadonlySet<SessionId> {
    const now = this.process.clock.monotonic();
    return new Set([...this.breakers].filter(([, breaker]) => breaker.isOpen(now)).map(([session]) => session));
  }
}

function repetitionOf(request: Request): Repetition {
  if (request.kind !== 'transact') return 'harmless';
  return request.keyed ? 'once' : 'unsafe';
}
