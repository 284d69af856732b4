import type { ByteReader, DatabaseId, SessionId, TenantId, Ulid, Version } from '@leasehold/foundation';
import {
  assert,
  ByteWriter,
  compareBytes,
  CorruptBytesError,
  decodeUtf8,
  isDatabaseId,
  isSessionId,
  isTenantId,
} from '@leasehold/foundation';
import type { EditTrail } from '@leasehold/object-store';
import { readTrail, writeTrail } from '@leasehold/object-store';

import type { Entry } from '../entry.js';
import { compareEntries } from '../entry.js';
import { ENGINE_LIMITS } from '../limits.js';
import { readEntry, readVersion, writeEntry, writeVersion } from './entry-codec.js';
import { openChecked, seal } from './envelope.js';
import type { SstRef } from './sst-ref.js';
import { readSstRef, readUlid, writeSstRef, writeUlid } from './sst-ref.js';

/**
 * The one mutable object of a database. Every field is replaced as a whole by the next edit; nothing in here may be
 * changed in place.
 */
export interface Head {
  readonly databaseId: DatabaseId;
  readonly tenantId: TenantId;
  readonly name: string;
  /** Grows by one at every change of owner. */
  readonly epoch: number;
  /** Undefined: every acknowledged commit is in the inline run and the files (H4). */
  readonly owner: SessionId | undefined;
  /** The last commit contained; {@link VERSION_ZERO} before the first. */
  readonly lastCommit: Version;
  /** The newest data, ordered by (key, version descending), newer than every file. */
  readonly inline: readonly Entry[];
  /** Newest first: each holds only commits after those of the next. */
  readonly l0: readonly SstRef[];
  /** One sorted run: by key, disjoint, older than all of L0. */
  readonly l1: readonly SstRef[];
  /** No edit may add a file whose id is not above this one (G1). */
  readonly gcFloor: Ulid | undefined;
  /** A sequence: history is complete from here on; reads at and feeds from below it must fail (C1). */
  readonly horizon: number;
  /** Owner, epoch and commit stay; requests get a code, gc leaves it alone, someone is paged. */
  readonly quarantined: boolean;
  /** Wall ms since the Unix epoch; undefined while the database lives. */
  readonly deletedAt: number | undefined;
  readonly trail: EditTrail;
  readonly statistics: HeadStatistics;
}

/** Estimates from above: what a newer version hides in an older file still counts until a compaction drops it. */
export interface HeadStatistics {
  readonly entries: number;
  /** Keys and values of the puts. */
  readonly liveBytes: number;
}

/*
 * docs/formats/head.md
 *
 *     | "LHDH" | format version u16 |
 *     | edit trail | database id | tenant id | name |                              three texts: varint length, UTF-8
 *     | flags u8: 1 owner, 2 gc floor, 4 quarantined, 8 deleted |
 *     | epoch u32 | owner, 26 characters, if flagged | last commit: epoch varint, sequence varint |
 *     | horizon u48 | gc floor, 26 characters, if flagged | deleted at u48, if flagged |
 *     | statistics: entries varint, live bytes varint |
 *     | inline count varint | entries | L0 count varint | file references | L1 count varint | file references |
 *     | crc32 of everything before, u32 |
 */
const MAGIC = 'LHDH';
const FORMAT_VERSION = 1;
const FLAG_OWNER = 1;
const FLAG_GC_FLOOR = 2;
const FLAG_QUARANTINED = 4;
const FLAG_DELETED = 8;
const KNOWN_FLAGS = FLAG_OWNER | FLAG_GC_FLOOR | FLAG_QUARANTINED | FLAG_DELETED;

export function encodeHead(head: Head): Uint8Array {
  const fault = faultOfHead(head);
  assert(fault === undefined, `head breaks an invariant: ${fault}`);
  const writer = new ByteWriter();
  const bytes = seal(writer, MAGIC, FORMAT_VERSION, () => {
    writeTrail(writer, head.trail);
    writer.text(head.databaseId).text(head.tenantId).text(head.name);
    writer.u8(
      (head.owner === undefined ? 0 : FLAG_OWNER) |
        (head.gcFloor === undefined ? 0 : FLAG_GC_FLOOR) |
        (head.quarantined ? FLAG_QUARANTINED : 0) |
        (head.deletedAt === undefined ? 0 : FLAG_DELETED),
    );
    writer.u32(head.epoch);
    if (head.owner !== undefined) writeUlid(writer, head.owner);
    writeVersion(writer, head.lastCommit);
    writer.u48(head.horizon);
    if (head.gcFloor !== undefined) writeUlid(writer, head.gcFloor);
    if (head.deletedAt !== undefined) writer.u48(head.deletedAt);
    writer.varint(head.statistics.entries).varint(head.statistics.liveBytes);
    writer.varint(head.inline.length);
    for (const entry of head.inline) writeEntry(writer, entry);
    for (const level of [head.l0, head.l1]) {
      writer.varint(level.length);
      for (const ref of level) writeSstRef(writer, ref);
    }
  });
  assert(bytes.byteLength <= ENGINE_LIMITS.headBytes, 'head is larger than the limit');
  return bytes;
}

