import type { SessionId } from '@leasehold/foundation';
import type { Head, Memtable, StoredHead } from '@leasehold/engine';
import { FLUSH_SETTINGS, flushInto, holds, sstWriterOfFlush } from '@leasehold/engine';

import type { OwnershipContext } from './context.js';
import { FencedError, HandleClosedError } from './errors.js';

/** While writes wait for a compaction, how often the owner looks whether it is done: nobody tells it. */
const LOOK_INTERVAL_MS = 1_000;

/**
 * The head of a database that this session owns at one epoch, as it was last seen, and every edit that its owner makes of it.
 * Compaction and gc edit it too, at the same epoch: then ours is made again on top of theirs (H1).
 */
export class HeldHead {
  private readonly claim: Pick<Head, 'epoch' | 'owner'>;
  private fenced = false;
  private lookedAt = Number.NEGATIVE_INFINITY;

  /** @param stored a confirmed claim (P2) */
  constructor(
    private readonly ctx: OwnershipContext,
    private stored: StoredHead,
  ) {
    this.claim = { epoch: stored.head.epoch, owner: stored.head.owner };
  }

  get head(): Head {
    return this.stored.head;
  }

  /** At which it is held; {@link head} may be of the next one, once it was given up. */
  get epoch(): number {
    return this.claim.epoch;
  }

  /** The session that holds it. */
  get owner(): SessionId | undefined {
    return this.claim.owner;
  }

  /** True once the bucket was seen to name another owner or epoch: nothing of this database may be served any more. */
  get isFenced(): boolean {
    return this.fenced;
  }

  /**
   * One CAS: the memtable goes in (durable commits only, H5), and `owner` is what the head names from then on. May be called
   * again after an error, with the same memtable.
   * @throws FencedError; UnknownOutcomeError, HeadContentionError
   */
  async swapIn(memtable: Memtable | undefined, owner: SessionId | undefined): Promise<void> {
    const writeSst = sstWriterOfFlush(this.ctx);
    const edit = await this.ctx.heads.edit(this.stored, async (head) => ({
      ...(memtable ? await flushInto(head, memtable, FLUSH_SETTINGS, writeSst) : head),
      owner,
    }));
    const releases = owner !== this.claim.owner;
    // A database that was given up may have its next owner already; one that is kept may not.
    if (edit.outcome !== 'done' || (!releases && !holds(edit.stored.head, this.claim))) {
      this.fenced = true;
      throw new FencedError();
    }
    this.adopt(edit.stored);
  }

  /** Reads the head again. @throws HandleClosedError when it is no longer ours; StoreUnavailableError */
  async reload(): Promise<void> {
    const present = await this.ctx.heads.load(this.head.databaseId);
    if (present === undefined || !holds(present.head, this.claim)) {
      this.fenced = true;
      throw new HandleClosedError('the database was taken over');
    }
    this.adopt(present);
  }

  /**
   * L0 is full. Asks for a compaction, and looks whether one has been there: without a write there is no flush, and without a
   * flush nothing else would show its work.
   */
  waitForCompaction(): void {
    const now = this.ctx.clock.monotonic();
    if (now - this.lookedAt < LOOK_INTERVAL_MS) return;
    this.lookedAt = now;
    const { databaseId } = this.head;
    this.ctx.events.compactionWanted(databaseId);
    this.reload().catch((error: unknown) => this.ctx.events.failed('reload', databaseId, error));
  }

  /** An answer may have been overtaken by a later one. */
  private adopt(seen: StoredHead): void {
    if (seen.head.trail.edits > this.stored.head.trail.edits) this.stored = seen;
  }
}
