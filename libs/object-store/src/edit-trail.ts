import { CorruptBytesError, assert, fromHex, toHex } from '@leasehold/foundation';
import type { ByteReader, ByteWriter, Random } from '@leasehold/foundation';

/** How many edits may follow one's own before its outcome can no longer be told (P1). */
export const TRAIL_NONCES = 16;
const NONCE_BYTES = 16;

/**
 * What every mutable object carries, so that a writer whose answer was lost can find out by reading whether its edit was applied (P1):
 *
 *     edits    varint   how many edits the object has had, creation included
 *     count    u8       0 … 16
 *     nonces   16 bytes each, latest first; nonces[0] belongs to the present edit
 */
export interface EditTrail {
  readonly edits: number;
  /** Hexadecimal, latest first, at most {@link TRAIL_NONCES}. */
  readonly nonces: readonly string[];
}

/** Of an object that does not exist yet. */
export const EMPTY_TRAIL: EditTrail = { edits: 0, nonces: [] };

/** 16 random bytes in hexadecimal. Each edit draws its own; a repetition of the same edit keeps it. */
export function drawNonce(random: Random): string {
  return toHex(random.bytes(NONCE_BYTES));
}

/** The trail after one more edit. */
export function nextTrail(trail: EditTrail, nonce: string): EditTrail {
  assert(/^[0-9a-f]{32}$/.test(nonce), 'a nonce is 16 bytes in lower-case hexadecimal');
  assert(!trail.nonces.includes(nonce), 'every edit draws a nonce of its own');
  return { edits: trail.edits + 1, nonces: [nonce, ...trail.nonces].slice(0, TRAIL_NONCES) };
}

export function writeTrail(writer: ByteWriter, trail: EditTrail): void {
  assert(trail.nonces.length === Math.min(trail.edits, TRAIL_NONCES), 'a trail holds the nonces of the last 16 edits');
  writer.varint(trail.edits).u8(trail.nonces.length);
  for (const nonce of trail.nonces) writer.raw(fromHex(nonce) as Uint8Array);
}

/** @throws CorruptBytesError */
export function readTrail(reader: ByteReader): EditTrail {
  const edits = reader.varint();
  const count = reader.u8();
  if (count !== Math.min(edits, TRAIL_NONCES))
    throw new CorruptBytesError(`edit trail of ${edits} edits holds ${count} nonces`);
  return { edits, nonces: Array.from({ length: count }, () => toHex(reader.raw(NONCE_BYTES))) };
}
