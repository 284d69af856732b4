import { fromBase64, utf8 } from './bytes.js';
import type { ByteKey } from './key-range.js';
import type { CallOptions, Version } from './options.js';

/** Which commits a feed tells. */
export interface FeedOptions extends CallOptions {
  /** Commits after this version; `'0'`: from the beginning. By default those after the feed has begun. */
  readonly since?: Version | undefined;
  /** Ends the feed with an `UnavailableError` when it could not be reached for so long; 600,000 by default. */
  readonly patienceMs?: number | undefined;
}

export interface ByteFeedOptions extends FeedOptions {
  /** Only keys that begin so. */
  readonly prefix?: ByteKey | undefined;
}

/** What a commit did to one key, or to all keys from `start` on and before `end` (undefined: to the last one). */
export type ByteChange =
  | {
      readonly op: 'put';
      readonly key: Uint8Array;
      readonly value: Uint8Array;
      /** From then on the key counts as absent; no change tells of it. */
      readonly expiresAt: Date | undefined;
    }
  | { readonly op: 'delete'; readonly key: Uint8Array }
  | { readonly op: 'deleteRange'; readonly start: Uint8Array; readonly end: Uint8Array | undefined };

/** One commit. Done in their order, its changes repeat it. */
export interface ByteCommitted {
  /** To resume from: the commits `since` this one. */
  readonly version: Version;
  readonly changes: readonly ByteChange[];
}

/** As events tell it with `encoding=base64`; a name without `64` is a text all the same. */
interface WireChange {
  readonly op: string;
  readonly key?: string;
  readonly key64?: string;
  readonly value?: string;
  readonly value64?: string;
  readonly start?: string;
  readonly start64?: string;
  readonly end?: string;
  readonly end64?: string;
  readonly expiresAt?: number;
}

const NO_BYTES = new Uint8Array(0);

/** The data of an event. @throws where it is none */
export function commitOfEvent(data: string): ByteCommitted {
  const { version, changes } = JSON.parse(data) as { version: Version; changes: readonly WireChange[] };
  return { version, changes: changes.map(changeOf) };
}

function changeOf(change: WireChange): ByteChange {
  const key = bytesOf(change.key, change.key64) ?? NO_BYTES;
  switch (change.op) {
    case 'put': {
      const { expiresAt } = change;
      const value = bytesOf(change.value, change.value64) ?? NO_BYTES;
      return { op: 'put', key, value, expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt) };
    }
    case 'delete':
      return { op: 'delete', key };
    case 'deleteRange': {
      const start = bytesOf(change.start, change.start64) ?? NO_BYTES;
      return { op: 'deleteRange', start, end: bytesOf(change.end, change.end64) };
    }
    default:
      throw new RangeError('a change of an unknown kind');
  }
}

function bytesOf(text: string | undefined, encoded: string | undefined): Uint8Array | undefined {
  if (encoded !== undefined) return fromBase64(encoded);
  return text === undefined ? undefined : utf8(text);
}
