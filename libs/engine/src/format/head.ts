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

import type { Entry, IdempotencyRecord, RangeDelete, UsageCounters } from '../entry.js';
import { compareEntries } from '../entry.js';
import { ENGINE_LIMITS } from '../limits.js';
import {
  readEntry,
  readIdempotencyRecord,
  readRangeDelete,
  readUsage,
  readVersion,
  writeEntry,
  writeIdempotencyRecord,
  writeRangeDelete,
  writeUsage,
  writeVersion,
} from './entry-codec.js';
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
  /** Wall ms of it; the next commit is not earlier. 0 before the first. */
  readonly lastCommittedAt: number;
  /** The newest data, ordered by (key, version descending), newer than every file of L0 and L1; superseded versions while they are kept. */
  readonly inline: readonly Entry[];
  /** The inline run has everything that commits from this sequence on did to single keys; what was before lies in files. At least 1. */
  readonly inlineFrom: number;
  /** Newest first: each holds only commits after those of the next. */
  readonly l0: readonly SstRef[];
  /** One sorted run: by key, disjoint, older than all of L0. */
  readonly l1: readonly SstRef[];
  /** Files that only the change feed and reads of the past need, by ascending commits. */
  readonly history: readonly HistoryFile[];
  /** By ascending version: those that may hide something that is still there. They apply to inline run and files alike. */
  readonly rangeDeletes: readonly RangeDelete[];
  /** Which commit was the last at a moment: by ascending sequence, thinned with age. */
  readonly timeline: readonly TimeMark[];
  readonly idempotency: HeadIdempotency;
  readonly usage: HeadUsage;
  readonly options: DatabaseOptions;
  /** What it was branched from; its files may lie in other folders. */
  readonly parent: HeadParent | undefined;
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

/**
 * - `merged`: a file that has left L0; what it holds lives on in L1, only the change feed reads it
 * - `versions`: old versions of inline keys, which are nowhere else; reads of the past need it too
 */
export interface HistoryFile {
  readonly role: 'merged' | 'versions';
  readonly ref: SstRef;
}

/** The last commit at a wall time (ms) was this sequence. */
export interface TimeMark {
  readonly sequence: number;
  readonly at: number;
}

export interface HeadIdempotency {
  /** By ascending version. */
  readonly recent: readonly IdempotencyRecord[];
  /** Older records, each file's entries by idempotency key (value: digest, version, expiry); newest first. */
  readonly files: readonly SstRef[];
  /** Of commits from this sequence on every record that has not expired is in `recent`; for older ones the files have to be asked. */
  readonly recentFrom: number;
}

export interface HeadUsage {
  readonly total: UsageCounters;
  /** As far as usage records in the bucket say it. */
  readonly recorded: UsageCounters;
  /** `total` at the end of an hour (whole hours since the Unix epoch) in which there were commits, ascending. */
  readonly hours: readonly HourMark[];
}

export interface HourMark {
  readonly hour: number;
  readonly total: UsageCounters;
}

export interface DatabaseOptions {
  /** How long superseded versions, deletes and changes stay readable; 0: not at all. */
  readonly retentionMs: number;
  /** Bytes of live data past which writes that add data are refused. */
  readonly maxBytes: number;
}

export interface HeadParent {
  readonly databaseId: DatabaseId;
  /** Of the parent, at which it was branched. */
  readonly sequence: number;
}

/** Estimates from above: what a newer version hides in an older file still counts until a compaction drops it. */
export interface HeadStatistics {
  readonly entries: number;
  /** Keys and values of the puts. */
  readonly liveBytes: number;
  /** Sizes of the files that only history keeps. */
  readonly historyBytes: number;
}

/** Retention of a day; more than 10 GB in one database is refused. */
export const DEFAULT_DATABASE_OPTIONS: DatabaseOptions = {
  retentionMs: 24 * 60 * 60 * 1000,
  maxBytes: 10_000_000_000,
};

/*
 * docs/formats/head.md
 *
 *     | "LHDH" | format version u16 |
 *     | edit trail | database id | tenant id | name |                              three texts: varint length, UTF-8
 *     | flags u8: 1 owner, 2 gc floor, 4 quarantined, 8 deleted, 16 parent |
 *     | epoch u32 | owner, 26 characters, if flagged | last commit: epoch varint, sequence varint | last committed at u48 |
 *     | horizon u48 | gc floor, 26 characters, if flagged | deleted at u48, if flagged |
 *     | parent: text, sequence u48, if flagged | options: retention ms varint, most bytes varint |
 *     | usage: total, recorded, hour count varint, hours: hour varint, total |
 *     | statistics: entries varint, live bytes varint, history bytes varint |
 *     | mark count varint | marks: sequence u48, at u48 | range delete count varint | range deletes |
 *     | inline from u48 | inline count varint | entries | L0 count varint | file references | L1 count varint | file references |
 *     | history count varint | history: role u8 (1 merged, 2 versions), file reference |
 *     | idempotency: recent from u48, count varint, records, count varint, file references |
 *     | crc32 of everything before, u32 |
 */
