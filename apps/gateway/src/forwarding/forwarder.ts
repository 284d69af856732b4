import type { DatabaseEntry } from '@leasehold/directory';
import type { Clock, DatabaseId, Instant, Phases, SessionId, TenantId } from '@leasehold/foundation';
import { elapsedMsSince, instant } from '@leasehold/foundation';
import {
  digestBody,
  formatHopOptions,
  HOP_HEADERS,
  HOP_LIFETIME_MS,
  percentEncode,
  ProblemError,
  signHop,
} from '@leasehold/protocol';
import type { HopResult, Patience, Repetition, RouteStep } from '@leasehold/routing';
import { OwnerHints, patienceFor, Route } from '@leasehold/routing';

import type { GatewayMetrics } from '../gateway-metrics.js';
import type { TenantWakes } from '../limits/tenant-wakes.js';
import { countHop } from '../timing/gateway-timing.js';
import { Admission } from './admission.js';
import type { AnswerRoomSettings } from './answer-room.js';
import { AnswerRoom } from './answer-room.js';
import type { ClientPresence } from './client-presence.js';
import type { WorkerAnswer } from './worker-answer.js';
import { resultOf } from './worker-answer.js';
import type { WorkerConnection } from './worker-connection.js';
import type { WorkerFleet } from './worker-fleet.js';

export interface ForwardedRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE' | 'POST';
  readonly database: DatabaseEntry;
  /** Who asks, has room for the answers and a place for what is woken; undefined: whose database it is. */
  readonly tenantId?: TenantId | undefined;
  /** Below the database, query included: `keys64/…`, `keys?…`, `stats`. */
  readonly resource: string;
  /** By default a GET changes nothing, and anything else must not be sent twice. */
  readonly repetition?: Repetition;
  /** What goes along: headers that change the meaning, and trace context. Nothing else that a client sent. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly requestId: string;
  /** Told which of the time goes to finding a worker, to the way there, and to what the worker says that it did. */
  readonly phases?: Phases;
  /** Who is gone is not held. What has been sent to a worker is not called back. */
  readonly client: ClientPresence;
  /** Of a read that waits at the worker for something to happen: its caller bounds how many there are, and what their answers take. */
  readonly waiting?: WaitingRead;
}

/** An attempt that was made ahead of {@link Forwarder.forward}, and that led elsewhere. */
export interface FirstAttempt {
  readonly result: HopResult;
  readonly arrivedAt: Instant;
}

export interface WaitingRead {
  /** What the worker was told in the request; comes on top of all other time. */
  readonly forMs: number;
  /** As in {@link WorkerRequest}. */
  readonly admitAnswer: (sizeBytes: number) => void;
  /** Aborts when nobody wants to hear of it any more. */
  readonly gone: AbortSignal;
}

export interface ForwarderSettings extends AnswerRoomSettings {
  /** Of the hop to the workers. */
  readonly secret: string;
  readonly holdMs: number;
  /** Bodies of these are in memory; the service bounds all of them together. */
  readonly maxForwarded?: number;
  /** Bounds what each tenant wakes at the same time; without it nothing does. */
  readonly wakes?: TenantWakes;
  /** Of those, at most so many wait for a takeover. */
  readonly maxHeld?: number;
}

interface Walk {
  readonly holdMs: number;
  readonly arrivedAt: Instant;
  readonly hold: () => void;
  readonly admitAnswer: (sizeBytes: number) => void;
}

const NOBODY: ReadonlySet<SessionId> = new Set();
const MAX_FORWARDED = 4_096;
const MAX_HELD = 1_024;
const MAX_HINTS = 200_000;
const RETRY_AFTER_MS = 1_000;
/** Nobody waits for the body of somebody else for longer than that. */
export const FRAMEABLE_BYTES = 32 * 1024;
/** Resources that are asked over connections which requests share. */
const ONE_KEY = 'keys64/';
const NO_BODY = new Uint8Array(0);

/** Brings a request to the worker that can serve it, following {@link Route}. */
export class Forwarder {
  private readonly hints = new OwnerHints(MAX_HINTS);
  private readonly forwarded: Admission;
  private readonly held: Admission;
  /** How long a first attempt may take. */
  readonly firstPatience: Readonly<Record<Repetition, Patience>>;
  /** Room for what workers answer. */
  readonly answers: AnswerRoom;

  constructor(
    private readonly fleet: WorkerFleet,
    private readonly clock: Clock,
    private readonly metrics: GatewayMetrics,
    private readonly settings: ForwarderSettings,
  ) {
    this.forwarded = new Admission(settings.maxForwarded ?? MAX_FORWARDED, (taken) => metrics.forwards(taken));
    const ofFirst = (repetition: Repetition): Patience =>
      patienceFor({ repetition, waitsForOwner: false, leftMs: settings.holdMs });
    this.firstPatience = { harmless: ofFirst('harmless'), once: ofFirst('once'), unsafe: ofFirst('unsafe') };
    this.held = new Admission(settings.maxHeld ?? MAX_HELD, (taken) => metrics.holds(taken));
    this.answers = new AnswerRoom(clock, settings, (takenBytes) => metrics.answers(takenBytes));
  }

