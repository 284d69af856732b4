import type { ServerResponse } from 'node:http';

import type { Clock } from '@leasehold/foundation';
import { EVENT_STREAM_MEDIA_TYPE, formatEvent, HEARTBEAT } from '@leasehold/protocol';

import type { FeedSettings } from './feed-settings.js';

export const FEED_HEADERS = {
  'content-type': EVENT_STREAM_MEDIA_TYPE,
  'cache-control': 'no-store',
  // Proxies that collect answers would keep events back.
  'x-accel-buffering': 'no',
} as const;

/** How a feed is told: what its answer says of itself, and what is written beside what happens. */
export interface FeedForm {
  readonly headers: Readonly<Record<string, string>>;
  /** So that the connection is not silent. */
  readonly heartbeat: string | Uint8Array;
  /** The first that a client hears, and how long it waits before it comes back. */
  readonly opening: (retryMs: number) => string | undefined;
  /** The last that it hears. @param problem what went wrong, if something did, as JSON */
  readonly ending: (retryMs: number, problem: string | undefined) => string | undefined;
}

/** Server-sent events. */
const EVENTS: FeedForm = {
  headers: FEED_HEADERS,
  heartbeat: HEARTBEAT,
  opening: (retryMs) => formatEvent({ retryMs }),
  ending: (retryMs, problem) =>
    formatEvent({ retryMs, ...(problem === undefined ? {} : { event: 'error', data: problem }) }),
};

/** A client gets so long for the end of a feed, and for what it has not taken before. */
const LAST_WORDS_MS = 5_000;

type FeedPace = Pick<FeedSettings, 'takeMs' | 'minTakenBytesPerMs'>;

/** The client's end of a feed: what is written to it is in memory until the client has taken it, and that for a bounded time. */
export class FeedConnection {
  private readonly leaving = new AbortController();
  private isTaking = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly clock: Clock,
    private readonly pace: FeedPace,
    private readonly form: FeedForm = EVENTS,
  ) {
    if (response.destroyed) this.leaving.abort();
    else response.once('close', () => this.leaving.abort());
  }

  /** Aborts when the client is gone, or was too slow. */
  get gone(): AbortSignal {
    return this.leaving.signal;
  }

  /** @param headers that other parts of the service have set already */
  open(headers: Readonly<Record<string, number | string | string[] | undefined>>, retryMs: number): void {
    this.response.writeHead(200, { ...headers, ...this.form.headers });
    const opening = this.form.opening(retryMs);
    if (opening === undefined) this.response.flushHeaders();
    else this.response.write(opening);
  }

  /**
   * Resolves when the client has taken it, is gone, or is not waited for any more. One that does not take it in time is cut off: it resumes
   * where it was.
   */
  async write(text: Uint8Array, signal: AbortSignal): Promise<void> {
    if (text.byteLength === 0 || this.gone.aborted) return;
    if (this.response.write(text)) return;
    const { takeMs, minTakenBytesPerMs } = this.pace;
    const timer = this.clock.schedule(takeMs + text.byteLength / minTakenBytesPerMs, () => this.response.destroy());
    this.isTaking = true;
    const signals = [this.gone, signal];
    await new Promise<void>((resolve) => {
      const over = (): void => {
        this.response.off('drain', over);
        for (const each of signals) each.removeEventListener('abort', over);
        resolve();
      };
      this.response.once('drain', over);
      for (const each of signals) each.addEventListener('abort', over, { once: true });
      if (signals.some(({ aborted }) => aborted)) over();
    });
    this.isTaking = false;
    timer.cancel();
  }

  /** So that no connection is silent for long. What a client has still to take is sign of life enough. */
  beat(): void {
    if (!this.isTaking && !this.gone.aborted) this.response.write(this.form.heartbeat);
  }

  /** The last that the client hears: what went wrong, if something did, and when to come back. */
  end(retryMs: number, problem?: string): void {
    if (this.gone.aborted) return;
    const timer = this.clock.schedule(LAST_WORDS_MS, () => this.response.destroy());
    this.response.once('close', () => timer.cancel());
    const ending = this.form.ending(retryMs, problem);
    if (ending === undefined) this.response.end();
    else this.response.end(ending);
  }
}
