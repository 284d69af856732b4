import { compareBytes, CorruptBytesError, MAX_EPOCH, MAX_SEQUENCE } from '@leasehold/foundation';

import type { Entry } from '../entry.js';
import { EMPTY_VALUE, NEVER } from '../entry.js';
import { ENGINE_LIMITS } from '../limits.js';
import { KIND_DELETE, KIND_EXPIRING_PUT, KIND_PUT } from './entry-codec.js';
import { openBlock } from './sst-block-envelope.js';

/*
 * Content of one block of an SST, as it lies in memory (docs/formats/sst.md; how it is stored: sst-block-envelope.ts).
 *
 *     | entries, by (key, version descending) |
 *     | restart offset u32, from the first entry, … | restart count u16 |
 *
 *     entry: | shared varint | rest length varint | rest of key | version | kind u8 | expiry | value |
 *
 * `shared` counts the bytes that the key has in common with the one before. It is 0 at every restart, so that a search
 * can begin there.
 */
export const RESTART_BYTES = 4;
export const RESTART_COUNT_BYTES = 2;

/** Objects and headers that a block takes beside its bytes: the block, its array and that array's buffer. */
const BLOCK_OVERHEAD_BYTES = 250;

/** A varint of a safe integer has at most 8 bytes. */
const MOST_VARINT_FACTOR = 2 ** 49;

/**
 * A verified block, searched where it lies: a lookup decodes the one entry that it answers. Keys of entries are copies (or the key asked for),
 * values are views on the block.
 */
export class Block {
  /** Where the search stands; one read runs at a time, without awaiting, so that all can use the same. */
  private at = 0;

  private constructor(
    private readonly content: Uint8Array,
    private readonly entriesEnd: number,
    private readonly restartCount: number,
  ) {}

  /** @param stored as in the file. @throws CorruptBytesError */
  static parse(stored: Uint8Array): Block {
    return Block.of(openBlock(stored));
  }

  /** @param content decompressed. @throws CorruptBytesError */
  static of(content: Uint8Array): Block {
    const end = content.byteLength - RESTART_COUNT_BYTES;
    const count = end < 0 ? 0 : (byteAt(content, end) << 8) | byteAt(content, end + 1);
    const entriesEnd = end - count * RESTART_BYTES;
    if (count === 0 || entriesEnd <= 0) throw new CorruptBytesError('block has no entries');
    const block = new Block(content, entriesEnd, count);
    for (let i = 0, before = -1; i < count; i++) {
      const at = block.restart(i);
      if (i === 0 ? at !== 0 : at <= before || at >= entriesEnd)
        throw new CorruptBytesError('block has restarts out of order');
      before = at;
    }
    return block;
  }

  /** What it occupies in memory, about. */
  get sizeBytes(): number {
    return this.content.byteLength + BLOCK_OVERHEAD_BYTES;
  }

  /** Runs of entries that can be decoded each by itself; at least one. */
  get groups(): number {
    return this.restartCount;
  }

  /** The newest entry of `key` in this block up to a sequence. Its key is the array given. @throws CorruptBytesError */
  get(key: Uint8Array, through: number): Entry | undefined {
    const group = this.groupBefore(key);
    const { content, entriesEnd } = this;
    const keyLength = key.byteLength;
    let nextRestart = group;
    let nextRestartAt = this.restart(group);
    /** How many bytes the key before, which is below `key` or equal, has in common with it. */
    let matched = 0;
    this.at = nextRestartAt;
    while (this.at < entriesEnd) {
      if (this.at === nextRestartAt) {
        matched = 0;
        nextRestart++;
        nextRestartAt = nextRestart < this.restartCount ? this.restart(nextRestart) : entriesEnd;
      }
      const shared = this.varint();
      const restLength = this.varint();
      const rest = this.at;
      this.at = rest + restLength;
      if (this.at >= entriesEnd) throw new CorruptBytesError('block entry is cut short');
      // Shares less than the key before did with `key`: from there on it is greater.
      if (shared < matched) return undefined;
      let isEqual = false;
      if (shared === matched) {
        const most = Math.min(restLength, keyLength - matched);
        let i = 0;
        while (i < most && content[rest + i] === key[matched + i]) i++;
        if (i === restLength) isEqual = matched + i === keyLength;
        else if (matched + i === keyLength || byteAt(content, rest + i) > byteAt(key, matched + i)) return undefined;
        matched += i;
      }
      if (isEqual) {
        const entry = this.readRest(key, through);
        if (entry !== undefined) return entry;
      } else {
        this.skipRest();
      }
    }
    return undefined;
  }

