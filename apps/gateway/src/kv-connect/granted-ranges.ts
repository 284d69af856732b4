import { concatBytes, equalBytes } from '@leasehold/foundation';
import type { KvReadRange } from '@leasehold/protocol';
import { keyRangeOf, KV_LIMITS } from '@leasehold/protocol';

import type { GrantedKeys } from '../grants/granted-keys.js';

/** The end of a range with which `@deno/kv` asks for one key. */
const END_OF_KEYS = 0xff;

/**
 * The key that a range looks as if it were for: so clients ask for one, and `@deno/kv` goes on to the end of all keys. What is asked for all the
 * same is the first key from there on: a list of everything, from a key on and with a limit of 1, looks no different.
 */
export function keyOf({ start, end, limit, reverse }: KvReadRange): Uint8Array | undefined {
  if (keyRangeOf({ start, end }) === undefined) return undefined;
  if (limit !== 1 || reverse || start.byteLength === 0 || start.byteLength > KV_LIMITS.keyBytes) return undefined;
  const isToTheEnd = end.byteLength === 1 && end[0] === END_OF_KEYS;
  return isToTheEnd || equalBytes(end, concatBytes(start, Uint8Array.of(0))) ? start : undefined;
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
