import { assert, ByteWriter } from '@leasehold/foundation';

import type { Entry } from '../entry.js';
import { ENGINE_LIMITS } from '../limits.js';
import { writeKindAndValue, writeVersion } from './entry-codec.js';
import { RESTART_BYTES, RESTART_COUNT_BYTES } from './sst-block.js';
import { storeBlock } from './sst-block-envelope.js';

/** A search decodes at most so many entries; each restart costs 4 bytes and one whole key. */
const RESTART_ENTRIES = 16;

/** Collects the entries of one block; its layout is drawn in sst-block.ts. */
export class BlockBuilder {
  private readonly writer = new ByteWriter();
  private readonly restarts: number[] = [];
  private count = 0;
  private last: Uint8Array = new Uint8Array(0);

  /** In order; the caller checks. */
  add(entry: Entry): void {
    const { key } = entry;
    assert(key.byteLength >= 1 && key.byteLength <= ENGINE_LIMITS.keyBytes, 'key length is out of range');
    const isRestart = this.count % RESTART_ENTRIES === 0;
    if (isRestart) this.restarts.push(this.writer.size);
    const shared = isRestart ? 0 : sharedBytes(this.last, key);
    this.writer.varint(shared).bytes(key.subarray(shared));
    writeVersion(this.writer, entry.version);
    writeKindAndValue(this.writer, entry);
    this.last = key;
    this.count++;
  }

  get entries(): number {
    return this.count;
  }

  /** Of the content, before compression. */
  get sizeBytes(): number {
    return this.writer.size + this.restarts.length * RESTART_BYTES + RESTART_COUNT_BYTES;
  }

  /** As it is stored. */
  finish(): Uint8Array {
    assert(this.count > 0, 'a block has entries');
    for (const offset of this.restarts) this.writer.u32(offset);
    return storeBlock(this.writer.u16(this.restarts.length).toBytes());
  }
}

function sharedBytes(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.byteLength, b.byteLength);
  let shared = 0;
  while (shared < most && a[shared] === b[shared]) shared++;
  return shared;
}
