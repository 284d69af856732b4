import { assert, ByteReader, ByteWriter, CorruptBytesError } from '@leasehold/foundation';
import { compressSync, uncompressSync } from 'lz4-napi';

import { BLOCK_TARGET_BYTES, ENGINE_LIMITS } from '../limits.js';
import { CHECKSUM_BYTES, verifyChecksum } from './envelope.js';

/*
 * How a block is stored: the unit of reading, compression, and (later) encryption.
 *
 *     | compression id u8: 0 none, 1 LZ4 | key id u32: 0 not encrypted | payload | crc32 of everything before, u32 |
 *
 *     payload of 0: the content (sst-block.ts)
 *     payload of 1: | length of the content u32, LITTLE-endian | LZ4 block |          as LZ4 libraries write it with "size prepended"
 *
 * The checksum is over what is stored: damage is found before a decompressor sees it.
 */
const COMPRESSION_NONE = 0;
const COMPRESSION_LZ4 = 1;
const KEY_NONE = 0;
const HEADER_BYTES = 5;
const LZ4_LENGTH_BYTES = 4;

/** Decompressing costs every reader some microseconds: a block that shrinks by less than this is stored as it is. */
const LEAST_SAVING = 0.12;

/** No encoder makes a larger one: a block is cut when it reaches its target, so that at most one entry of the greatest size lies beyond. */
export const BLOCK_CONTENT_LIMIT_BYTES =
  BLOCK_TARGET_BYTES + ENGINE_LIMITS.keyBytes + ENGINE_LIMITS.valueBytes + 8 * 1024;

/** An LZ4 block cannot expand further than 255 bytes for each of its own. */
const LZ4_MOST_EXPANSION = 255;

/** Compressed when that is worth it. */
export function storeBlock(content: Uint8Array): Uint8Array {
  assert(content.byteLength <= BLOCK_CONTENT_LIMIT_BYTES, 'block is larger than the limit');
  // Synchronous: 16 KiB take 16 µs, less than handing them to another thread and back.
  const compressed = compressSync(asBuffer(content));
  const isWorthIt = compressed.byteLength <= content.byteLength * (1 - LEAST_SAVING);
  const payload = isWorthIt ? compressed : content;
  return new ByteWriter(HEADER_BYTES + payload.byteLength + CHECKSUM_BYTES)
    .u8(isWorthIt ? COMPRESSION_LZ4 : COMPRESSION_NONE)
    .u32(KEY_NONE)
    .raw(payload)
    .crc32Since(0)
    .finish();
}

/** The content: a view on `stored` where that is not compressed. @throws CorruptBytesError */
export function openBlock(stored: Uint8Array): Uint8Array {
  const sealed = verifyChecksum(stored);
  const header = new ByteReader(sealed);
  const compression = header.u8();
  const keyId = header.u32();
  if (keyId !== KEY_NONE) throw new CorruptBytesError(`block has a key that is not known: ${keyId}`);
  const payload = new Uint8Array(sealed.buffer, sealed.byteOffset + HEADER_BYTES, sealed.byteLength - HEADER_BYTES);
  if (compression === COMPRESSION_NONE) return payload;
  if (compression === COMPRESSION_LZ4) return decompress(payload);
  throw new CorruptBytesError(`block has a compression that is not known: ${compression}`);
}

function decompress(payload: Uint8Array): Uint8Array {
  if (payload.byteLength <= LZ4_LENGTH_BYTES) throw new CorruptBytesError('compressed block is cut short');
  // The library allocates what the length says before it looks further: a wrong one must not get there.
  const length = asBuffer(payload).readUInt32LE(0);
  const most = Math.min(BLOCK_CONTENT_LIMIT_BYTES, (payload.byteLength - LZ4_LENGTH_BYTES) * LZ4_MOST_EXPANSION);
  if (length < 1 || length > most)
    throw new CorruptBytesError(`compressed block has a length that cannot be: ${length}`);
  let content: Uint8Array;
  try {
    const { buffer, byteOffset, byteLength } = uncompressSync(asBuffer(payload));
    // Not a Buffer, so that all blocks are of one kind and searching them stays fast.
    content = new Uint8Array(buffer, byteOffset, byteLength);
  } catch {
    // What the library says may quote bytes.
    throw new CorruptBytesError('compressed block does not decompress');
  }
  if (content.byteLength !== length) throw new CorruptBytesError('compressed block has a wrong length');
  return content;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
