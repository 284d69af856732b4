import { createHash } from 'node:crypto';

import type { Clock } from '@leasehold/foundation';

import { listPage, selectRange } from './listing.js';
import { assertObjectKey } from './object-key.js';
import { OrderedKeys } from './ordered-keys.js';
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
import { StoreUnavailableError } from './store-errors.js';

class Stored {
  private knownEtag: string | undefined;

  constructor(
    readonly body: Uint8Array,
    readonly lastModifiedAt: number,
  ) {}

  /** When somebody asks: segments of a log are put, and deleted, without anybody who wants to know. */
  get etag(): string {
    return (this.knownEtag ??= contentEtag(this.body));
  }
}

/**
 * Objects in this process's memory, for tests and for throw-away databases. As in S3 the ETag is the MD5 of the content: equal content gives an
 * equal ETag, so that code which forgets its nonce fails here too.
 */
export class MemoryStore implements ObjectStore {
  private readonly objects = new Map<string, Stored>();
  private readonly keys = new OrderedKeys();

  constructor(private readonly clock: Clock) {}

  async get(key: string, options: GetOptions = {}): Promise<StoredObject | 'not-modified' | undefined> {
    assertObjectKey(key);
    if (options.signal?.aborted)
      throw new StoreUnavailableError('read was abandoned', { cause: options.signal.reason });
    const stored = this.objects.get(key);
    if (!stored) return undefined;
    if (options.ifNoneMatch === stored.etag) return 'not-modified';
    const { start, end } = selectRange(stored.body.byteLength, options.range);
    return {
      body: stored.body.slice(start, end),
      etag: stored.etag,
      sizeBytes: stored.body.byteLength,
      lastModifiedAt: stored.lastModifiedAt,
    };
  }

  async put(key: string, body: Uint8Array, condition: PutCondition, options: CallOptions = {}): Promise<PutOutcome> {
    assertObjectKey(key);
    if (options.signal?.aborted) return { outcome: 'unknown', cause: options.signal.reason };
    const present = this.objects.get(key);
    const holds = condition === 'create' ? present === undefined : present?.etag === condition.match;
    if (!holds) return { outcome: 'refused' };
    // A copy without spare capacity: the caller's bytes are often a view on a larger buffer.
    const stored = new Stored(copyOf(body), this.clock.now());
    this.objects.set(key, stored);
    this.keys.add(key);
    return {
      outcome: 'done',
      get etag() {
        return stored.etag;
      },
    };
  }

  async delete(key: string, options: CallOptions = {}): Promise<void> {
    assertObjectKey(key);
    if (options.signal?.aborted)
      throw new StoreUnavailableError('delete was abandoned', { cause: options.signal.reason });
    if (this.objects.delete(key)) this.keys.delete(key);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    if (options.signal?.aborted)
      throw new StoreUnavailableError('list was abandoned', { cause: options.signal.reason });
    return listPage(this.keys, prefix, options, (key) => {
      const { body, etag, lastModifiedAt } = this.objects.get(key) as Stored;
      return { etag, sizeBytes: body.byteLength, lastModifiedAt };
    });
  }
}

/** What S3 calls the ETag of an object that was put whole. */
export function contentEtag(body: Uint8Array): string {
  return createHash('md5').update(body).digest('hex');
}

/** Never a Buffer, whose `slice` is a view on what is kept here. */
function copyOf(body: Uint8Array): Uint8Array {
  const copy = new Uint8Array(body.byteLength);
  copy.set(body);
  return copy;
}
