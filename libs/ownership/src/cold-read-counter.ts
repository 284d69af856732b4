import type { Clock, DatabaseId } from '@leasehold/foundation';

/** Databases remembered at once; the oldest is forgotten first, which only delays a claim. */
const MAX_COUNTED = 10_000;

/** Counts reads of databases that nobody owns, to tell when a lease would be cheaper. */
export class ColdReadCounter {
  private readonly counts = new Map<DatabaseId, { reads: number; readonly sinceAt: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly windowMs: number,
    private readonly claimAfterReads: number,
  ) {}

  /** Counts one more read; true when the database has been read so often within the window that it should be claimed. */
  shouldClaim(databaseId: DatabaseId): boolean {
    const now = this.clock.monotonic();
    const known = this.counts.get(databaseId);
    if (known !== undefined && now - known.sinceAt < this.windowMs) {
      known.reads += 1;
      if (known.reads < this.claimAfterReads) return false;
      this.counts.delete(databaseId);
      return true;
    }
    this.counts.delete(databaseId);
    this.counts.set(databaseId, { reads: 1, sinceAt: now });
    for (const oldest of this.counts.keys()) {
      if (this.counts.size <= MAX_COUNTED) break;
      this.counts.delete(oldest);
    }
    return this.claimAfterReads <= 1;
  }
}
