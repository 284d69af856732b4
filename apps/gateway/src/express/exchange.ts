import type { IncomingMessage, ServerResponse } from 'node:http';

import type { DatabaseEntry, Directory } from '@leasehold/directory';
import type { Clock } from '@leasehold/foundation';
import { assert, Phases } from '@leasehold/foundation';
import {
  API_ROUTES,
  parseAnswerHead,
  parseCost,
  ProblemError,
  requestIdFrom,
  traceContextFrom,
  traceIdOf,
} from '@leasehold/protocol';
import type { TraceContext } from '@leasehold/protocol';
import type { HopResult, Patience, Repetition } from '@leasehold/routing';
import type { BodyTaker, Logger, RequestAccounts, RequestTimes, RouteCounts } from '@leasehold/service-kit';
import { problemOf, ServedRequest } from '@leasehold/service-kit';
import type { FastifyRequest } from 'fastify';

import { callerOf } from '../databases/caller.js';
import type { ClientPresence } from '../forwarding/client-presence.js';
import type { FramedAsker } from '../forwarding/framed-channel.js';
import { keptBody } from '../forwarding/framed-channel.js';
import type { ForwardedRequest, Forwarder } from '../forwarding/forwarder.js';
import type { WorkerAnswer } from '../forwarding/worker-answer.js';
import { resultOf } from '../forwarding/worker-answer.js';
import type { WorkerConnection } from '../forwarding/worker-connection.js';
import type { TenantAccount } from '../limits/tenant-account.js';
import type { RequestTraffic } from '../traffic/request-traffic.js';
import type { ReadUsage } from '../usage/read-usage.js';
import type { AnswerWriter } from './answer-writer.js';
import { linesOf } from './answer-writer.js';
import { timesOf } from './exchange-times.js';
import { frameHeadOf } from './frame-head.js';
import type { PassedHead } from './plain-answer.js';
import { passedHeadOf, plainAnswerOf } from './plain-answer.js';
import type { PlainHead, PlainMethod, PlainResource } from './plain-head.js';

export interface ExchangeParts {
  readonly directory: Directory;
  readonly forwarder: Forwarder;
  readonly accounts: RequestAccounts;
  readonly times: Pick<RequestTimes, 'tell'>;
  /** Of the routes that would have been taken. */
  readonly counts: Readonly<Record<PlainResource, Readonly<Record<PlainMethod, RouteCounts>>>>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** What every answer has, right behind its id. Names in lower case. */
  readonly fixedHeaders: Readonly<Record<string, string>>;
  /** The same, written. */
  readonly fixedLines: string;
  readonly writer: AnswerWriter;
  /** Told what was read. */
  readonly usage: ReadUsage | undefined;
  /** Told how long it took. */
  readonly traffic: RequestTraffic | undefined;
}

const NO_BODY = Buffer.alloc(0);
/** As logs and metrics name the routes. */
export const ROUTES: Readonly<Record<PlainResource, string>> = {
  keys: '/v1/db/:database/keys/:key',
  keys64: '/v1/db/:database/keys64/:key',
};
export const ROUTE_OF = {
  GET: API_ROUTES.readKey,
  PUT: API_ROUTES.writeKey,
  DELETE: API_ROUTES.deleteKey,
} satisfies Record<PlainMethod, unknown>;
const EXCHANGE = Symbol('exchange');
/** A body that comes with its head, or right behind it: nobody hears of a revocation faster, and most are like that. */
const CHECKED_FOR_MS = 10;

interface Exchanged {
  [EXCHANGE]?: Exchange;
}

/**
 * One plain request, from its admission on. Its first attempt goes over the shared connection to the owner, without promises; whatever comes of
 * that but an answer for the client goes on in the {@link Forwarder}, as for every other request.
 *
 * One object, whose methods are its callbacks: a closure, a promise or an AbortSignal each cost as much as any other step here.
 */
