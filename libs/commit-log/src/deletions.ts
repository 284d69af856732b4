import { forEachBounded } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

const CONCURRENT_DELETES = 8;
/** Keys that wait, failed ones among them; what is dropped beyond lies below the floor and hurts nobody (S6). */
const WAITING_LIMIT = 10_000;

/** Deletes objects that nobody needs any more, in the background. What fails is tried again with the next ones. */
export class Deletions {
  private waiting: string[] = [];
  private running = false;

  constructor(private readonly store: ObjectStore) {}

  add(keys: Iterable<string>): void {
    for (const key of keys) this.keep(key);
    if (!this.running && this.waiting.length > 0) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    let failed: number;
    do {
      const due = this.waiting;
      this.waiting = [];
      failed = 0;
      await forEachBounded(due, CONCURRENT_DELETES, async (key) => {
        await this.store.delete(key).catch(() => {
          failed++;
          this.keep(key);
        });
      });
      // Those that came meanwhile; failures alone wait for company, or a store that is down would be asked without end.
    } while (this.waiting.length > failed);
    this.running = false;
  }

  private keep(key: string): void {
    if (this.waiting.length < WAITING_LIMIT) this.waiting.push(key);
  }
}
