import type { Clock } from '@leasehold/foundation';

import type { GetOptions, ObjectStore, StoredObject } from '../object-store.js';
import { StoreUnavailableError } from '../store-errors.js';
import { CallLatency } from './call-latency.js';
import { hedge } from './hedge.js';
import { HedgeBudget } from './hedge-budget.js';

/** As many as of puts, whose hedges are the dearer ones. */
const SHARE = 0.04;

type Answer =
  { readonly object: StoredObject | 'not-modified' | undefined } | { readonly failure: StoreUnavailableError };

/**
 * A store whose `get`s are sent a second time when the first is slower than expected; the first answer wins, and the other attempt is
 * aborted. Either is a read that began after the call did, so whichever wins is as fresh as a lone one.
 *
 * @param share of all gets that may be sent twice, 4 % by default; 0 hedges none
 */
export function hedgedReads(store: ObjectStore, clock: Clock, share = SHARE): ObjectStore {
  if (share === 0) return store;
  const latency = new CallLatency();
  const budget = new HedgeBudget(share);

  const get: ObjectStore['get'] = async (key, options = {}) => {
    budget.earn();
    const begunMs = clock.monotonic();
    const answer = await hedge<Answer>(clock, budget, {
      send: async (signal) => {
        try {
          return { object: await store.get(key, { ...options, signal }) };
        } catch (failure) {
          // No answer: the other attempt may still get one.
          if (failure instanceof StoreUnavailableError) return { failure };
          throw failure;
        }
      },
      isClear: (settled) => 'object' in settled,
      afterMs: latency.expectedMs(rangeBytes(options)),
      signal: options.signal,
    });
    if ('failure' in answer) throw answer.failure;
    const { object } = answer;
    latency.add(clock.monotonic() - begunMs, typeof object === 'object' ? object.body.byteLength : 0);
    return object;
  };

  return {
    get,
    put: (key, body, condition, options) => store.put(key, body, condition, options),
    delete: (key, options) => store.delete(key, options),
    list: (prefix, options) => store.list(prefix, options),
  };
}

/** At most; of a whole object nobody knows before it is here, and most that are read whole are small. */
function rangeBytes({ range }: GetOptions): number {
  if (range === undefined) return 0;
  return 'suffix' in range ? range.suffix : range.end - range.start;
}
