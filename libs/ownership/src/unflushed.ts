import type { SessionId } from '@leasehold/foundation';
import type { Commit, Memtable } from '@leasehold/engine';

import type { HandleContext } from './context.js';
import type { DurableMark } from './durable-mark.js';
import type { HeldHead } from './held-head.js';
import { Turns } from './turns.js';
import { WriteBuffer } from './write-buffer.js';

/** One being flushed, one being filled, and as much again for a store that is slow for a while. */
const MAX_UNFLUSHED_MEMTABLES = 4;

/** What a memtable takes beside what it counts itself: measured on one with a single small commit, as most of a worker's are. */
const MEMTABLE_BYTES = 1_000;

/**
 * What the owner of a database has accepted and no head contains yet, and how it gets there.
 *
 *     memtable frozen → durable → head CAS (contained) → log told, so that segments can be trimmed
 */
export class Unflushed {
  private readonly buffer = new WriteBuffer();
  private readonly turns = new Turns();

  constructor(
    private readonly ctx: HandleContext,
    private readonly held: HeldHead,
    private readonly durable: DurableMark,
  ) {}

  /** Newest first. */
  get memtables(): readonly Memtable[] {
    return this.buffer.memtables;
  }

  get sizeBytes(): number {
    return this.buffer.sizeBytes;
  }

  /** True when the memtable that takes the commits is full. */
  get wantsFlush(): boolean {
    return this.buffer.activeBytes >= this.ctx.settings.flushBytes;
  }

  /** True when nothing more may be put before a flush has succeeded. */
  get isFull(): boolean {
    return this.buffer.sizeBytes >= MAX_UNFLUSHED_MEMTABLES * this.ctx.settings.flushBytes;
  }

  /** The commit as the log has it: what the log takes is {@link put} here before anything else, and what it refuses is given back. */
  encode(commit: Commit): Uint8Array {
    return this.buffer.encode(commit);
  }

  giveBack(encoded: Uint8Array): void {
    this.buffer.giveBack(encoded);
  }

  /** Takes an accepted commit that the durable mark tracks; flushes in the background when a memtable is full. @param encoded as `Memtable.put` */
  put(commit: Commit, encoded?: Uint8Array): void {
    this.buffer.put(commit, encoded);
    this.account();
    if (this.buffer.frozen === undefined && this.wantsFlush) this.flushInBackground();
  }

  /** Brings everything put until now into the head, and leaves `owner` in it with the last CAS. */
  flush(owner: SessionId | undefined): Promise<void> {
    return this.turns.run(async () => {
      const oldest = this.buffer.freeze();
      if (oldest === undefined || !this.buffer.hasUnfrozen) return this.swapIn(oldest, owner);
      // What a failed flush has left behind is older than the rest and goes first, still under this owner.
      await this.swapIn(oldest, this.held.owner);
      return this.swapIn(this.buffer.freeze(), owner);
    });
  }

  /** A failure leaves the memtable frozen; maintenance is told and tries again. */
  private flushInBackground(): void {
    this.buffer.freeze();
    this.turns
      .run(() => this.swapIn(this.buffer.frozen, this.held.owner))
      .catch((error: unknown) => this.ctx.events.failed('flush', this.held.databaseId, error));
  }

  private async swapIn(memtable: Memtable | undefined, owner: SessionId | undefined): Promise<void> {
    if (memtable === undefined && owner === this.held.owner) return;
    try {
      // H5: a flush contains only durable commits.
      if (memtable) await this.durable.until(memtable.lastVersion.sequence);
      await this.held.swapIn(memtable, owner);
    } catch (error) {
      this.ctx.dirty.setOverdue(this.held.databaseId);
      throw error;
    }
    if (memtable) this.contained(memtable);
    const { l0 } = this.held.head;
    if (l0.length >= this.ctx.settings.compactAtL0Files) this.ctx.events.compactionWanted(this.held.databaseId);
    this.ctx.flushed(this.held.databaseId);
    this.ctx.events.flushed?.(this.held.head);
  }

  private contained(memtable: Memtable): void {
    const { log, dirty } = this.ctx;
    const { databaseId, epoch } = this.held;
    this.buffer.drop(memtable);
    this.account();
    log.flushed(databaseId, epoch, memtable.lastVersion.sequence);
    // While one was on its way the next one may have become full.
    if (this.wantsFlush) dirty.setOverdue(databaseId);
    else dirty.clearOverdue(databaseId);
  }

  private account(): void {
    const { memtables, sizeBytes } = this.buffer;
    this.ctx.dirty.set(this.held.databaseId, sizeBytes + MEMTABLE_BYTES * memtables.length);
  }
}
