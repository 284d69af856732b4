import type { Entry } from '../entry.js';
import { compareEntries, compareKeys } from '../entry.js';
import { KEY_VERSIONS_BYTES } from '../head/version-retention.js';
import type { Cursor } from '../read/cursor.js';

/**
 * Merges cursors key by key with all versions of each. Cursors are kept in the order of where they stand: in a merge one of them is mostly far
 * ahead of the others for a while, and then one comparison tells that it still comes first.
 */
export class EntryMerge {
  /** The versions of the present key, newest first, each once; changed in place by {@link next}. */
  readonly versions: Entry[] = [];
  /** Versions of the present key that were passed over because there are too many of it to hold. */
  passedOver = 0;
  private readonly order: Cursor[] = [];

  /** The key that comes next, undefined at the end. */
  get nextKey(): Uint8Array | undefined {
    return this.order[0]?.entry?.key;
  }

  /** A cursor that stands where the merge is, or further on; may join at any time. */
  join(cursor: Cursor): void {
    if (cursor.entry === undefined) return;
    this.order.unshift(cursor);
    this.settle();
  }

  /** Takes the next key. The merge is not at its end. */
  next(): Promise<void> | undefined {
    this.versions.length = 0;
    this.passedOver = 0;
    return this.gather(this.nextKey as Uint8Array, 0);
  }

  private gather(key: Uint8Array, bytesBefore: number): Promise<void> | undefined {
    let bytes = bytesBefore;
    for (;;) {
      const first = this.order[0];
      const entry = first?.entry;
      if (first === undefined || entry === undefined || compareKeys(entry.key, key) !== 0) return undefined;
      const last = this.versions[this.versions.length - 1];
      // A version may come twice: an L0 file takes over inline entries that a file before it covers already.
      if (last?.version.sequence !== entry.version.sequence) {
        if (bytes > KEY_VERSIONS_BYTES) this.passedOver++;
        else {
          this.versions.push(entry);
          bytes += key.byteLength + entry.value.byteLength;
        }
      }
      const pending = first.advance();
      if (pending !== undefined) return pending.then(() => this.settle()).then(() => this.gather(key, bytes));
      this.settle();
    }
  }

  /** The first has moved on: back to its place. */
  private settle(): void {
    const { order } = this;
    const moved = order[0] as Cursor;
    const { entry } = moved;
    if (entry === undefined) {
      order.shift();
      return;
    }
    let place = 0;
    for (let next = order[1]; next !== undefined && isAfter(entry, next.entry as Entry); next = order[place + 1]) {
      order[place++] = next;
    }
    order[place] = moved;
  }
}

function isAfter(a: Entry, b: Entry): boolean {
  return compareEntries(a, b) > 0;
}