export class Exchange implements FramedAsker, ClientPresence, BodyTaker {
  isGone = false;
  readonly admittedMs: number;
  readMs = 0;
  answeredMs: number | undefined;
  hopPhases: string | undefined;
  further: Phases | undefined;
  private readonly requestId: string;
  private readonly trace: TraceContext;
  private readonly repetition: Repetition;
  private readonly rateLimit: string;
  private body: Buffer = NO_BODY;
  private chunks: Buffer[] | undefined;
  /** Why its body is no longer kept. */
  private refusal: unknown;
  /** Whom the first attempt asks, as long as it does. */
  private owner: WorkerConnection | undefined;
  private hasPlace = false;
  /** In the room for answers. */
  private roomBytes = 0;
  private listeners: (() => void)[] | undefined;

  constructor(
    private readonly parts: ExchangeParts,
    private readonly head: PlainHead,
    private readonly database: DatabaseEntry,
    private readonly keyId: string | undefined,
    private readonly account: TenantAccount,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    readonly beganMs: number,
    nowMs: number,
  ) {
    const { method, meaning } = head;
    this.admittedMs = nowMs;
    this.requestId = requestIdFrom(head.requestId);
    this.trace = traceContextFrom(head.trace);
    this.rateLimit = account.state(nowMs);
    const isOnce = meaning['idempotency-key'] !== undefined;
    this.repetition = method === 'GET' ? 'harmless' : isOnce ? 'once' : 'unsafe';
  }

  begin(): void {
    const { request, response, parts, head } = this;
    parts.accounts.drain.enterSilently();
    (response as Exchanged)[EXCHANGE] = this;
    response.on('close', onClose);
    if (head.bodyBytes > 0) return ServedRequest.take(request, this);
    ServedRequest.take(request, undefined);
    this.readMs = this.admittedMs;
    this.ask();
  }

  /** Of its body. */
  receive(chunk: Buffer): void {
    if (this.refusal !== undefined) return;
    try {
      this.parts.accounts.bodies.take(this.request, chunk.byteLength);
      if (chunk.byteLength === this.head.bodyBytes) this.body = chunk;
      else (this.chunks ??= []).push(chunk);
    } catch (error) {
      this.refusal = error;
      this.chunks = undefined;
      this.parts.accounts.bodies.giveBack(this.request);
    }
  }

  /** Its body is here. Where that took time the key may have been revoked meanwhile. */
  received(): void {
    const { head, parts } = this;
    this.readMs = parts.clock.monotonic();
    if (this.refusal !== undefined) return this.refuse(this.refusal);
    if (this.chunks !== undefined) this.body = Buffer.concat(this.chunks, head.bodyBytes);
    if (this.readMs - this.admittedMs < CHECKED_FOR_MS || this.isAsItWas) this.ask();
    else this.goOn(() => this.forwardAgain());
  }

  onGone(listener: () => void): void {
    if (!this.isGone) (this.listeners ??= []).push(listener);
  }

  cutOff(): void {
    this.response.destroy();
  }

  answered(head: string, body: Buffer): void {
    const { parts, repetition, database } = this;
    const owner = this.leaveOwner();
    this.answeredMs = parts.clock.monotonic();
    try {
      // What a mutation came to is short, and too late to be refused.
      if (repetition === 'harmless') this.admitAnswer(body.byteLength);
      const answer = plainAnswerOf(head);
      owner.answered();
      if (answer.status >= 400) return this.judge(owner, head, body);
      parts.forwarder.answeredBy(owner.session, database.id);
      this.hopPhases = answer.phases;
      this.leavePlace();
      this.finish(answer, body);
    } catch (error) {
      if (error instanceof ProblemError) this.refuse(error);
      else this.resume(owner.failed(error, this.patience.blameSilence, this.answeredMs));
    }
  }

  lost(error: unknown): void {
    const owner = this.leaveOwner();
    this.resume(owner.failed(error, this.patience.blameSilence, this.parts.clock.monotonic()));
  }

