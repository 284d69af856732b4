import type { Block } from '../format/sst-block.js';
import type { CacheAccount } from './cache-account.js';
import type { CacheTally } from './cache-tally.js';
import type { FileMap } from './file-map.js';

/** The slot itself, and its place in the list of its file. */
export const SLOT_OVERHEAD_BYTES = 100;

/** The file, its name and its list. */
const FILE_OVERHEAD_BYTES = 400;

/** Something of a file that is in memory, and its place in its database's queue. */
export class CacheSlot<T extends Block | FileMap = Block | FileMap> {
  isUsed = false;
  newer: CacheSlot | undefined;
  older: CacheSlot | undefined;
  readonly sizeBytes: number;

  constructor(
    readonly value: T,
    readonly file: CachedFile,
    /** Of a block; undefined for the map. */
    readonly block: number | undefined,
  ) {
    this.sizeBytes = value.sizeBytes + (block === undefined ? FILE_OVERHEAD_BYTES : SLOT_OVERHEAD_BYTES);
  }
}

/** What of one file is in memory. Who reads the file holds on to this, so that a hit looks up no name. */
export class CachedFile {
  private mapSlot: CacheSlot<FileMap> | undefined;
  private blockSlots: (CacheSlot<Block> | undefined)[] = [];
  private held = 0;
  private misses = 0;

  constructor(
    readonly name: string,
    /** Whom it is charged to. */
    public account: CacheAccount<CacheSlot>,
    private readonly tally: CacheTally,
  ) {}

  get isEmpty(): boolean {
    return this.held === 0;
  }

  map(): FileMap | undefined {
    const slot = this.mapSlot;
    return slot === undefined ? undefined : this.use(slot);
  }

  block(index: number): Block | undefined {
    const slot = this.blockSlots[index];
    if (slot === undefined) return undefined;
    this.tally.hits++;
    return this.use(slot);
  }

  /** The map, without counting as a use of it. */
  peekMap(): FileMap | undefined {
    return this.mapSlot?.value;
  }

  /** A block, likewise. */
  peek(index: number): Block | undefined {
    return this.blockSlots[index]?.value;
  }

  /** What is here. */
  slots(): CacheSlot[] {
    const slots: CacheSlot[] = this.blockSlots.filter((slot) => slot !== undefined);
    if (this.mapSlot !== undefined) slots.push(this.mapSlot);
    return slots;
  }

  /** Blocks that are here, as runs [from, to) without a gap, in order. */
  blockRuns(): (readonly [from: number, to: number])[] {
    const runs: (readonly [number, number])[] = [];
    for (let from = 0; from < this.blockSlots.length; from++) {
      let to = from;
      while (this.blockSlots[to] !== undefined) to++;
      if (to > from) runs.push([from, to]);
      from = to;
    }
    return runs;
  }

  /** A block had to be fetched for one read. Returns how many had, since the file was cold. */
  missed(): number {
    return ++this.misses;
  }

  /** For the cache. */
  holds(block: number | undefined): boolean {
    return this.slot(block) !== undefined;
  }

  /** For the cache. */
  slot(block: number | undefined): CacheSlot | undefined {
    return block === undefined ? this.mapSlot : this.blockSlots[block];
  }

  /** For the cache. */
  add(slot: CacheSlot): void {
    if (slot.block === undefined) this.mapSlot = slot as CacheSlot<FileMap>;
    else this.blockSlots[slot.block] = slot as CacheSlot<Block>;
    this.held++;
  }

  /** For the cache. */
  remove(slot: CacheSlot): void {
    if (slot.block === undefined) this.mapSlot = undefined;
    else this.blockSlots[slot.block] = undefined;
    this.held--;
    if (this.held > 0) return;
    this.blockSlots = [];
    this.misses = 0;
  }

  private use<T extends Block | FileMap>(slot: CacheSlot<T>): T {
    // Looking costs less than writing: what is hot is marked already.
    if (!slot.isUsed) slot.isUsed = true;
    if (!this.account.isTouched) this.account.isTouched = true;
    return slot.value;
  }
}
