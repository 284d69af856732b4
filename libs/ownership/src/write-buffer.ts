import type { Commit } from '@leasehold/engine';
import { Memtable } from '@leasehold/engine';

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

  put(commit: Commit): void {
    this.active ??= new Memtable();
    this.active.put(commit);
  }

  /** Newest first, as views want them. */
  get memtables(): readonly Memtable[] {
    const { active, older } = this;
    if (active === undefined) return older ? [older] : NOTHING;
    return older ? [active, older] : [active];
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
    }
    return this.older;
  }

  /** A confirmed head contains the frozen memtable. */
  drop(flushed: Memtable): void {
    if (this.older === flushed) this.older = undefined;
  }
}
