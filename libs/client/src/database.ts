import type { ByteDatabase } from './byte-database.js';
import type { TransactOptions } from './byte-transaction.js';
import type { ChangeSet, ChangesOptions } from './changes.js';
import type { Codec } from './codec.js';
import { Collection } from './collection.js';
import type { Entry } from './entry-form.js';
import type { DeletedRange } from './key-range.js';
import type {
  CallOptions,
  CommitOptions,
  Committed,
  DeleteOptions,
  ListOptions,
  Page,
  PageOptions,
  PointInTime,
  PutOptions,
  ReadOptions,
  Statistics,
  Version,
} from './options.js';
import type { StandardSchema } from './standard-schema.js';
import type { CodecOption } from './transaction.js';
import { Transaction } from './transaction.js';
import type { Key } from './tuple.js';
import type { KeyRange } from './tuple-range.js';
import { validated } from './validated.js';

export interface Reads<V> extends CallOptions, CodecOption<V, never> {
  /** At most 1,000. */
  readonly gets?: readonly Key[];
  /** At most 100 pages; they share 4 MiB. */
  readonly lists?: readonly (KeyRange & Pick<PageOptions, 'limit' | 'reverse' | 'cursor'>)[];
  /** Which state to read; the present by default. */
  readonly at?: PointInTime | undefined;
}

/** By the positions of what was asked. */
export interface Snapshot<V> {
  readonly version: Version;
  readonly gets: readonly (Entry<V> | undefined)[];
  readonly lists: readonly Page<Entry<V>>[];
}

/** Where a collection lies, and what is in it. */
export interface CollectionOptions<Out, In> {
  readonly prefix: Key;
  /** By default that of the database. */
  readonly codec?: Codec<Out, In> | undefined;
}

/** … and what validates it, on every write and every read. */
export interface SchemaOptions<Out, In> {
  readonly prefix: Key;
  readonly schema: StandardSchema<In, Out>;
  /** How a valid value stands as bytes; JSON by default. */
  readonly codec?: Codec<unknown> | undefined;
}

/** One database: tuples as keys, and values of any kind that its codec has (JSON by default). */
export class Database {
  constructor(
    /** The same database with keys and values that are bytes. */
    readonly bytes: ByteDatabase,
    private readonly codec: Codec<unknown>,
  ) {}

  /** Undefined: there is no such key. */
  get<V = unknown>(
    key: Key,
    { codec, ...options }: ReadOptions & CodecOption<V, never> = {},
  ): Promise<Entry<V> | undefined> {
    return this.all(codec).get(key, options);
  }

  /** Answered when it is durable. @throws ConflictError the condition does not hold; its `version` is what is there */
  put<V>(key: Key, value: V, { codec, ...options }: PutOptions & CodecOption<unknown, V> = {}): Promise<Committed> {
    return this.all(codec).put(key, value as never, options);
  }

  /** Deleting a key that does not exist succeeds, unless a condition demands one. @throws ConflictError */
  delete(key: Key, options?: DeleteOptions): Promise<Committed> {
    return this.all().delete(key, options);
  }

  /** One commit and one write unit, whatever is in it. */
  deleteRange(range: DeletedRange<KeyRange>, options?: CommitOptions): Promise<Committed> {
    return this.all().deleteRange(range, options);
  }

  /** All of a range in the order of keys, page by page as it is iterated over. All pages show one state. */
  list<V = unknown>({ codec, ...options }: KeyRange & ListOptions & CodecOption<V, never> = {}): AsyncIterableIterator<
    Entry<V>
  > {
    return this.all(codec).list(options);
  }

  /** A part of a range. */
  page<V = unknown>({ codec, ...options }: KeyRange & PageOptions & CodecOption<V, never> = {}): Promise<
    Page<Entry<V>>
  > {
    return this.all(codec).page(options);
  }

  /** Many keys and pages of one state, in one trip. */
  async read<V = unknown>({ gets = [], lists = [], codec, at, signal }: Reads<V>): Promise<Snapshot<V>> {
    const { form } = this.all(codec);
    const snapshot = await this.bytes.read({
      gets: gets.map((key) => form.key(key)),
      lists: lists.map(({ limit, reverse, cursor, ...range }) => ({ limit, reverse, cursor, ...form.range(range) })),
      at,
      signal,
    });
    return {
      version: snapshot.version,
      gets: await form.manyOf(snapshot.gets),
      lists: await Promise.all(snapshot.lists.map((page) => form.pageOf(page))),
    };
  }

  /**
   * Runs `work` until what it read is still so when what it wrote is applied: all of it as one commit, once, or nothing. `work` may run several times, so it should do nothing
   * else than read, compute and write through its argument.
   * @returns what `work` returned in the run that was applied
   * @throws ConflictError others were faster in all of the attempts
   */
  transact<T>(work: (transaction: Transaction) => Promise<T> | T, options?: TransactOptions): Promise<T> {
    return this.bytes.transact((bytes) => work(new Transaction(bytes, this.codec)), options);
  }

  /** The keys below a prefix, with values of one kind. */
  collection<Out, In>(options: SchemaOptions<Out, In>): Collection<Out, In>;
  collection<Out = unknown, In = Out>(options: CollectionOptions<Out, In>): Collection<Out, In>;
  collection<Out, In>(options: SchemaOptions<Out, In> | CollectionOptions<Out, In>): Collection<Out, In> {
    const codec = (options.codec ?? this.codec) as Codec<unknown>;
    const isValidated = 'schema' in options && options.schema !== undefined;
    const own = isValidated ? validated(options.schema, codec) : (codec as unknown as Codec<Out, In>);
    return new Collection(this.bytes, options.prefix, own);
  }

  /**
   * Every commit after `since`, once, in order, and then what is committed from now on. Goes on by itself after cut connections, and ends by rejecting with the reason of its
   * signal.
   * @throws InvalidError `history-gone`: `since` lies before what the database remembers; list the present state, and follow from its version
   */
  changes<V = unknown>({ codec, ...options }: ChangesOptions & CodecOption<V, never> = {}): AsyncIterableIterator<
    ChangeSet<V>
  > {
    return this.all(codec).changes(options);
  }

  /** Brings the database to a worker ahead of use. Free, and safe to repeat. */
  warm(options?: CallOptions): Promise<void> {
    return this.bytes.warm(options);
  }

  /** Free. */
  stats(options?: CallOptions): Promise<Statistics> {
    return this.bytes.stats(options);
  }

  private all<V>(codec?: Codec<V, never>): Collection<V, never> {
    return this.collection<V, never>({ prefix: [], codec });
  }
}