  /**
   * The answer of the worker, success or refusal, to be passed on.
   * @throws ProblemError owner-unavailable (not applied), outcome-unknown (mutations only, whatever ended them after
   *   an attempt that was lost), overloaded (not applied), too-many-requests (not applied: the tenant
   *   wakes too much; reads: its clients have too much to take still)
   */
  async forward(request: ForwardedRequest): Promise<WorkerAnswer> {
    // A thousand that wait for hours must not take the places of those that come and go.
    if (request.waiting) return this.followAwake(request, () => undefined, request.waiting.admitAnswer);
    const leave = this.forwarded.enter();
    request.phases?.enter('route');
    let leaveHold: (() => void) | undefined;
    try {
      const hold = () => (leaveHold ??= this.held.enter());
      return await this.followAwake(request, hold, this.answersOf(request));
    } finally {
      leaveHold?.();
      leave();
      request.phases?.enter('other');
    }
  }

  /**
   * Where a first attempt may go at once: to who answered last for the database, if that one lives. Who makes one takes a place before
   * ({@link takePlace}), and gives it back when the request is over.
   */
  lastOwner(database: DatabaseId): WorkerConnection | undefined {
    const session = this.hints.get(database);
    return session === undefined ? undefined : this.fleet.known(session);
  }

  /** Among the requests that are with workers. @returns false when there is none */
  takePlace(): boolean {
    return this.forwarded.take();
  }

  leavePlace(): void {
    this.forwarded.giveBack();
  }

  /** A first attempt was answered by the owner. */
  answeredBy(session: SessionId, database: DatabaseId): void {
    this.hints.remember(database, session);
  }

  /** Goes on after a first attempt, for who has a place. @throws as {@link forward} */
  async resume(request: ForwardedRequest, first: FirstAttempt): Promise<WorkerAnswer> {
    let leaveHold: (() => void) | undefined;
    try {
      const hold = () => (leaveHold ??= this.held.enter());
      const admitAnswer = this.answersOf(request);
      return await this.follow(request, hold, admitAnswer, first);
    } finally {
      leaveHold?.();
      request.phases?.enter('other');
    }
  }

  private answersOf({ tenantId, database, client }: ForwardedRequest): (sizeBytes: number) => void {
    return this.answers.forRequest(tenantId ?? database.tenantId, client);
  }

  /** Of whom nobody is known to serve it, the database may have to be woken. */
  private async followAwake(
    request: ForwardedRequest,
    hold: () => void,
    admitAnswer: (sizeBytes: number) => void,
  ): Promise<WorkerAnswer> {
    const { wakes } = this.settings;
    if (wakes === undefined || this.hints.get(request.database.id) !== undefined) {
      return this.follow(request, hold, admitAnswer);
    }
    const { database, tenantId = database.tenantId, client } = request;
    const leave = await wakes.enter({ id: database.id, tenantId }, client);
    try {
      return await this.follow(request, hold, admitAnswer);
    } finally {
      leave();
    }
  }

  private async follow(
    request: ForwardedRequest,
    hold: () => void,
    admitAnswer: (sizeBytes: number) => void,
    first?: FirstAttempt,
  ): Promise<WorkerAnswer> {
    const { id: database } = request.database;
    const repetition = repetitionOf(request);
    const holdMs = this.settings.holdMs + (request.waiting?.forMs ?? 0);
    const hint = first?.result.from ?? this.hints.get(database);
    const route = new Route({ database, repetition, hint, holdMs });
    const arrivedAt = first?.arrivedAt ?? instant(this.clock);
    if (first !== undefined) {
      route.next({ live: [first.result.from], avoid: NOBODY, elapsedMs: 0 });
      this.ledElsewhere(route, database, first.result);
    }
    try {
      return await this.walk(route, request, { holdMs, arrivedAt, hold, admitAnswer });
    } catch (error) {
      // A refusal of our own says as little about an attempt that was lost before as one of a worker does.
      if (error instanceof ProblemError && !route.believes('refusal')) throw gaveUp('outcome-unknown', error);
      throw error;
    }
  }

