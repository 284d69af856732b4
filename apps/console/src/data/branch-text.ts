import { decodeKey } from '@leasehold/client';

import { hexOf, textOf } from './bytes.js';
import { textOfPart, type KeyView } from './key-text.js';

/** A folder as it is called below another: the part of the tuple, or the text behind the other. */
export function textOfBranch(prefix: Uint8Array, parent: Uint8Array, view: KeyView): string {
  if (view === 'tuple') {
    try {
      const part = decodeKey(prefix).at(-1);
      if (part !== undefined) return textOfPart(part);
    } catch {
      // As bytes, below.
    }
  }
  const rest = prefix.subarray(parent.length);
  return (view === 'hex' ? undefined : textOf(rest)) ?? hexOf(rest);
}
