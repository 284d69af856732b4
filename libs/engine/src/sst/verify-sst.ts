import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, Ulid } from '@leasehold/foundation';
import { assert, CorruptBytesError, equalBytes, eventLoopTurn } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

import type { Entry } from '../entry.js';
import { compareKeys, NEVER } from '../entry.js';
import { Block } from '../format/sst-block.js';
import type { Filter } from '../format/sst-filter.js';
import { hashKey } from '../format/sst-filter.js';
import type { SstIndex } from '../format/sst-index.js';
import type { SstRef } from '../format/sst-ref.js';
import { filterOffsetOf, parseTail, SST_FOOTER_BYTES } from '../format/sst-tail.js';
import { MissingFileError } from './missing-file-error.js';
import { SstReader } from './sst-reader.js';

/** Of one GET: what a verification holds of a file at a time, beside its index and filter. */
const READ_BYTES = 1024 * 1024;
/** Checking and decompressing so many takes half a millisecond. */
const BLOCKS_PER_TURN = 16;

/**
 * Reads all of a file, past every cache, and compares it with what its head says of it: each block, index, filter and checksum, the order of
 * entries from block to block, and every count, bound and mark of the reference. In bounded memory.
 *
 * @param databaseId whose head names the file; it may lie in another's folder
 * @param eachEntry may throw what it finds wrong with an entry
 * @throws CorruptBytesError; MissingFileError (look at the head again, G2); StoreUnavailableError
 */
export async function verifySst(
  store: ObjectStore,
  databaseId: DatabaseId,
  ref: SstRef,
  eachEntry: (entry: Entry) => void = () => undefined,
): Promise<void> {
  const reader = new SstReader({ store, cache: undefined }, databaseId, ref);
  const { index, filter } = await reader.map();
  const entries = new EntryCheck(filter);
  for (let from = 0; from < index.count;) {
    const to = endOfRead(index, from);
    for (const [i, stored] of (await reader.storedBlocks(from, to)).entries()) {
      const block = Block.parse(stored);
      for (let at = 0; at < block.count; at++) {
        const entry = block.entry(at);
        entries.add(entry);
        eachEntry(entry);
      }
      if (!index.endsWith(from + i, entries.lastKey))
        throw new CorruptBytesError('index has another last key of a block');
      if (i % BLOCKS_PER_TURN === BLOCKS_PER_TURN - 1) await eventLoopTurn();
    }
    from = to;
  }
  entries.expect(ref);
}

/**
 * What a head would say of a file, by the file alone: for one that no head names any more.
 * @param sizeBytes of the object
 * @throws CorruptBytesError, also for a file of another database or name; MissingFileError; StoreUnavailableError
 */
export async function describeSst(
  store: ObjectStore,
  folder: DatabaseId,
  id: Ulid,
  sizeBytes: number,
): Promise<SstRef> {
  if (sizeBytes < SST_FOOTER_BYTES) throw new CorruptBytesError('file is cut short');
  const read = async (start: number): Promise<Uint8Array> => {
    const object = await store.get(bucketLayout.sst(folder, id), { range: { start, end: sizeBytes } });
    if (object === undefined) throw new MissingFileError(id);
    assert(object !== 'not-modified', 'an unconditional read has a body');
    return object.body;
  };
  const filterOffset = filterOffsetOf(await read(sizeBytes - SST_FOOTER_BYTES));
  if (filterOffset >= sizeBytes) throw new CorruptBytesError('filter lies outside the file');
  const { databaseId, ref } = parseTail(await read(filterOffset), sizeBytes);
  if (databaseId !== folder || ref.id !== id) throw new CorruptBytesError('file belongs to another place');
  return ref;
}

/** At least one block. */
function endOfRead(index: SstIndex, from: number): number {
  let to = from + 1;
  while (to < index.count && index.offset(to + 1) - index.offset(from) <= READ_BYTES) to++;
  return to;
}

/** Counts what the entries of a file come to, and looks whether they are in order and in the filter. */
class EntryCheck {
  private entries = 0;
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

  constructor(private readonly filter: Filter) {}

  get lastKey(): Uint8Array {
    assert(this.last !== undefined, 'a block has entries');
    return this.last.key;
  }

  /** @throws CorruptBytesError */
  add(entry: Entry): void {
    const { key, version, kind, value, expiresAt } = entry;
    const order = this.last === undefined ? -1 : compareKeys(this.last.key, key);
    const isSuperseded = order === 0 && (this.last as Entry).version.sequence > version.sequence;
    if (order > 0 || (order === 0 && !isSuperseded)) throw new CorruptBytesError('file is out of order');
    if (order !== 0 && !this.filter.mayContain(hashKey(key))) throw new CorruptBytesError('filter lacks a key');
    const putBytes = kind === 'put' ? key.byteLength + value.byteLength : 0;
    this.entries++;
    this.putBytes += putBytes;
    if (kind === 'delete') this.deletes++;
    if (isSuperseded) {
      this.superseded++;
      this.supersededBytes += putBytes;
    }
    if (expiresAt !== NEVER) {
      this.expiring++;
      this.expiresThrough = Math.max(this.expiresThrough, expiresAt);
    }
    this.minSequence = Math.min(this.minSequence, version.sequence);
    this.maxSequence = Math.max(this.maxSequence, version.sequence);
    this.first ??= entry;
    this.last = entry;
  }

  /** @throws CorruptBytesError */
  expect(ref: SstRef): void {
    const { first, last } = this;
    assert(first !== undefined && last !== undefined, 'a file has entries');
    const counted = [
      'entries',
      'deletes',
      'putBytes',
      'superseded',
      'supersededBytes',
      'expiring',
      'expiresThrough',
      'minSequence',
      'maxSequence',
    ] as const;
    for (const name of counted) {
      if (this[name] !== ref[name]) throw new CorruptBytesError(`file has another ${name} than its head says`);
    }
    if (!equalBytes(first.key, ref.minKey) || !equalBytes(last.key, ref.maxKey))
      throw new CorruptBytesError('file has other bounds than its head says');
  }
}
