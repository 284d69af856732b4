import { fromBase64Url } from '@leasehold/foundation';

import { LIMITS } from './limits.js';
import { percentDecode } from './percent-encoding.js';
import { ProblemError } from './problem.js';

/**
 * The key in a path: everything after `/keys/`, percent-decoded to bytes. A slash, encoded or not, is a byte of the key.
 * @throws ProblemError invalid-key, key-too-long
 */
export function parseKey(rawPath: string): Uint8Array {
  if (rawPath.includes('#')) throw new ProblemError('invalid-key', 'a # in a key must be percent-encoded');
  const key = percentDecode(rawPath);
  if (!key) throw new ProblemError('invalid-key', 'the percent-encoding of the key is malformed');
  return checkKey(key);
}

/** The key after `/keys64/`: unpadded base64url. @throws ProblemError invalid-key, key-too-long */
export function parseKey64(rawPath: string): Uint8Array {
  const key = fromBase64Url(rawPath);
  if (!key) throw new ProblemError('invalid-key', 'the key is not unpadded base64url');
  return checkKey(key);
}

/** @throws ProblemError invalid-key when empty, key-too-long */
export function checkKey(key: Uint8Array): Uint8Array {
  if (key.byteLength === 0) throw new ProblemError('invalid-key', 'the key is empty');
  if (key.byteLength > LIMITS.keyBytes) {
    throw new ProblemError('key-too-long', `keys have at most ${LIMITS.keyBytes} bytes`);
  }
  return key;
}
