import type { Clock, DatabaseId, TenantId, Timer, Version } from '@leasehold/foundation';
import { formatVersion, isLeaseholdError, PHASES, Recency } from '@leasehold/foundation';
import { UnknownOutcomeError } from '@leasehold/object-store';
import type { IdempotencyKey, PlainOperation } from '@leasehold/ownership';
import { writeUnitsOfOperation } from '@leasehold/ownership';
import type { HopFrame } from '@leasehold/protocol';
import {
  COST_HEADER,
  digestOfRequest,
  formatCost,
  formatHopOptions,
  HOP_PHASES_HEADER,
  IDEMPOTENCY_HEADER,
  LIMITS,
  parseIdempotencyKey,
  parseKey64,
  parseTtl,
  TTL_HEADER,
} from '@leasehold/protocol';
import type { Logger, RequestAccounts, RequestTimes, RouteCounts } from '@leasehold/service-kit';
import { sendProblem } from '@leasehold/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { servedRefusal } from '../databases/worker-problem.js';
import type { Work } from '../fairness/fair-schedule.js';
import { unitsOfWrite } from '../fairness/work-cost.js';
import type { WorkerSession } from '../worker-session.js';
import { FramedReply, framedRequest } from './framed-exchange.js';
import type { FrameConnection } from './frame-connection.js';
import { ROUTE } from './key-frames.js';
import type { WriteLane } from './pending-write.js';
import { PendingWrite } from './pending-write.js';
import type { PlainWriteHead } from './plain-write-head.js';
import { plainWriteHeadOf } from './plain-write-head.js';

export interface PlainWritesParts {
  readonly worker: Pick<WorkerSession, 'access' | 'session' | 'requests'>;
  readonly times: Pick<RequestTimes, 'tell'>;
  readonly accounts: RequestAccounts;
  readonly logger: Logger;
  readonly clock: Clock;
  /** How long a write is waited for at most, whatever the gateway says. */
  readonly ownerWaitMs: number;
}

/** How often it is asked who has run out of time: far below what a gateway waits longer than it says. */
const SWEEP_MS = 50;
const NO_BODY = new Uint8Array(0);
/** Of the write at hand: it is nowhere but here while it is told. */
const spent: number[] = PHASES.map(() => 0);
const OTHER = PHASES.indexOf('other');
const PUT = PHASES.indexOf('put');

/**
 * The short way of puts and deletes that ask for nothing, of databases that are open here, ahead of the route: they have their number when
 * their frame was looked at, and are answered when the log says that they are durable, without promises, signals or timers of their own. What
 * it answers is what the route would answer, and counts where that counts. Where anything is not as it expects, it has touched nothing, and
 * the route has the request.
 */
export class PlainWrites implements WriteLane {
  private readonly counts: Readonly<Record<PlainWriteHead['method'], RouteCounts>>;
  /** By when they came. */
  private readonly underWay = new Recency<PendingWrite>();
  private sweeper: Timer | undefined;

  constructor(private readonly parts: PlainWritesParts) {
    const { metrics } = parts.accounts;
    this.counts = { PUT: metrics.of('PUT', ROUTE), DELETE: metrics.of('DELETE', ROUTE) };
  }

  /** @returns whether it will be answered here */
  take(frame: HopFrame, connection: FrameConnection): boolean {
    const { accounts, clock } = this.parts;
    const beganMs = clock.monotonic();
    const head = plainWriteHeadOf(frame.head);
    if (head === undefined || accounts.drain.stopping) return false;
    const write = this.begin(head, frame, connection, beganMs);
    if (write === undefined) return false;
    accounts.drain.enterSilently();
    this.underWay.add(write);
    this.sweeper ??= clock.schedule(SWEEP_MS, () => this.sweep());
    connection.enter(write.of.bodyBytes);
    return true;
  }

  /** It is durable: nothing stands between that and its sender. */
  durable(write: PendingWrite): void {
    if (!this.leave(write)) return;
    const { connection, number, writeUnits } = write.of;
    const nowMs = this.parts.clock.monotonic();
    const version = formatVersion(write.version as Version);
    const cost = formatCost({ readUnits: 0, writeUnits });
    const head = `200\netag\n"${version}"\n${COST_HEADER}\n${cost}\ncache-control\nno-store\ncontent-type\napplication/json; charset=utf-8\n${this.phasesOf(write, nowMs)}`;
    connection.answer(number, head, Buffer.from(`{"version":"${version}"}`, 'latin1'));
    this.count(write, 200, nowMs);
  }

  /** Nobody knows what became of it, or will in time. */
  lost(write: PendingWrite, error: Error): void {
    if (!this.leave(write)) return;
    const { clock, worker, logger } = this.parts;
    const { connection, number } = write.of;
    const request = framedRequest({ number, head: write.of.head, body: NO_BODY }, ROUTE);
    const nowMs = clock.monotonic();
    const reply = new FramedReply((head, body) => {
      connection.answer(number, `${head}\n${this.phasesOf(write, nowMs)}`, body);
    });
    const fastify = { request: request as unknown as FastifyRequest, reply: reply as unknown as FastifyReply };
    sendProblem(servedRefusal(error, worker), fastify.request, fastify.reply, logger);
    this.count(write, reply.statusCode, nowMs);
  }

