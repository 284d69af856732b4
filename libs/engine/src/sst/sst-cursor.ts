import type { Entry, KeyRange } from '../entry.js';
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

/** Over the entries of one file within a range of keys. Decodes an entry when it comes to it; a promise only where something is fetched. */
export class SstCursor implements Cursor {
  entry: Entry | undefined;
  private block: Block | undefined;
  /** In `block`, and the first beyond the range in the cursor's direction. */
  private place = 0;
  private endPlace = 0;
  /** Blocks fetched and not begun, in the order of the cursor. */
  private readonly fetched: Block[] = [];
  private index: SstIndex | undefined;
  /** The next block to begin, and the first beyond the range in the cursor's direction. */
  private nextBlock = 0;
  private endBlock = 0;
  private readonly step: 1 | -1;
  private fetchBytes: number;

  constructor(
    private readonly file: BlockSource,
    private readonly range: KeyRange,
    private readonly options: CursorOptions,
  ) {
    this.fetchBytes = options.firstFetchBytes;
    this.step = options.reverse ? -1 : 1;
  }

  start(): Promise<void> | undefined {
    const map = this.file.mapInMemory();
    if (map !== undefined) return this.begin(map.index);
    return this.file.map().then(({ index }) => this.begin(index));
  }

  advance(): Promise<void> | undefined {
    this.place += this.step;
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

  /** Takes the entry at the present place, or the first of the blocks that follow. */
  private fill(): Promise<void> | undefined {
    for (;;) {
      if (this.block !== undefined && this.place !== this.endPlace) {
        this.entry = this.block.entry(this.place);
        return undefined;
      }
      this.entry = undefined;
      this.block = undefined;
      if (this.blocksLeft() <= 0) return undefined;
      const next = this.fetched.shift() ?? this.file.blockInMemory(this.nextBlock);
      if (next === undefined) return this.fetch().then(() => this.fill());
      this.enter(next);
    }
  }

  private blocksLeft(): number {
    return (this.endBlock - this.nextBlock) * this.step;
  }

  /** Blocks in the middle of the range need no comparison, but asking costs little beside decoding one. */
  private enter(block: Block): void {
    const { start, end } = this.range;
    const from = start === undefined ? 0 : block.firstAtOrAfter(start);
    const to = end === undefined ? block.count : block.firstAtOrAfter(end);
    this.block = block;
    this.nextBlock += this.step;
    // A range that is empty here has both at the same place; `start` above `end` is the caller's to refuse.
    this.place = this.options.reverse ? to - 1 : from;
    this.endPlace = this.options.reverse ? from - 1 : to;
  }

  private async fetch(): Promise<void> {
    const index = this.index as SstIndex;
    const { step } = this;
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
