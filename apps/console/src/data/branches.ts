import { decodeKey, encodeKey } from '@leasehold/client';

import { behindAll, next, startsWith } from './bytes.js';
import type { KeyView } from './key-text.js';

/** What keys have in common behind a prefix, up to the next border: a folder of them, or one key that has no border any more. */
export interface Branch {
  /** Of a folder the prefix with the border, of a key the key. */
  readonly prefix: Uint8Array;
  readonly isFolder: boolean;
}

/** Between the parts of a key that is text. */
const BORDER = 0x2f;

/** The branch below `prefix` that a key lies in. */
export function branchOf(key: Uint8Array, prefix: Uint8Array, view: KeyView): Branch {
  const end = view === 'tuple' ? endOfPart(key, prefix) : endOfFolder(key, prefix);
  return end === undefined || end === key.length
    ? { prefix: key, isFolder: false }
    : { prefix: key.slice(0, end), isFolder: true };
}

/** From where on the next branch is searched; undefined: there is none. */
export function behind({ prefix, isFolder }: Branch): Uint8Array | undefined {
  return isFolder ? behindAll(prefix) : next(prefix);
}

/** Undefined: there is no border behind the prefix. */
function endOfFolder(key: Uint8Array, prefix: Uint8Array): number | undefined {
  const border = key.indexOf(BORDER, prefix.length);
  return border < 0 ? undefined : border + 1;
}

/** Undefined: it is no tuple, or the prefix ends inside of a part. */
function endOfPart(key: Uint8Array, prefix: Uint8Array): number | undefined {
  try {
    const parts = decodeKey(key);
    for (let count = 1; count <= parts.length; count += 1) {
      const head = encodeKey(parts.slice(0, count));
      if (head.length > prefix.length && startsWith(head, prefix)) return head.length;
    }
  } catch {
    // Shown as a key of its own.
  }
  return undefined;
}
