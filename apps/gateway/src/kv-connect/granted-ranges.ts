import { concatBytes } from '@leasehold/foundation';
import type { KvReadRange } from '@leasehold/protocol';
import { keyRangeOf } from '@leasehold/protocol';

import type { GrantedKeys } from '../grants/granted-keys.js';

/** The end of a range with which `@deno/kv` asks for one key. */
const END_OF_KEYS = 0xff;

/** The one key that the range asks for; undefined when it asks for more. */
export function keyOf({ start, end, limit, reverse }: KvReadRange): Uint8Array | undefined {
  if (limit !== 1 || reverse || start.byteLength === 0) return undefined;
  const isEndOfKeys = end.byteLength === 1 && end[0] === END_OF_KEYS;
  return isEndOfKeys && start.byteLength <= 2_048 ? start : undefined;
}

/**
 * The ranges as the caller may read them: each has to lie inside its prefix. One that asks for one key goes on to the end of all keys, and
 * would show the next one, of whomever, where there is no such key: it is cut to that key.
 * @throws ProblemError outside-key-prefix
 */
export function grantedRanges(ranges: readonly KvReadRange[], keys: GrantedKeys): readonly KvReadRange[] {
  if (!keys.isConfined) return ranges;
  return ranges.map((range, i) => {
    const key = keyOf(range);
    if (key !== undefined) {
      keys.requireKey(key, `ranges.${i}`);
      return { ...range, end: concatBytes(key, Uint8Array.of(0)) };
    }
    const bounds = keyRangeOf(range);
    if (bounds !== undefined) keys.requireRange(bounds, `ranges.${i}`);
    return range;
  });
}
