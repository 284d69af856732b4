import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { assert, ByteReader, ByteWriter, CorruptBytesError, fromHex, isSessionId } from '@leasehold/foundation';

import type { Frame, FrameHeader } from './frame.js';
import type { PlacedHeader, ReadFrame } from './frame-codec.js';
import {
  DATABASE_BYTES,
  databaseBytes,
  databaseIdOf,
  FRAME_FIXED_BYTES,
  payloadBytesOf,
  readFrame,
  writeFrame,
} from './frame-codec.js';

/**
 * One object of a session's log, `log/<session>/<number>`, format version 1. Integers are big-endian.
 *
 *     segment = header, frames × frame, directory (data only)
 *
 *     header     0      4         6      7         33       39      55       59
 *                | LHSG | version | kind | session | number | nonce | frames | crc32 |
 *                  4      u16       u8     26 ascii  u48      16      u32      u32         63 bytes
 *
 *     frame      0          16      20         26      32     38       42      46        46 + n
 *                | database | epoch | previous | first | last | n      | crc32 | payload | crc32 |
 *                  16         u32     u48        u48     u48    u32      u32     n         u32
 *                                                                        of the         of the
 *                                                                        46 − 4 before  payload
 *
 *     directory  0              20 × frames    + 4
 *                | frames × (database 16, offset u32) | crc32 | LHSD |
 *
 * kind: 0 data, 1 seal (S3). A seal has no frames and no directory, and is therefore the only object of 63 bytes.
 * The nonce makes every object's bytes its writer's own, so that a put can be told from another's (P1).
 *
 * Frames carry everything that recovery needs, and reading goes from frame to frame: a bad directory hides nothing (L5).
 * The directory finds the next frame where a frame's own header is damaged, so that the damage stays with one database.
 */
const MAGIC = 0x4c485347;
const DIRECTORY_MAGIC = 0x4c485344;
const FORMAT_VERSION = 1;
const KINDS = ['data', 'seal'] as const;
const NONCE_BYTES = 16;
const SESSION_BYTES = 26;
const DIRECTORY_ENTRY_BYTES = 20;
const DIRECTORY_TAIL_BYTES = 8;

export const SEGMENT_HEADER_BYTES = 63;
/** A seal is its header; nothing else has this size. */
export const SEAL_BYTES = SEGMENT_HEADER_BYTES;
/** What a frame adds to a segment besides its payload. */
export const FRAME_OVERHEAD_BYTES = FRAME_FIXED_BYTES + DIRECTORY_ENTRY_BYTES;

export interface SegmentName {
  readonly sessionId: SessionId;
  readonly number: number;
}

export interface DecodedSegment {
  readonly kind: (typeof KINDS)[number];
  /** Intact frames, in the order of their writing. Payloads are views on the decoded bytes. */
  readonly frames: readonly Frame[];
  readonly damage: readonly FrameDamage[];
}

/** A frame whose checksum does not match (L3). */
export interface FrameDamage {
  /** Undefined: it could be anybody's. */
  readonly databaseId: DatabaseId | undefined;
  /** Known when only the payload is damaged. */
  readonly header: FrameHeader | undefined;
}

/** Where the frames of an object lie, and what of it cannot be read. */
export interface FrameMap {
  readonly intact: readonly FrameSpan[];
  readonly damage: readonly (FrameDamage & { readonly header: PlacedHeader | undefined })[];
}

/** An intact frame at the bytes [offset, end). */
export interface FrameSpan {
  readonly header: PlacedHeader;
  readonly offset: number;
  readonly end: number;
  /** A view on the object's bytes. */
  readonly payload: Uint8Array;
}

/** @param nonce 16 bytes in hexadecimal */
export function encodeSegment(name: SegmentName, nonce: string, frames: readonly Frame[]): Uint8Array {
  assert(frames.length > 0, 'a data segment has at least one frame');
  let sizeBytes = SEGMENT_HEADER_BYTES + segmentDirectoryBytes(frames.length);
  for (const frame of frames) sizeBytes += FRAME_FIXED_BYTES + payloadBytesOf(frame);
  const writer = new ByteWriter(sizeBytes);
  writeHeader(writer, name, nonce, 'data', frames.length);
  const placed: { readonly database: Uint8Array; readonly offset: number }[] = [];
  for (const frame of frames) {
    const database = databaseBytes(frame.databaseId);
    placed.push({ database, offset: writer.size });
    writeFrame(writer, frame, database);
  }
  const directoryAt = writer.size;
  for (const { database, offset } of placed) writer.raw(database).u32(offset);
  return writer.crc32Since(directoryAt).u32(DIRECTORY_MAGIC).finish();
}

/** @param nonce 16 bytes in hexadecimal */
export function encodeSeal(name: SegmentName, nonce: string): Uint8Array {
  const writer = new ByteWriter();
  writeHeader(writer, name, nonce, 'seal', 0);
  return writer.toBytes();
}

/**
 * Reads a whole segment. Damage to single frames is reported, not thrown.
 * @throws CorruptBytesError when the header is damaged or names another object than `name`
 */
