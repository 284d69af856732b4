import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { assert, ByteReader, ByteWriter, CorruptBytesError, fromHex, isSessionId } from '@leasehold/foundation';
import type { RollupRange } from '@leasehold/lease';

import type { Frame } from './frame.js';
import {
  DATABASE_BYTES,
  databaseBytes,
  databaseIdOf,
  FRAME_FIXED_BYTES,
  FRAME_ORIGIN_BYTES,
  payloadBytesOf,
  writeFrame,
} from './frame-codec.js';
import type { DirectoryEntry, FrameMap } from './segment.js';
import { mapFrames } from './segment.js';

/**
 * The frames of a range of segments that were still needed when it was folded (L5), `log/<session>/rollup/<from>-<to>`,
 * format version 1. Integers are big-endian.
 *
 *     rollup = header, frames × frame, directory, footer
 *
 *     header     0      4         6         32     38   44      60       64
 *                | LHRU | version | session | from | to | nonce | frames | crc32 |
 *                  4      u16       26 ascii  u48    u48  16      u32      u32                     68 bytes
 *
 *     frame      the number of its segment u48, then as in a segment; its first checksum covers the number too
 *
 *     directory  frames × | database | offset u32 |                                                20 bytes each
 *
 *     footer     | directory at u32 | frames u32 | crc32 | LHRD |                                  16 bytes
 *                                                  of directory and footer so far
 *
 * Frames are sorted by database, then in the order of their segments, so that what one database has lies in one range of
 * bytes, which the last 16 bytes and the directory tell. Everything recovery needs is in the frames: a bad directory hides
 * nothing, and finds the next frame where a frame's header is damaged.
 */
const MAGIC = 0x4c485255;
const DIRECTORY_MAGIC = 0x4c485244;
const FORMAT_VERSION = 1;
const NONCE_BYTES = 16;
const SESSION_BYTES = 26;
const DIRECTORY_ENTRY_BYTES = 20;

export const ROLLUP_HEADER_BYTES = 68;
export const ROLLUP_FOOTER_BYTES = 16;
/** What a frame adds to a rollup besides its payload. */
export const ROLLED_FRAME_OVERHEAD_BYTES = FRAME_ORIGIN_BYTES + FRAME_FIXED_BYTES + DIRECTORY_ENTRY_BYTES;
/** Offsets are u32, and one put of an object store takes 5 GiB. */
const SIZE_LIMIT_BYTES = 2 ** 32 - 1;

export interface RollupName extends RollupRange {
  readonly sessionId: SessionId;
}

/** A frame with the number of the segment that it was written in. */
export interface RolledFrame extends Frame {
  readonly segment: number;
}

/**
 * Sorts the frames as they lie in a rollup: by database, then by segment, then as they were written.
 * Sorting is stable, so frames of one database in one segment keep their order.
 */
export function sortRolled(frames: readonly RolledFrame[]): readonly RolledFrame[] {
  const ofDatabase = new Map<DatabaseId, RolledFrame[]>();
  for (const rolled of frames) {
    const present = ofDatabase.get(rolled.databaseId);
    if (present === undefined) ofDatabase.set(rolled.databaseId, [rolled]);
    else present.push(rolled);
  }
  // Ids are compared once for each database and not for each frame. By code units, as the bytes that they spell.
  const databases = [...ofDatabase.entries()].sort(([one], [other]) => (one < other ? -1 : 1));
  return databases.flatMap(([, own]) => own.sort((a, b) => a.segment - b.segment));
}

/** @param nonce 16 bytes in hexadecimal */
export function encodeRollup(name: RollupName, nonce: string, frames: readonly RolledFrame[]): Uint8Array {
  const writing = writeRollup(name, nonce, frames);
  // Each turn writes a frame.
  for (;;) {
    const step = writing.next();
    if (step.done === true) return step.value;
  }
}