  /** Undefined where there is something to wait for, or to refuse. */
  private begin(
    head: PlainWriteHead,
    frame: HopFrame,
    connection: FrameConnection,
    beganMs: number,
  ): PendingWrite | undefined {
    const { worker, clock, ownerWaitMs } = this.parts;
    const { method, databaseId, tenantId } = head;
    const bodyBytes = frame.body.byteLength;
    const work: Work = {
      tenantId: tenantId as TenantId,
      databaseId: databaseId as DatabaseId,
      units: unitsOfWrite(bodyBytes),
    };
    let isCounted = false;
    try {
      const { databases } = worker.access;
      const database = databases.get(databaseId as DatabaseId);
      if (database === undefined || database.head.tenantId !== tenantId) return undefined;
      // Others than it has are for the route to take over.
      if (head.options !== undefined && head.options !== formatHopOptions(database.head.options)) return undefined;
      const op = operationOf(head, frame.body);
      if (op === undefined || !worker.requests.begin(work)) return undefined;
      isCounted = true;
      const write = new PendingWrite(this, {
        connection,
        number: frame.number,
        head: frame.head,
        bodyBytes,
        method,
        databases,
        database,
        work,
        writeUnits: writeUnitsOfOperation(op),
        beganMs,
        untilMs: beganMs + Math.min(ownerWaitMs, waitMsOf(head.waitMs) ?? Infinity),
      });
      write.version = databases.writeNow(database, { op, idempotencyKey: idempotencyKeyOf(head, frame.body) }, write);
      write.acceptedMs = clock.monotonic();
      if (write.version !== undefined) return write;
      worker.requests.end(work);
      return undefined;
    } catch (error) {
      if (isCounted) worker.requests.end(work);
      // A mistake of ours may have come after the log has taken it: then it is not to be tried again.
      if (!isLeaseholdError(error)) throw error;
      // The route finds the same, and says it.
      return undefined;
    }
  }

  /** It is waited for no longer. @returns false when it was not any more */
  private leave(write: PendingWrite): boolean {
    if (write.isOver) return false;
    write.isOver = true;
    const { worker, accounts } = this.parts;
    const { databases, database, work, connection, bodyBytes } = write.of;
    this.underWay.remove(write);
    databases.leave(database);
    worker.requests.end(work);
    accounts.drain.leave();
    connection.leave(bodyBytes);
    return true;
  }

  private sweep(): void {
    this.sweeper = undefined;
    const nowMs = this.parts.clock.monotonic();
    for (const write of this.underWay.fromOldest()) {
      if (write.of.untilMs <= nowMs) this.lost(write, new UnknownOutcomeError('commit was not durable in time'));
    }
    if (this.underWay.size > 0) this.sweeper = this.parts.clock.schedule(SWEEP_MS, () => this.sweep());
  }

  private phasesOf({ acceptedMs, of }: PendingWrite, nowMs: number): string {
    spent[OTHER] = acceptedMs - of.beganMs;
    spent[PUT] = nowMs - acceptedMs;
    return `${HOP_PHASES_HEADER}\n${this.parts.times.tell(spent, nowMs - of.beganMs)}`;
  }

  private count({ of: { method, beganMs } }: PendingWrite, status: number, nowMs: number): void {
    const { logger } = this.parts;
    const seconds = (nowMs - beganMs) / 1_000;
    this.counts[method].record(status, seconds);
    if (logger.isLevelEnabled('debug')) logger.debug({ method, route: ROUTE, status, seconds }, 'request');
  }
}

/** Undefined: it is not as it should be. @throws ProblemError likewise */
function operationOf({ method, key64, ttl }: PlainWriteHead, body: Uint8Array): PlainOperation | undefined {
  const key = parseKey64(key64);
  if (method === 'DELETE') return { op: 'delete', key };
  if (body.byteLength > LIMITS.valueBytes) return undefined;
  const ttlMs = ttl === undefined ? undefined : (parseTtl({ [TTL_HEADER]: ttl }) ?? 0) * 1_000;
  return { op: 'put', key, value: body, ttlMs };
}

/** Under the digest of what the hop says, as the route has it. @throws ProblemError */
function idempotencyKeyOf(
  { method, key64, ttl, idempotencyKey }: PlainWriteHead,
  body: Uint8Array,
): IdempotencyKey | undefined {
  const key = parseIdempotencyKey({ [IDEMPOTENCY_HEADER]: idempotencyKey });
  if (key === undefined) return undefined;
  const digest = digestOfRequest({ method, resource: `keys64/${key64}`, headers: { [TTL_HEADER]: ttl }, body });
  return { key: Buffer.from(key, 'latin1'), digest };
}

function waitMsOf(text: string | undefined): number | undefined {
  const waitMs = Number(text);
  return Number.isSafeInteger(waitMs) && waitMs > 0 ? waitMs : undefined;
}
