import type { Clock, Instant, Random, Timer } from '@leasehold/foundation';
import { elapsedMsSince, instant } from '@leasehold/foundation';
import { toProblem } from '@leasehold/protocol';

import type { FeedConnection } from './feed-connection.js';
import type { FeedSettings } from './feed-settings.js';

/** What came after a place in the database: text for the client, and how far it reaches. */
export interface FeedPart {
  readonly text: Uint8Array;
  readonly through: number;
  /** The client has taken it: its memory is free. */
  readonly taken: () => void;
}

/** Where a feed gets its parts. Both throw errors that `toProblem` can tell; of those, a 503 says that trying again may help. */
export interface FeedSource {
  /** Whether its caller may still read, and the database still is the one that it was. */
  check(): Promise<void>;
  part(since: number, waitMs: number, signal: AbortSignal): Promise<FeedPart>;
}

export interface FeedContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: FeedSettings;
  /** Told how much text a client is about to be told. */
  readonly onTold: (sizeBytes: number) => void;
  /** Told of every error that a client was told in a feed that had begun. */
  readonly onRefused: (error: unknown) => void;
}

/** Clients that are sent away at the same time come back within this time, not at once. */
const SPREAD_MS = 1_000;
const MIN_PAUSE_MS = 200;
const MAX_PAUSE_MS = 2_000;
const UNAVAILABLE = 503;

/**
 * One change feed to one client: parts in a row, each asked for from where the one before ended. So there is no gap and no repetition,
 * whoever serves the next part; what the client has is told by the ids that it saw, never by the gateway.
 *
 *     check rights → part (waits at the worker) → check rights → client takes it → …
 *
 * While no worker serves it the feed stays and asks again, until that has lasted for `maxTroubleMs`. It ends by an error event, or
 * without one when it is only to be continued by another connection: after `lifetimeMs`, and when the gateway drains.
 */
export class Feed {
  private readonly stopping = new AbortController();
  /** Why it was stopped, if the client has to know. */
  private refusal: unknown;
  private troubledSince: Instant | undefined;
  private readonly timers = new Set<Timer>();

  constructor(
    private readonly source: FeedSource,
    private readonly connection: Pick<FeedConnection, 'gone' | 'write' | 'beat' | 'end'>,
    private readonly requestId: string,
    private readonly context: FeedContext,
  ) {}

  /** Ends it soon, to be resumed by its client. */
  stop(): void {
    this.stopping.abort();
  }

  /** @param first its client has been told nothing of it. Resolves when the feed is over, and never rejects. */
  async run(first: FeedPart): Promise<void> {
    const { gone } = this.connection;
    const { lifetimeMs } = this.context.settings;
    const stop = (): void => this.stop();
    gone.addEventListener('abort', stop, { once: true });
    if (gone.aborted) stop();
    this.after(lifetimeMs, stop);
    this.watch();
    try {
      await this.tell(first);
      await this.follow(first.through);
    } catch (error) {
      this.refusal ??= error;
    }
    for (const timer of this.timers) timer.cancel();
    gone.removeEventListener('abort', stop);
    this.end();
    // Whatever waits or holds room on its behalf lets go.
    this.stop();
  }

  private async follow(since: number): Promise<void> {
    const { clock, settings } = this.context;
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        const askedAt = clock.monotonic();
        const through = await this.next(since, signal);
        this.troubledSince = undefined;
        // A worker that is about to give the database up does not wait.
        if (through === since && clock.monotonic() - askedAt < settings.emptyPauseMs)
          await this.pause(settings.emptyPauseMs);
        since = through;
      } catch (error) {
        if (!signal.aborted) await this.endure(error);
      }
    }
  }

  /** @returns how far the client has been told now */
  private async next(since: number, signal: AbortSignal): Promise<number> {
    await this.source.check();
    const part = await this.source.part(since, this.context.settings.waitMs, signal);
    // It may have waited for long.
    await this.source.check().catch((error: unknown) => {
      part.taken();
      throw error;
    });
    await this.tell(part);
    return part.through;
  }

  /** What the client is not told now it is told when it resumes. */
  private async tell({ text, taken }: FeedPart): Promise<void> {
    const { signal } = this.stopping;
    if (!signal.aborted) {
      this.context.onTold(text.byteLength);
      await this.connection.write(text, signal);
    }
    taken();
  }

  /** Waits where that may help. @throws the error where it does not, or has not for too long */
  private async endure(error: unknown): Promise<void> {
    const { clock, settings } = this.context;
    const { status, body } = toProblem(error, this.requestId);
    this.troubledSince ??= instant(clock);
    if (status !== UNAVAILABLE || elapsedMsSince(clock, this.troubledSince) >= settings.maxTroubleMs) throw error;
    await this.pause(Math.min(Math.max(body.retryAfterMs ?? 0, MIN_PAUSE_MS), MAX_PAUSE_MS));
  }

  private pause(ms: number): Promise<void> {
    return this.context.clock.sleep(ms, this.stopping.signal).catch(() => undefined);
  }

  /** While nothing happens: the client hears that the connection is alive, and a key that was revoked ends it. */
  private watch(): void {
    const { heartbeatMs } = this.context.settings;
    this.after(heartbeatMs, () => {
      this.connection.beat();
      this.source.check().catch((error: unknown) => {
        if (toProblem(error, this.requestId).status === UNAVAILABLE) return;
        this.refusal ??= error;
        this.stop();
      });
      this.watch();
    });
  }

  private after(ms: number, act: () => void): void {
    const timer = this.context.clock.schedule(ms, () => {
      this.timers.delete(timer);
      act();
    });
    this.timers.add(timer);
  }

  private end(): void {
    const { random, settings, onRefused } = this.context;
    if (this.refusal === undefined) return this.connection.end(Math.ceil(random.fraction() * SPREAD_MS));
    onRefused(this.refusal);
    const { body } = toProblem(this.refusal, this.requestId);
    this.connection.end(Math.max(settings.retryMs, body.retryAfterMs ?? 0), JSON.stringify(body));
  }
}