/** The same frame by frame, for whoever must not stand still for tens of megabytes. Yields how many bytes there are so far. */
export function* writeRollup(
  name: RollupName,
  nonce: string,
  frames: readonly RolledFrame[],
): Generator<number, Uint8Array, void> {
  const nonceBytes = fromHex(nonce);
  assert(nonceBytes?.byteLength === NONCE_BYTES, 'a nonce has 16 bytes');
  assert(
    isSessionId(name.sessionId) && name.from >= 1 && name.from <= name.to,
    'a rollup stands for a range of segments',
  );
  assert(frames.length > 0, 'a rollup has at least one frame');
  let sizeBytes = ROLLUP_HEADER_BYTES + ROLLUP_FOOTER_BYTES;
  for (const frame of frames) sizeBytes += payloadBytesOf(frame) + ROLLED_FRAME_OVERHEAD_BYTES;
  assert(sizeBytes <= SIZE_LIMIT_BYTES, 'a rollup is too long');
  const writer = new ByteWriter(sizeBytes)
    .u32(MAGIC)
    .u16(FORMAT_VERSION)
    .raw(Buffer.from(name.sessionId, 'ascii'))
    .u48(name.from)
    .u48(name.to)
    .raw(nonceBytes)
    .u32(frames.length)
    .crc32Since(0);
  const directory = new ByteWriter(frames.length * DIRECTORY_ENTRY_BYTES);
  let database: { readonly id: DatabaseId; readonly bytes: Uint8Array } | undefined;
  for (const frame of sortRolled(frames)) {
    const { segment } = frame;
    assert(segment >= name.from && segment <= name.to, 'a rollup holds frames of its own segments');
    if (database?.id !== frame.databaseId) database = { id: frame.databaseId, bytes: databaseBytes(frame.databaseId) };
    directory.raw(database.bytes).u32(writer.size);
    writeFrame(writer, frame, database.bytes, segment);
    yield writer.size;
  }
  const directoryAt = writer.size;
  return writer
    .raw(directory.finish())
    .u32(directoryAt)
    .u32(frames.length)
    .crc32Since(directoryAt)
    .u32(DIRECTORY_MAGIC)
    .finish();
}

/**
 * Where the frames lie, each with the number of its segment. Damage to single frames is reported, not thrown.
 * @throws CorruptBytesError when the header is damaged or names another object than `name`
 */
export function mapRollup(name: RollupName, bytes: Uint8Array): FrameMap {
  const count = readRollupHeader(name, bytes);
  const footer = readRollupFooter(bytes.subarray(Math.max(0, bytes.byteLength - ROLLUP_FOOTER_BYTES)));
  const directory = footer?.frames === count ? readRollupDirectory(bytes.subarray(footer.directoryAt)) : undefined;
  return mapFrames(bytes, ROLLUP_HEADER_BYTES, count, directory);
}

/** How many frames it has, by the first {@link ROLLUP_HEADER_BYTES}. @throws CorruptBytesError as {@link mapRollup} */
export function readRollupHeader(name: RollupName, bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== MAGIC) throw new CorruptBytesError('not a log rollup');
  const version = reader.u16();
  if (version !== FORMAT_VERSION) throw new CorruptBytesError(`log rollup of unknown format version ${version}`);
  const session = Buffer.from(reader.raw(SESSION_BYTES)).toString('ascii');
  const from = reader.u48();
  const to = reader.u48();
  reader.raw(NONCE_BYTES);
  const count = reader.u32();
  reader.expectCrc32Since(0);
  if (session !== name.sessionId || from !== name.from || to !== name.to)
    throw new CorruptBytesError('log rollup names another object');
  return count;
}

/** What the last {@link ROLLUP_FOOTER_BYTES} say. Undefined when they are damaged. */
export function readRollupFooter(
  bytes: Uint8Array,
): { readonly directoryAt: number; readonly frames: number } | undefined {
  if (bytes.byteLength !== ROLLUP_FOOTER_BYTES) return undefined;
  const reader = new ByteReader(bytes);
  const directoryAt = reader.u32();
  const frames = reader.u32();
  reader.u32();
  return reader.u32() === DIRECTORY_MAGIC ? { directoryAt, frames } : undefined;
}

/**
 * The directory from the bytes between where it begins and the end of the object: one entry for each frame, in their order.
 * A database's frames lie from its first entry's offset to the next database's. Undefined when it is damaged.
 */
export function readRollupDirectory(bytes: Uint8Array): readonly DirectoryEntry[] | undefined {
  const entryBytes = bytes.byteLength - ROLLUP_FOOTER_BYTES;
  if (entryBytes < 0 || entryBytes % DIRECTORY_ENTRY_BYTES !== 0) return undefined;
  try {
    const reader = new ByteReader(bytes);
    const entries = Array.from({ length: entryBytes / DIRECTORY_ENTRY_BYTES }, () => ({
      databaseId: databaseIdOf(reader.raw(DATABASE_BYTES)),
      offset: reader.u32(),
    }));
    reader.u32();
    if (reader.u32() !== entries.length) return undefined;
    reader.expectCrc32Since(0);
    return entries;
  } catch (error) {
    if (error instanceof CorruptBytesError) return undefined;
    throw error;
  }
}