  private async walk(
    route: Route,
    request: ForwardedRequest,
    { holdMs, arrivedAt, hold, admitAnswer }: Walk,
  ): Promise<WorkerAnswer> {
    const { clock } = this;
    const { id: database } = request.database;
    // Ends by itself: Route gives up after the hold time.
    for (;;) {
      const elapsedMs = elapsedMsSince(clock, arrivedAt);
      const avoid = this.fleet.unreachable(clock.monotonic());
      const step = route.next({ live: this.fleet.live(), avoid, elapsedMs });
      switch (step.kind) {
        case 'try': {
          if (step.waitForOwner !== undefined) hold();
          if (request.waiting?.gone.aborted === true) throw clientGone();
          const outcome = await this.attempt(request, step, holdMs - elapsedMs, admitAnswer);
          if ('status' in outcome) {
            this.hints.remember(database, step.session);
            if (!route.believes(outcome.status < 400 ? 'success' : 'refusal')) throw gaveUp('outcome-unknown');
            return outcome;
          }
          this.ledElsewhere(route, database, outcome);
          break;
        }
        case 'look-up':
          await this.fleet.lookUp(step.session);
          break;
        case 'wait':
          hold();
          this.metrics.retried(step.reason);
          await this.pause(step.ms, request.client);
          break;
        case 'give-up':
          throw gaveUp(step.code);
      }
    }
  }

  private ledElsewhere(route: Route, database: DatabaseId, result: HopResult): void {
    this.hints.forget(database, result.from);
    this.metrics.retried(result.kind === 'not-applied' ? result.code : result.kind);
    route.report(result);
  }

  private async attempt(
    request: ForwardedRequest,
    { session, waitForOwner }: Extract<RouteStep, { kind: 'try' }>,
    leftMs: number,
    admitAnswer: (sizeBytes: number) => void,
  ): Promise<WorkerAnswer | HopResult> {
    const connection = this.fleet.connection(session);
    const nowMs = () => this.clock.monotonic();
    if (!connection?.breaker.allows(nowMs())) return { kind: 'unreachable', from: session };
    const path = `/internal/v1/databases/${request.database.id}/${request.resource}`;
    const repetition = repetitionOf(request);
    const { waiting } = request;
    const waitMs = waiting?.forMs ?? 0;
    const patience = patienceFor({
      repetition,
      waitsForOwner: waitForOwner !== undefined,
      leftMs: Math.max(0, leftMs - waitMs),
    });
    const headers = this.headersFor(request, waitForOwner, patience.workerMs + waitMs);
    const sentMs = nowMs();
    const answer = await connection.ask(
      {
        method: request.method,
        path,
        headers,
        body: request.body,
        sign: () => this.sign(request, path, headers),
        frameable: request.resource.startsWith(ONE_KEY) && (request.body?.byteLength ?? 0) <= FRAMEABLE_BYTES,
        // What a mutation came to is short, and too late to be refused.
        ...(repetition === 'harmless' ? { admitAnswer } : {}),
        timeoutMs: patience.timeoutMs + waitMs,
        blameSilence: patience.blameSilence,
        ...(waiting ? { gone: waiting.gone } : {}),
      },
      nowMs,
    );
    if (!('status' in answer)) return answer;
    const result = resultOf(answer, session, repetition);
    if (result === undefined) countHop(request.phases, nowMs() - sentMs, answer);
    return result ?? answer;
  }

  private headersFor(
    request: ForwardedRequest,
    waitForOwner: SessionId | undefined,
    workerMs: number,
  ): Record<string, string> {
    const { database, body } = request;
    return {
      ...request.headers,
      ...(body ? { 'content-type': 'application/octet-stream' } : {}),
      [HOP_HEADERS.requestId]: request.requestId,
      [HOP_HEADERS.tenant]: database.tenantId,
      [HOP_HEADERS.database]: percentEncode(Buffer.from(database.name)),
      [HOP_HEADERS.waitMs]: String(workerMs),
      ...(database.options && { [HOP_HEADERS.options]: formatHopOptions(database.options) }),
      ...(waitForOwner === undefined ? {} : { [HOP_HEADERS.waitForOwner]: waitForOwner }),
    };
  }

  private sign({ method, body }: ForwardedRequest, path: string, headers: Readonly<Record<string, string>>): string {
    const expiresAt = this.clock.now() + HOP_LIFETIME_MS;
    const claims = { method, path, headers, bodyDigest: digestBody(body ?? NO_BODY), expiresAt };
    return signHop(this.settings.secret, claims);
  }

  private async pause(ms: number, client: ClientPresence): Promise<void> {
    if (client.isGone) throw clientGone();
    const gone = new AbortController();
    client.onGone(() => gone.abort());
    try {
      await this.clock.sleep(ms, gone.signal);
    } catch {
      throw clientGone();
    }
  }
}

function repetitionOf({ repetition, method }: ForwardedRequest): Repetition {
  return repetition ?? (method === 'GET' ? 'harmless' : 'unsafe');
}

function clientGone(): ProblemError {
  return new ProblemError('unavailable', 'the client went away while its request was held');
}

function gaveUp(code: 'owner-unavailable' | 'outcome-unknown', cause?: ProblemError): ProblemError {
  if (code === 'outcome-unknown') {
    return new ProblemError(code, 'the worker did not answer; the write may or may not have been applied', { cause });
  }
  return new ProblemError(code, 'no worker could serve the database in time; nothing was applied', {
    retryAfterMs: RETRY_AFTER_MS,
  });
}
