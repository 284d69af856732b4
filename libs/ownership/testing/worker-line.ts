import type {
  CallOptions,
  GetOptions,
  ListOptions,
  ListPage,
  ObjectStore,
  PutCondition,
  PutOutcome,
  StoredObject,
  StoreVerb,
} from '@leasehold/object-store';
import { StoreUnavailableError } from '@leasehold/object-store';

export interface LineRequest {
  readonly verb: StoreVerb;
  readonly key: string;
}

/**
 * - `cut`: fails at once; nothing arrives
 * - `lose`: arrives; the answer is lost
 * - `hold`: waits in the worker, as when its process stands still, and arrives when it goes on. A caller that gives up before
 *   has no answer, and the request arrives all the same.
 * - `hold-answer`: arrives; the answer waits
 */
export type Trouble = 'cut' | 'lose' | 'hold' | 'hold-answer';

interface TroubledKeys {
  readonly trouble: Trouble;
  readonly prefix: string;
  readonly verbs: readonly StoreVerb[];
  readonly over: Promise<void>;
  readonly end: () => void;
}

const ALL_VERBS: readonly StoreVerb[] = ['get', 'put', 'delete', 'list'];

/** The line between one worker and the bucket: notes what goes over it, and can be troubled. */
export class WorkerLine implements ObjectStore {
  readonly requests: LineRequest[] = [];
  private troubled: TroubledKeys[] = [];
  private readonly left: TroubledKeys[] = [];

  constructor(private readonly store: ObjectStore) {}

  /** Until {@link mend}; for keys that begin with `prefix`, by default all. */
  trouble(trouble: Trouble, prefix = '', verbs = ALL_VERBS): void {
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => (end = resolve));
    this.troubled.push({ trouble, prefix, verbs, over, end });
  }

  /** New requests pass; what is held stays so until {@link mend}. */
  letPass(): void {
    this.left.push(...this.troubled.splice(0));
  }

  /** Ends all trouble; what was held goes on. */
  mend(): void {
    this.letPass();
    for (const { end } of this.left.splice(0)) end();
  }

  /** Requests for keys that begin so, since the last {@link forget}. */
  count(verb: StoreVerb, prefix = ''): number {
    return this.requests.filter((request) => request.verb === verb && request.key.startsWith(prefix)).length;
  }

  forget(): void {
    this.requests.length = 0;
  }

  get(key: string, options?: GetOptions): Promise<StoredObject | 'not-modified' | undefined> {
    return this.pass('get', key, options, () => this.store.get(key, options));
  }

  put(key: string, body: Uint8Array, condition: PutCondition, options?: CallOptions): Promise<PutOutcome> {
    // Without the signal: what is under way when a caller gives up arrives nevertheless.
    return this.pass('put', key, options, () => this.store.put(key, body, condition)).catch(
      (cause: unknown): PutOutcome => ({ outcome: 'unknown', cause }),
    );
  }

  delete(key: string, options?: CallOptions): Promise<void> {
    return this.pass('delete', key, options, () => this.store.delete(key));
  }

  list(prefix: string, options?: ListOptions): Promise<ListPage> {
    return this.pass('list', prefix, options, () => this.store.list(prefix, options));
  }

  private async pass<T>(
    verb: StoreVerb,
    key: string,
    options: CallOptions | undefined,
    send: () => Promise<T>,
  ): Promise<T> {
    this.requests.push({ verb, key });
    const found = this.troubled.find(({ prefix, verbs }) => key.startsWith(prefix) && verbs.includes(verb));
    switch (found?.trouble) {
      case undefined:
        return send();
      case 'cut':
        throw new StoreUnavailableError('the line is cut');
      case 'lose':
        await send();
        throw new StoreUnavailableError('the answer is lost');
      case 'hold':
        return patient(found.over.then(send), options?.signal);
      case 'hold-answer': {
        const answer = await send();
        return patient(
          found.over.then(() => answer),
          options?.signal,
        );
      }
    }
  }
}

async function patient<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  answer.catch(() => undefined);
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new StoreUnavailableError('the caller gave up'));
    if (signal?.aborted) return giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
    answer.then(resolve, reject).finally(() => signal?.removeEventListener('abort', giveUp));
  });
}
