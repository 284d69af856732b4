import { toBase64Url } from '../bytes.js';
import type { ByteKey } from '../key-range.js';
import { keyBytes } from '../key-range.js';
import type { Key } from '../tuple.js';
import { encodeKey } from '../tuple.js';

/** What keys and tokens are confined to: parts of a tuple, or bytes, or text. */
export type KeyPrefix = Key | ByteKey;

/** An empty text is sent on, to be refused: it must not open everything. */
export function prefix64Of(prefix: KeyPrefix | undefined): string | undefined {
  if (prefix === undefined) return undefined;
  return toBase64Url(Array.isArray(prefix) ? encodeKey(prefix as Key) : keyBytes(prefix as ByteKey));
}
