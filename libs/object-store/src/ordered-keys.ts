import { compareObjectKeys } from './object-key.js';

/** Small enough that an insert moves little, large enough that a million keys make few blocks. */
const MAX_BLOCK_KEYS = 1024;

/**
 * A set of object keys in byte order: blocks of sorted keys, found by binary search. Insert and delete cost a move inside one block,
 * a page of a listing costs its own length. About 8 bytes per key beside the strings themselves.
 */
export class OrderedKeys {
  private blocks: string[][] = [];
  private count = 0;

  static from(keys: Iterable<string>): OrderedKeys {
    const sorted = [...keys].sort(compareObjectKeys);
    const ordered = new OrderedKeys();
    ordered.count = sorted.length;
    // Blocks start half full, so that the next inserts do not split at once.
    for (let i = 0; i < sorted.length; i += MAX_BLOCK_KEYS / 2) {
      ordered.blocks.push(sorted.slice(i, i + MAX_BLOCK_KEYS / 2));
    }
    return ordered;
  }

  get size(): number {
    return this.count;
  }

  /** False when it was there already. */
  add(key: string): boolean {
    const at = this.blockOf(key);
    const block = this.blocks[at];
    if (!block) {
      this.blocks.push([key]);
      this.count++;
      return true;
    }
    const i = lowerBound(block, key);
    if (block[i] === key) return false;
    block.splice(i, 0, key);
    this.count++;
    if (block.length > MAX_BLOCK_KEYS) this.blocks.splice(at + 1, 0, block.splice(block.length >> 1));
    return true;
  }

  /** False when it was not there. */
  delete(key: string): boolean {
    const at = this.blockOf(key);
    const block = this.blocks[at];
    if (!block) return false;
    const i = lowerBound(block, key);
    if (block[i] !== key) return false;
    block.splice(i, 1);
    this.count--;
    if (block.length === 0) this.blocks.splice(at, 1);
    return true;
  }

  /** Ascending, from the first key that is not below `from`. The set must not change while it is read. */
  *from(from: string): Generator<string> {
    for (let at = this.blockOf(from); at < this.blocks.length; at++) {
      const block = this.blocks[at] as string[];
      for (let i = lowerBound(block, from); i < block.length; i++) yield block[i] as string;
    }
  }

  /** The last block whose first key is not above `key`, or the first block. */
  private blockOf(key: string): number {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const first = this.blocks[middle]?.[0] as string;
      if (compareObjectKeys(first, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareObjectKeys(keys[middle] as string, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
