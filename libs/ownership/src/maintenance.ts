import type { DatabaseId, Timer } from '@leasehold/foundation';

import { forEachBounded } from './bounded.js';
import type { OwnershipContext } from './context.js';
import type { Databases } from './databases.js';
import type { OwnedDatabase } from './owned-database.js';

/** Head edits under way at a time; maintenance must not crowd out the writes of tenants. */
const CONCURRENT_EDITS = 8;
/** L4: while the log is between half full and full, so many databases are flushed in a turn; past that, all that hold it back. */
const PACED_FLUSHES = 64;

/**
 * Gives idle databases up, and flushes those whose memtables are full or that hold the log back. Errors are reported and the
 * next turn tries again.
 */
export class Maintenance {
  private timer: Timer | undefined;
  private turn: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly ctx: OwnershipContext,
    private readonly databases: Databases,
  ) {}

  start(): void {
    if (this.stopped) return;
    this.timer = this.ctx.clock.schedule(this.ctx.settings.maintenanceIntervalMs, () => {
      this.turn = this.run()
        .catch((error: unknown) => this.ctx.events.failed('maintenance', undefined, error))
        .then(() => this.start());
    });
  }

  /** Begins nothing more. Resolves when what is under way is over. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.turn;
  }

  /** One turn. */
  async run(): Promise<void> {
    const begunAt = this.ctx.clock.monotonic();
    await this.each(
      'release',
      this.idle(),
      (database) => database.id,
      async (database) => {
        // It may have been used while others had their turn.
        if (database.lastUsedAt <= begunAt) await this.databases.release(database);
      },
    );
    const due = this.due();
    const open = this.databases.open().filter((database) => due.has(database.id));
    await this.each(
      'flush',
      open,
      (database) => database.id,
      (database) => database.flush(),
    );
    for (const database of open) due.delete(database.id);
    await this.each(
      'settle',
      due,
      (databaseId) => databaseId,
      (databaseId) => this.databases.settle(databaseId),
    );
  }

  private idle(): readonly OwnedDatabase[] {
    const { settings, clock } = this.ctx;
    const open = [...this.databases.open()].sort((a, b) => a.lastUsedAt - b.lastUsedAt);
    const idleSince = clock.monotonic() - settings.idleReleaseMs;
    const surplus = open.length - settings.maxOpenDatabases;
    return open.filter((database, position) => database.lastUsedAt <= idleSince || position < surplus);
  }

  /** L4: bytes and segments, not age, force flushes. */
  private due(): Set<DatabaseId> {
    const { settings, log } = this.ctx;
    const open = this.databases.open();
    const full = open.filter((database) => database.wantsFlush).map((database) => database.id);
    const memoryBytes = open.reduce((sum, database) => sum + database.unflushedBytes, 0);
    const filled = Math.max(
      Math.max(memoryBytes, log.unflushedBytes()) / settings.maxUnflushedBytes,
      log.looseSegments() / settings.maxLooseSegments,
    );
    if (filled <= 0.5) return new Set(full);
    return new Set([...full, ...log.laggards().slice(0, filled > 1 ? undefined : PACED_FLUSHES)]);
  }

  private each<T>(
    what: string,
    items: Iterable<T>,
    idOf: (item: T) => DatabaseId,
    act: (item: T) => Promise<void>,
  ): Promise<void> {
    return forEachBounded(items, CONCURRENT_EDITS, async (item) => {
      if (this.stopped) return;
      await act(item).catch((error: unknown) => this.ctx.events.failed(what, idOf(item), error));
    });
  }
}
