import type { ByteDatabase } from './byte-database.js';
import type { ChangeSet, ChangesOptions } from './changes.js';
import { changesOf } from './changes.js';
import type { Codec } from './codec.js';
import { EntryForm, type Entry } from './entry-form.js';
import type { DeletedRange } from './key-range.js';
import type {
  CommitOptions,
  Committed,
  DeleteOptions,
  ListOptions,
  Page,
  PageOptions,
  PutOptions,
  ReadOptions,
} from './options.js';
import type { Key, KeyPart } from './tuple.js';
import type { KeyRange } from './tuple-range.js';

/** The keys below a prefix, whose values are all of one kind. Its keys are given and answered without the prefix. */
export class Collection<Out, In = Out> {
  /** @internal */
  readonly form: EntryForm<Out, In>;

  constructor(
    private readonly bytes: ByteDatabase,
    base: Key,
    codec: Codec<Out, In>,
  ) {
    this.form = new EntryForm(base, codec);
  }

  /** Undefined: there is no such key. */
  async get(key: Key | KeyPart, options?: ReadOptions): Promise<Entry<Out> | undefined> {
    const entry = await this.bytes.get(this.form.key(key), options);
    return entry && this.form.entryOf(entry);
  }

  /** Answered when it is durable. @throws ConflictError the condition does not hold; its `version` is what is there */
  async put(key: Key | KeyPart, value: In, options?: PutOptions): Promise<Committed> {
    return this.bytes.put(this.form.key(key), await this.form.codec.encode(value), options);
  }

  /** Deleting a key that does not exist succeeds, unless a condition demands one. @throws ConflictError */
  delete(key: Key | KeyPart, options?: DeleteOptions): Promise<Committed> {
    return this.bytes.delete(this.form.key(key), options);
  }

  /** One commit and one write unit, whatever is in it. */
  async deleteRange(range: DeletedRange<KeyRange>, options?: CommitOptions): Promise<Committed> {
    return this.bytes.deleteRange(this.form.deletedRange(range), options);
  }

  /**
   * All of a range in the order of keys, page by page as it is iterated over. All pages show one state.
   * @throws UndecodableError an entry that cannot be read, with its key as bytes
   */
  list(options: KeyRange & ListOptions = {}): AsyncIterableIterator<Entry<Out>> {
    const { prefix: _prefix, ...rest } = options;
    return this.form.entriesOf(this.bytes.list({ ...rest, ...this.form.range(options) }));
  }

  /**
   * Every commit that concerns the collection after `since`, once, in order, and then what is committed from now on. Goes on by itself after cut connections, and ends by
   * rejecting with the reason of its signal.
   * @throws InvalidError `history-gone`: `since` lies before what the database remembers; list the present state, and follow from its version
   */
  changes({ prefix = [], ...options }: ChangesOptions = {}): AsyncIterableIterator<ChangeSet<Out>> {
    const own = this.form.key(prefix);
    const commits = this.bytes.changes({ ...options, prefix: own.length === 0 ? undefined : own });
    return changesOf(commits, this.form as EntryForm<Out, never>, own);
  }

  /** A part of a range. */
  async page(options: KeyRange & PageOptions = {}): Promise<Page<Entry<Out>>> {
    const { prefix: _prefix, ...rest } = options;
    return this.form.pageOf(await this.bytes.page({ ...rest, ...this.form.range(options) }));
  }
}
