import { CorruptBytesError, MAX_EPOCH, MAX_SEQUENCE } from '@leasehold/foundation';

import type { Entry } from '../entry.js';
import { EMPTY_VALUE, NEVER } from '../entry.js';
import { ENGINE_LIMITS } from '../limits.js';
import { KIND_DELETE, KIND_EXPIRING_PUT, KIND_PUT } from './entry-codec.js';
import { openBlock } from './sst-block-envelope.js';

/*
 * Content of one block of an SST, as it lies in memory (docs/formats/sst.md; how it is stored: sst-block-envelope.ts).
 *
 *     | prefix length varint | prefix: what all keys of the block begin with |
 *     | entries, by (key, version descending) |
 *
 *     entry: | rest length varint | rest of the key | version | kind u8 | expiry | value |
 */
const EXPIRY_BYTES = 6;

/** Objects and headers that a block takes beside its bytes: the block, two arrays and their buffers. */
const BLOCK_OVERHEAD_BYTES = 450;

/** A varint of a safe integer has at most 8 bytes. */
const MOST_VARINT_FACTOR = 2 ** 49;

/**
 * A verified block, searched where it lies: a lookup decodes the one entry that it answers. Keys of entries are copies (or the key asked for),
 * values are views on the block.
 */
export class Block {
  /** Where decoding stands; reads run one at a time, without awaiting, so that all can use the same. */
  private at = 0;
  private prefixStart = 0;
  private prefixLength = 0;
  /**
   * Where each entry begins, then a hash table: one plus the number of an entry, 0 for an empty slot; only the newest of each key is in it. Not
   * stored: made by the pass that verifies the block. A lookup touches a slot, a start and an entry, where halving would miss the
   * processor's cache at each step.
   */
  private readonly table: Uint16Array | Uint32Array;
  private slotMask = 0;

  private constructor(private readonly content: Uint8Array) {
    this.table = this.verify();
  }

  /** @param stored as in the file. @throws CorruptBytesError */
  static parse(stored: Uint8Array): Block {
    return new Block(openBlock(stored));
  }

  /** @param content decompressed. @throws CorruptBytesError */
  static of(content: Uint8Array): Block {
    return new Block(content);
  }

  /** Entries; at least 1. */
  get count(): number {
    return this.table.length - this.slotMask - 1;
  }

  /** What it occupies in memory, about. */
  get sizeBytes(): number {
    return this.content.byteLength + this.table.byteLength + BLOCK_OVERHEAD_BYTES;
  }

  /** The newest entry of `key` in this block up to a sequence. Its key is the array given. */
  get(key: Uint8Array, through: number): Entry | undefined {
    const { table, slotMask, prefixLength } = this;
    const { count } = this;
    let slot = hashRest(key, prefixLength, key.length) & slotMask;
    for (let found = table[count + slot] as number; found !== 0; found = table[count + slot] as number) {
      if (this.hasKey(found - 1, key) && this.hasPrefix(key)) return this.newest(found - 1, key, through);
      slot = (slot + 1) & slotMask;
    }
    return undefined;
  }

