import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId } from '@leasehold/foundation';
import { assert, CorruptBytesError, eventLoopTurn } from '@leasehold/foundation';
import type { ObjectStore, StoredObject } from '@leasehold/object-store';
import { readDecoded } from '@leasehold/object-store';

import type { Entry, KeyRange } from '../entry.js';
import { compareKeys } from '../entry.js';
import { Block } from '../format/sst-block.js';
import { openBlock } from '../format/sst-block-envelope.js';
import type { KeyHash } from '../format/sst-filter.js';
import type { SstIndex } from '../format/sst-index.js';
import type { SstRef } from '../format/sst-ref.js';
import type { BlockCache } from './block-cache.js';
import type { CachedFile } from './cache-slot.js';
import { FileMap } from './file-map.js';
import { MissingFileError } from './missing-file-error.js';
import type { CursorOptions } from './sst-cursor.js';
import { SstCursor } from './sst-cursor.js';

/** Where files come from. Without a cache every read goes to the store (compaction, which must not evict what is hot). */
export interface SstSource {
  readonly store: ObjectStore;
  readonly cache: BlockCache | undefined;
}

/** The answer is not in memory. */
export const NOT_IN_MEMORY = Symbol('not in memory');

/** Checking and decompressing so many takes half a millisecond. */
const BLOCKS_PER_TURN = 16;

/** Read-ahead never makes a GET larger than this: it comes about as soon as one block does. */
export const READ_AHEAD_BYTES = 288 * 1024;

/** Read-ahead takes free room only, and not the last of it: blocks are larger in memory than in the store. */
const ROOM_FACTOR = 8;

/** Blocks of one GET after so many misses in a file. A few reads of a cold database fetch what they need. */
const READ_AHEAD = [
  { afterMisses: 16, blocks: 16 },
  { afterMisses: 8, blocks: 4 },
] as const;

/** A block may keep so many bytes alive that are not its own; more are worth a copy. */
const STRAY_BYTES = 64;

/**
 * Reads one file: the tail (filter, index, properties) by one range GET, then one GET per block or per run of blocks; what it reads lives in
 * the cache. Worth keeping beside a head: it finds what is in memory without looking up a name, and without a promise.
 *
 * Everything that returns a promise may throw MissingFileError (G2), CorruptBytesError, StoreUnavailableError.
 */
export class SstReader {
  private readonly folder: DatabaseId;
  private cached: CachedFile | undefined;
  /** Without a cache, as a cursor asks again and again. */
  private ownMap: FileMap | undefined;

  /** @param databaseId whose head names the file; it may lie in another's folder */
  constructor(
    private readonly source: SstSource,
    private readonly databaseId: DatabaseId,
    readonly ref: SstRef,
  ) {
    this.folder = ref.folder ?? databaseId;
  }

  /** Whether `key` lies between the file's keys; answered from the head alone. */
  covers(key: Uint8Array): boolean {
    return compareKeys(key, this.ref.minKey) >= 0 && compareKeys(key, this.ref.maxKey) <= 0;
  }

  mapInMemory(): FileMap | undefined {
    const { cache } = this.source;
    if (cache === undefined) return this.ownMap;
    return this.cached?.map() ?? this.attach(cache).map();
  }

  blockInMemory(block: number): Block | undefined {
    return this.cached?.block(block);
  }

  /**
   * As {@link get}, when all that it takes is in memory. @param hash of the key, for the filter; undefined when the block is likely to be in
   * memory anyway and no other file has to be asked. @throws CorruptBytesError
   */
  find(key: Uint8Array, through: number, hash: KeyHash | undefined): Entry | undefined | typeof NOT_IN_MEMORY {
    const map = this.mapInMemory();
    if (map === undefined) return NOT_IN_MEMORY;
    if (hash !== undefined && !map.filter.mayContain(hash)) return undefined;
    const { index } = map;
    for (let at = index.firstAtOrAfter(key); at < index.count; at++) {
      const block = this.blockInMemory(at);
      if (block === undefined) return NOT_IN_MEMORY;
      const entry = block.get(key, through);
      // The versions of one key may go on in the next block.
      if (entry !== undefined || !index.endsWith(at, key)) return entry;
    }
    return undefined;
  }

  async mayContain(hash: KeyHash): Promise<boolean> {
    return (await this.map()).filter.mayContain(hash);
  }

  /** The newest entry of `key` in this file up to a sequence, tombstones included; does not ask the filter. */
  async get(key: Uint8Array, through = Number.MAX_SAFE_INTEGER): Promise<Entry | undefined> {
    const { index } = await this.map();
    for (let at = index.firstAtOrAfter(key); at < index.count; at++) {
      const entry = (await this.block(index, at)).get(key, through);
      if (entry !== undefined || !index.endsWith(at, key)) return entry;
    }
    return undefined;
  }

