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

export interface GatewayRequest {
  readonly database: number;
  readonly callId: string;
  readonly request: Request;
}

export interface GatewayAnswer {
  readonly answer: Answer;
  readonly session: SessionId | undefined;
}

const NOBODY_KNOWS: GatewayAnswer = { answer: { kind: 'unknown' }, session: undefined };

/** One life of one gateway: the route of apps/gateway's forwarder, over the virtual network. */
export class SimGateway {
  private readonly watch: SessionWatch;
  private readonly hints = new OwnerHints(MAX_HINTS);
  private readonly breakers = new Map<SessionId, CircuitBreaker>();
  private readonly random: Random;

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
    const reply = await this.network.ask(
      this.process,
      endpoint,
      { database, callId, request, waitForOwner },
      patience,
      this.random,
    );
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