/** Keys and values are views on `bytes`. @throws CorruptBytesError on anything that {@link encodeHead} does not write */
export function decodeHead(bytes: Uint8Array): Head {
  if (bytes.byteLength > ENGINE_LIMITS.headBytes) throw new CorruptBytesError(`head is too large: ${bytes.byteLength}`);
  const reader = openChecked(bytes, MAGIC, FORMAT_VERSION);
  const trail = readTrail(reader);
  const databaseId = readText(reader, isDatabaseId, 'database id');
  const tenantId = readText(reader, isTenantId, 'tenant id');
  const name = readText(reader, (_): _ is string => true, 'name');
  const flags = reader.u8();
  if ((flags & ~KNOWN_FLAGS) !== 0) throw new CorruptBytesError(`head has flags that are not known: ${flags}`);
  const head: Head = {
    databaseId,
    tenantId,
    name,
    trail,
    epoch: reader.u32(),
    owner: flags & FLAG_OWNER ? readSessionId(reader) : undefined,
    lastCommit: readVersion(reader),
    horizon: reader.u48(),
    gcFloor: flags & FLAG_GC_FLOOR ? readUlid(reader) : undefined,
    quarantined: (flags & FLAG_QUARANTINED) !== 0,
    deletedAt: flags & FLAG_DELETED ? reader.u48() : undefined,
    statistics: { entries: reader.varint(), liveBytes: reader.varint() },
    inline: readMany(reader, readEntry),
    l0: readMany(reader, readSstRef),
    l1: readMany(reader, readSstRef),
  };
  reader.expectEnd();
  const fault = faultOfHead(head);
  if (fault !== undefined) throw new CorruptBytesError(`head: ${fault}`);
  return head;
}

/** What must hold between the fields: an encoder asserts it, a decoder takes its breach for corruption. */
export function faultOfHead(head: Head): string | undefined {
  if (Buffer.byteLength(head.name) > ENGINE_LIMITS.nameBytes) return 'name is too long';
  if (head.lastCommit.epoch > head.epoch) return 'last commit is of a later epoch';
  if (head.owner !== undefined && head.epoch === 0) return 'owner without an epoch';
  let newest = head.lastCommit.sequence;
  if (head.horizon > newest) return 'horizon lies after the last commit';
  let previous: Entry | undefined;
  let oldestInline = newest + 1;
  for (const entry of head.inline) {
    if (previous !== undefined && compareEntries(previous, entry) >= 0) return 'inline run is out of order';
    if (entry.version.sequence > newest) return 'inline run is newer than the last commit';
    oldestInline = Math.min(oldestInline, entry.version.sequence);
    previous = entry;
  }
  newest = oldestInline - 1;
  for (const ref of head.l0) {
    if (ref.maxSequence > newest) return 'L0 is out of order';
    newest = ref.minSequence - 1;
  }
  let before: SstRef | undefined;
  for (const ref of head.l1) {
    if (ref.maxSequence > newest) return 'L1 is newer than L0';
    if (before !== undefined && compareBytes(before.maxKey, ref.minKey) >= 0) return 'L1 overlaps';
    before = ref;
  }
  return undefined;
}

function readMany<T>(reader: ByteReader, read: (reader: ByteReader) => T): T[] {
  // No allocation by the count: each turn takes at least one byte, so a wrong count runs into the end.
  const items: T[] = [];
  for (let left = reader.varint(); left > 0; left--) items.push(read(reader));
  return items;
}

function readText<T extends string>(reader: ByteReader, is: (text: string) => text is T, what: string): T {
  const text = decodeUtf8(reader.bytes());
  if (text === undefined || !is(text)) throw new CorruptBytesError(`head has a malformed ${what}`);
  return text;
}

function readSessionId(reader: ByteReader): SessionId {
  const id: string = readUlid(reader);
  if (!isSessionId(id)) throw new CorruptBytesError('head has a malformed owner');
  return id;
}