const MAGIC = 'LHDH';
const FORMAT_VERSION = 2;
const FLAG_OWNER = 1;
const FLAG_GC_FLOOR = 2;
const FLAG_QUARANTINED = 4;
const FLAG_DELETED = 8;
const FLAG_PARENT = 16;
const KNOWN_FLAGS = FLAG_OWNER | FLAG_GC_FLOOR | FLAG_QUARANTINED | FLAG_DELETED | FLAG_PARENT;
/** Position is what is written, from 1. */
const HISTORY_ROLES: readonly HistoryFile['role'][] = ['merged', 'versions'];

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
        (head.deletedAt === undefined ? 0 : FLAG_DELETED) |
        (head.parent === undefined ? 0 : FLAG_PARENT),
    );
    writer.u32(head.epoch);
    if (head.owner !== undefined) writeUlid(writer, head.owner);
    writeVersion(writer, head.lastCommit);
    writer.u48(head.lastCommittedAt).u48(head.horizon);
    if (head.gcFloor !== undefined) writeUlid(writer, head.gcFloor);
    if (head.deletedAt !== undefined) writer.u48(head.deletedAt);
    if (head.parent !== undefined) writer.text(head.parent.databaseId).u48(head.parent.sequence);
    writer.varint(head.options.retentionMs).varint(head.options.maxBytes);
    writeHeadUsage(writer, head.usage);
    const { entries, liveBytes, historyBytes } = head.statistics;
    writer.varint(entries).varint(liveBytes).varint(historyBytes);
    writeMany(writer, head.timeline, (_, { sequence, at }) => writer.u48(sequence).u48(at));
    writeMany(writer, head.rangeDeletes, writeRangeDelete);
    writer.u48(head.inlineFrom);
    writeMany(writer, head.inline, writeEntry);
    writeMany(writer, head.l0, writeSstRef);
    writeMany(writer, head.l1, writeSstRef);
    writeMany(writer, head.history, (_, { role, ref }) => {
      writer.u8(HISTORY_ROLES.indexOf(role) + 1);
      writeSstRef(writer, ref);
    });
    writer.u48(head.idempotency.recentFrom);
    writeMany(writer, head.idempotency.recent, writeIdempotencyRecord);
    writeMany(writer, head.idempotency.files, writeSstRef);
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
    lastCommittedAt: reader.u48(),
    horizon: reader.u48(),
    gcFloor: flags & FLAG_GC_FLOOR ? readUlid(reader) : undefined,
    quarantined: (flags & FLAG_QUARANTINED) !== 0,
    deletedAt: flags & FLAG_DELETED ? reader.u48() : undefined,
    parent: flags & FLAG_PARENT ? readParent(reader) : undefined,
    options: { retentionMs: reader.varint(), maxBytes: reader.varint() },
    usage: readHeadUsage(reader),
    statistics: { entries: reader.varint(), liveBytes: reader.varint(), historyBytes: reader.varint() },
    timeline: readMany(reader, (): TimeMark => ({ sequence: reader.u48(), at: reader.u48() })),
    rangeDeletes: readMany(reader, readRangeDelete),
    inlineFrom: reader.u48(),
    inline: readMany(reader, readEntry),
    l0: readMany(reader, readSstRef),
    l1: readMany(reader, readSstRef),
    history: readMany(reader, readHistoryFile),
    idempotency: {
      recentFrom: reader.u48(),
      recent: readMany(reader, readIdempotencyRecord),
      files: readMany(reader, readSstRef),
    },
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
  if (head.inlineFrom < 1 || head.inlineFrom > newest + 1) return 'inline run begins after the last commit';
  if (head.rangeDeletes.length > ENGINE_LIMITS.rangeDeletes) return 'too many range deletes';
  if (head.rangeDeletes.some(({ version }) => version.sequence > newest))
    return 'range delete is newer than the last commit';
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

function writeHeadUsage(writer: ByteWriter, { total, recorded, hours }: HeadUsage): void {
  writeUsage(writer, total);
  writeUsage(writer, recorded);
  writeMany(writer, hours, (_, mark) => {
    writer.varint(mark.hour);
    writeUsage(writer, mark.total);
  });
}

function readHeadUsage(reader: ByteReader): HeadUsage {
  return {
    total: readUsage(reader),
    recorded: readUsage(reader),
    hours: readMany(reader, (): HourMark => ({ hour: reader.varint(), total: readUsage(reader) })),
  };
}

function readParent(reader: ByteReader): HeadParent {
  return { databaseId: readText(reader, isDatabaseId, 'parent'), sequence: reader.u48() };
}

function readHistoryFile(reader: ByteReader): HistoryFile {
  const role = HISTORY_ROLES[reader.u8() - 1];
  if (role === undefined) throw new CorruptBytesError('history file has a role that is not known');
  return { role, ref: readSstRef(reader) };
}

function writeMany<T>(writer: ByteWriter, items: readonly T[], write: (writer: ByteWriter, item: T) => void): void {
  writer.varint(items.length);
  for (const item of items) write(writer, item);
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
