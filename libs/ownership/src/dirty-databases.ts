import type { DatabaseId } from '@leasehold/foundation';

interface Dirt {
  sizeBytes: number;
  /** Whole binary logarithm of it: which class it is in. */
  magnitude: number;
}

/**
 * Which open databases have commits in memory that no head contains, and how much.
 *
 * They lie in classes by the power of two of their bytes, so that the largest are found without a look at the others: a
 * hundred thousand tenants with one small write each are a hundred thousand entries that nobody walks. Inside a class the one that came first
 * comes first.
 */
export class DirtyDatabases {
  private readonly dirt = new Map<DatabaseId, Dirt>();
  private readonly classes: Set<DatabaseId>[] = [];
  private readonly waiting = new Set<DatabaseId>();
  private bytes = 0;

  /** Estimated memory of all of it. */
  get sizeBytes(): number {
    return this.bytes;
  }

  get count(): number {
    return this.dirt.size;
  }

  /** Full, or left behind by a flush that failed: they are not a matter of how much the others hold. */
  get overdue(): ReadonlySet<DatabaseId> {
    return this.waiting;
  }

  sizeOf(databaseId: DatabaseId): number {
    return this.dirt.get(databaseId)?.sizeBytes ?? 0;
  }

  /** What is unflushed of a database now; 0 when its last commit went into a confirmed head, or it is not open any more. */
  set(databaseId: DatabaseId, sizeBytes: number): void {
    const dirt = this.dirt.get(databaseId);
    this.bytes += sizeBytes - (dirt?.sizeBytes ?? 0);
    if (sizeBytes === 0) {
      if (dirt !== undefined) this.classes[dirt.magnitude]?.delete(databaseId);
      this.dirt.delete(databaseId);
      this.waiting.delete(databaseId);
      return;
    }
    const magnitude = Math.floor(Math.log2(sizeBytes));
    if (dirt === undefined) this.dirt.set(databaseId, { sizeBytes, magnitude });
    else {
      // Every commit comes here, and few of them change the class.
      dirt.sizeBytes = sizeBytes;
      if (dirt.magnitude === magnitude) return;
      this.classes[dirt.magnitude]?.delete(databaseId);
      dirt.magnitude = magnitude;
    }
    (this.classes[magnitude] ??= new Set()).add(databaseId);
  }

  setOverdue(databaseId: DatabaseId): void {
    if (this.dirt.has(databaseId)) this.waiting.add(databaseId);
  }

  /** A flush has brought something of it into the head, or goes about it now. */
  clearOverdue(databaseId: DatabaseId): void {
    this.waiting.delete(databaseId);
  }

  /** The largest first, by class: each put of a head frees as much as one can. */
  *largest(): Generator<DatabaseId, void, undefined> {
    for (let magnitude = this.classes.length - 1; magnitude >= 0; magnitude--) yield* this.classes[magnitude] ?? [];
  }
}
