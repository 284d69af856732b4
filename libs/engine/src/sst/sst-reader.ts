import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId } from '@leasehold/foundation';
import { assert, compareBytes, CorruptBytesError, equalBytes } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

import type { Entry, KeyRange } from '../entry.js';
import { Block } from '../format/sst-block.js';
import type { KeyHash } from '../format/sst-filter.js';
import type { BlockHandle } from '../format/sst-index.js';
import type { SstRef } from '../format/sst-ref.js';
import type { SstTail } from '../format/sst-tail.js';
import { parseTail } from '../format/sst-tail.js';
import type { BlockCache } from './block-cache.js';
import { MissingFileError } from './missing-file-error.js';
import type { CursorOptions } from './sst-cursor.js';
import { SstCursor } from './sst-cursor.js';

/** Where files come from. Without a cache every read goes to the store (compaction, which must not evict what is hot). */
export interface SstSource {
  readonly store: ObjectStore;
  readonly cache: BlockCache | undefined;
}

/** Parsed index entries and keys, beside the bytes that they were parsed from. */
const INDEX_ENTRY_BYTES = 150;

/**
 * Reads one file: the tail (filter, index, properties) by one range GET, then one GET per block or per run of blocks. Cheap
 * to make: what it reads lives in the cache. Everything may throw MissingFileError (G2), CorruptBytesError, StoreUnavailableError.
 */
export class SstReader {
  private readonly name: string;
  private ownTail: SstTail | undefined;

  constructor(
    private readonly source: SstSource,
    private readonly databaseId: DatabaseId,
    readonly ref: SstRef,
  ) {
    this.name = `${databaseId}/${ref.id}`;
  }

  /** Whether `key` lies between the file's keys; answered from the head alone. */
  covers(key: Uint8Array): boolean {
    return compareBytes(key, this.ref.minKey) >= 0 && compareBytes(key, this.ref.maxKey) <= 0;
  }

  /** @throws as the class says */
  async mayContain(hash: KeyHash): Promise<boolean> {
    return (await this.tail()).filter.mayContain(hash);
  }

  /** The newest entry of `key` in this file, tombstones included; does not ask the filter. */
  async get(key: Uint8Array): Promise<Entry | undefined> {
    const { index } = await this.tail();
    const at = index.firstAtOrAfter(key);
    if (at === index.blocks.length) return undefined;
    const [block] = await this.blocks(at, at + 1);
    return (block as Block).get(key);
  }

  cursor(range: KeyRange, options: CursorOptions): SstCursor {
    return new SstCursor(this, range, options);
  }

  async tail(): Promise<SstTail> {
    const name = `${this.name}#tail`;
    const known = this.ownTail ?? this.source.cache?.get<SstTail>(name);
    if (known !== undefined) return known;
    const load = async (): Promise<{ value: SstTail; sizeBytes: number }> => {
      const bytes = await this.read(this.ref.filterOffset, this.ref.sizeBytes);
      const tail = parseTail(bytes, this.ref.sizeBytes);
      if (tail.databaseId !== this.databaseId) throw new CorruptBytesError('file belongs to another database');
      if (!equalRefs(tail.ref, this.ref)) throw new CorruptBytesError('file is not what its head says');
      return { value: tail, sizeBytes: bytes.byteLength + tail.index.blocks.length * INDEX_ENTRY_BYTES };
    };
    if (this.source.cache !== undefined) return this.source.cache.load(name, load);
    // Nobody else keeps it, and a cursor asks again and again.
    this.ownTail = (await load()).value;
    return this.ownTail;
  }

  /** Blocks [from, to) by one GET of those that the cache lacks at the front (all of them, when it lacks any). */
  async blocks(from: number, to: number): Promise<readonly Block[]> {
    const handles = (await this.tail()).index.blocks.slice(from, to);
    const { cache } = this.source;
    const cached = cache && handles.map((_, i) => cache.get<Block>(this.blockName(from + i)));
    if (cached?.every((block) => block !== undefined)) return cached;
    if (cache !== undefined && handles.length === 1) {
      return [
        await cache.load(this.blockName(from), async () => {
          const [value] = await this.readBlocks(handles);
          return { value: value as Block, sizeBytes: (value as Block).sizeBytes };
        }),
      ];
    }
    const blocks = await this.readBlocks(handles);
    blocks.forEach((block, i) => cache?.put(this.blockName(from + i), block, block.sizeBytes));
    return blocks;
  }

  private async readBlocks(handles: readonly BlockHandle[]): Promise<Block[]> {
    const first = handles[0] as BlockHandle;
    const last = handles[handles.length - 1] as BlockHandle;
    const bytes = await this.read(first.offset, last.offset + last.length);
    return handles.map(({ offset, length }) => {
      const at = offset - first.offset;
      // A copy when others share the bytes, so that one cached block does not keep its neighbours in memory.
      return Block.parse(handles.length === 1 ? bytes : bytes.slice(at, at + length));
    });
  }

  private async read(start: number, end: number): Promise<Uint8Array> {
    const object = await this.source.store.get(bucketLayout.sst(this.databaseId, this.ref.id), {
      range: { start, end },
    });
    if (object === undefined) throw new MissingFileError(this.ref.id);
    assert(object !== 'not-modified', 'an unconditional read has a body');
    if (object.sizeBytes !== this.ref.sizeBytes) throw new CorruptBytesError('file has a wrong size');
    if (object.body.byteLength !== end - start) throw new CorruptBytesError('range of a file came cut short');
    return object.body;
  }

  private blockName(block: number): string {
    return `${this.name}#${block}`;
  }
}

function equalRefs(a: SstRef, b: SstRef): boolean {
  return (
    a.id === b.id &&
    a.sizeBytes === b.sizeBytes &&
    a.entries === b.entries &&
    a.deletes === b.deletes &&
    a.putBytes === b.putBytes &&
    a.minSequence === b.minSequence &&
    a.maxSequence === b.maxSequence &&
    a.filterOffset === b.filterOffset &&
    a.filterLength === b.filterLength &&
    a.indexOffset === b.indexOffset &&
    a.indexLength === b.indexLength &&
    equalBytes(a.minKey, b.minKey) &&
    equalBytes(a.maxKey, b.maxKey)
  );
}