  /** What of the file is in memory; undefined without a cache. */
  resident(): CachedFile | undefined {
    const { cache } = this.source;
    return cache === undefined ? undefined : this.attach(cache);
  }

  /** Of the blocks [from, to), which are read by one GET, those that are not in memory; into the cache they go with {@link keep}. */
  async fetchAhead(from: number, to: number): Promise<(readonly [block: number, value: Block])[]> {
    const fetched: (readonly [number, Block])[] = [];
    for (const [i, stored] of (await this.storedBlocks(from, to)).entries()) {
      if (this.resident()?.holds(from + i) === true) continue;
      fetched.push([from + i, parseOwnBlock(stored)]);
      if (fetched.length % BLOCKS_PER_TURN === 0) await eventLoopTurn();
    }
    return fetched;
  }

  keep(block: number, value: Block): void {
    const { cache } = this.source;
    if (cache !== undefined) cache.putAhead(this.attach(cache), block, value);
  }

  cursor(range: KeyRange, options: CursorOptions): SstCursor {
    return new SstCursor(this, range, options);
  }

  async map(): Promise<FileMap> {
    const known = this.mapInMemory();
    if (known !== undefined) return known;
    const { cache } = this.source;
    if (cache === undefined) {
      this.ownMap = await this.read(this.ref.filterOffset, this.ref.sizeBytes, (tail) => this.parseMap(tail));
      return this.ownMap;
    }
    const file = this.attach(cache);
    const name = `${file.name}#tail`;
    return cache.once(name, async () => {
      const map =
        (await this.fromSecondary(name, (bytes) => this.parseMap(bytes))) ??
        (await this.fromStore(name, (bytes) => this.parseMap(bytes)));
      cache.put(file, undefined, map);
      return map;
    });
  }

  /** For one read: with its neighbours when the file is missed again and again, as then they are wanted soon, and nobody has to make room for them. */
  private async block(index: SstIndex, at: number): Promise<Block> {
    const known = this.blockInMemory(at);
    if (known !== undefined) return known;
    const { cache } = this.source;
    const load = async (): Promise<Block> => {
      const [from, to] = this.missWindow(index, at);
      return (await this.blocks(from, to))[at - from] as Block;
    };
    // Many who miss the same block are one miss.
    return cache === undefined ? load() : cache.once(`${this.attach(cache).name}#miss-${at}`, load);
  }

  private missWindow(index: SstIndex, at: number): readonly [from: number, to: number] {
    const { cache } = this.source;
    const alone = [at, at + 1] as const;
    // A second level answers for single blocks.
    if (cache === undefined || cache.secondary !== undefined) return alone;
    const file = this.attach(cache);
    const blocks = blocksOfMiss(file.missed());
    // All who miss in the same window ask for the same, and share the request.
    const start = at - (at % blocks);
    const end = Math.min(start + blocks, index.count);
    let [from, to] = alone;
    while (from > start && !file.holds(from - 1)) from--;
    while (to < end && !file.holds(to)) to++;
    const bytes = index.offset(to) - index.offset(from);
    return bytes <= READ_AHEAD_BYTES && cache.hasRoomFor(bytes * ROOM_FACTOR) ? [from, to] : alone;
  }

  /** Blocks [from, to): by one GET, of those that are not in memory and what lies between them. */
  async blocks(from: number, to: number): Promise<readonly Block[]> {
    const blocks: (Block | undefined)[] = [];
    let first = to;
    let end = from;
    for (let at = from; at < to; at++) {
      const block = this.blockInMemory(at);
      blocks.push(block);
      if (block !== undefined) continue;
      first = Math.min(first, at);
      end = at + 1;
    }
    if (first < end) {
      const { cache } = this.source;
      const { index } = await this.map();
      const loaded = await (cache === undefined
        ? this.readBlocks(index, first, end)
        : cache.once(`${this.attach(cache).name}#${first}-${end}`, () => this.loadBlocks(cache, index, first, end)));
      loaded.forEach((block, i) => (blocks[first - from + i] = block));
    }
    return blocks as Block[];
  }

