import { decodeUtf8 } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

/** Of a parameter that is not UTF-8: none may be this. */
const NO_TEXT = '\u0000';

/** A parameter of the query as text. */
export function textIn(parameters: ReadonlyMap<string, Uint8Array>, name: string): string | undefined {
  const bytes = parameters.get(name);
  return bytes && (decodeUtf8(bytes) ?? NO_TEXT);
}

/** One of the words that a parameter may be. @throws ProblemError invalid-parameter */
export function oneOf<T extends string>(known: readonly T[], name: string, text: string | undefined): T | undefined {
  if (text === undefined) return undefined;
  const found = known.find((each) => each === text);
  if (found !== undefined) return found;
  throw new ProblemError('invalid-parameter', `${name} is one of ${known.join(', ')}`);
}
