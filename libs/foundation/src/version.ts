import { assert } from './assert.js';
import { fromHex } from './bytes.js';

/**
 * A commit's position: the epoch under which it was written and its sequence number in the database. The sequence
 * continues across epochs without gaps, so it alone orders commits; the epoch tells who wrote.
 *
 *     0      4            10
 *     | epoch | sequence  |      big-endian, so that byte order is commit order
 */
export interface Version {
  /** 1 … 2^32 − 1; 0 only in {@link VERSION_ZERO}. */
  readonly epoch: number;
  /** 1 … 2^48 − 1; 0 only in {@link VERSION_ZERO}. */
  readonly sequence: number;
}

export const VERSION_ZERO: Version = { epoch: 0, sequence: 0 };
export const MAX_EPOCH = 2 ** 32 - 1;
export const MAX_SEQUENCE = 2 ** 48 - 1;
export const VERSIONSTAMP_BYTES = 10;

export function encodeVersionstamp(version: Version): Uint8Array {
  assert(version.epoch >= 0 && version.epoch <= MAX_EPOCH, 'epoch out of range');
  assert(version.sequence >= 0 && version.sequence <= MAX_SEQUENCE, 'sequence out of range');
  const bytes = Buffer.alloc(VERSIONSTAMP_BYTES);
  bytes.writeUInt32BE(version.epoch, 0);
  bytes.writeUIntBE(version.sequence, 4, 6);
  return bytes;
}

export function decodeVersionstamp(bytes: Uint8Array): Version {
  assert(bytes.byteLength === VERSIONSTAMP_BYTES, 'a versionstamp has 10 bytes');
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { epoch: view.readUInt32BE(0), sequence: view.readUIntBE(4, 6) };
}

/** 20 lower-case hexadecimal digits, as in ETags. */
export function formatVersion({ epoch, sequence }: Version): string {
  assert(epoch >= 0 && epoch <= MAX_EPOCH, 'epoch out of range');
  assert(sequence >= 0 && sequence <= MAX_SEQUENCE, 'sequence out of range');
  // Without bytes in between: each answer has one.
  return epoch.toString(16).padStart(8, '0') + sequence.toString(16).padStart(12, '0');
}

/** Undefined unless `text` is 20 hexadecimal digits. */
export function parseVersion(text: string): Version | undefined {
  const bytes = text.length === VERSIONSTAMP_BYTES * 2 ? fromHex(text) : undefined;
  return bytes && decodeVersionstamp(bytes);
}

export function equalVersions(a: Version, b: Version): boolean {
  return a.epoch === b.epoch && a.sequence === b.sequence;
}
