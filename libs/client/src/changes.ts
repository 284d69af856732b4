import type { ByteChange, ByteCommitted, FeedOptions } from './byte-changes.js';
import type { EntryForm } from './entry-form.js';
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
    }
  | {
      /** A put or a delete that the codec, the schema or the tuples cannot read: bytes as they are stored, the key with its prefix. */
      readonly op: 'other';
      readonly key: Uint8Array;
      /** Undefined: the key was deleted. */
      readonly value: Uint8Array | undefined;
      readonly expiresAt: Date | undefined;
      /** What reading it threw. */
      readonly cause: unknown;
    };

/** One commit. Done in their order, its changes repeat it. */
export interface ChangeSet<V> {
  /** To resume from: the commits `since` this one. */
  readonly version: Version;
  readonly changes: readonly Change<V>[];
}

/** Above every kind of part: what begins so behind a tuple is of a longer last part, and lies beside it. */
const BEHIND_PARTS = 0xff;

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
      else if (change.key.length > own.length && change.key[own.length] !== BEHIND_PARTS)
        decoded.push(await decodedChange(change, form));
    }
    if (decoded.length > 0) yield { version, changes: decoded };
  }
}

/** One that cannot be read must not end the feed: it would end there whenever it comes back. */
async function decodedChange<V>(
  change: Exclude<ByteChange, { readonly op: 'deleteRange' }>,
  form: EntryForm<V, never>,
): Promise<Change<V>> {
  const { value, expiresAt } = change.op === 'put' ? change : { value: undefined, expiresAt: undefined };
  try {
    const key = form.keyOf(change.key);
    return value === undefined
      ? { op: 'delete', key }
      : { op: 'put', key, value: await form.codec.decode(value), expiresAt };
  } catch (cause) {
    return { op: 'other', key: change.key, value, expiresAt, cause };
  }
}
