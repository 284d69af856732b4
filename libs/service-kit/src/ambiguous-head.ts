import { ProblemError } from '@leasehold/protocol';

/**
 * Headers of a request. Node drops what is beyond its bound without a word, a condition or a key among them; so there is a bound of ours, and
 * who reaches it is refused. Far above what browsers and proxies send.
 */
export const MAX_HEADERS = 256;

/** Node keeps the first of them and drops the rest, a proxy may do the opposite: then the two speak of different requests. */
const ONCE = ['host', 'authorization', 'content-type'] as const;

/**
 * Refuses a request of which two readers could understand different things.
 * @param rawHeaders names and values by turns, as Node gives them
 * @throws ProblemError headers-too-large, invalid-request
 */
export function refuseAmbiguousHead(rawHeaders: readonly string[]): void {
  if (rawHeaders.length >= 2 * MAX_HEADERS) {
    throw new ProblemError('headers-too-large', `a request has fewer than ${MAX_HEADERS} headers`);
  }
  let seen = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    for (const [position, once] of ONCE.entries()) {
      if (name.length !== once.length || name.toLowerCase() !== once) continue;
      const bit = 1 << position;
      if ((seen & bit) !== 0) throw new ProblemError('invalid-request', `a header is given more than once: ${once}`);
      seen |= bit;
    }
  }
}
