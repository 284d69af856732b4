import type { Commit } from '@leasehold/engine';
import { encodeCommits, Memtable } from '@leasehold/engine';

/** One for all that have nothing: most databases of a worker, most of the time. */
const NOTHING: readonly Memtable[] = [];

/**
 * Commits that were accepted and that no confirmed head contains yet.
 *
 *     put → active → (freeze) → frozen → in a confirmed head (drop)
 *
 * At most one memtable is frozen at a time: what a failed flush has left behind goes first. There is no memtable without a
 * commit in it.
 */
export class WriteBuffer {
  private active: Memtable | undefined;
  private older: Memtable | undefined;
  private present = NOTHING;

  /** As the log has it, to be put here or given back next. */
  encode(commit: Commit): Uint8Array {
    return this.active?.encode(commit) ?? encodeCommits([commit]);
  }

  giveBack(encoded: Uint8Array): void {
    this.active?.giveBack(encoded);
  }

  /** @param encoded as `Memtable.put` */
  put(commit: Commit, encoded?: Uint8Array): void {
    if (this.active === undefined) {
      this.active = new Memtable();
      this.arrange();
    }
    this.active.put(commit, encoded);
  }

  /** Newest first, as views want them; the same array until one comes or goes. */
  get memtables(): readonly Memtable[] {
    return this.present;
  }

  get sizeBytes(): number {
    return this.activeBytes + (this.older?.sizeBytes ?? 0);
  }

  get activeBytes(): number {
    return this.active?.sizeBytes ?? 0;
  }

  /** Newer than the head, older than what is put now: being flushed, or left behind by a flush that failed. */
  get frozen(): Memtable | undefined {
    return this.older;
  }

  /** True when a flush of what is frozen would leave newer commits behind. */
  get hasUnfrozen(): boolean {
    return this.active !== undefined;
  }

  /** What has to be flushed first: the frozen memtable, which is made of the active one if there is none. */
  freeze(): Memtable | undefined {
    if (this.older === undefined && this.active !== undefined) {
      this.older = this.active.freeze();
      this.active = undefined;
      this.arrange();
    }
    return this.older;
  }

  /** A confirmed head contains the frozen memtable. */
  drop(flushed: Memtable): void {
    if (this.older !== flushed) return;
    this.older = undefined;
    this.arrange();
  }

  private arrange(): void {
    const { active, older } = this;
    if (active !== undefined) this.present = older ? [active, older] : [active];
    else this.present = older ? [older] : NOTHING;
  }
}
