import type { DatabaseId, SessionId } from '@leasehold/foundation';
import type { DatabaseOptions, Head, Memtable, Warming } from '@leasehold/engine';
import { adoptFiles, FLUSH_SETTINGS, flushInto, holds, sstWriterOfFlush, StoredHead } from '@leasehold/engine';

import type { OwnershipContext } from './context.js';
import { FencedError, HandleClosedError } from './errors.js';
import { PackedHead, unpackedBytes } from './packed-head.js';

/** While writes wait for a compaction, how often the owner looks whether it is done: nobody tells it. */
const LOOK_INTERVAL_MS = 1_000;

/**
 * The head of a database that this session owns at one epoch, as it was last seen, and every edit that its owner makes of it.
 * Compaction and gc edit it too, at the same epoch: then ours is made again on top of theirs (H1).
 *
 * While its database rests the head is kept packed; whoever asks for it unpacks it.
 */
export class HeldHead {
  readonly databaseId: DatabaseId;
  /** At which it is held; {@link head} may be of the next one, once it was given up. */
  readonly epoch: number;
  /** The session that holds it. */
  readonly owner: SessionId | undefined;
  private fenced = false;
  private lookedAt = Number.NEGATIVE_INFINITY;
  private kept: StoredHead | PackedHead;
  /** Of the files that the last edits brought. */
  private warming: Warming | undefined;
  private edits: number;
  /** What the database is to have, where somebody has said so. */
  private wanted: DatabaseOptions | undefined;
  /** Of what is kept; undefined until somebody asks. */
  private weightBytes: number | undefined;

  /** @param stored a confirmed claim (P2) */
  constructor(
    private readonly ctx: OwnershipContext,
    stored: StoredHead,
  ) {
    this.kept = stored;
    this.edits = stored.head.trail.edits;
    this.databaseId = stored.head.databaseId;
    this.epoch = stored.head.epoch;
    this.owner = stored.head.owner;
  }

  get head(): Head {
    return this.stored.head;
  }

  /** What it takes of memory, about. */
  get sizeBytes(): number {
    const { kept } = this;
    this.weightBytes ??= kept instanceof PackedHead ? kept.sizeBytes : unpackedBytes(kept.head);
    return this.weightBytes;
  }

  /** Nobody is about to ask for it. */
  rest(): void {
    this.cool();
    if (!(this.kept instanceof PackedHead)) this.keep(new PackedHead(this.kept));
  }

  /**
   * From now on the database has these options (H2). They are in the bucket with its next flush, or when it is given up: nothing that was
   * acknowledged depends on them, and who opens it next is told them anew.
   */
  want(options: DatabaseOptions): void {
    if (isSame(options, this.wanted ?? this.head.options)) return;
    this.wanted = options;
    this.keep(withOptions(this.stored, options));
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
    const edit = await this.ctx.heads.edit(this.stored, async (found) => {
      const head = this.wanted === undefined ? found : { ...found, options: this.wanted };
      // Somebody has found this session's log damaged, and everything stays as it is until someone has looked (L3).
      if (head.quarantined) return undefined;
      const contained = memtable
        ? await flushInto(head, memtable, FLUSH_SETTINGS, writeSst, this.ctx.clock.now())
        : head;
      return { ...contained, owner };
    });
    const releases = owner !== this.owner;
    // A database that was given up may have its next owner already; one that is kept may not.
    if (edit.outcome !== 'done' || (!releases && !holds(edit.stored.head, this))) {
      this.fence();
      throw new FencedError();
    }
    this.adopt(edit.stored);
  }

  /** Reads the head again. @throws HandleClosedError when it is no longer ours; StoreUnavailableError */
  async reload(): Promise<void> {
    const present = await this.ctx.heads.load(this.databaseId);
    if (present === undefined || !holds(present.head, this) || present.head.quarantined) {
      this.fence();
      throw new HandleClosedError('the database was taken over, or quarantined');
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
    const { databaseId } = this;
    this.ctx.events.compactionWanted(databaseId);
    this.reload().catch((error: unknown) => this.ctx.events.failed('reload', databaseId, error));
  }

  /** An answer may have been overtaken by a later one. */
  private adopt(seen: StoredHead): void {
    if (seen.head.trail.edits <= this.edits) return;
    this.warm(seen.head);
    this.keep(this.wanted === undefined ? seen : withOptions(seen, this.wanted));
    this.edits = seen.head.trail.edits;
  }

  /** Reads go on from memory when a compaction has replaced their files. */
  private warm(to: Head): void {
    const { kept, ctx } = this;
    // Nobody reads a database at rest.
    if (kept instanceof PackedHead || to.owner !== this.owner) {
      this.cool();
      return;
    }
    const files = { store: ctx.store, cache: ctx.blocks };
    const warming = adoptFiles({ from: kept.head, to, files, now: ctx.clock.now(), earlier: this.warming });
    this.warming = warming;
    void warming?.ended.then(() => {
      if (this.warming === warming) this.warming = undefined;
    });
  }

  private fence(): void {
    this.fenced = true;
    this.cool();
  }

  private cool(): void {
    this.warming?.stop();
    this.warming = undefined;
  }

  private get stored(): StoredHead {
    if (!(this.kept instanceof PackedHead)) return this.kept;
    const stored = this.kept.unpack();
    this.keep(stored);
    return stored;
  }

  private keep(kept: StoredHead | PackedHead): void {
    this.kept = kept;
    this.weightBytes = undefined;
  }
}

function withOptions({ head, etag, lastModifiedAt }: StoredHead, options: DatabaseOptions): StoredHead {
  return new StoredHead({ ...head, options }, etag, lastModifiedAt);
}

function isSame(a: DatabaseOptions, b: DatabaseOptions): boolean {
  return a.retentionMs === b.retentionMs && a.maxBytes === b.maxBytes;
}
