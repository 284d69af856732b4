import type { DatabaseId, SessionId } from '@leasehold/foundation';

interface Hint {
  readonly owner: SessionId;
  /** On a watch that counts uses. */
  usedAt: number;
}

/** Of all, the share of uses after which a use counts as one of long ago. */
const RECENT_SHARE = 1 / 8;

/**
 * Who answered last for a database: only a guess where to ask first, the worker decides (R1). Holds at most `capacity`
 * databases; one that has not been used for long leaves, the least recently used first.
 *
 * One that was used lately keeps its place: a Map in which an entry is taken out and put back for each request is made anew all the time, and
 * what is made anew drags what the old one held into the long-lived part of the heap.
 */
export class OwnerHints {
  private readonly owners = new Map<DatabaseId, Hint>();
  private uses = 0;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.owners.size;
  }

  get(database: DatabaseId): SessionId | undefined {
    const hint = this.owners.get(database);
    if (hint !== undefined) this.remember(database, hint.owner);
    return hint?.owner;
  }

  remember(database: DatabaseId, owner: SessionId): void {
    const known = this.owners.get(database);
    const usedAt = ++this.uses;
    if (known?.owner === owner && usedAt - known.usedAt < this.capacity * RECENT_SHARE) return;
    this.owners.delete(database);
    this.owners.set(database, { owner, usedAt });
    if (this.owners.size <= this.capacity) return;
    for (const oldest of this.owners.keys()) {
      this.owners.delete(oldest);
      break;
    }
  }

  /** Drops the hint if it still names this owner. */
  forget(database: DatabaseId, owner: SessionId): void {
    if (this.owners.get(database)?.owner === owner) this.owners.delete(database);
  }
}