  /** The last group that begins below `key`, or the first: the newest version of the key, if any, lies in it or begins the next. */
  groupBefore(key: Uint8Array): number {
    let low = 0;
    let high = this.restartCount;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.isRestartBelow(middle, key)) low = middle;
      else high = middle;
    }
    return low;
  }

  /** The entries of one group, in order. @throws CorruptBytesError when they are not */
  entriesOf(group: number): Entry[] {
    const end = group + 1 < this.restartCount ? this.restart(group + 1) : this.entriesEnd;
    const entries: Entry[] = [];
    let previous: Entry | undefined;
    this.at = this.restart(group);
    while (this.at < end) {
      const entry = this.readEntry(previous);
      entries.push(entry);
      previous = entry;
    }
    if (this.at !== end) throw new CorruptBytesError('block entry is cut short');
    return entries;
  }

  /** All of them, in order. @throws CorruptBytesError when they are not */
  entries(): Entry[] {
    const entries: Entry[] = [];
    for (let group = 0; group < this.restartCount; group++) {
      const next = this.entriesOf(group);
      const last = entries[entries.length - 1];
      const first = next[0];
      if (last !== undefined && first !== undefined && !isAfter(first, last, 0))
        throw new CorruptBytesError('block is out of order');
      for (const entry of next) entries.push(entry);
    }
    return entries;
  }

  private readEntry(previous: Entry | undefined): Entry {
    const shared = this.varint();
    const restLength = this.varint();
    const rest = this.at;
    const keyLength = shared + restLength;
    if (shared > (previous === undefined ? 0 : previous.key.byteLength))
      throw new CorruptBytesError('block shares more of a key than there is');
    if (keyLength < 1 || keyLength > ENGINE_LIMITS.keyBytes)
      throw new CorruptBytesError(`key length is out of range: ${keyLength}`);
    this.at = rest + restLength;
    if (this.at >= this.entriesEnd) throw new CorruptBytesError('block entry is cut short');
    const key = new Uint8Array(keyLength);
    for (let i = 0; i < shared; i++) key[i] = (previous as Entry).key[i] as number;
    for (let i = 0; i < restLength; i++) key[shared + i] = this.content[rest + i] as number;
    const entry = this.readRest(key, Number.MAX_SAFE_INTEGER) as Entry;
    if (previous !== undefined && !isAfter(entry, previous, shared))
      throw new CorruptBytesError('block is out of order');
    return entry;
  }

  /** What follows the key. Undefined, and passed over, when it is of a later commit. */
  private readRest(key: Uint8Array, through: number): Entry | undefined {
    const epoch = this.varint();
    const sequence = this.varint();
    if (epoch < 1 || sequence < 1 || epoch > MAX_EPOCH || sequence > MAX_SEQUENCE)
      throw new CorruptBytesError('entry has no version');
    const kind = byteAt(this.content, this.at++);
    let expiresAt = NEVER;
    let valueLength = 0;
    if (kind !== KIND_DELETE) {
      if (kind === KIND_EXPIRING_PUT) expiresAt = this.u48();
      else if (kind !== KIND_PUT) throw new CorruptBytesError(`entry kind is not known: ${kind}`);
      valueLength = this.varint();
      if (valueLength > ENGINE_LIMITS.valueBytes) throw new CorruptBytesError(`value is too long: ${valueLength}`);
    }
    const start = this.at;
    this.at += valueLength;
    if (this.at > this.entriesEnd) throw new CorruptBytesError('block entry is cut short');
    if (sequence > through) return undefined;
    if (kind === KIND_DELETE)
      return { key, version: { epoch, sequence }, kind: 'delete', value: EMPTY_VALUE, expiresAt };
    const { buffer, byteOffset } = this.content;
    const value = new Uint8Array(buffer, byteOffset + start, valueLength);
    return { key, version: { epoch, sequence }, kind: 'put', value, expiresAt };
  }

  private skipRest(): void {
    const { content } = this;
    while (byteAt(content, this.at++) >= 0x80);
    while (byteAt(content, this.at++) >= 0x80);
    const kind = content[this.at++];
    if (kind === KIND_EXPIRING_PUT) this.at += 6;
    if (kind !== KIND_DELETE) {
      const length = this.varint();
      this.at += length;
    }
    if (this.at > this.entriesEnd) throw new CorruptBytesError('block entry is cut short');
  }

  private isRestartBelow(restart: number, key: Uint8Array): boolean {
    const { content } = this;
    this.at = this.restart(restart);
    if (this.varint() !== 0) throw new CorruptBytesError('restart shares a key prefix');
    const length = this.varint();
    const start = this.at;
    const most = Math.min(length, key.byteLength);
    if (start + length > this.entriesEnd) throw new CorruptBytesError('block entry is cut short');
    for (let i = 0; i < most; i++) {
      const order = byteAt(content, start + i) - byteAt(key, i);
      if (order !== 0) return order < 0;
    }
    return length < key.byteLength;
  }

  private restart(index: number): number {
    const at = this.entriesEnd + index * RESTART_BYTES;
    const { content } = this;
    return (
      byteAt(content, at) * 0x1000000 +
      ((byteAt(content, at + 1) << 16) | (byteAt(content, at + 2) << 8) | byteAt(content, at + 3))
    );
  }

  private u48(): number {
    let value = 0;
    for (let i = 0; i < 6; i++) value = value * 0x100 + byteAt(this.content, this.at++);
    return value;
  }

  private varint(): number {
    const { content } = this;
    const first = byteAt(content, this.at++);
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let factor = 0x80; factor <= MOST_VARINT_FACTOR; factor *= 0x80) {
      const byte = byteAt(content, this.at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw new CorruptBytesError('varint is longer than a safe integer');
  }
}

/** Past the end: 0, which no loop mistakes for more; whoever moves on checks against the end of the entries. */
function byteAt(bytes: Uint8Array, at: number): number {
  return at < bytes.byteLength ? (bytes[at] as number) : 0;
}

/** @param shared bytes that are known to be equal, and no more of them unless it is 0 */
function isAfter(entry: Entry, previous: Entry, shared: number): boolean {
  if (shared > 0 && shared < previous.key.byteLength)
    return shared < entry.key.byteLength && byteAt(entry.key, shared) > byteAt(previous.key, shared);
  const order = compareBytes(entry.key, previous.key);
  return order > 0 || (order === 0 && entry.version.sequence < previous.version.sequence);
}
