import type { RangeDelete } from '../entry.js';
import { compareKeys, rangeContains } from '../entry.js';
import { KeySearch } from '../format/key-search.js';

/** Up to so many are looked at one by one: faster than a search, and nothing to build. */
const LINEAR_RANGE_DELETES = 4;

const indexes = new WeakMap<readonly RangeDelete[], RangeDeleteIndex>();

/**
 * Which range delete hides a key: the ranges of a list cut at all their bounds into fragments, each with the newest range delete that covers
 * it, found by one binary search. Immutable, as the list is; made when the first read needs it.
 */
export class RangeDeleteIndex {
  private bounds: KeySearch | undefined;
  /** Of the fragment that begins at a bound. */
  private newest: readonly (RangeDelete | undefined)[] = [];

  private constructor(private readonly list: readonly RangeDelete[]) {}

  /** The one of a list, made once. @param list by ascending version, never changed */
  static of(list: readonly RangeDelete[]): RangeDeleteIndex {
    let index = indexes.get(list);
    if (index === undefined) {
      index = new RangeDeleteIndex(list);
      indexes.set(list, index);
    }
    return index;
  }

  /** The newest that covers `key`, of commits up to a sequence. */
  covering(key: Uint8Array, through: number): RangeDelete | undefined {
    if (this.list.length <= LINEAR_RANGE_DELETES) return this.search(key, through);
    const newest = this.newestCovering(key);
    // Reads of the past are rare enough for the slow way.
    return newest === undefined || newest.version.sequence <= through ? newest : this.search(key, through);
  }

  private search(key: Uint8Array, through: number): RangeDelete | undefined {
    for (let i = this.list.length - 1; i >= 0; i--) {
      const rangeDelete = this.list[i] as RangeDelete;
      if (rangeDelete.version.sequence <= through && rangeContains(rangeDelete, key)) return rangeDelete;
    }
    return undefined;
  }

  private newestCovering(key: Uint8Array): RangeDelete | undefined {
    const bounds = (this.bounds ??= this.build());
    const at = bounds.firstAtOrAfter(key);
    const isBound = at < bounds.count && bounds.equals(at, key);
    return this.newest[isBound ? at : at - 1];
  }

  private build(): KeySearch {
    const keys = this.list
      .flatMap(({ start, end }) => (end === undefined ? [start] : [start, end]))
      .sort(compareKeys)
      .filter((key, i, all) => i === 0 || compareKeys(key, all[i - 1] as Uint8Array) !== 0);
    const bounds = KeySearch.of(keys) as KeySearch;
    const newest = new Array<RangeDelete | undefined>(keys.length).fill(undefined);
    /** From a fragment to the next one without a range delete: newest first, each fragment is filled once. */
    const nextFree = Array.from({ length: keys.length + 1 }, (_, i) => i);
    const free = (from: number): number => {
      let at = from;
      while (nextFree[at] !== at) {
        nextFree[at] = nextFree[nextFree[at] as number] as number;
        at = nextFree[at] as number;
      }
      return at;
    };
    for (let i = this.list.length - 1; i >= 0; i--) {
      const rangeDelete = this.list[i] as RangeDelete;
      const end = rangeDelete.end === undefined ? keys.length : bounds.firstAtOrAfter(rangeDelete.end);
      for (let at = free(bounds.firstAtOrAfter(rangeDelete.start)); at < end; at = free(at + 1)) {
        newest[at] = rangeDelete;
        nextFree[at] = at + 1;
      }
    }
    this.newest = newest;
    return bounds;
  }
}
