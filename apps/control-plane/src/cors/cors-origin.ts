import { parseUrl } from '@leasehold/foundation';

const ORIGIN_CHARS = 300;

export const ANY_ORIGIN = '*';

/**
 * Whether a text is an origin exactly as browsers send it: scheme, host in lower case (punycode), and the port where it is not the
 * scheme's own; no path, not even a slash, and no pattern. Compared as text at the gateway, anything else would never match.
 */
export function isOrigin(text: string): boolean {
  if (text.length > ORIGIN_CHARS || !/^https?:\/\/[^*]+$/.test(text)) return false;
  return parseUrl(text)?.origin === text;
}
