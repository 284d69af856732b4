import type { Clock } from '@leasehold/foundation';
import { CallLatency, hedge, HedgeBudget } from '@leasehold/object-store';
import type { CallOptions, ObjectStore, PutCondition, PutOutcome } from '@leasehold/object-store';

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
 */
export class HedgedStore implements ObjectStore {
  private readonly latency = new CallLatency();
  private readonly budget: HedgeBudget;

  constructor(
    private readonly store: ObjectStore,
    private readonly clock: Clock,
    /** Of all puts; 0 hedges none. */
    private readonly share: number,
  ) {
    this.budget = new HedgeBudget(share);
  }

  get: ObjectStore['get'] = (...call) => this.store.get(...call);
  delete: ObjectStore['delete'] = (...call) => this.store.delete(...call);
  list: ObjectStore['list'] = (...call) => this.store.list(...call);

  async put(key: string, body: Uint8Array, condition: PutCondition, options: CallOptions = {}): Promise<PutOutcome> {
    if (this.share === 0) return this.store.put(key, body, condition, options);
    this.budget.earn();
    const begunMs = this.clock.monotonic();
    const answer = await hedge(this.clock, this.budget, {
      send: (signal) => this.store.put(key, body, condition, { ...options, signal }),
      isClear: ({ outcome }) => outcome !== 'unknown',
      afterMs: this.latency.expectedMs(body.byteLength),
      signal: options.signal,
    });
    if (answer.outcome === 'done') this.latency.add(this.clock.monotonic() - begunMs, body.byteLength);
    return answer;
  }
}
