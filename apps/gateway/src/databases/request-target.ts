import { ProblemError } from '@leasehold/protocol';

/**
 * Keys are any bytes, and the router decodes paths as UTF-8: so it is shown a path without the key, and the key is taken
 * from the target as it was sent. Slashes after `/keys/` belong to the key.
 */
const KEY_TARGET = /^(\/v1\/db\/[^/?#]*\/(keys|keys64)\/)([^?]*)/;

/** For routing alone: the same target with a placeholder for the key. */
export function withoutKey(target: string): string {
  return target.replace(KEY_TARGET, '$1-');
}

/** The key as it stands in the raw target, still encoded. */
export function rawKeyOf(target: string): { readonly encoding: 'percent' | 'base64url'; readonly text: string } {
  const match = KEY_TARGET.exec(target);
  if (!match) throw new ProblemError('invalid-request', 'the request target must begin with a path');
  return { encoding: match[2] === 'keys64' ? 'base64url' : 'percent', text: match[3] ?? '' };
}
