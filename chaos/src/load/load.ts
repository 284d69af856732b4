import type { Clock, Random } from '@leasehold/foundation';

import { Availability } from './availability.js';
import type { Gap } from './availability.js';
import type { HttpClient } from './http-client.js';
import { drawOperation } from './operation.js';
import type { Operation } from './operation.js';
import type { Outcome } from './outcome.js';
import { isServed, outcomeOf } from './outcome.js';
import type { PreparedRequest, TenantDatabase } from './tenant-database.js';

/** One request that has ended. */
export interface EndedRequest {
  readonly database: string;
  readonly isWrite: boolean;
  readonly sentMs: number;
  readonly endedMs: number;
  readonly outcome: Outcome;
  /** It had been sent before, under the same idempotency key. */
  readonly isRepetition: boolean;
  /** It had been done already, and was sent once more to see what is told then. */
  readonly isNeedless: boolean;
}

export interface LoadEvents {
  readonly ended: (request: EndedRequest) => void;
  /** No request of any kind, or no write, was served meanwhile. */
  readonly gap: (database: string, of: 'any' | 'writes', gap: Gap) => void;
}

export interface LoadSettings {
  readonly requestsPerSecond: number;
  /** On their way at a time; a request that is due above it is not sent, and counted. */
  readonly maxOpen?: number;
}

/** More than all requests that are held while nothing is served for as long as a gateway holds. */
const MAX_OPEN = 8_000;
const TICK_MS = 10;
const INSIST_MS = 200;
/** Of writes, how many have an idempotency key; of those that were acknowledged, how many are sent again all the same. */
const KEYED_SHARE = 0.5;
const NEEDLESS_SHARE = 0.05;
/** Whoever was not told what became of a write that has one sends it again so soon, and so often. */
const REPEAT_MS = 100;
const REPEATS = 6;
/** A database that is not back after so many has been given up. */
const INSIST_LIMIT = 300;
/** A driver that stood still does not make up for it by a burst. */
const CATCH_UP_MS = 250;
/** Of the databases, the last ones: asked so seldom that their owners give them up in between. */
const SLEEPY_FRACTION = 0.2;
const SLEEPY_SHARE = 0.02;

interface Watched {
  readonly database: TenantDatabase;
  readonly any: Availability;
  readonly writes: Availability;
  /** What somebody asks again and again, because it was not served. */
  readonly insisting: Set<'read' | 'write'>;
}

/** Open loop: requests are sent when they are due, whatever became of the ones before. */
export class Load {
  private readonly watched: readonly Watched[];
  private open = 0;
  private sentRequests = 0;
  private shedRequests = 0;
  private timer: NodeJS.Timeout | undefined;
  private lastTickMs = 0;
  private due = 0;

  constructor(
    databases: readonly TenantDatabase[],
    private readonly gateways: () => readonly HttpClient[],
    private readonly random: Random,
    private readonly clock: Clock,
    private readonly events: LoadEvents,
    private readonly settings: LoadSettings,
  ) {
    this.watched = databases.map((database) => ({
      database,
      any: new Availability((gap) => events.gap(database.name, 'any', gap)),
      writes: new Availability((gap) => events.gap(database.name, 'writes', gap)),
      insisting: new Set(),
    }));
  }

  get sent(): number {
    return this.sentRequests;
  }

  /** Requests that were due and not sent, because too many were on their way. */
  get shed(): number {
    return this.shedRequests;
  }

