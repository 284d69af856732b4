import type { ObjectStore } from '@leasehold/object-store';

/** Passes every call on and counts those for databases and logs: what the records of sessions cost is told apart. */
export class TalliedStore implements ObjectStore {
  /** Requests for heads, files and segments. */
  ofDatabases = 0;

  constructor(private readonly store: ObjectStore) {}

  get(...args: Parameters<ObjectStore['get']>): ReturnType<ObjectStore['get']> {
    this.tally(args[0]);
    return this.store.get(...args);
  }

  put(...args: Parameters<ObjectStore['put']>): ReturnType<ObjectStore['put']> {
    this.tally(args[0]);
    return this.store.put(...args);
  }

  delete(...args: Parameters<ObjectStore['delete']>): ReturnType<ObjectStore['delete']> {
    this.tally(args[0]);
    return this.store.delete(...args);
  }

  list(...args: Parameters<ObjectStore['list']>): ReturnType<ObjectStore['list']> {
    this.tally(args[0]);
    return this.store.list(...args);
  }

  private tally(key: string): void {
    if (!key.startsWith('workers/')) this.ofDatabases++;
  }
}
