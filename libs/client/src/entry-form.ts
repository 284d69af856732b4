import type { Codec } from './codec.js';
import type { InvalidError } from './errors.js';
import { UndecodableError } from './errors.js';
import type { DeletedRange } from './key-range.js';
import type { Page, Version } from './options.js';
import type { Key, KeyPart } from './tuple.js';
import { decodeKey, encodeKey } from './tuple.js';
import type { KeyRange } from './tuple-range.js';
import { bytesOfDeletedRange, bytesOfRange } from './tuple-range.js';
import type { ByteEntry } from './wire.js';

export interface Entry<V> {
  readonly key: Key;
  readonly value: V;
  /** Of the commit that wrote it. */
  readonly version: Version;
}

/** How keys and values of a collection stand as bytes. */
export class EntryForm<Out, In = Out> {
  private readonly baseBytes: number;

  constructor(
    readonly base: Key,
    readonly codec: Codec<Out, In>,
  ) {
    this.baseBytes = encodeKey(base).length;
  }

  key(key: Key | KeyPart): Uint8Array<ArrayBuffer> {
    return encodeKey([...this.base, ...(Array.isArray(key) ? (key as Key) : [key as KeyPart])]);
  }

  range({ prefix, start, end }: KeyRange) {
    return bytesOfRange(this.base, { prefix, start, end });
  }

  deletedRange(range: DeletedRange<KeyRange>) {
    return bytesOfDeletedRange(this.base, range);
  }

  /** Without the base. */
  keyOf(key: Uint8Array): Key {
    return decodeKey(key.subarray(this.baseBytes));
  }

  async entryOf({ key, value, version }: ByteEntry): Promise<Entry<Out>> {
    return { key: this.keyOf(key), value: await this.codec.decode(value), version };
  }

  /** By their positions. */
  manyOf(entries: readonly (ByteEntry | undefined)[]): Promise<(Entry<Out> | undefined)[]> {
    return Promise.all(entries.map(async (entry) => entry && this.entryOf(entry)));
  }

  async pageOf({ entries, cursor, version }: Page<ByteEntry>): Promise<Page<Entry<Out>>> {
    return { entries: await Promise.all(entries.map((entry) => this.listedOf(entry))), cursor, version };
  }

  async *entriesOf(entries: AsyncIterable<ByteEntry>): AsyncIterableIterator<Entry<Out>> {
    for await (const entry of entries) yield await this.listedOf(entry);
  }

  /** @throws UndecodableError with the key, which the caller of a listing does not know */
  private async listedOf(entry: ByteEntry): Promise<Entry<Out>> {
    try {
      return await this.entryOf(entry);
    } catch (cause) {
      const { code = 'undecodable-value', message = 'an entry cannot be read' } = cause as Partial<InvalidError>;
      throw new UndecodableError({ code, message, cause }, entry.key);
    }
  }
}
