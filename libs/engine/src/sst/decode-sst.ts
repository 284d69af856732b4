import type { DatabaseId } from '@leasehold/foundation';

import type { Entry } from '../entry.js';
import { Block } from '../format/sst-block.js';
import type { SstRef } from '../format/sst-ref.js';
import { parseTail } from '../format/sst-tail.js';

export interface DecodedSst {
  readonly databaseId: DatabaseId;
  readonly ref: SstRef;
  /** In their order. */
  readonly entries: readonly Entry[];
}

/** A whole file that is in memory, for whoever judges what was written: reads go by blocks. @throws CorruptBytesError */
export function decodeSst(bytes: Uint8Array): DecodedSst {
  const { databaseId, ref, index } = parseTail(bytes, bytes.byteLength);
  const entries: Entry[] = [];
  for (let block = 0; block < index.count; block++) {
    const stored = bytes.subarray(index.offset(block), index.offset(block + 1));
    entries.push(...Block.parse(stored).entries());
  }
  return { databaseId, ref, entries };
}
