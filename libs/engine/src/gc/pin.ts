import type { DatabaseId, Ulid } from '@leasehold/foundation';
import { assert, ByteWriter, CorruptBytesError, decodeUtf8, isDatabaseId } from '@leasehold/foundation';

import { openChecked, seal } from '../format/envelope.js';
import { readUlid, writeUlid } from '../format/sst-ref.js';

/**
 * That somebody reads files of a database's folder beside the database itself, so that gc leaves them. It names files, not a version:
 * files never change, so compaction owes a pin nothing and goes on as if there were none.
 */
export interface Pin {
  readonly id: Ulid;
  /** In whose folder the pin and its files lie. */
  readonly folder: DatabaseId;
  /** Who reads them: a branch, the database itself (an undo, an export), … */
  readonly holder: DatabaseId;
  readonly purpose: PinPurpose;
  /** Of the head whose files these are. */
  readonly sequence: number;
  /** Wall ms since the Unix epoch. */
  readonly createdAt: number;
  readonly files: readonly Ulid[];
}

const PURPOSES = ['branch', 'replica', 'export', 'undo'] as const;

export type PinPurpose = (typeof PURPOSES)[number];

/** More than a database of 10 GB has with all of its history; 300 KB. */
export const PIN_FILES = 8 * 1024;

const MAGIC = 'LHPN';
const FORMAT_VERSION = 1;
export const PIN_NONCE_BYTES = 16;

/*
 * docs/formats/pin.md
 *
 *     | "LHPN" | format version u16 | nonce, 16 bytes | id, 26 characters | folder text | holder text |
 *     | purpose u8: 1 branch, 2 replica, 3 export, 4 undo | sequence u48 | created at u48 |
 *     | file count varint | file ids, 26 characters each, ascending |
 *     | crc32 of everything before, u32 |
 */
export function encodePin(pin: Pin, nonce: Uint8Array): Uint8Array {
  assert(nonce.byteLength === PIN_NONCE_BYTES, 'a pin has a nonce of 16 bytes');
  assert(pin.files.length <= PIN_FILES, 'a pin names more files than the limit');
  const files = [...new Set(pin.files)].sort();
  const writer = new ByteWriter();
  return seal(writer, MAGIC, FORMAT_VERSION, () => {
    writer.raw(nonce);
    writeUlid(writer, pin.id);
    writer.text(pin.folder).text(pin.holder);
    writer
      .u8(PURPOSES.indexOf(pin.purpose) + 1)
      .u48(pin.sequence)
      .u48(pin.createdAt);
    writer.varint(files.length);
    for (const id of files) writeUlid(writer, id);
  });
}

/** @throws CorruptBytesError on anything that {@link encodePin} does not write */
export function decodePin(bytes: Uint8Array): Pin {
  const reader = openChecked(bytes, MAGIC, FORMAT_VERSION);
  reader.raw(PIN_NONCE_BYTES);
  const id = readUlid(reader);
  const folder = databaseIdOf(reader.bytes());
  const holder = databaseIdOf(reader.bytes());
  const purpose = PURPOSES[reader.u8() - 1];
  if (purpose === undefined) throw new CorruptBytesError('pin has a purpose that is not known');
  const sequence = reader.u48();
  const createdAt = reader.u48();
  const files: Ulid[] = [];
  const count = reader.varint();
  if (count > PIN_FILES) throw new CorruptBytesError(`pin names too many files: ${count}`);
  for (let i = 0; i < count; i++) files.push(readUlid(reader));
  if (files.some((file, i) => i > 0 && file <= (files[i - 1] as Ulid)))
    throw new CorruptBytesError('pin has files out of order');
  reader.expectEnd();
  return { id, folder, holder, purpose, sequence, createdAt, files };
}

function databaseIdOf(bytes: Uint8Array): DatabaseId {
  const text = decodeUtf8(bytes);
  if (text === undefined || !isDatabaseId(text)) throw new CorruptBytesError('pin has a malformed database id');
  return text;
}
