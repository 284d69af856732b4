import { assert } from '@leasehold/foundation';

/** As in S3: the limit counts UTF-8 bytes. */
export const MAX_OBJECT_KEY_BYTES = 1024;

/** True for 1 … {@link MAX_OBJECT_KEY_BYTES} bytes of well-formed text. Any character is allowed, `/` and `..` have no meaning. */
export function isObjectKey(key: string): boolean {
  return key.length > 0 && Buffer.byteLength(key, 'utf8') <= MAX_OBJECT_KEY_BYTES && !/\p{Surrogate}/u.test(key);
}

/** Keys are built by code (bucket-layout), so a malformed one is a bug. */
export function assertObjectKey(key: string): void {
  assert(isObjectKey(key), 'an object key has 1 to 1024 bytes of well-formed text');
}

/** Orders as the UTF-8 bytes do. JavaScript's own order differs: it puts U+10000 and up (surrogates) before U+E000 … U+FFFF. */
export function compareObjectKeys(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

/** Moves surrogates (which spell the highest code points) above all other code units. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
