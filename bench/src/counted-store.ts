import type { Clock } from '@leasehold/foundation';
import type { ListPage, ObjectStore, PutOutcome, StoredObject } from '@leasehold/object-store';
import { MemoryStore } from '@leasehold/object-store';

/** What one request takes in virtual time; requests sent together take it once, so elapsed time counts trips in sequence. */
export const ROUND_TRIP_MS = 10;

/** A bucket in memory at a fixed distance, which counts what it is asked. */
export class CountedStore implements ObjectStore {
  requests = 0;
  private readonly bucket: MemoryStore;

  constructor(private readonly clock: Clock) {
    this.bucket = new MemoryStore(clock);
  }

  async get(...args: Parameters<ObjectStore['get']>): Promise<StoredObject | 'not-modified' | undefined> {
    await this.travel();
    return this.bucket.get(...args);
  }

  async put(...args: Parameters<ObjectStore['put']>): Promise<PutOutcome> {
    await this.travel();
    return this.bucket.put(...args);
  }

  async delete(...args: Parameters<ObjectStore['delete']>): Promise<void> {
    await this.travel();
    return this.bucket.delete(...args);
  }

  async list(...args: Parameters<ObjectStore['list']>): Promise<ListPage> {
    await this.travel();
    return this.bucket.list(...args);
  }

  private travel(): Promise<void> {
    this.requests++;
    return this.clock.sleep(ROUND_TRIP_MS);
  }
}
