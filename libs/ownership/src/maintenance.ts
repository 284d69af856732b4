import { LOOSE_LIMIT_SEGMENTS } from '@leasehold/commit-log';
import type { DatabaseId, Timer } from '@leasehold/foundation';

import type { OwnershipContext } from './context.js';
import type { Databases } from './databases.js';

/** Head edits under way at a time; maintenance must not crowd out the writes of tenants. */
const CONCURRENT_EDITS = 16;
/** L4: while the unflushed bytes are between half full and full, so many databases are flushed in a turn; past that, all. */
const PACED_FLUSHES = 64;

/** L5: rollups keep the log shorter than this; where it gets so long they cannot be written, and flushes are the way out. */
const STUCK_SEGMENTS = 0.875 * LOOSE_LIMIT_SEGMENTS;
/** Of those whose commits lie in the oldest segments, in a turn. */
const UNSTUCK_FLUSHES = 16;

interface Job {
  readonly what: 'release' | 'flush' | 'settle';
  readonly databaseId: DatabaseId;
  readonly act: () => Promise<void>;
}

/**
 * Gives idle databases up, and flushes those whose memtables are full or that hold most of what is unflushed.
 *
 * Every database is a job of its own, as many at a time as there is room for, and a job that ends makes room for the next one:
 * one that hangs holds up nobody else. Errors are reported and the next turn tries again.
 */
export class Maintenance {
  private timer: Timer | undefined;
  private stopped = false;
  private readonly underWay = new Map<DatabaseId, Promise<void>>();
  /** Whose job of this turn has ended, well or not: nothing more of them before the next turn. */
  private readonly handled = new Set<DatabaseId>();
  private pacedLeft = 0;
  private unstuckLeft = 0;

  constructor(
    private readonly ctx: OwnershipContext,
    private readonly databases: Databases,
  ) {}

  start(): void {
    if (this.stopped) return;
    this.timer = this.ctx.clock.schedule(this.ctx.settings.maintenanceIntervalMs, () => {
      this.turn();
      this.start();
    });
  }

  /** Begins nothing more. Resolves when what is under way is over. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.idle();
  }

  /** One turn, and all that comes of it. */
  async run(): Promise<void> {
    this.turn();
    await this.idle();
  }

  private turn(): void {
    this.handled.clear();
    this.pacedLeft = PACED_FLUSHES;
    this.unstuckLeft = UNSTUCK_FLUSHES;
    this.databases.rest();
    this.begin();
  }

  private async idle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay.values());
  }

  /** As many jobs as there is room for. */
  private begin(): void {
    if (this.stopped) return;
    for (const job of this.due()) {
      if (this.underWay.size >= CONCURRENT_EDITS) return;
      if (this.underWay.has(job.databaseId) || this.handled.has(job.databaseId)) continue;
      this.underWay.set(job.databaseId, this.do(job));
    }
  }

  private async do({ what, databaseId, act }: Job): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.ctx.events.failed(what, databaseId, error);
    }
    this.underWay.delete(databaseId);
    this.handled.add(databaseId);
    this.begin();
  }

  private *due(): Generator<Job, void, undefined> {
    const { databases } = this;
    for (const database of databases.surplus()) {
      yield { what: 'release', databaseId: database.id, act: () => databases.release(database) };
    }
    for (const databaseId of databases.dirty.overdue) yield this.flush(databaseId);
    // L3: memory is all that is left of these.
    for (const databaseId of this.ctx.log.blockers()) yield this.flush(databaseId);
    for (const databaseId of databases.unsettled) {
      yield { what: 'settle', databaseId, act: () => databases.settle(databaseId) };
    }
    yield* this.pressed();
    yield* this.stuck();
  }

  /** L4: bytes, not age, force flushes. What is on its way already counts as flushed. */
  private *pressed(): Generator<Job, void, undefined> {
    const { dirty } = this.databases;
    const { maxUnflushedBytes } = this.ctx.settings;
    let bytes = Math.max(dirty.sizeBytes, this.ctx.log.unflushedBytes());
    for (const databaseId of dirty.largest()) {
      if (bytes <= maxUnflushedBytes / 2) return;
      if (!this.underWay.has(databaseId)) {
        if (bytes <= maxUnflushedBytes && this.pacedLeft-- <= 0) return;
        yield this.flush(databaseId);
      }
      bytes -= dirty.sizeOf(databaseId);
    }
  }

  private *stuck(): Generator<Job, void, undefined> {
    const { log } = this.ctx;
    if (this.unstuckLeft <= 0 || log.looseSegments() < STUCK_SEGMENTS) return;
    for (const databaseId of log.laggards().slice(0, this.unstuckLeft)) {
      this.unstuckLeft -= 1;
      yield this.flush(databaseId);
    }
  }

  private flush(databaseId: DatabaseId): Job {
    return {
      what: 'flush',
      databaseId,
      act: async () => {
        await this.databases.get(databaseId)?.flush();
        this.databases.dirty.clearOverdue(databaseId);
      },
    };
  }
}
