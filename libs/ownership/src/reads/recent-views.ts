import type { Head, View } from '@leasehold/engine';

interface RecentView {
  readonly of: object;
  readonly head: Head;
  /** Wall ms at which it judges expiries. */
  readonly now: number;
  readonly view: View;
}

/** Databases that are read within the same ms are few; one that is idle keeps no view, and with it no memtable that was flushed. */
const VIEWS = 256;

/**
 * Views that can be used again: of a database whose head and last commit have not changed, within the same ms. One place for every
 * 256th database, and the last one who comes has it.
 */
export class RecentViews {
  private readonly views: (RecentView | undefined)[] = new Array<RecentView | undefined>(VIEWS).fill(undefined);
  private places = 0;

  /** A place to give to {@link get}, shared with few others. */
  place(): number {
    this.places = (this.places + 1) % VIEWS;
    return this.places;
  }

  get(place: number, of: object, head: Head, now: number): View | undefined {
    const recent = this.views[place];
    if (recent === undefined || recent.of !== of || recent.now !== now || recent.head !== head) return undefined;
    return recent.view;
  }

  /** The same, whenever it was made: for who tells it the time. */
  latest(place: number, of: object, head: Head): View | undefined {
    const recent = this.views[place];
    return recent === undefined || recent.of !== of || recent.head !== head ? undefined : recent.view;
  }

  set(place: number, of: object, head: Head, now: number, view: View): void {
    this.views[place] = { of, head, now, view };
  }

  /** A commit was accepted: its view is of the past. */
  drop(place: number, of: object): void {
    if (this.views[place]?.of === of) this.views[place] = undefined;
  }
}
