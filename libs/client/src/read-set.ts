import type { ByteCheck } from './byte-commit.js';
import { compareBytes, toBase64Url } from './bytes.js';
import type { Bounds } from './key-range.js';
import { isWithin, keyAfter } from './key-range.js';
import type { Version } from './options.js';

/** What a transaction has read, and so what has to be unchanged when it commits. */
export class ReadSet {
  private readonly keys = new Map<string, { readonly key: Uint8Array; readonly version: Version | null }>();
  private readonly ranges: Bounds[] = [];

  readKey(key: Uint8Array, version: Version | null): void {
    this.keys.set(toBase64Url(key), { key, version });
  }

  /**
   * Of a listing only what was shown counts: up to the last key of the pages that were read, or to the end of the range after its last page. Pages of one listing
   * are one range.
   * @param before the range that the pages before came to
   */
  readRange(range: Bounds, last: Uint8Array | undefined, reverse: boolean, before: Bounds | undefined): Bounds {
    const seen =
      last === undefined
        ? range
        : reverse
          ? { start: last, end: range.end }
          : { start: range.start, end: keyAfter(last) };
    const at = before === undefined ? -1 : this.ranges.indexOf(before);
    if (at < 0) this.ranges.push(seen);
    else this.ranges[at] = seen;
    return seen;
  }

  /** @param since the state that was read */
  checks(since: Version): ByteCheck[] {
    // A key inside of a range that is checked anyway needs no check of its own.
    const keys = [...this.keys.values()].filter(({ key }) => !this.ranges.some((range) => isWithin(key, range)));
    return [
      ...keys.sort((a, b) => compareBytes(a.key, b.key)),
      ...this.ranges.map(({ start, end }) => ({ range: { start, end }, since })),
    ];
  }
}
