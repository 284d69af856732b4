import { elapsedMsSince, instant } from '@leasehold/foundation';
import type { Clock, Random } from '@leasehold/foundation';

import { Backoff } from './backoff.js';
import type { ObjectStore } from './object-store.js';
import { StoreUnavailableError } from './store-errors.js';

export interface ReliableReadsOptions {
  /** Attempts in all, the first included. */
  readonly maxAttempts?: number;
  /** No attempt begins later than this after the first one began. */
  readonly timeoutMs?: number;
  /** Aborts when the store is closed: nothing is repeated then, and no pause goes on. */
  readonly closed?: AbortSignal;
}

const MAX_ATTEMPTS = 8;
const TIMEOUT_MS = 15_000;

/**
 * Repeats what may be repeated: `get`, `list` and `delete`, after StoreUnavailableError, with growing pauses. A put is passed through once:
 * repeating it is the business of its settlement (P1).
 */
export function reliableReads(
  store: ObjectStore,
  clock: Clock,
  random: Random,
  options: ReliableReadsOptions = {},
): ObjectStore {
  const { maxAttempts = MAX_ATTEMPTS, timeoutMs = TIMEOUT_MS, closed } = options;

  const repeat = async <T>(call: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
    const backoff = new Backoff(random);
    const begun = instant(clock);
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof StoreUnavailableError) || attempt >= maxAttempts || signal?.aborted || closed?.aborted) {
          throw error;
        }
        const pauseMs = backoff.nextMs();
        if (elapsedMsSince(clock, begun) + pauseMs > timeoutMs) throw error;
        const either = [signal, closed].filter((one) => one !== undefined);
        await clock.sleep(pauseMs, either.length > 1 ? AbortSignal.any(either) : either[0]).catch(() => {
          throw error;
        });
      }
    }
  };

  return {
    get: (key, callOptions) => repeat(() => store.get(key, callOptions), callOptions?.signal),
    put: (key, body, condition, callOptions) => store.put(key, body, condition, callOptions),
    delete: (key, callOptions) => repeat(() => store.delete(key, callOptions), callOptions?.signal),
    list: (prefix, listOptions) => repeat(() => store.list(prefix, listOptions), listOptions?.signal),
  };
}
