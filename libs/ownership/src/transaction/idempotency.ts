import { equalBytes } from '@leasehold/foundation';
import type { Head, HeadIdempotency, IdempotencyRecord, Memtable, SstSource } from '@leasehold/engine';
import { recordOfEntry, View } from '@leasehold/engine';

import { keyText } from './key-text.js';

/** Ten million keys of 40 bytes are some 700 MB of files: more is a client that draws keys in a loop. */
export const MAX_IDEMPOTENCY_RECORDS = 10_000_000;

interface RecordIndex {
  readonly byKey: Map<string, IdempotencyRecord>;
  /** How many of the memtable's records are in it. */
  taken: number;
}

/** Made when first asked, gone with the memtable. */
const INDEXES = new WeakMap<Memtable, RecordIndex>();

/** Files of records as the database that they could be: a head of nothing but those. */
const RECORD_HEADS = new WeakMap<HeadIdempotency, Head>();

/** What a key is looked up in; newest memtable first. */
export interface RecordSource {
  readonly memtables: readonly Memtable[];
  readonly head: Head;
  readonly files: SstSource;
}

/**
 * The record of a key, wherever it lies: at once unless it may be in a file that is not in memory.
 * @param now wall ms: a record that has expired is none
 */
export function recordOf(
  key: Uint8Array,
  { memtables, head, files }: RecordSource,
  now: number,
): IdempotencyRecord | undefined | Promise<IdempotencyRecord | undefined> {
  const recent = recentRecord(key, memtables, head, now);
  if (recent !== undefined || head.idempotency.files.length === 0) return recent;
  const found = new View({ memtables: [], head: headOfRecords(head), files, now }).lookup(key);
  if (found instanceof Promise) return found.then(({ entry }) => entry && recordOfEntry(entry));
  return found.entry && recordOfEntry(found.entry);
}

/** The record of a key among commits in memory and those that the head lists. */
export function recentRecord(
  key: Uint8Array,
  memtables: readonly Memtable[],
  head: Head,
  now: number,
): IdempotencyRecord | undefined {
  const found = inMemtables(key, memtables) ?? inHead(key, head);
  return found !== undefined && found.expiresAt > now ? found : undefined;
}

/** How many records the database keeps, those that have expired and not been dropped yet included. */
export function countRecords(memtables: readonly Memtable[], { idempotency }: Head): number {
  let count = idempotency.recent.length;
  for (const memtable of memtables) count += memtable.idempotency.length;
  for (const { entries } of idempotency.files) count += entries;
  return count;
}

function headOfRecords(head: Head): Head {
  const known = RECORD_HEADS.get(head.idempotency);
  if (known !== undefined) return known;
  const made: Head = {
    ...head,
    inline: [],
    l0: head.idempotency.files,
    l1: [],
    history: [],
    rangeDeletes: [],
    horizon: 0,
    idempotency: { recent: [], files: [], recentFrom: 1 },
  };
  RECORD_HEADS.set(head.idempotency, made);
  return made;
}

function inMemtables(key: Uint8Array, memtables: readonly Memtable[]): IdempotencyRecord | undefined {
  let text: string | undefined;
  for (const memtable of memtables) {
    if (memtable.idempotency.length === 0) continue;
    const found = indexOf(memtable).get((text ??= keyText(key)));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** At most 64, by ascending version. */
function inHead(key: Uint8Array, { idempotency }: Head): IdempotencyRecord | undefined {
  return idempotency.recent.findLast((record) => equalBytes(record.key, key));
}

function indexOf(memtable: Memtable): ReadonlyMap<string, IdempotencyRecord> {
  let index = INDEXES.get(memtable);
  if (index === undefined) {
    index = { byKey: new Map(), taken: 0 };
    INDEXES.set(memtable, index);
  }
  const records = memtable.idempotency;
  for (; index.taken < records.length; index.taken++) {
    const record = records[index.taken] as IdempotencyRecord;
    index.byKey.set(keyText(record.key), record);
  }
  return index.byKey;
}