  /** Has its answer, or is gone without. */
  over(): void {
    if (this.isGone) return;
    const { parts, head, response, account } = this;
    const { method, resource } = head;
    this.isGone = true;
    account.underWay--;
    parts.accounts.drain.leave();
    if (head.bodyBytes > 0) parts.accounts.bodies.giveBack(this.request);
    this.leaveRoom();
    for (const listener of this.listeners ?? []) listener();
    if (!response.writableFinished) return;
    const status = response.statusCode;
    const seconds = (parts.clock.monotonic() - this.beganMs) / 1_000;
    parts.counts[resource][method].record(status, seconds);
    if (parts.logger.isLevelEnabled('debug')) {
      const told = { requestId: this.requestId, traceId: traceIdOf(this.trace.traceparent) };
      parts.logger.debug({ ...told, method, route: ROUTES[resource], status, seconds }, 'request');
    }
  }

  /** Whether key and database are still what they were when its head came. */
  private get isAsItWas(): boolean {
    const { parts, head, database } = this;
    const principal = parts.directory.knownPrincipal(head.apiKey);
    return principal !== undefined && parts.directory.knownDatabase(principal.tenantId, head.database) === database;
  }

  /** The first attempt, where it can be made at once. */
  private ask(): void {
    const { parts, head, database, trace, requestId } = this;
    const { forwarder } = parts;
    const owner = forwarder.lastOwner(database.id);
    if (owner === undefined || !forwarder.takePlace()) return this.goOn(() => forwarder.forward(this.forwarded()));
    this.hasPlace = true;
    const channel = owner.enterChannel();
    if (channel === undefined) {
      this.leavePlace();
      return this.goOn(() => forwarder.forward(this.forwarded()));
    }
    this.owner = owner;
    const { workerMs, timeoutMs } = this.patience;
    channel.send(frameHeadOf(head, database, trace, requestId, workerMs), this.body, timeoutMs, this);
  }

  /** A refusal, or an answer that leads elsewhere. */
  private judge(owner: WorkerConnection, head: string, body: Buffer): void {
    const { parts, repetition, database } = this;
    const answer = { ...parseAnswerHead(head), body: keptBody(body) };
    const result = resultOf(answer, owner.session, repetition);
    if (result !== undefined) return this.resume(result);
    parts.forwarder.answeredBy(owner.session, database.id);
    const { phases } = plainAnswerOf(head);
    this.hopPhases = phases;
    this.leavePlace();
    this.finish(passedHeadOf(answer), answer.body);
  }

  private resume(result: HopResult): void {
    const { clock, forwarder } = this.parts;
    const nowMs = clock.monotonic();
    const arrivedAt = { wallMs: clock.now() - (nowMs - this.readMs), monotonicMs: this.readMs };
    this.goOn(() => forwarder.resume(this.forwarded(), { result, arrivedAt }));
  }

  private goOn(work: () => Promise<WorkerAnswer>): void {
    this.further = new Phases(this.parts.clock, 'route', this.readMs);
    void this.finishAfter(work);
  }

  private async finishAfter(work: () => Promise<WorkerAnswer>): Promise<void> {
    try {
      const answer = await work();
      this.finish(passedHeadOf(answer), answer.body);
    } catch (error) {
      this.refuse(error);
    } finally {
      this.leavePlace();
    }
  }

  private async forwardAgain(): Promise<WorkerAnswer> {
    const { parts, head } = this;
    const asking = {
      headers: { authorization: `Bearer ${head.apiKey}` },
      params: { database: head.database },
    } as unknown as FastifyRequest;
    this.further?.enter('auth');
    const { database } = await callerOf(asking, parts.directory, ROUTE_OF[head.method].scopes);
    return parts.forwarder.forward({ ...this.forwarded(), database });
  }

