import type { Clock, DatabaseId, Linked } from '@leasehold/foundation';
import { Recency } from '@leasehold/foundation';

import type { OwnedDatabase } from './owned-database.js';
import type { OwnershipSettings } from './settings.js';

/** The handle, its place in a map and a list, and what its session's log knows of it. */
const HANDLE_BYTES = 1_000;

/** Decoded heads kept for databases that are not used at the moment: what a request of each would cost to decode again is some 20 µs. */
const MAX_AWAKE = 16_384;
/** A database without a request for so long is put to rest: longer than the pauses of somebody who clicks around. */
const REST_AFTER_MS = 10_000;
/** Heads packed in one go: some 20 ms of work. */
const RESTS_AT_A_TIME = 1_000;

class Holding implements Linked<Holding> {
  newer: Holding | undefined;
  older: Holding | undefined;
  sizeBytes = 0;
  isResting = false;

  constructor(readonly database: OwnedDatabase) {}
}

/**
 * The handles of the databases that a session owns, by id and by when they were last used.
 *
 *     used → awake ──(10 s, or too many)──► resting ──(idle, or over the budget)──► to be given up
 *              ▲────────── used ──────────────┘
 *
 * A hundred thousand of them lie here, so nothing walks or sorts them: who is next to rest or to go is at the end of a list.
 */
export class OpenDatabases {
  private readonly holdings = new Map<DatabaseId, Holding>();
  private readonly awake = new Recency<Holding>();
  private readonly resting = new Recency<Holding>();
  private bytes = 0;

  constructor(
    private readonly clock: Clock,
    private readonly settings: OwnershipSettings,
  ) {}

  get count(): number {
    return this.holdings.size;
  }

  /** What they take of memory, about, without their unflushed commits. */
  get sizeBytes(): number {
    return this.bytes;
  }

  get(databaseId: DatabaseId): OwnedDatabase | undefined {
    return this.holdings.get(databaseId)?.database;
  }

  all(): readonly OwnedDatabase[] {
    return Array.from(this.holdings.values(), ({ database }) => database);
  }

  add(database: OwnedDatabase): void {
    const holding = new Holding(database);
    this.holdings.set(database.id, holding);
    this.awake.add(holding);
    this.weigh(holding);
    if (this.awake.size > MAX_AWAKE && this.awake.oldest) this.putToRest(this.awake.oldest);
  }

  /** An operation on it is over. */
  used(database: OwnedDatabase): void {
    const holding = this.holdings.get(database.id);
    if (holding?.database !== database) return;
    if (holding.isResting) {
      this.resting.remove(holding);
      holding.isResting = false;
      this.awake.add(holding);
    } else {
      this.awake.touch(holding);
    }
    this.weigh(holding);
  }

  /** Its head was looked at and has changed, though nobody used it. */
  flushed(databaseId: DatabaseId): void {
    const holding = this.holdings.get(databaseId);
    if (holding === undefined) return;
    if (holding.isResting) holding.database.rest();
    this.weigh(holding);
  }

  /** False when it was not here, or another handle of the same database is. */
  remove(database: OwnedDatabase): boolean {
    const holding = this.holdings.get(database.id);
    if (holding?.database !== database) return false;
    this.holdings.delete(database.id);
    (holding.isResting ? this.resting : this.awake).remove(holding);
    this.bytes -= holding.sizeBytes;
    return true;
  }

  /** Packs what was not used for a while; the rest of them with the next call. */
  rest(): void {
    const since = this.clock.monotonic() - REST_AFTER_MS;
    for (let rested = 0; rested < RESTS_AT_A_TIME; rested++) {
      const { oldest } = this.awake;
      if (oldest === undefined || oldest.database.lastUsedAt > since) return;
      this.putToRest(oldest);
    }
  }

  /** Those to be given up, the longest unused first: idle for too long, or more than the budgets of databases and bytes allow. */
  *surplus(): Generator<OwnedDatabase, void, undefined> {
    const { idleReleaseMs, maxOpenDatabases, openDatabasesBytes } = this.settings;
    const now = this.clock.monotonic();
    let tooMany = this.count - maxOpenDatabases;
    let tooLarge = this.bytes - openDatabasesBytes;
    for (const list of [this.resting, this.awake]) {
      for (const holding of list.fromOldest()) {
        const { database } = holding;
        const isIdle = now - database.lastUsedAt >= idleReleaseMs;
        if (!isIdle && tooMany <= 0 && tooLarge <= 0) return;
        tooMany -= 1;
        tooLarge -= holding.sizeBytes;
        yield database;
      }
    }
  }

  private putToRest(holding: Holding): void {
    holding.database.rest();
    this.awake.remove(holding);
    this.resting.add(holding);
    holding.isResting = true;
    this.weigh(holding);
  }

  private weigh(holding: Holding): void {
    const { database } = holding;
    // Unflushed commits have a budget of their own, and flushes that nobody waits for change them.
    const sizeBytes = HANDLE_BYTES + database.sizeBytes - database.unflushedBytes;
    this.bytes += sizeBytes - holding.sizeBytes;
    holding.sizeBytes = sizeBytes;
  }
}
