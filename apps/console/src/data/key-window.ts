/** A part of the listing, as it was read. */
export interface WindowPage<Entry> {
  readonly entries: readonly Entry[];
  /** Leads to the next page; null: this was the last. */
  readonly cursor: string | null;
}

/** How much of a listing is held. */
export interface WindowBounds {
  /** Pages that are held at the same time. */
  readonly heldPages: number;
}

/**
 * What is known of a long listing while somebody scrolls through it: where each page that was passed begins, and the entries of those
 * around the place that is looked at. Of a million keys a few thousand are held; what was scrolled away is read again when it comes back in sight.
 * Immutable: each step gives another window.
 */
export class KeyWindow<Entry> {
  private constructor(
    private readonly bounds: WindowBounds,
    /** Of the pages that were read, in order: how to read them again. Undefined is the beginning. */
    private readonly starts: readonly (string | undefined)[],
    /** Row behind the last one of each page that was read. */
    private readonly ends: readonly number[],
    private readonly held: ReadonlyMap<number, readonly Entry[]>,
    /** Whether the last page that was read is the last there is. */
    readonly isWhole: boolean,
  ) {}

  static empty<Entry>(bounds: WindowBounds): KeyWindow<Entry> {
    return new KeyWindow(bounds, [undefined], [], new Map(), false);
  }

  /** Rows that are known of; there are more behind them while the window is not whole. */
  get knownRows(): number {
    return this.ends.at(-1) ?? 0;
  }

  get heldEntries(): number {
    return [...this.held.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Undefined: not known, or not held at the moment. */
  entryAt(row: number): Entry | undefined {
    const page = this.pageOf(row);
    return this.held.get(page)?.[row - this.beginOf(page)];
  }

  /** The pages that have to be read for these rows to be there, nearest to the first one in front; the one behind the last that is known as well, when it is reached. */
  missing(first: number, last: number): readonly number[] {
    const wanted: number[] = [];
    for (let page = this.pageOf(first); page < this.starts.length; page += 1) {
      if (this.beginOf(page) > last) break;
      if (!this.held.has(page)) wanted.push(page);
    }
    return wanted;
  }

  /** With which cursor a page is read. */
  startOf(page: number): string | undefined {
    return this.starts[page];
  }

  /** With a page that was read. Those that lie farthest from it make room. */
  with(page: number, { entries, cursor }: WindowPage<Entry>): KeyWindow<Entry> {
    const isNew = page === this.ends.length;
    const held = new Map([...this.held, [page, entries] as const]);
    const farthestFirst = [...held.keys()].sort((one, other) => Math.abs(other - page) - Math.abs(one - page));
    for (const far of farthestFirst.slice(0, Math.max(0, held.size - this.bounds.heldPages))) held.delete(far);
    if (!isNew) return new KeyWindow(this.bounds, this.starts, this.ends, held, this.isWhole);
    const ends = [...this.ends, this.knownRows + entries.length];
    const starts = cursor === null ? this.starts : [...this.starts, cursor];
    return new KeyWindow(this.bounds, starts, ends, held, cursor === null);
  }

  private beginOf(page: number): number {
    return page === 0 ? 0 : (this.ends[page - 1] ?? 0);
  }

  /** The page that a row lies in; that behind the last one for rows that are not known. */
  private pageOf(row: number): number {
    let [low, high] = [0, this.ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ends[middle] ?? 0) > row) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
