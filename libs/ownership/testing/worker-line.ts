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
 * The line between one worker and the bucket. It notes what goes over it, and can be cut (every call fails at once, nothing
 * arrives) or held (calls wait in the worker, as when its process stands still, and arrive when it goes on).
 */
export class WorkerLine implements ObjectStore {
  readonly requests: LineRequest[] = [];
  private isCut = false;
  private holding: Promise<void> | undefined;
  private letGo: (() => void) | undefined;
  private readonly heldKeys: string[] = [];

  constructor(private readonly store: ObjectStore) {}

  cut(): void {
    this.isCut = true;
  }

  mend(): void {
    this.isCut = false;
  }

  /** Holds calls whose key begins with one of these; all of them by default. */
  hold(...prefixes: readonly string[]): void {
    this.heldKeys.push(...(prefixes.length === 0 ? [''] : prefixes));
    this.holding ??= new Promise((resolve) => (this.letGo = resolve));
  }

  goOn(): void {
    this.heldKeys.length = 0;
    this.letGo?.();
    this.holding = undefined;
  }

  /** How many requests went out for keys that begin so; counts anew from the last call of {@link forget}. */
  count(verb: StoreVerb, prefix = ''): number {
    return this.requests.filter((request) => request.verb === verb && request.key.startsWith(prefix)).length;
  }

  forget(): void {
    this.requests.length = 0;
  }

  async get(key: string, options?: GetOptions): Promise<StoredObject | 'not-modified' | undefined> {
    await this.pass('get', key);
    return this.store.get(key, options);
  }

  async put(key: string, body: Uint8Array, condition: PutCondition, options?: CallOptions): Promise<PutOutcome> {
    try {
      await this.pass('put', key);
    } catch (cause) {
      return { outcome: 'unknown', cause };
    }
    // What was held is sent when the process goes on, whether or not somebody still waits for it.
    return this.store.put(key, body, condition, this.heldKeys.length > 0 ? undefined : options);
  }

  async delete(key: string, options?: CallOptions): Promise<void> {
    await this.pass('delete', key);
    return this.store.delete(key, options);
  }

  async list(prefix: string, options?: ListOptions): Promise<ListPage> {
    await this.pass('list', prefix);
    return this.store.list(prefix, options);
  }

  private async pass(verb: StoreVerb, key: string): Promise<void> {
    this.requests.push({ verb, key });
    if (this.heldKeys.some((prefix) => key.startsWith(prefix))) await this.holding;
    if (this.isCut) throw new StoreUnavailableError('the line is cut');
  }
}
