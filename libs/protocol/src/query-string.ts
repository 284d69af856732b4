import { decodeUtf8 } from '@leasehold/foundation';

import { percentDecode } from './percent-encoding.js';
import { ProblemError } from './problem.js';

/** More than any route has: a bound on what a request can make us allocate. */
const MAX_PARAMETERS = 32;

/**
 * Parses a raw query string into parameters of bytes, because keys in it may be no UTF-8. `+` is a space, as in what
 * URLSearchParams writes.
 * @throws ProblemError invalid-parameter: a name that is not allowed or given twice, malformed percent-encoding.
 */
export function parseQueryString(raw: string, allowed: readonly string[]): ReadonlyMap<string, Uint8Array> {
  const parameters = new Map<string, Uint8Array>();
  const parts = raw.split('&', MAX_PARAMETERS + 1).filter((part) => part !== '');
  if (parts.length > MAX_PARAMETERS) throw new ProblemError('invalid-parameter', 'there are too many query parameters');
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = decodeName(equals < 0 ? part : part.slice(0, equals));
    if (name === undefined || !allowed.includes(name)) {
      throw new ProblemError('invalid-parameter', unknownParameter(allowed));
    }
    if (parameters.has(name)) throw new ProblemError('invalid-parameter', `query parameter given twice: ${name}`);
    const value = percentDecode((equals < 0 ? '' : part.slice(equals + 1)).replaceAll('+', ' '));
    if (!value) throw new ProblemError('invalid-parameter', `query parameter with malformed percent-encoding: ${name}`);
    parameters.set(name, value);
  }
  return parameters;
}

/** The query of a raw request target, without `?`; empty when there is none. */
export function rawQueryOf(target: string): string {
  const question = target.indexOf('?');
  return question < 0 ? '' : target.slice(question + 1);
}

function decodeName(raw: string): string | undefined {
  const bytes = percentDecode(raw.replaceAll('+', ' '));
  return bytes && decodeUtf8(bytes);
}

function unknownParameter(allowed: readonly string[]): string {
  // The name itself is not repeated: clients that build URLs by hand put keys there.
  if (allowed.length === 0) return 'this route takes no query parameters';
  return `unknown query parameter; this route takes ${allowed.join(', ')}`;
}
