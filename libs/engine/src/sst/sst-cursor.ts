import { compareBytes } from '@leasehold/foundation';

import type { Entry, KeyRange } from '../entry.js';
import type { Block } from '../format/sst-block.js';
import type { BlockHandle } from '../format/sst-index.js';
import type { SstTail } from '../format/sst-tail.js';
import type { Cursor } from '../read/cursor.js';

export interface CursorOptions {
  readonly reverse: boolean;
  /** The first fetch takes at most so many bytes of blocks (at least one block); each further one twice as many … */
  readonly firstFetchBytes: number;
  /** … up to so many. This is what a cursor holds in memory. */
  readonly mostFetchBytes: number;
}

/** A list starts with one block (most are short) and ends up fetching like a download. */
export const SCAN_FETCH: Pick<CursorOptions, 'firstFetchBytes' | 'mostFetchBytes'> = {
  firstFetchBytes: 1,
  mostFetchBytes: 256 * 1024,
};

/** A merge reads all of its inputs: few large GETs, as a request costs as much as a megabyte takes to come. */
export const MERGE_FETCH: Pick<CursorOptions, 'firstFetchBytes' | 'mostFetchBytes'> = {
  firstFetchBytes: 1024 * 1024,
  mostFetchBytes: 1024 * 1024,
};

/** What a cursor needs of a file; SstReader. */
interface BlockSource {
  tail(): Promise<SstTail>;
  blocks(from: number, to: number): Promise<readonly Block[]>;
}

/** Over the entries of one file within a range of keys. */
export class SstCursor implements Cursor {
  entry: Entry | undefined;
  private handles: readonly BlockHandle[] = [];
  /** Blocks fetched, in the order of the cursor; decoded one at a time. */
  private fetched: Block[] = [];
  private entries: Entry[] = [];
  private slot = 0;
  /** The next block to fetch, and the first beyond the range in the cursor's direction. */
  private nextBlock = 0;
  private endBlock = 0;
  private fetchBytes: number;

  constructor(
    private readonly file: BlockSource,
    private readonly range: KeyRange,
    private readonly options: CursorOptions,
  ) {
    this.fetchBytes = options.firstFetchBytes;
  }

  async start(): Promise<void> {
    const { index } = await this.file.tail();
    this.handles = index.blocks;
    const first = this.range.start === undefined ? 0 : index.firstAtOrAfter(this.range.start);
    // The block that holds the end key may begin below it.
    const last =
      this.range.end === undefined
        ? index.blocks.length - 1
        : Math.min(index.firstAtOrAfter(this.range.end), index.blocks.length - 1);
    this.nextBlock = this.options.reverse ? last : first;
    this.endBlock = this.options.reverse ? first - 1 : last + 1;
    await this.fill();
  }

  advance(): Promise<void> | undefined {
    this.slot++;
    this.entry = this.entries[this.slot];
    if (this.entry !== undefined || !this.hasMore()) return undefined;
    return this.fill();
  }

  private hasMore(): boolean {
    return this.fetched.length > 0 || this.blocksLeft() > 0;
  }

  private blocksLeft(): number {
    return this.options.reverse ? this.nextBlock - this.endBlock : this.endBlock - this.nextBlock;
  }

  /** Decodes blocks until one has an entry in the range. */
  private async fill(): Promise<void> {
    this.entry = undefined;
    while (this.entry === undefined && this.hasMore()) {
      if (this.fetched.length === 0) await this.fetch();
      const entries = (this.fetched.shift() as Block).entries().filter(({ key }) => this.contains(key));
      this.entries = this.options.reverse ? entries.reverse() : entries;
      this.slot = 0;
      this.entry = this.entries[0];
    }
  }

  private async fetch(): Promise<void> {
    const step = this.options.reverse ? -1 : 1;
    let count = 1;
    let bytes = (this.handles[this.nextBlock] as BlockHandle).length;
    for (const left = this.blocksLeft(); count < left; count++) {
      bytes += (this.handles[this.nextBlock + count * step] as BlockHandle).length;
      if (bytes > this.fetchBytes) break;
    }
    const from = this.options.reverse ? this.nextBlock - count + 1 : this.nextBlock;
    const blocks = [...(await this.file.blocks(from, from + count))];
    this.fetched = this.options.reverse ? blocks.reverse() : blocks;
    this.nextBlock += count * step;
    this.fetchBytes = Math.min(Math.max(this.fetchBytes, bytes) * 2, this.options.mostFetchBytes);
  }

  private contains(key: Uint8Array): boolean {
    const { start, end } = this.range;
    return (start === undefined || compareBytes(key, start) >= 0) && (end === undefined || compareBytes(key, end) < 0);
  }
}
