import { CorruptBytesError, equalBytes } from '@leasehold/foundation';
import type { DatabaseId } from '@leasehold/foundation';

import type { Filter } from '../format/sst-filter.js';
import type { SstIndex } from '../format/sst-index.js';
import type { SstRef } from '../format/sst-ref.js';
import { parseTail } from '../format/sst-tail.js';

/** The object, and those that it holds. */
const OVERHEAD_BYTES = 300;

/** What of a file's tail is worth keeping: where its blocks lie, and which keys are certainly not in it. Holds no bytes of the tail itself. */
export class FileMap {
  readonly sizeBytes: number;

  private constructor(
    readonly filter: Filter,
    readonly index: SstIndex,
  ) {
    this.sizeBytes = OVERHEAD_BYTES + filter.sizeBytes + index.sizeBytes;
  }

  /**
   * @param tail as stored
   * @param folder where the file lies
   * @throws CorruptBytesError also when it is not the file that `ref` means
   */
  static parse(tail: Uint8Array, folder: DatabaseId, ref: SstRef): FileMap {
    const parsed = parseTail(tail, ref.sizeBytes);
    if (parsed.databaseId !== folder) throw new CorruptBytesError('file belongs to another database');
    if (!isSameFile(parsed.ref, ref)) throw new CorruptBytesError('file is not what its head says');
    return new FileMap(parsed.filter.copy(), parsed.index);
  }
}

/** But for the folder, which a file does not know to be another's. */
function isSameFile(a: SstRef, b: SstRef): boolean {
  return (
    a.id === b.id &&
    a.sizeBytes === b.sizeBytes &&
    a.entries === b.entries &&
    a.deletes === b.deletes &&
    a.putBytes === b.putBytes &&
    a.superseded === b.superseded &&
    a.supersededBytes === b.supersededBytes &&
    a.expiring === b.expiring &&
    a.expiresThrough === b.expiresThrough &&
    a.minSequence === b.minSequence &&
    a.maxSequence === b.maxSequence &&
    a.coversFrom === b.coversFrom &&
    a.coversThrough === b.coversThrough &&
    a.rangeDeletesThrough === b.rangeDeletesThrough &&
    a.filterOffset === b.filterOffset &&
    a.filterLength === b.filterLength &&
    a.indexOffset === b.indexOffset &&
    a.indexLength === b.indexLength &&
    equalBytes(a.minKey, b.minKey) &&
    equalBytes(a.maxKey, b.maxKey)
  );
}
