import type { DatabaseId, Ulid } from '@leasehold/foundation';
import { assert, concatBytes } from '@leasehold/foundation';

import type { Entry } from '../entry.js';
import { compareKeys, NEVER } from '../entry.js';
import { BlockBuilder } from '../format/sst-block-builder.js';
import { FilterBuilder } from '../format/sst-filter.js';
import type { BlockHandle } from '../format/sst-index.js';
import { encodeIndex } from '../format/sst-index.js';
import type { SstRef } from '../format/sst-ref.js';
import { encodeTailEnd } from '../format/sst-tail.js';
import { BLOCK_TARGET_BYTES, ENGINE_LIMITS } from '../limits.js';
import { settledBytes } from '../memtable/own-bytes.js';

/** What a file's entries do not tell of themselves: see {@link SstRef}. */
export type SstMarks = Pick<SstRef, 'coversFrom' | 'coversThrough' | 'rangeDeletesThrough'>;

const NO_MARKS: SstMarks = { coversFrom: 0, coversThrough: 0, rangeDeletesThrough: 0 };

export interface BuiltSst {
  readonly bytes: Uint8Array;
  readonly ref: SstRef;
}

/** Makes one file of entries that arrive in order. Holds the finished blocks and 8 bytes per key: as much memory as the file is large. */
export class SstBuilder {
  private readonly finished: Uint8Array[] = [];
  private readonly handles: BlockHandle[] = [];
  private readonly filter = new FilterBuilder();
  private block = new BlockBuilder();
  private blocksBytes = 0;
  private entryCount = 0;
  private deletes = 0;
  private putBytes = 0;
  private superseded = 0;
  private supersededBytes = 0;
  private expiring = 0;
  private expiresThrough = 0;
  private minSequence = Number.MAX_SAFE_INTEGER;
  private maxSequence = 0;
  private first: Entry | undefined;
  private last: Entry | undefined;

  constructor(
    private readonly databaseId: DatabaseId,
    private readonly marks: Partial<SstMarks> = {},
  ) {}

  get isEmpty(): boolean {
    return this.entryCount === 0;
  }

  /** Of the blocks so far, the last one before compression; filter, index and properties come on top. */
  get sizeBytes(): number {
    return this.blocksBytes + this.block.sizeBytes;
  }

  add(entry: Entry): void {
    const order = this.last === undefined ? -1 : compareKeys(this.last.key, entry.key);
    const isSuperseded = order === 0 && (this.last as Entry).version.sequence > entry.version.sequence;
    assert(order < 0 || isSuperseded, 'entries arrive in order');
    this.block.add(entry);
    this.filter.add(entry.key);
    this.entryCount++;
    const putBytes = entry.kind === 'put' ? entry.key.byteLength + entry.value.byteLength : 0;
    if (entry.kind === 'delete') this.deletes++;
    else this.putBytes += putBytes;
    if (isSuperseded) {
      this.superseded++;
      this.supersededBytes += putBytes;
    }
    if (entry.expiresAt !== NEVER) {
      this.expiring++;
      this.expiresThrough = Math.max(this.expiresThrough, entry.expiresAt);
    }
    this.minSequence = Math.min(this.minSequence, entry.version.sequence);
    this.maxSequence = Math.max(this.maxSequence, entry.version.sequence);
    this.first ??= entry;
    this.last = entry;
    if (this.block.sizeBytes >= BLOCK_TARGET_BYTES) this.cutBlock();
  }

  /** May be called again with another id, when the first was taken; no entries after that. */
  finish(id: Ulid, nonce: Uint8Array): BuiltSst {
    assert(this.first !== undefined && this.last !== undefined, 'a file has entries');
    this.cutBlock();
    const filter = this.filter.finish();
    const index = encodeIndex(this.handles);
    const properties = {
      databaseId: this.databaseId,
      id,
      entries: this.entryCount,
      deletes: this.deletes,
      putBytes: this.putBytes,
      superseded: this.superseded,
      supersededBytes: this.supersededBytes,
      expiring: this.expiring,
      expiresThrough: this.expiresThrough,
      // What the head keeps of the file is kept longer than what the entries lie in.
      minKey: settledBytes(this.first.key),
      maxKey: settledBytes(this.last.key),
      minSequence: this.minSequence,
      maxSequence: this.maxSequence,
      ...NO_MARKS,
      ...this.marks,
    };
    const filterOffset = this.blocksBytes;
    const lengths = { filterOffset, filterLength: filter.byteLength, indexLength: index.byteLength };
    const bytes = concatBytes(...this.finished, filter, index, encodeTailEnd(properties, nonce, lengths));
    assert(bytes.byteLength <= ENGINE_LIMITS.sstBytes, 'file is larger than the limit');
    const { databaseId: _, ...known } = properties;
    return {
      bytes,
      ref: {
        ...known,
        folder: undefined,
        sizeBytes: bytes.byteLength,
        ...lengths,
        indexOffset: filterOffset + filter.byteLength,
      },
    };
  }

  private cutBlock(): void {
    if (this.block.entries === 0) return;
    const bytes = this.block.finish();
    this.handles.push({ lastKey: (this.last as Entry).key, offset: this.blocksBytes, length: bytes.byteLength });
    this.finished.push(bytes);
    this.blocksBytes += bytes.byteLength;
    this.block = new BlockBuilder();
  }
}
