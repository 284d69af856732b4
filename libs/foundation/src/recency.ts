/** What an item has of its place in a {@link Recency}; only that one may change it. */
export interface Linked<T> {
  newer: T | undefined;
  older: T | undefined;
}

/** Items by when they were last used. Every step costs the same however many there are. */
export class Recency<T extends Linked<T>> {
  private newest: T | undefined;
  private oldestItem: T | undefined;
  private count = 0;

  get size(): number {
    return this.count;
  }

  get oldest(): T | undefined {
    return this.oldestItem;
  }

  /** As just used. It must not be in any list. */
  add(item: T): void {
    item.older = this.newest;
    item.newer = undefined;
    if (this.newest) this.newest.newer = item;
    this.newest = item;
    this.oldestItem ??= item;
    this.count += 1;
  }

  /** It must be in this list. */
  remove(item: T): void {
    if (item.newer) item.newer.older = item.older;
    else this.newest = item.older;
    if (item.older) item.older.newer = item.newer;
    else this.oldestItem = item.newer;
    item.newer = undefined;
    item.older = undefined;
    this.count -= 1;
  }

  /** It was used now. */
  touch(item: T): void {
    if (item === this.newest) return;
    this.remove(item);
    this.add(item);
  }

  /** The longest unused first. The item at hand may be touched or removed on the way; others may not. */
  *fromOldest(): Generator<T, void, undefined> {
    for (let item = this.oldestItem; item !== undefined;) {
      const next: T | undefined = item.newer;
      yield item;
      item = next;
    }
  }
}
