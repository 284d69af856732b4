import { ByteReader, ByteWriter, compareBytes, CorruptBytesError } from '@leasehold/foundation';

import { readKey, writeKey } from './entry-codec.js';
import { verifyChecksum } from './envelope.js';

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

export class SstIndex {
  private constructor(readonly blocks: readonly BlockHandle[]) {}

  /** @throws CorruptBytesError, also unless the blocks end at `blocksEnd` */
  static parse(bytes: Uint8Array, blocksEnd: number): SstIndex {
    const reader = new ByteReader(verifyChecksum(bytes));
    const blocks: BlockHandle[] = [];
    let offset = 0;
    for (let left = reader.varint(); left > 0; left--) {
      const lastKey = readKey(reader);
      const length = reader.varint();
      const before = blocks[blocks.length - 1];
      if (before !== undefined && compareBytes(before.lastKey, lastKey) > 0)
        throw new CorruptBytesError('index is out of order');
      blocks.push({ lastKey, offset, length });
      offset += length;
      if (length === 0 || offset > blocksEnd) throw new CorruptBytesError('index points outside of the blocks');
    }
    reader.expectEnd();
    if (blocks.length === 0 || offset !== blocksEnd) throw new CorruptBytesError('index does not cover the blocks');
    return new SstIndex(blocks);
  }

  /** The first block that may hold entries at or after `key`; the number of blocks when there is none. */
  firstAtOrAfter(key: Uint8Array): number {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes((this.blocks[middle] as BlockHandle).lastKey, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
