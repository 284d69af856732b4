import { ByteReader, ByteWriter, CorruptBytesError } from '@leasehold/foundation';

import { readKey, writeKey } from './entry-codec.js';
import { verifyChecksum } from './envelope.js';
import { KeySearch } from './key-search.js';

/*
 *     | block count varint |
 *     per block: | last key | length varint |
 *     | crc32 of everything before, u32 |
 *
 * Blocks lie one after the other from offset 0. The last key, not the first, because a search for a key then finds the block
 * in which its versions begin even when they go on in the next.
 */
export interface BlockHandle {
  readonly lastKey: Uint8Array;
  readonly offset: number;
  readonly length: number;
}

export function encodeIndex(blocks: readonly BlockHandle[]): Uint8Array {
  const writer = new ByteWriter().varint(blocks.length);
  for (const { lastKey, length } of blocks) {
    writeKey(writer, lastKey);
    writer.varint(length);
  }
  return writer.crc32Since(0).toBytes();
}

/** Where the blocks of a file lie. Holds numbers and one copy of the keys, no object for each block. */
export class SstIndex {
  private constructor(
    /** One more than there are blocks: the last is where they end. */
    private readonly offsets: Uint32Array,
    private readonly lastKeys: KeySearch,
  ) {}

  /** @throws CorruptBytesError, also unless the blocks end at `blocksEnd` */
  static parse(bytes: Uint8Array, blocksEnd: number): SstIndex {
    const reader = new ByteReader(verifyChecksum(bytes));
    const offsets = [0];
    const lastKeys: Uint8Array[] = [];
    let offset = 0;
    for (let left = reader.varint(); left > 0; left--) {
      lastKeys.push(readKey(reader));
      const length = reader.varint();
      offset += length;
      if (length === 0 || offset > blocksEnd) throw new CorruptBytesError('index points outside of the blocks');
      offsets.push(offset);
    }
    reader.expectEnd();
    if (lastKeys.length === 0 || offset !== blocksEnd) throw new CorruptBytesError('index does not cover the blocks');
    const search = KeySearch.of(lastKeys);
    if (search === undefined) throw new CorruptBytesError('index is out of order');
    return new SstIndex(Uint32Array.from(offsets), search);
  }

  /** Blocks; at least 1. */
  get count(): number {
    return this.offsets.length - 1;
  }

  get sizeBytes(): number {
    return this.offsets.byteLength + this.lastKeys.sizeBytes;
  }

  /** Where a block begins; for the number of blocks: where the last ends. */
  offset(block: number): number {
    return this.offsets[block] as number;
  }

  length(block: number): number {
    return this.offset(block + 1) - this.offset(block);
  }

  /** The first block that may hold entries at or after `key`; the number of blocks when there is none. */
  firstAtOrAfter(key: Uint8Array): number {
    return this.lastKeys.firstAtOrAfter(key);
  }

  /** Whether versions of `key` may go on in the block after this one. */
  endsWith(block: number, key: Uint8Array): boolean {
    return this.lastKeys.equals(block, key);
  }
}