  /** From the secondary cache when that has all of them, else from the store; into the cache. */
  private async loadBlocks(cache: BlockCache, index: SstIndex, from: number, to: number): Promise<readonly Block[]> {
    const file = this.attach(cache);
    const nameOf = (block: number): string => `${file.name}#${block}`;
    const numbers = Array.from({ length: to - from }, (_, i) => from + i);
    let blocks: readonly (Block | undefined)[] = [];
    if (cache.secondary !== undefined)
      blocks = await Promise.all(numbers.map((n) => this.fromSecondary(nameOf(n), parseOwnBlock)));
    if (blocks.length === 0 || blocks.includes(undefined))
      blocks = await this.readBlocks(index, from, to, (n, stored) => cache.secondary?.put(nameOf(n), stored));
    blocks.forEach((block, i) => cache.put(file, from + i, block as Block));
    return blocks as readonly Block[];
  }

  /** Blocks [from, to) as they lie in the file, for {@link Block.parse}: by one GET, past the cache. */
  async storedBlocks(from: number, to: number): Promise<readonly Uint8Array[]> {
    const { index } = await this.map();
    return this.read(index.offset(from), index.offset(to), (bytes) => cut(bytes, index, from, to));
  }

  private async readBlocks(
    index: SstIndex,
    from: number,
    to: number,
    eachStored: (block: number, stored: Uint8Array) => void = () => undefined,
  ): Promise<readonly Block[]> {
    const { cache } = this.source;
    const { stored, blocks } = await this.read(index.offset(from), index.offset(to), (bytes) => {
      const parts = cut(bytes, index, from, to);
      return {
        stored: parts,
        blocks: parts.map((part) => (cache === undefined ? Block.parse(part) : parseOwnBlock(part))),
      };
    });
    stored.forEach((part, i) => eachStored(from + i, part));
    return blocks;
  }

  /** Undefined: not there, damaged, or out of order; all the same to who can ask the store. */
  private async fromSecondary<T>(name: string, parse: (bytes: Uint8Array) => T): Promise<T | undefined> {
    try {
      const bytes = await this.source.cache?.secondary?.get(name);
      return bytes === undefined ? undefined : parse(bytes);
    } catch {
      return undefined;
    }
  }

  private async fromStore<T>(name: string, parse: (tail: Uint8Array) => T): Promise<T> {
    const { tail, parsed } = await this.read(this.ref.filterOffset, this.ref.sizeBytes, (bytes) => ({
      tail: bytes,
      parsed: parse(bytes),
    }));
    this.source.cache?.secondary?.put(name, tail);
    return parsed;
  }

  private parseMap(tail: Uint8Array): FileMap {
    return FileMap.parse(tail, this.folder, this.ref);
  }

  /** The cache forgets a file of which it holds nothing; another reader may have begun anew since. A name is looked up only then. */
  private attach(cache: BlockCache): CachedFile {
    if (this.cached === undefined || this.cached.isEmpty)
      this.cached = cache.file(this.databaseId, this.folder, this.ref.id);
    return this.cached;
  }

  /** What bytes of the file parse to. They are read again when they come damaged, which may have happened on their way. */
  private async read<T>(start: number, end: number, parse: (bytes: Uint8Array) => T): Promise<T> {
    const key = bucketLayout.sst(this.folder, this.ref.id);
    const get = async (): Promise<StoredObject> => {
      const object = await this.source.store.get(key, { range: { start, end } });
      if (object === undefined) throw new MissingFileError(this.ref.id);
      assert(object !== 'not-modified', 'an unconditional read has a body');
      return object;
    };
    const parsed = await readDecoded(get, ({ sizeBytes, body }) => {
      if (sizeBytes !== this.ref.sizeBytes) throw new CorruptBytesError('file has a wrong size');
      if (body.byteLength !== end - start) throw new CorruptBytesError('range of a file came cut short');
      return { value: parse(body) };
    });
    assert(parsed !== undefined, 'a file that is missing has been told of');
    return parsed.value;
  }
}

/** Blocks [from, to) out of the bytes of all of them. */
function cut(bytes: Uint8Array, index: SstIndex, from: number, to: number): readonly Uint8Array[] {
  const start = index.offset(from);
  const parts: Uint8Array[] = [];
  for (let n = from; n < to; n++) parts.push(bytes.subarray(index.offset(n) - start, index.offset(n + 1) - start));
  return parts;
}

function blocksOfMiss(misses: number): number {
  return READ_AHEAD.find(({ afterMisses }) => misses > afterMisses)?.blocks ?? 1;
}

/** For the cache: with content of its own, so that one block does not keep its neighbours (or a pool) in memory. */
function parseOwnBlock(stored: Uint8Array): Block {
  const content = openBlock(stored);
  const isOwn = content.buffer.byteLength <= content.byteLength + STRAY_BYTES;
  return Block.of(isOwn ? content : Uint8Array.from(content));
}