  private forwarded(): ForwardedRequest {
    const { head, database, trace, requestId, repetition, further } = this;
    const { method, key64, meaning } = head;
    const headers: Record<string, string> = {};
    for (const name in meaning) headers[name] = meaning[name] as string;
    headers['traceparent'] = trace.traceparent;
    if (trace.tracestate !== undefined) headers['tracestate'] = trace.tracestate;
    const resource = `keys64/${key64}`;
    const body = method === 'PUT' ? this.body : undefined;
    const { id: tenantId } = this.account.tenant;
    return {
      tenantId,
      method,
      database,
      resource,
      repetition,
      headers,
      body,
      requestId,
      phases: further,
      client: this,
    };
  }

  private get patience(): Patience {
    return this.parts.forwarder.firstPatience[this.repetition];
  }

  /** @throws ProblemError as `AnswerRoom` */
  private admitAnswer(sizeBytes: number): void {
    const { answers } = this.parts.forwarder;
    const { id: tenantId } = this.account.tenant;
    if (sizeBytes === 0 || this.isGone) return;
    if (answers.takeShort(tenantId, sizeBytes)) this.roomBytes = sizeBytes;
    else answers.forRequest(tenantId, this)(sizeBytes);
  }

  private leaveRoom(): void {
    if (this.roomBytes > 0) this.parts.forwarder.answers.giveBackShort(this.account.tenant.id, this.roomBytes);
    this.roomBytes = 0;
  }

  private leaveOwner(): WorkerConnection {
    const { owner } = this;
    assert(owner !== undefined, 'an attempt ends once');
    this.owner = undefined;
    owner.leave();
    return owner;
  }

  private leavePlace(): void {
    if (this.hasPlace) this.parts.forwarder.leavePlace();
    this.hasPlace = false;
  }

  private finish({ status, lines, cost }: PassedHead, body: Buffer): void {
    const { parts, requestId, account, rateLimit, database, keyId } = this;
    if (cost !== undefined) {
      parts.usage?.answered(database.id, keyId, parseCost(cost), status < 300 ? body.byteLength : 0);
    }
    const own = `x-request-id: ${requestId}\r\n${parts.fixedLines}ratelimit-policy: ${account.policy}\r\nratelimit: ${rateLimit}\r\n`;
    this.write(status, own + lines, status === 304 ? undefined : body, false);
  }

  private refuse(error: unknown): void {
    const { parts, requestId, account, rateLimit, head, trace } = this;
    const { method, resource } = head;
    this.leavePlace();
    const context = {
      requestId,
      traceparent: trace.traceparent,
      method,
      route: ROUTES[resource],
      logger: parts.logger,
    };
    const problem = problemOf(error, context);
    const limits = { 'ratelimit-policy': account.policy, ratelimit: rateLimit };
    // What the problem says of the same thing is newer.
    const headers = { 'x-request-id': requestId, ...parts.fixedHeaders, ...limits, ...problem.headers };
    const body = Buffer.from(JSON.stringify(problem.body));
    this.write(problem.status, linesOf(headers), body, 'connection' in headers);
  }

  /** @param isLast whether the headers say so of it */
  private write(status: number, headers: string, body: Buffer | undefined, isLast: boolean): void {
    const { parts, account, response } = this;
    const nowMs = parts.clock.monotonic();
    const { stopping } = parts.accounts.drain;
    let lines = stopping && !isLast ? `${headers}connection: close\r\n` : headers;
    const times = timesOf(this, nowMs);
    lines += `server-timing: ${parts.times.tell(times, nowMs - this.beganMs)}\r\n`;
    parts.traffic?.answered(this.database.id, status, nowMs - this.beganMs, times);
    if (body !== undefined) {
      lines += `content-length: ${body.byteLength}\r\n`;
      account.oweBytes(body.byteLength, nowMs);
    }
    if (!this.isGone) parts.writer.write(response, status, lines, body, isLast || stopping, nowMs);
  }
}

function onClose(this: Exchanged): void {
  this[EXCHANGE]?.over();
}
