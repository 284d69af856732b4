import { Block } from '../format/sst-block.js';
import type { FileMap } from '../sst/file-map.js';
import type { BlockSource } from '../sst/sst-cursor.js';
import type { SstReader } from '../sst/sst-reader.js';

export interface ReadAheadSettings {
  /** One GET. */
  readonly chunkBytes: number;
  /** GETs under way or waiting to be used, per file. */
  readonly chunks: number;
}

/**
 * The blocks of one file from the first to the last, fetched ahead of whoever merges them; each is handed out once. What waits lies here as in
 * the file: decompressed it may be two hundred times as large.
 */
export class ReadAhead implements BlockSource {
  private readonly chunks: Promise<readonly Uint8Array[]>[] = [];
  private ready: readonly Uint8Array[] = [];
  /** The block that `ready` begins with. */
  private readyFrom = 0;
  private nextFetch = 0;
  private blocksEnd = 0;

  constructor(
    private readonly reader: SstReader,
    private readonly settings: ReadAheadSettings,
    /** Told of each chunk, as it lies in the file, when all of its blocks have been taken. */
    private readonly passed: (bytes: number) => void = () => undefined,
  ) {}

  mapInMemory(): FileMap | undefined {
    return undefined;
  }

  async map(): Promise<FileMap> {
    const map = await this.reader.map();
    if (this.blocksEnd === 0) {
      this.blocksEnd = map.index.count;
      this.fetchAhead(map);
    }
    return map;
  }

  blockInMemory(block: number): Block | undefined {
    const stored = this.ready[block - this.readyFrom];
    return stored && Block.parse(stored);
  }

  /** One at a time, in order: the others of its chunk are then in memory. */
  async blocks(from: number): Promise<readonly Block[]> {
    const map = await this.reader.map();
    const chunk = this.chunks.shift();
    if (chunk === undefined) return this.reader.blocks(from, from + 1);
    this.passed(this.ready.reduce((sum, { byteLength }) => sum + byteLength, 0));
    this.ready = await chunk;
    this.readyFrom = from;
    this.fetchAhead(map);
    return [Block.parse(this.ready[0] as Uint8Array)];
  }

  private fetchAhead({ index }: FileMap): void {
    while (this.chunks.length < this.settings.chunks && this.nextFetch < this.blocksEnd) {
      const from = this.nextFetch;
      let to = from + 1;
      while (to < this.blocksEnd && index.offset(to + 1) - index.offset(from) <= this.settings.chunkBytes) to++;
      this.nextFetch = to;
      const chunk = this.reader.storedBlocks(from, to);
      // Who awaits it hears of the failure; a merge that ends early awaits no more.
      chunk.catch(() => undefined);
      this.chunks.push(chunk);
    }
  }
}
