import type { Entry, KeyRange } from '../entry.js';
import { compareKeys } from '../entry.js';
import type { Block } from '../format/sst-block.js';
import type { SstIndex } from '../format/sst-index.js';
import type { Cursor } from '../read/cursor.js';
import type { FileMap } from './file-map.js';

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
export interface BlockSource {
  mapInMemory(): FileMap | undefined;
  blockInMemory(block: number): Block | undefined;
  map(): Promise<FileMap>;
  blocks(from: number, to: number): Promise<readonly Block[]>;
}

/** Over the entries of one file within a range of keys. Decodes some sixteen entries at a time; a promise only where something is fetched. */
export class SstCursor implements Cursor {
  entry: Entry | undefined;
  /** Those of one group of the block that are in the range, in the order of the cursor. */
  private entries: readonly Entry[] = [];
  private slot = 0;
  private block: Block | undefined;
  /** The next group of `block`; past either end when there is none. */
  private group = 0;
  /** Blocks fetched and not begun, in the order of the cursor. */
  private readonly fetched: Block[] = [];
  private index: SstIndex | undefined;
  /** The next block to begin, and the first beyond the range in the cursor's direction. */
  private nextBlock = 0;
  private endBlock = 0;
  private isFirstBlock = true;
  private fetchBytes: number;

  constructor(
    private readonly file: BlockSource,
    private readonly range: KeyRange,
    private readonly options: CursorOptions,
  ) {
    this.fetchBytes = options.firstFetchBytes;
  }

  start(): Promise<void> | undefined {
    const map = this.file.mapInMemory();
    if (map !== undefined) return this.begin(map.index);
    return this.file.map().then(({ index }) => this.begin(index));
  }

  advance(): Promise<void> | undefined {
    this.slot++;
    if (this.slot < this.entries.length) {
      this.entry = this.entries[this.slot];
      return undefined;
    }
    return this.fill();
  }

  private begin(index: SstIndex): Promise<void> | undefined {
    this.index = index;
    const { start, end } = this.range;
    const first = start === undefined ? 0 : index.firstAtOrAfter(start);
    // The block that holds the end key may begin below it.
    const last = end === undefined ? index.count - 1 : Math.min(index.firstAtOrAfter(end), index.count - 1);
    this.nextBlock = this.options.reverse ? last : first;
    this.endBlock = this.options.reverse ? first - 1 : last + 1;
    return this.fill();
  }

  /** Moves to the next entry in the range that lies in another group. */
  private fill(): Promise<void> | undefined {
    this.entry = undefined;
    this.entries = [];
    this.slot = 0;
    for (;;) {
      const { block } = this;
      if (block !== undefined && this.group >= 0 && this.group < block.groups) {
        this.takeGroup(block);
        if (this.entries.length === 0) continue;
        this.entry = this.entries[0];
        return undefined;
      }
      if (this.blocksLeft() <= 0) return undefined;
      const next = this.fetched.shift() ?? this.file.blockInMemory(this.nextBlock);
      if (next === undefined) return this.fetch().then(() => this.fill());
      this.enter(next);
    }
  }

  private blocksLeft(): number {
    return this.options.reverse ? this.nextBlock - this.endBlock : this.endBlock - this.nextBlock;
  }

  private enter(block: Block): void {
    const { start, end } = this.range;
    const { reverse } = this.options;
    this.block = block;
    this.nextBlock += reverse ? -1 : 1;
    this.group = reverse ? block.groups - 1 : 0;
    const from = reverse ? end : start;
    if (this.isFirstBlock && from !== undefined) this.group = block.groupBefore(from);
    this.isFirstBlock = false;
  }

  private takeGroup(block: Block): void {
    const { start, end } = this.range;
    const { reverse } = this.options;
    const entries = block.entriesOf(this.group);
    this.group += reverse ? -1 : 1;
    let from = 0;
    let to = entries.length;
    if (start !== undefined) while (from < to && compareKeys((entries[from] as Entry).key, start) < 0) from++;
    if (end !== undefined) while (to > from && compareKeys((entries[to - 1] as Entry).key, end) >= 0) to--;
    // Beyond the far bound there is nothing more.
    if (reverse ? from > 0 : to < entries.length) this.stopAfterThis();
    const inRange = from === 0 && to === entries.length ? entries : entries.slice(from, to);
    this.entries = reverse ? inRange.reverse() : inRange;
  }

  private stopAfterThis(): void {
    this.group = -1;
    this.nextBlock = this.endBlock;
  }

  private async fetch(): Promise<void> {
    const index = this.index as SstIndex;
    const step = this.options.reverse ? -1 : 1;
    let count = 1;
    let bytes = index.length(this.nextBlock);
    for (const left = this.blocksLeft(); count < left; count++) {
      const block = this.nextBlock + count * step;
      bytes += index.length(block);
      if (bytes > this.fetchBytes || this.file.blockInMemory(block) !== undefined) break;
    }
    const from = this.options.reverse ? this.nextBlock - count + 1 : this.nextBlock;
    const blocks = await this.file.blocks(from, from + count);
    this.fetched.push(...(this.options.reverse ? [...blocks].reverse() : blocks));
    this.fetchBytes = Math.min(Math.max(this.fetchBytes, bytes) * 2, this.options.mostFetchBytes);
  }
}