  /** The first entry whose key is not below `key`; {@link count} when there is none. */
  firstAtOrAfter(key: Uint8Array): number {
    const { content, table, count, prefixStart, prefixLength } = this;
    const keyLength = key.length;
    for (let i = 0; i < prefixLength; i++) {
      if (i === keyLength) return 0;
      const order = (key[i] as number) - (content[prefixStart + i] as number);
      if (order !== 0) return order < 0 ? 0 : count;
    }
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      let at = table[middle] as number;
      let length = content[at++] as number;
      if (length >= 0x80) {
        this.at = at - 1;
        length = this.varint();
        at = this.at;
      }
      const end = at + length;
      let i = prefixLength;
      while (at < end && i < keyLength && content[at] === key[i]) {
        at++;
        i++;
      }
      const isBelow = at === end ? i < keyLength : i < keyLength && (content[at] as number) < (key[i] as number);
      if (isBelow) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  entry(index: number): Entry {
    const { content, prefixStart, prefixLength } = this;
    this.at = this.table[index] as number;
    const restLength = this.varint();
    const start = this.at;
    const key = new Uint8Array(prefixLength + restLength);
    for (let i = 0; i < prefixLength; i++) key[i] = content[prefixStart + i] as number;
    for (let i = 0; i < restLength; i++) key[prefixLength + i] = content[start + i] as number;
    this.at = start + restLength;
    return this.readRest(key, Number.MAX_SAFE_INTEGER) as Entry;
  }

  /** All of them, in order. */
  entries(): Entry[] {
    return Array.from({ length: this.count }, (_, i) => this.entry(i));
  }

  /** From the newest entry of the key on, the first that is not of a later commit. */
  private newest(first: number, key: Uint8Array, through: number): Entry | undefined {
    for (let i = first; i < this.count && this.hasKey(i, key); i++) {
      const entry = this.readRest(key, through);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** Whether the entry has this key but for the prefix. Leaves off behind the key. */
  private hasKey(index: number, key: Uint8Array): boolean {
    const { content, prefixLength } = this;
    this.at = this.table[index] as number;
    const length = this.varint();
    if (prefixLength + length !== key.length) return false;
    const { at } = this;
    for (let i = 0; i < length; i++) if (content[at + i] !== key[prefixLength + i]) return false;
    this.at = at + length;
    return true;
  }

  private hasPrefix(key: Uint8Array): boolean {
    const { content, prefixStart, prefixLength } = this;
    for (let i = 0; i < prefixLength; i++) if (content[prefixStart + i] !== key[i]) return false;
    return true;
  }

  /** What follows the key. Undefined when it is of a later commit. */
  private readRest(key: Uint8Array, through: number): Entry | undefined {
    const epoch = this.varint();
    const sequence = this.varint();
    if (sequence > through) return undefined;
    const kind = this.content[this.at++] as number;
    if (kind === KIND_DELETE)
      return { key, version: { epoch, sequence }, kind: 'delete', value: EMPTY_VALUE, expiresAt: NEVER };
    const expiresAt = kind === KIND_EXPIRING_PUT ? this.u48() : NEVER;
    const length = this.varint();
    const { buffer, byteOffset } = this.content;
    const value = new Uint8Array(buffer, byteOffset + this.at, length);
    return { key, version: { epoch, sequence }, kind: 'put', value, expiresAt };
  }

  /** Looks at every entry once, so that no read has to look again. @throws CorruptBytesError */
  private verify(): Uint16Array | Uint32Array {
    const { content } = this;
    this.prefixLength = this.varint();
    this.prefixStart = this.at;
    this.at += this.prefixLength;
    if (this.at >= content.length) throw new CorruptBytesError('block has no entries');
    const starts: number[] = [];
    /** Two for the newest entry of each key: its number, its hash. */
    const newest: number[] = [];
    let before = 0;
    let lengthBefore = -1;
    let sequenceBefore = 0;
    while (this.at < content.length) {
      starts.push(this.at);
      const length = this.varint();
      const rest = this.at;
      if (this.prefixLength + length < 1 || this.prefixLength + length > ENGINE_LIMITS.keyBytes)
        throw new CorruptBytesError(`key length is out of range: ${this.prefixLength + length}`);
      this.at += length;
      const sequence = this.verifyRest();
      const order = lengthBefore < 0 ? 1 : this.compareRests(rest, length, before, lengthBefore);
      if (order < 0 || (order === 0 && sequence >= sequenceBefore))
        throw new CorruptBytesError('block is out of order');
      if (order > 0) newest.push(starts.length - 1, hashRest(content, rest, rest + length));
      before = rest;
      lengthBefore = length;
      sequenceBefore = sequence;
    }
    return this.tableOf(starts, newest);
  }

  private tableOf(starts: readonly number[], newest: readonly number[]): Uint16Array | Uint32Array {
    let slots = 2;
    // At most two thirds full; `newest` has two numbers for each key.
    while (slots * 4 < newest.length * 3) slots *= 2;
    this.slotMask = slots - 1;
    const { length } = starts;
    const table = this.content.length <= 0xffff ? new Uint16Array(length + slots) : new Uint32Array(length + slots);
    table.set(starts);
    for (let i = 0; i < newest.length; i += 2) {
      let slot = (newest[i + 1] as number) & this.slotMask;
      while (table[length + slot] !== 0) slot = (slot + 1) & this.slotMask;
      table[length + slot] = (newest[i] as number) + 1;
    }
    return table;
  }

  /** @returns the sequence */
  private verifyRest(): number {
    const epoch = this.varint();
    const sequence = this.varint();
    if (epoch < 1 || sequence < 1 || epoch > MAX_EPOCH || sequence > MAX_SEQUENCE)
      throw new CorruptBytesError('entry has no version');
    const kind = this.content[this.at++];
    if (kind !== KIND_DELETE) {
      if (kind === KIND_EXPIRING_PUT) this.at += EXPIRY_BYTES;
      else if (kind !== KIND_PUT) throw new CorruptBytesError(`entry kind is not known: ${kind}`);
      const length = this.varint();
      if (length > ENGINE_LIMITS.valueBytes) throw new CorruptBytesError(`value is too long: ${length}`);
      this.at += length;
    }
    if (this.at > this.content.length) throw new CorruptBytesError('block entry is cut short');
    return sequence;
  }

  private compareRests(a: number, aLength: number, b: number, bLength: number): number {
    const { content } = this;
    const most = Math.min(aLength, bLength);
    for (let i = 0; i < most; i++) {
      const order = (content[a + i] as number) - (content[b + i] as number);
      if (order !== 0) return order;
    }
    return aLength - bLength;
  }

  private u48(): number {
    let value = 0;
    for (let i = 0; i < EXPIRY_BYTES; i++) value = value * 0x100 + (this.content[this.at++] as number);
    return value;
  }

  /** Past the end it reads 0, and whoever verifies notices. */
  private varint(): number {
    const { content } = this;
    const first = content[this.at++] ?? 0;
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let factor = 0x80; factor <= MOST_VARINT_FACTOR; factor *= 0x80) {
      const byte = content[this.at++] ?? 0;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw new CorruptBytesError('varint is longer than a safe integer');
  }
}

/** Only within a process: no file depends on it. */
function hashRest(bytes: Uint8Array, from: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  // The table takes the lowest bits, which the last bytes alone would decide.
  return (hash ^ (hash >>> 15)) >>> 0;
}
