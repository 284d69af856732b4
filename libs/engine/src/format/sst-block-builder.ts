import { assert, ByteWriter } from '@leasehold/foundation';

import type { Entry } from '../entry.js';
import { BLOCK_TARGET_BYTES, ENGINE_LIMITS } from '../limits.js';
import { entryBytes, prefixedBytes, writeKindAndValue, writeVersion } from './entry-codec.js';
import { storeBlock } from './sst-block-envelope.js';

/** Of almost all blocks the content has room here. It is stored at once, in memory of its own. */
const SCRATCH_BYTES = 2 * BLOCK_TARGET_BYTES;
let scratch: Buffer | undefined;

/** Collects the entries of one block; its layout is drawn in sst-block.ts. */
export class BlockBuilder {
  private readonly collected: Entry[] = [];
  private bytes = 0;

  /** In order; the caller checks. */
  add(entry: Entry): void {
    const { byteLength } = entry.key;
    assert(byteLength >= 1 && byteLength <= ENGINE_LIMITS.keyBytes, 'key length is out of range');
    this.collected.push(entry);
    this.bytes += entryBytes(entry);
  }

  get entries(): number {
    return this.collected.length;
  }

  /** Of the content, before compression and with whole keys: an estimate from above. */
  get sizeBytes(): number {
    return this.bytes;
  }

  /** As it is stored. */
  finish(): Uint8Array {
    const first = this.collected[0];
    const last = this.collected[this.collected.length - 1];
    assert(first !== undefined && last !== undefined, 'a block has entries');
    // What the first and the last key of a sorted run begin with, all of them do.
    const shared = commonLength(first.key, last.key);
    const sizeBytes = this.contentBytes(shared);
    const writer = new ByteWriter(sizeBytes, scratchOf(sizeBytes)).bytes(first.key.subarray(0, shared));
    for (const entry of this.collected) {
      writer.bytes(entry.key.subarray(shared));
      writeVersion(writer, entry.version);
      writeKindAndValue(writer, entry);
    }
    return storeBlock(writer.finish());
  }

  /** With what all keys begin with written once. */
  private contentBytes(shared: number): number {
    let bytes = prefixedBytes(shared) + this.bytes;
    for (const { key } of this.collected)
      bytes -= prefixedBytes(key.byteLength) - prefixedBytes(key.byteLength - shared);
    return bytes;
  }
}

function scratchOf(sizeBytes: number): Buffer | undefined {
  if (sizeBytes > SCRATCH_BYTES) return undefined;
  return (scratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES)).subarray(0, sizeBytes);
}

function commonLength(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.byteLength, b.byteLength);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}