  start(): void {
    this.lastTickMs = this.clock.monotonic();
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  /** How long the database that waits longest has not been served. */
  longestWaitMs(): number {
    const nowMs = this.clock.monotonic();
    return Math.max(0, ...this.watched.map(({ any }) => any.openMs(nowMs)));
  }

  /** Sends no more, and resolves when every request has ended: each is bounded by its own timeout. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    while (this.open > 0) await this.clock.sleep(TICK_MS);
    for (const { any, writes } of this.watched) {
      any.end(this.clock.monotonic());
      writes.end(this.clock.monotonic());
    }
  }

  private tick(): void {
    const nowMs = this.clock.monotonic();
    const passedMs = Math.min(CATCH_UP_MS, nowMs - this.lastTickMs);
    this.lastTickMs = nowMs;
    this.due += (passedMs * this.settings.requestsPerSecond) / 1_000;
    for (; this.due >= 1; this.due--) {
      const watched = this.draw();
      const operation = drawOperation(this.random, watched.database.shape);
      const first = this.random.fraction() < 0.5 ? 0 : 1;
      const [keyed, needless] = [this.random.fraction(), this.random.fraction()];
      if (this.open >= (this.settings.maxOpen ?? MAX_OPEN)) {
        this.shedRequests++;
        continue;
      }
      const prepared = watched.database.prepare(operation, nowMs, keyed < KEYED_SHARE);
      void this.ask(watched, prepared, first, needless < NEEDLESS_SHARE);
    }
  }

  private async ask(watched: Watched, prepared: PreparedRequest, first: number, isNeedless: boolean): Promise<void> {
    const outcome = await this.settle(watched, prepared, first);
    if (!isServed(outcome)) return this.insist(watched, prepared.isWrite);
    if (!isNeedless || !prepared.isKeyed || outcome.kind !== 'done' || outcome.version === undefined) return;
    const again = await this.send(watched, prepared, first + 1, { isRepetition: true, isNeedless: true });
    prepared.judgeRepetition(outcome.version, again);
  }

  /** One request, or as many as it takes to learn what became of it where it has an idempotency key; and what that is, judged. */
  private async settle(watched: Watched, prepared: PreparedRequest, first: number): Promise<Outcome> {
    this.open++;
    let outcome = await this.send(watched, prepared, first);
    for (let n = 1; prepared.isKeyed && outcome.kind === 'unknown' && n <= REPEATS; n++) {
      await this.clock.sleep(REPEAT_MS);
      const again = await this.send(watched, prepared, first + n, { isRepetition: true });
      // That this one did nothing says nothing about those before it, which may still be on their way.
      if (again.kind === 'done') outcome = again;
    }
    prepared.judge(outcome, this.clock.monotonic());
    this.open--;
    return outcome;
  }

  private draw(): Watched {
    const { watched } = this;
    const awake = Math.ceil(watched.length * (1 - SLEEPY_FRACTION));
    const isSleepy = this.random.fraction() < SLEEPY_SHARE;
    const [from, count] = isSleepy && awake < watched.length ? [awake, watched.length - awake] : [0, awake];
    return watched[from + Math.floor(this.random.fraction() * count)] as Watched;
  }

  private async send(
    watched: Watched,
    { request, isWrite }: PreparedRequest,
    first: number,
    { isRepetition = false, isNeedless = false } = {},
  ): Promise<Outcome> {
    const { clock } = this;
    const sentMs = clock.monotonic();
    this.open++;
    this.sentRequests++;
    const { any, writes, database } = watched;
    const availabilities = isWrite ? [any, writes] : [any];
    for (const availability of availabilities) availability.sent(sentMs);
    const outcome = await this.deliver(request, first);
    const endedMs = clock.monotonic();
    for (const availability of availabilities) {
      if (isServed(outcome)) availability.served(endedMs);
      else availability.failed();
    }
    this.events.ended({ database: database.name, isWrite, sentMs, endedMs, outcome, isRepetition, isNeedless });
    this.open--;
    return outcome;
  }

  /** Whoever was not served asks again, so that it is known when a database is back, however seldom it is used. */
  private async insist(watched: Watched, isWrite: boolean): Promise<void> {
    const what = isWrite ? 'write' : 'read';
    if (watched.insisting.has(what)) return;
    watched.insisting.add(what);
    for (let n = 0; n < INSIST_LIMIT; n++) {
      await this.clock.sleep(INSIST_MS);
      if (this.timer === undefined) break;
      const operation: Operation = isWrite
        ? { kind: 'put', key: 'r/00', sizeBytes: 100 }
        : { kind: 'get', key: 'r/00' };
      const prepared = watched.database.prepare(operation, this.clock.monotonic());
      if (isServed(await this.settle(watched, prepared, n))) break;
    }
    watched.insisting.delete(what);
  }

  /** As a load balancer does: a gateway that takes no connection is passed over, nothing else is tried twice. */
  private async deliver(request: PreparedRequest['request'], first: number): Promise<Outcome> {
    const gateways = this.gateways();
    for (let attempt = 0; ; attempt++) {
      const gateway = gateways[(first + attempt) % gateways.length] as HttpClient;
      const answer = await gateway.send(request);
      if ('error' in answer && answer.neverSent && attempt + 1 < gateways.length) continue;
      return outcomeOf(answer);
    }
  }
}
