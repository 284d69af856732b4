import type { DatabaseId, SessionId } from '@leasehold/foundation';

/**
 * Who answered last for a database: only a guess where to ask first, the worker decides (R1). Holds at most `capacity`
 * databases, the least recently used leaves.
 */
export class OwnerHints {
  private readonly owners = new Map<DatabaseId, SessionId>();

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.owners.size;
  }

  get(database: DatabaseId): SessionId | undefined {
    const owner = this.owners.get(database);
    if (owner !== undefined) this.remember(database, owner);
    return owner;
  }

  remember(database: DatabaseId, owner: SessionId): void {
    this.owners.delete(database);
    this.owners.set(database, owner);
    if (this.owners.size <= this.capacity) return;
    for (const oldest of this.owners.keys()) {
      this.owners.delete(oldest);
      break;
    }
  }

  /** Drops the hint if it still names this owner. */
  forget(database: DatabaseId, owner: SessionId): void {
    if (this.owners.get(database) === owner) this.owners.delete(database);
  }
}
