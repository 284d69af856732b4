import type { Clock } from '@leasehold/foundation';

import type {
  CallOptions,
  GetOptions,
  ListOptions,
  ListPage,
  ObjectStore,
  PutCondition,
  PutOutcome,
  StoredObject,
} from './object-store.js';

export type StoreVerb = 'get' | 'put' | 'delete' | 'list';

/** One finished call. */
export interface StoreCall {
  readonly verb: StoreVerb;
  /** `unknown` for a put without a clear answer, `unavailable` for any other call without one. */
  readonly outcome: 'done' | 'absent' | 'not-modified' | 'refused' | 'unknown' | 'unavailable';
  /** Of the object's body, in the direction that the verb implies. */
  readonly bodyBytes: number;
  readonly durationMs: number;
  /** Of the request for which alone the call was made. */
  readonly traceparent?: string;
}

/** Passes every call through and tells an observer about it: for metrics, and for tests that count round trips. */
export class MeteredStore implements ObjectStore {
  constructor(
    private readonly store: ObjectStore,
    private readonly clock: Clock,
    private readonly observe: (call: StoreCall) => void,
  ) {}

  get(key: string, options?: GetOptions): Promise<StoredObject | 'not-modified' | undefined> {
    return this.measure('get', options, this.store.get(key, options), (answer) => {
      if (answer === undefined) return { outcome: 'absent', bodyBytes: 0 };
      if (answer === 'not-modified') return { outcome: 'not-modified', bodyBytes: 0 };
      return { outcome: 'done', bodyBytes: answer.body.byteLength };
    });
  }

  put(key: string, body: Uint8Array, condition: PutCondition, options?: CallOptions): Promise<PutOutcome> {
    const answer = this.store.put(key, body, condition, options);
    return this.measure('put', options, answer, ({ outcome }) => ({ outcome, bodyBytes: body.byteLength }));
  }

  delete(key: string, options?: CallOptions): Promise<void> {
    return this.measure('delete', options, this.store.delete(key, options), () => ({ outcome: 'done', bodyBytes: 0 }));
  }

  list(prefix: string, options?: ListOptions): Promise<ListPage> {
    return this.measure('list', options, this.store.list(prefix, options), () => ({ outcome: 'done', bodyBytes: 0 }));
  }

  private async measure<T>(
    verb: StoreVerb,
    options: CallOptions | undefined,
    call: Promise<T>,
    describe: (answer: T) => Pick<StoreCall, 'outcome' | 'bodyBytes'>,
  ): Promise<T> {
    const begunAt = this.clock.monotonic();
    const observe = (seen: Pick<StoreCall, 'outcome' | 'bodyBytes'>): void => {
      const durationMs = this.clock.monotonic() - begunAt;
      this.observe({ verb, ...seen, durationMs, traceparent: options?.traceparent });
    };
    try {
      const answer = await call;
      observe(describe(answer));
      return answer;
    } catch (error) {
      observe({ outcome: 'unavailable', bodyBytes: 0 });
      throw error;
    }
  }
}
