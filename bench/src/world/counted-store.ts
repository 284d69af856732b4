import type { Clock, Random } from '@leasehold/foundation';
import type { LatencyChoice, S3Operation } from '@leasehold/local-bucket';
import { drawLatencyMs } from '@leasehold/local-bucket';
import type { ListPage, ObjectStore, PutOutcome, StoredObject } from '@leasehold/object-store';
import { MemoryStore } from '@leasehold/object-store';

/** How far away the bucket is. At a fixed distance, elapsed time counts the requests that waited for one another. */
export type Distance = LatencyChoice;

export interface RequestCounts {
  readonly get: number;
  readonly put: number;
  readonly delete: number;
  readonly list: number;
}

export function countsSince(now: RequestCounts, before: RequestCounts): RequestCounts {
  return {
    get: now.get - before.get,
    put: now.put - before.put,
    delete: now.delete - before.delete,
    list: now.list - before.list,
  };
}

/** A bucket in memory at a distance, which counts what it is asked. */
export class CountedStore implements ObjectStore {
  readonly counts = { get: 0, put: 0, delete: 0, list: 0 };
  private readonly bucket: MemoryStore;

  constructor(
    private readonly clock: Clock,
    private readonly distance: Distance,
    private readonly random: Random,
  ) {
    this.bucket = new MemoryStore(clock);
  }

  get requests(): number {
    const { get, put, delete: deletes, list } = this.counts;
    return get + put + deletes + list;
  }

  async get(...args: Parameters<ObjectStore['get']>): Promise<StoredObject | 'not-modified' | undefined> {
    this.counts.get++;
    await this.travel('GetObject', 0);
    return this.bucket.get(...args);
  }

  async put(...args: Parameters<ObjectStore['put']>): Promise<PutOutcome> {
    this.counts.put++;
    await this.travel('PutObject', args[1].byteLength);
    return this.bucket.put(...args);
  }

  async delete(...args: Parameters<ObjectStore['delete']>): Promise<void> {
    this.counts.delete++;
    await this.travel('DeleteObject', 0);
    return this.bucket.delete(...args);
  }

  async list(...args: Parameters<ObjectStore['list']>): Promise<ListPage> {
    this.counts.list++;
    await this.travel('ListObjectsV2', 0);
    return this.bucket.list(...args);
  }

  private travel(operation: S3Operation, bodyBytes: number): Promise<void> {
    return this.clock.sleep(drawLatencyMs(this.distance, operation, bodyBytes, this.random));
  }
}
