import type { ByteTransaction } from './byte-transaction.js';
import type { Codec } from './codec.js';
import type { Collection } from './collection.js';
import { EntryForm, type Entry } from './entry-form.js';
import type { DeletedRange } from './key-range.js';
import type { LifetimeOptions, ListOptions, Version } from './options.js';
import type { Key, KeyPart } from './tuple.js';
import type { KeyRange } from './tuple-range.js';

/** Where a listing of a transaction begins and ends. Its state is that of the transaction. */
export type TransactionListOptions = KeyRange & Omit<ListOptions, 'at' | 'signal'>;

/** A collection inside of a transaction. */
export class TransactionCollection<Out, In = Out> {
  constructor(
    private readonly bytes: ByteTransaction,
    private readonly form: EntryForm<Out, In>,
  ) {}

  async get(key: Key | KeyPart): Promise<Entry<Out> | undefined> {
    return (await this.getMany([key]))[0];
  }

  /** In one trip, by the positions of the keys. At most 1,000. */
  async getMany(keys: readonly (Key | KeyPart)[]): Promise<(Entry<Out> | undefined)[]> {
    const found = await this.bytes.getMany(keys.map((key) => this.form.key(key)));
    return this.form.manyOf(found);
  }

  /** What it shows is checked like keys that are read, and that nothing was added in between. */
  list(options: TransactionListOptions = {}): AsyncIterableIterator<Entry<Out>> {
    const { prefix: _prefix, ...rest } = options;
    return this.form.entriesOf(this.bytes.list({ ...rest, ...this.form.range(options) }));
  }

  put(key: Key | KeyPart, value: In, lifetime?: LifetimeOptions): void {
    this.bytes.put(this.form.key(key), this.form.codec.encode(value), lifetime);
  }

  delete(key: Key | KeyPart): void {
    this.bytes.delete(this.form.key(key));
  }

  deleteRange(range: DeletedRange<KeyRange>): void {
    this.bytes.deleteRange(this.form.deletedRange(range));
  }

  /** Demands a version that is known from elsewhere, as {@link ByteTransaction.check}. */
  check(key: Key | KeyPart, version: Version | null | '*'): void {
    this.bytes.check(this.form.key(key), version);
  }
}

/** Values of another kind than the database has by default. */
export interface CodecOption<Out, In = Out> {
  readonly codec?: Codec<Out, In> | undefined;
}

/**
 * One run of the work of a transaction. All reads show one state, that of the first of them; what was read is checked when the writes are applied. Writes are collected, and
 * applied together after the work: reads do not show them, and reading what was written before in the same run is refused.
 */
export class Transaction {
  constructor(
    /** The same run for keys and values that are bytes. */
    readonly bytes: ByteTransaction,
    private readonly codec: Codec<unknown>,
  ) {}

  get<V = unknown>(key: Key, { codec }: CodecOption<V, never> = {}): Promise<Entry<V> | undefined> {
    return this.all(codec).get(key);
  }

  /** In one trip, by the positions of the keys. At most 1,000. */
  getMany<V = unknown>(keys: readonly Key[], { codec }: CodecOption<V, never> = {}): Promise<(Entry<V> | undefined)[]> {
    return this.all(codec).getMany(keys);
  }

  /** What it shows is checked like keys that are read, and that nothing was added in between. */
  list<V = unknown>({ codec, ...options }: TransactionListOptions & CodecOption<V, never> = {}): AsyncIterableIterator<
    Entry<V>
  > {
    return this.all(codec).list(options);
  }

  put<V>(key: Key, value: V, { codec, ...lifetime }: LifetimeOptions & CodecOption<unknown, V> = {}): void {
    this.all(codec).put(key, value as never, lifetime);
  }

  delete(key: Key): void {
    this.all().delete(key);
  }

  deleteRange(range: DeletedRange<KeyRange>): void {
    this.all().deleteRange(range);
  }

  /** Adds to a `counter`, without reading it, so that two who add are not in each other's way. A key that does not exist becomes the operand. */
  sum(key: Key, operand: bigint | number, lifetime?: LifetimeOptions): void {
    this.bytes.sum(this.form().key(key), operand, lifetime);
  }

  /** Lowers a `counter` to the operand, if that is less. */
  min(key: Key, operand: bigint | number, lifetime?: LifetimeOptions): void {
    this.bytes.min(this.form().key(key), operand, lifetime);
  }

  /** Raises a `counter` to the operand, if that is more. */
  max(key: Key, operand: bigint | number, lifetime?: LifetimeOptions): void {
    this.bytes.max(this.form().key(key), operand, lifetime);
  }

  /** Demands a version that is known from elsewhere, `null` (no such key) or `'*'` (any). Where it does not hold `transact` fails with a `ConflictError`, without another run. */
  check(key: Key, version: Version | null | '*'): void {
    this.all().check(key, version);
  }

  /** A collection, read and written as part of this transaction. */
  in<Out, In>(collection: Collection<Out, In>): TransactionCollection<Out, In> {
    return new TransactionCollection(this.bytes, collection.form);
  }

  private all<V>(codec?: Codec<V, never>): TransactionCollection<V, never> {
    return new TransactionCollection(this.bytes, this.form(codec));
  }

  private form<V>(codec: Codec<V, never> = this.codec as Codec<V, never>): EntryForm<V, never> {
    return new EntryForm([], codec);
  }
}
