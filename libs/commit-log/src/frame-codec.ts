import type { ByteWriter, DatabaseId } from '@leasehold/foundation';
import { assert, ByteReader, CorruptBytesError, crc32Of, isDatabaseId, toHex } from '@leasehold/foundation';

import type { Frame, FrameHeader } from './frame.js';

/**
 * A frame as it lies in a segment or, with the number of the segment it came from in front, in a rollup. Integers are
 * big-endian; each part has its own checksum, so that damage to a payload leaves the frame's place in its chain known.
 *
 *     | segment       | database | epoch | previous | first | last | n   | crc32 | payload | crc32 |
 *       u48, rollups    16         u32     u48        u48     u48    u32   u32     n         u32
 *       only                                                               of all            of the
 *                                                                          before            payload
 */
export const FRAME_HEADER_BYTES = 46;
/** The segment's number in front of a frame of a rollup. */
export const FRAME_ORIGIN_BYTES = 6;
const CRC_BYTES = 4;
export const DATABASE_BYTES = 16;

/** What a frame in a segment takes besides its payload and its line in the directory. */
export const FRAME_FIXED_BYTES = FRAME_HEADER_BYTES + CRC_BYTES;
/** A longer payload could not be read back in one piece; the engine's own limits lie far below. */
export const PAYLOAD_LIMIT_BYTES = 32 * 1024 * 1024;

/** A frame and the segment that it was written in. */
export interface PlacedHeader extends FrameHeader {
  readonly segment: number;
}

/**
 * @param database {@link databaseBytes} of the frame's
 * @param segment only in rollups
 */
export function writeFrame(writer: ByteWriter, frame: Frame, database: Uint8Array, segment?: number): void {
  const { payload, payloadChecksum = crc32Of(payload) } = frame;
  assert(payload.byteLength <= PAYLOAD_LIMIT_BYTES, 'payload is too long for a frame');
  const offset = writer.size;
  if (segment !== undefined) writer.u48(segment);
  writer
    .raw(database)
    .u32(frame.epoch)
    .u48(frame.previousSegment)
    .u48(frame.firstSequence)
    .u48(frame.lastSequence)
    .u32(payload.byteLength)
    .crc32Since(offset)
    .raw(payload)
    .u32(payloadChecksum);
}

/** Of its payload, without asking for that where it need not be. */
export function payloadBytesOf(frame: Frame): number {
  return frame.payloadBytes ?? frame.payload.byteLength;
}

export interface ReadFrame {
  readonly header: PlacedHeader;
  /** Undefined when the payload is damaged or cut off. A view on the bytes it was read from. */
  readonly payload: Uint8Array | undefined;
  /** Undefined when the rest of the object is missing. */
  readonly end: number | undefined;
}

/**
 * Undefined when the frame's own header is damaged: then nothing of it can be believed, not even its length.
 * @param segment the one that is read, or undefined where the frame itself tells (rollups)
 */
export function readFrame(bytes: Uint8Array, offset: number, segment?: number): ReadFrame | undefined {
  try {
    const reader = new ByteReader(bytes, offset);
    const origin = segment ?? reader.u48();
    const databaseId = databaseIdOf(reader.raw(DATABASE_BYTES));
    const epoch = reader.u32();
    const previousSegment = reader.u48();
    const firstSequence = reader.u48();
    const lastSequence = reader.u48();
    const payloadBytes = reader.u32();
    reader.expectCrc32Since(offset);
    const header = { segment: origin, databaseId, epoch, previousSegment, firstSequence, lastSequence };
    const payloadAt = reader.position;
    if (reader.remaining < payloadBytes + CRC_BYTES) return { header, payload: undefined, end: undefined };
    const payload = reader.raw(payloadBytes);
    const end = payloadAt + payloadBytes + CRC_BYTES;
    return { header, payload: payloadIntact(reader, payloadAt) ? payload : undefined, end };
  } catch (error) {
    if (error instanceof CorruptBytesError) return undefined;
    throw error;
  }
}

function payloadIntact(reader: ByteReader, payloadAt: number): boolean {
  try {
    reader.expectCrc32Since(payloadAt);
    return true;
  } catch (error) {
    if (error instanceof CorruptBytesError) return false;
    throw error;
  }
}

const ZERO = 0x30;
const NINE = 0x39;
const A = 0x61;
const F = 0x66;
const DASH = 0x2d;

/** Every frame that is written has them, twice: without a pattern and a buffer in between. */
export function databaseBytes(id: DatabaseId): Uint8Array {
  const bytes = new Uint8Array(DATABASE_BYTES);
  let digits = 0;
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at);
    if (code === DASH) continue;
    const isLetter = code >= A && code <= F;
    assert(isLetter || (code >= ZERO && code <= NINE), 'a database id is a uuid');
    const digit = isLetter ? code - A + 10 : code - ZERO;
    const place = digits >> 1;
    bytes[place] = digits % 2 === 0 ? digit << 4 : (bytes[place] as number) | digit;
    digits++;
  }
  assert(digits === 2 * DATABASE_BYTES, 'a database id is a uuid');
  return bytes;
}

export function databaseIdOf(bytes: Uint8Array): DatabaseId {
  const hex = toHex(bytes);
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  assert(isDatabaseId(id), 'sixteen bytes spell a uuid');
  return id;
}
