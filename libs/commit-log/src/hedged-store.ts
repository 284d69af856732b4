import type { Clock } from '@leasehold/foundation';
import type { CallOptions, ObjectStore, PutCondition, PutOutcome } from '@leasehold/object-store';

import { PutLatency } from './put-latency.js';

/** Hedges that may be saved up, and how many of them there are at first. */
const SAVED_LIMIT = 4;

/**
 * A store whose puts are sent a second time, with identical bytes and condition, when the first is slower than expected.
 * The first clear answer wins, and the other attempt is aborted.
 *
 * Both attempts say the same, so it does not matter which of them lands, or that both do: the second is refused, which the
 * settlement that every put belongs to reads back and finds its own bytes (P1). The loser may also land much later, as
 * any abandoned put may: by then its number is confirmed, below the floor (S6), or, if the session ended first, closed (S3).
 *
 * Only for creations of own objects. `refused` may be answered while the other attempt is on its way, which a settlement
 * that tells a lone refusal from one after an unclear answer would take for final.
 *
 * Each put earns a share of a hedge, so that hedges stay that share of all puts however slow the store gets: a store that
 * is overloaded is not loaded twice.
 */
export class HedgedStore implements ObjectStore {
  private readonly latency = new PutLatency();
  private saved = SAVED_LIMIT;

  constructor(
    private readonly store: ObjectStore,
    private readonly clock: Clock,
    /** Of all puts; 0 hedges none. */
    private readonly share: number,
  ) {}

  get: ObjectStore['get'] = (...call) => this.store.get(...call);
  delete: ObjectStore['delete'] = (...call) => this.store.delete(...call);
  list: ObjectStore['list'] = (...call) => this.store.list(...call);

  put(key: string, body: Uint8Array, condition: PutCondition, options: CallOptions = {}): Promise<PutOutcome> {
    if (this.share === 0) return this.store.put(key, body, condition, options);
    this.saved = Math.min(SAVED_LIMIT, this.saved + this.share);
    const over = new AbortController();
    const signal = options.signal === undefined ? over.signal : AbortSignal.any([options.signal, over.signal]);
    const begunMs = this.clock.monotonic();
    return new Promise((resolve, reject) => {
      let open = 0;
      const decide = (how: () => void): void => {
        timer.cancel();
        if (over.signal.aborted) return;
        over.abort(new Error('the other of two identical puts was answered first'));
        how();
      };
      const send = (): void => {
        open++;
        this.store.put(key, body, condition, { signal }).then(
          (answer) => {
            open--;
            // Unclear: the other one, if there is one, may still get a clear answer.
            if (answer.outcome === 'unknown' && open > 0) return;
            decide(() => {
              if (answer.outcome === 'done') this.latency.add(this.clock.monotonic() - begunMs, body.byteLength);
              resolve(answer);
            });
          },
          (error: unknown) => decide(() => reject(error as Error)),
        );
      };
      const timer = this.clock.schedule(this.latency.expectedMs(body.byteLength), () => {
        if (this.saved < 1 || over.signal.aborted || options.signal?.aborted) return;
        this.saved--;
        send();
      });
      send();
    });
  }
}
