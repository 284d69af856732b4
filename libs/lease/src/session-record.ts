import type { SessionId } from '@leasehold/foundation';
import { assert, ByteReader, ByteWriter, CorruptBytesError, isSessionId } from '@leasehold/foundation';
import type { EditTrail } from '@leasehold/object-store';
import { readTrail, writeTrail } from '@leasehold/object-store';

/**
 * The record of a session, `workers/<session>`, format version 1. Integers are big-endian, text and lists are
 * prefixed by a varint length.
 *
 *     0      4         6       7
 *     | LHSR | version | state | session | endpoint | pid    | host | ttlMs  | floor  | rollups         | trail | crc32 |
 *       4      u16       u8      text      text       varint   text   varint   varint   n × from, to      edits   u32
 *                                                                                       (varint)
 *
 * state: 0 live, 1 sealed, 2 sealed and clean. The checksum covers everything before it.
 */
const MAGIC = 0x4c485352;
const FORMAT_VERSION = 1;
/** A record names at most so many rollups (L5). */
export const ROLLUPS_LIMIT = 16;
/** A longer ttl would leave the databases of a dead worker unserved for minutes. */
const TTL_LIMIT_MS = 600_000;

const STATES = ['live', 'sealed', 'clean'] as const;
/** `clean` means sealed and clean: every database was released, there is nothing to recover. */
export type SessionState = (typeof STATES)[number];

export interface SessionRecord {
  readonly sessionId: SessionId;
  /** Base URL under which gateways reach the process. */
  readonly endpoint: string;
  readonly pid: number;
  readonly host: string;
  readonly ttlMs: number;
  readonly state: SessionState;
  /** The first segment that recovery may need; below it only `rollups` exist for recovery (S6). Segments start at 1. */
  readonly floor: number;
  readonly rollups: readonly RollupRange[];
  readonly trail: EditTrail;
}

/** Segments `from` to `to`, both included, folded into one object. */
export interface RollupRange {
  readonly from: number;
  readonly to: number;
}

/** S6: what a record may say of its log: rollups in ascending order, apart from each other, and all below the floor. */
export function areRollupsBelow(floor: number, rollups: readonly RollupRange[]): boolean {
  let above = 1;
  for (const { from, to } of rollups) {
    if (from < above || to < from || to >= floor) return false;
    above = to + 1;
  }
  return true;
}

export function encodeSessionRecord(record: SessionRecord): Uint8Array {
  assert(record.floor >= 1, 'segments start at 1');
  assert(record.rollups.length <= ROLLUPS_LIMIT, 'too many rollups in one session record');
  assert(areRollupsBelow(record.floor, record.rollups), 'rollups are in order and lie below the floor');
  assert(record.ttlMs > 0 && record.ttlMs <= TTL_LIMIT_MS, 'ttl out of range');
  const writer = new ByteWriter()
    .u32(MAGIC)
    .u16(FORMAT_VERSION)
    .u8(STATES.indexOf(record.state))
    .text(record.sessionId)
    .text(record.endpoint)
    .varint(record.pid)
    .text(record.host)
    .varint(record.ttlMs)
    .varint(record.floor)
    .varint(record.rollups.length);
  for (const { from, to } of record.rollups) writer.varint(from).varint(to);
  writeTrail(writer, record.trail);
  return writer.crc32Since(0).toBytes();
}

/**
 * @param expectedId of the object's name; a record that says another one is not this object's
 * @throws CorruptBytesError for anything that {@link encodeSessionRecord} cannot have written
 */
export function decodeSessionRecord(bytes: Uint8Array, expectedId?: SessionId): SessionRecord {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== MAGIC) throw new CorruptBytesError('not a session record');
  const version = reader.u16();
  if (version !== FORMAT_VERSION) throw new CorruptBytesError(`session record of unknown format version ${version}`);
  const state = STATES[reader.u8()];
  const sessionId = reader.text();
  const endpoint = reader.text();
  const pid = reader.varint();
  const host = reader.text();
  const ttlMs = reader.varint();
  const floor = reader.varint();
  const rollups = readRollups(reader);
  const trail = readTrail(reader);
  reader.expectCrc32Since(0);
  reader.expectEnd();
  if (state === undefined || !isSessionId(sessionId))
    throw new CorruptBytesError('session record has no valid state or id');
  if (expectedId !== undefined && sessionId !== expectedId)
    throw new CorruptBytesError('session record names another object');
  if (!areRollupsBelow(floor, rollups)) throw new CorruptBytesError('session record names impossible rollups');
  if (floor < 1 || ttlMs < 1 || ttlMs > TTL_LIMIT_MS) throw new CorruptBytesError('session record is out of range');
  return { sessionId, endpoint, pid, host, ttlMs, state, floor, rollups, trail };
}

/** The trail alone, as settlement of an edit needs it (P1). */
export function trailOfSessionRecord(bytes: Uint8Array): EditTrail {
  return decodeSessionRecord(bytes).trail;
}

function readRollups(reader: ByteReader): RollupRange[] {
  const count = reader.varint();
  if (count > ROLLUPS_LIMIT) throw new CorruptBytesError(`session record names ${count} rollups`);
  return Array.from({ length: count }, () => ({ from: reader.varint(), to: reader.varint() }));
}
