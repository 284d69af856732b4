import type { ByteCommitted, FeedOptions } from './byte-changes.js';
import { compareBytes } from './bytes.js';
import type { EntryForm } from './collection.js';
import { isWithin } from './key-range.js';
import type { Version } from './options.js';
import type { Key, KeyPart } from './tuple.js';

export interface ChangesOptions extends FeedOptions {
  /** Only keys that begin with these parts. */
  readonly prefix?: Key | undefined;
}

/** What a commit did to one key, or to a range of them. */
export type Change<V> =
  | {
      readonly op: 'put';
      readonly key: Key;
      readonly value: V;
      /** From then on the key counts as absent; no change tells of it. */
      readonly expiresAt: Date | undefined;
    }
  | { readonly op: 'delete'; readonly key: Key }
  | {
      readonly op: 'deleteRange';
      /** Whether this key was deleted by it, if it was there. */
      includes(key: Key | KeyPart): boolean;
    };

/** One commit. Done in their order, its changes repeat it. */
export interface ChangeSet<V> {
  /** To resume from: the commits `since` this one. */
  readonly version: Version;
  readonly changes: readonly Change<V>[];
}

/** @param own the key that is the prefix itself, and so lies above what begins with it */
export async function* changesOf<V>(
  commits: AsyncIterable<ByteCommitted>,
  form: EntryForm<V, never>,
  own: Uint8Array,
): AsyncIterableIterator<ChangeSet<V>> {
  for await (const { version, changes } of commits) {
    const decoded: Change<V>[] = [];
    for (const change of changes) {
      if (change.op === 'deleteRange')
        decoded.push({ op: 'deleteRange', includes: (key) => isWithin(form.key(key), change) });
      else if (compareBytes(change.key, own) === 0) continue;
      else if (change.op === 'delete') decoded.push({ op: 'delete', key: form.keyOf(change.key) });
      else {
        const { op, key, value, expiresAt } = change;
        decoded.push({ op, key: form.keyOf(key), value: await form.codec.decode(value), expiresAt });
      }
    }
    if (decoded.length > 0) yield { version, changes: decoded };
  }
}
