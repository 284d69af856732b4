import type { Commit } from '@leasehold/engine';
import { Memtable } from '@leasehold/engine';

/**
 * Commits that were accepted and that no confirmed head contains yet.
 *
 *     put → active → (freeze) → frozen → in a confirmed head (drop)
 *
 * At most one memtable is frozen at a time: what a failed flush has left behind goes first.
 */
export class WriteBuffer {
  private active = new Memtable();
  private older: Memtable | undefined;

  put(commit: Commit): void {
    this.active.put(commit);
  }

  /** Newest first, as views want them. */
  get memtables(): readonly Memtable[] {
    return this.older ? [this.active, this.older] : [this.active];
  }

  get sizeBytes(): number {
    return this.active.sizeBytes + (this.older?.sizeBytes ?? 0);
  }

  get activeBytes(): number {
    return this.active.sizeBytes;
  }

  /** Newer than the head, older than what is put now: being flushed, or left behind by a flush that failed. */
  get frozen(): Memtable | undefined {
    return this.older;
  }

  /** True when a flush of what is frozen would leave newer commits behind. */
  get hasUnfrozen(): boolean {
    return !this.active.isEmpty;
  }

  /** What has to be flushed first: the frozen memtable, which is made of the active one if there is none. */
  freeze(): Memtable | undefined {
    if (this.older === undefined && !this.active.isEmpty) {
      this.older = this.active.freeze();
      this.active = new Memtable();
    }
    return this.older;
  }

  /** A confirmed head contains the frozen memtable. */
  drop(flushed: Memtable): void {
    if (this.older === flushed) this.older = undefined;
  }
}
