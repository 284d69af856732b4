import { createHash } from 'node:crypto';

import type { Clock } from '@leasehold/foundation';

import type { Body } from './body-pieces.js';
import { BodyPieces } from './body-pieces.js';
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

/** No object has it. */
const NO_ETAG = 'deleted before anybody asked';

class Stored {
  private knownEtag: string | undefined;

  constructor(
    readonly body: Body,
    readonly lastModifiedAt: number,
  ) {}

  /** When somebody asks: segments of a log are put, and deleted, without anybody who wants to know. */
  get etag(): string {
    return (this.knownEtag ??= etagOf(this.body));
  }

  /** Its memory is somebody else's from now on. */
  leave(): void {
    this.knownEtag ??= NO_ETAG;
  }
}

/**
 * Objects in this process's memory, for tests and for throw-away databases. As in S3 the ETag is the MD5 of the content: equal content gives an
 * equal ETag, so that code which forgets its nonce fails here too.
 */
export class MemoryStore implements ObjectStore {
  private readonly objects = new Map<string, Stored>();
  private readonly keys = new OrderedKeys();
  private readonly pieces = new BodyPieces();

  constructor(private readonly clock: Clock) {}

  async get(key: string, options: GetOptions = {}): Promise<StoredObject | 'not-modified' | undefined> {
    assertObjectKey(key);
    if (options.signal?.aborted)
      throw new StoreUnavailableError('read was abandoned', { cause: options.signal.reason });
    const stored = this.objects.get(key);
    if (!stored) return undefined;
    if (options.ifNoneMatch === stored.etag) return 'not-modified';
    const { start, end } = selectRange(stored.body.sizeBytes, options.range);
    return {
      body: stored.body.slice(start, end),
      etag: stored.etag,
      sizeBytes: stored.body.sizeBytes,
      lastModifiedAt: stored.lastModifiedAt,
    };
  }

  async put(key: string, body: Uint8Array, condition: PutCondition, options: CallOptions = {}): Promise<PutOutcome> {
    assertObjectKey(key);
    if (options.signal?.aborted) return { outcome: 'unknown', cause: options.signal.reason };
    const present = this.objects.get(key);
    const holds = condition === 'create' ? present === undefined : present?.etag === condition.match;
    if (!holds) return { outcome: 'refused' };
    const stored = new Stored(this.pieces.copyOf(body), this.clock.now());
    if (present !== undefined) this.letGo(present);
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
    const present = this.objects.get(key);
    if (present === undefined) return;
    this.letGo(present);
    this.objects.delete(key);
    this.keys.delete(key);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    if (options.signal?.aborted)
      throw new StoreUnavailableError('list was abandoned', { cause: options.signal.reason });
    return listPage(this.keys, prefix, options, (key) => {
      const { body, etag, lastModifiedAt } = this.objects.get(key) as Stored;
      return { etag, sizeBytes: body.sizeBytes, lastModifiedAt };
    });
  }

  private letGo(stored: Stored): void {
    stored.leave();
    this.pieces.release(stored.body);
  }
}

/** What S3 calls the ETag of an object that was put whole. */
export function contentEtag(body: Uint8Array): string {
  return etagOf([body]);
}

function etagOf(parts: Iterable<Uint8Array>): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