export function decodeSegment(name: SegmentName, bytes: Uint8Array): DecodedSegment {
  const { kind, intact, damage } = mapSegment(name, bytes);
  const frames = intact.map(({ header: { segment: _, ...header }, payload }): Frame => ({ ...header, payload }));
  return {
    kind,
    frames,
    damage: damage.map(({ databaseId, header }) => ({ databaseId, header: withoutSegment(header) })),
  };
}

/** The same without taking the frames apart. @throws CorruptBytesError */
export function mapSegment(name: SegmentName, bytes: Uint8Array): FrameMap & { readonly kind: DecodedSegment['kind'] } {
  const { kind, count } = readSegmentHeader(name, bytes);
  if (kind === 'seal') return { kind, intact: [], damage: [] };
  const directory = readSegmentDirectory(bytes, count);
  return { kind, ...mapFrames(bytes, SEGMENT_HEADER_BYTES, count, directory, name.number) };
}

/**
 * Goes from frame to frame; the directory finds the next one where a frame's own header is damaged.
 * @param segment see {@link readFrame}
 */
export function mapFrames(
  bytes: Uint8Array,
  begin: number,
  count: number,
  directory: readonly DirectoryEntry[] | undefined,
  segment?: number,
): FrameMap {
  const intact: FrameSpan[] = [];
  const damage: { databaseId: DatabaseId | undefined; header: PlacedHeader | undefined }[] = [];
  let offset: number | undefined = begin;
  for (let i = 0; i < count; i++) {
    const read: ReadFrame | undefined = offset === undefined ? undefined : readFrame(bytes, offset, segment);
    if (read?.payload !== undefined && read.end !== undefined && offset !== undefined) {
      intact.push({ header: read.header, offset, end: read.end, payload: read.payload });
    } else {
      damage.push({ databaseId: read?.header.databaseId ?? directory?.[i]?.databaseId, header: read?.header });
    }
    offset = read?.end ?? directory?.[i + 1]?.offset;
    if (offset === undefined && directory === undefined) {
      // Nothing tells where the next frame begins, nor whose it is.
      if (i + 1 < count) damage.push({ databaseId: undefined, header: undefined });
      break;
    }
  }
  return { intact, damage };
}

function withoutSegment(header: PlacedHeader | undefined): FrameHeader | undefined {
  if (header === undefined) return undefined;
  const { segment: _, ...rest } = header;
  return rest;
}

function writeHeader(
  writer: ByteWriter,
  name: SegmentName,
  nonce: string,
  kind: (typeof KINDS)[number],
  frames: number,
): void {
  const nonceBytes = fromHex(nonce);
  assert(nonceBytes?.byteLength === NONCE_BYTES, 'a nonce has 16 bytes');
  assert(isSessionId(name.sessionId), 'a segment belongs to a session');
  writer
    .u32(MAGIC)
    .u16(FORMAT_VERSION)
    .u8(KINDS.indexOf(kind))
    .raw(Buffer.from(name.sessionId, 'ascii'))
    .u48(name.number)
    .raw(nonceBytes)
    .u32(frames)
    .crc32Since(0);
}

/** What the first {@link SEGMENT_HEADER_BYTES} say. @throws CorruptBytesError as {@link decodeSegment} */
export function readSegmentHeader(
  name: SegmentName,
  bytes: Uint8Array,
): { readonly kind: (typeof KINDS)[number]; readonly count: number } {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== MAGIC) throw new CorruptBytesError('not a log segment');
  const version = reader.u16();
  if (version !== FORMAT_VERSION) throw new CorruptBytesError(`log segment of unknown format version ${version}`);
  const kind = KINDS[reader.u8()];
  const session = Buffer.from(reader.raw(SESSION_BYTES)).toString('ascii');
  const number = reader.u48();
  reader.raw(NONCE_BYTES);
  const count = reader.u32();
  reader.expectCrc32Since(0);
  if (kind === undefined) throw new CorruptBytesError('log segment of unknown kind');
  if (session !== name.sessionId || number !== name.number)
    throw new CorruptBytesError('log segment names another object');
  if (kind === 'seal') reader.expectEnd();
  return { kind, count };
}

export interface DirectoryEntry {
  readonly databaseId: DatabaseId;
  readonly offset: number;
}

/** What the directory of so many frames takes at the end of a segment. */
export function segmentDirectoryBytes(count: number): number {
  return count * DIRECTORY_ENTRY_BYTES + DIRECTORY_TAIL_BYTES;
}

/**
 * The directory from the end of a segment. Undefined when it is damaged; the frames do without.
 * @param bytes all of the segment, or so much of its end as the directory takes
 */
export function readSegmentDirectory(bytes: Uint8Array, count: number): readonly DirectoryEntry[] | undefined {
  const at = bytes.byteLength - segmentDirectoryBytes(count);
  if (at < 0) return undefined;
  try {
    const reader = new ByteReader(bytes, at);
    const entries = Array.from({ length: count }, () => ({
      databaseId: databaseIdOf(reader.raw(DATABASE_BYTES)),
      offset: reader.u32(),
    }));
    reader.expectCrc32Since(at);
    return reader.u32() === DIRECTORY_MAGIC ? entries : undefined;
  } catch (error) {
    if (error instanceof CorruptBytesError) return undefined;
    throw error;
  }
}
