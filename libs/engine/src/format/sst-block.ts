import { assert, ByteReader, ByteWriter, compareBytes, CorruptBytesError } from '@leasehold/foundation';

import type { Entry } from '../entry.js';
import { compareEntries } from '../entry.js';
import { ENGINE_LIMITS } from '../limits.js';
import { readKindAndValue, readVersion, writeKindAndValue, writeVersion } from './entry-codec.js';
import { verifyChecksum } from './envelope.js';

/*
 * One block of an SST: the unit of reading, caching and (later) compression and encryption.
 *
 *     | compression id u8: 0 none | key id u32: 0 not encrypted |
 *     | entries, by (key, version descending) |
 *     | restart offset u32, from the first entry, … | restart count u16 |
 *     | crc32 of everything before, u32 |
 *
 *     entry: | shared varint | rest length varint | rest of key | version | kind u8 | value |
 *
 * `shared` counts the bytes that the key has in common with the one before. It is 0 at every restart, so that a search
 * can begin there.
 */
const COMPRESSION_NONE = 0;
const KEY_NONE = 0;
const HEADER_BYTES = 5;
const RESTART_BYTES = 4;

/** A search decodes at most so many entries; each restart costs 4 bytes and one whole key. */
const RESTART_ENTRIES = 16;

export class BlockBuilder {
  private readonly writer = new ByteWriter();
  private readonly restarts: number[] = [];
  private count = 0;
  private last: Uint8Array = new Uint8Array(0);

  constructor() {
    this.writer.u8(COMPRESSION_NONE).u32(KEY_NONE);
  }

  /** In order; the caller checks. */
  add(entry: Entry): void {
    const { key } = entry;
    assert(key.byteLength >= 1 && key.byteLength <= ENGINE_LIMITS.keyBytes, 'key length is out of range');
    const isRestart = this.count % RESTART_ENTRIES === 0;
    if (isRestart) this.restarts.push(this.writer.size - HEADER_BYTES);
    const shared = isRestart ? 0 : sharedBytes(this.last, key);
    this.writer.varint(shared).bytes(key.subarray(shared));
    writeVersion(this.writer, entry.version);
    writeKindAndValue(this.writer, entry);
    this.last = key;
    this.count++;
  }

  get entries(): number {
    return this.count;
  }

  /** Of the finished block. */
  get sizeBytes(): number {
    return this.writer.size + this.restarts.length * RESTART_BYTES + 2 + 4;
  }

  finish(): Uint8Array {
    assert(this.count > 0, 'a block has entries');
    for (const offset of this.restarts) this.writer.u32(offset);
    return this.writer.u16(this.restarts.length).crc32Since(0).toBytes();
  }
}

/** A verified block. Keys of its entries are copies, values are views on it. */
export class Block {
  private constructor(
    private readonly body: Uint8Array,
    private readonly restarts: readonly number[],
  ) {}

  /** Verifies the checksum. @throws CorruptBytesError */
  static parse(bytes: Uint8Array): Block {
    const sealed = verifyChecksum(bytes);
    const header = new ByteReader(sealed);
    const compression = header.u8();
    if (compression !== COMPRESSION_NONE)
      throw new CorruptBytesError(`block has a compression that is not known: ${compression}`);
    const keyId = header.u32();
    if (keyId !== KEY_NONE) throw new CorruptBytesError(`block has a key that is not known: ${keyId}`);
    const count = header.remaining >= 2 ? new ByteReader(sealed, sealed.byteLength - 2).u16() : 0;
    const entriesEnd = sealed.byteLength - 2 - count * RESTART_BYTES;
    if (count === 0 || entriesEnd <= HEADER_BYTES) throw new CorruptBytesError('block has no entries');
    const body = sealed.subarray(HEADER_BYTES, entriesEnd);
    const reader = new ByteReader(sealed, entriesEnd);
    const restarts: number[] = [];
    for (let i = 0; i < count; i++) restarts.push(reader.u32());
    if (
      restarts[0] !== 0 ||
      restarts.some((at, i) => at >= body.byteLength || (i > 0 && at <= (restarts[i - 1] as number)))
    ) {
      throw new CorruptBytesError('block has restarts out of order');
    }
    return new Block(body, restarts);
  }

  /** What it occupies in memory, about. */
  get sizeBytes(): number {
    return this.body.byteLength + this.restarts.length * 8;
  }

  /** The newest entry of `key` in this block. */
  get(key: Uint8Array): Entry | undefined {
    // The last restart whose key lies before `key`: the newest version of `key`, if any, is at or after it.
    let low = 0;
    let high = this.restarts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.keyAtRestart(middle), key) < 0) low = middle;
      else high = middle;
    }
    const reader = new ByteReader(this.body, this.restarts[low]);
    let previous: Uint8Array | undefined;
    while (reader.remaining > 0) {
      const entry = readBlockEntry(reader, previous);
      const order = compareBytes(entry.key, key);
      if (order === 0) return entry;
      if (order > 0) return undefined;
      previous = entry.key;
    }
    return undefined;
  }

  /** All of them, in order. @throws CorruptBytesError when they are not */
  entries(): Entry[] {
    const reader = new ByteReader(this.body);
    const entries: Entry[] = [];
    let previous: Entry | undefined;
    while (reader.remaining > 0) {
      const entry = readBlockEntry(reader, previous?.key);
      if (previous !== undefined && compareEntries(previous, entry) >= 0)
        throw new CorruptBytesError('block is out of order');
      entries.push(entry);
      previous = entry;
    }
    return entries;
  }

  private keyAtRestart(restart: number): Uint8Array {
    const reader = new ByteReader(this.body, this.restarts[restart]);
    if (reader.varint() !== 0) throw new CorruptBytesError('restart shares a key prefix');
    return reader.bytes();
  }
}

function readBlockEntry(reader: ByteReader, previous: Uint8Array | undefined): Entry {
  const shared = reader.varint();
  if (shared > (previous?.byteLength ?? 0)) throw new CorruptBytesError('block shares more of a key than there is');
  const restLength = reader.varint();
  const keyLength = shared + restLength;
  if (keyLength < 1 || keyLength > ENGINE_LIMITS.keyBytes)
    throw new CorruptBytesError(`key length is out of range: ${keyLength}`);
  const key = new Uint8Array(keyLength);
  if (previous !== undefined && shared > 0) key.set(previous.subarray(0, shared));
  key.set(reader.raw(restLength), shared);
  const version = readVersion(reader);
  if (version.sequence === 0) throw new CorruptBytesError('entry has no version');
  return { key, version, ...readKindAndValue(reader) };
}

function sharedBytes(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.byteLength, b.byteLength);
  let shared = 0;
  while (shared < most && a[shared] === b[shared]) shared++;
  return shared;
}
