import { compareBytes, concatBytes } from '@leasehold/foundation';

import type { KeyNotation } from './key-notation.js';
import { parseKey } from './key-notation.js';

/** Bounds of keys as they are written on the command line. */
export interface WrittenRange {
  readonly prefix?: string | undefined;
  readonly start?: string | undefined;
  readonly end?: string | undefined;
}

/** Of bytes; each bound may be missing. */
export interface BoundedKeys {
  readonly prefix?: Uint8Array | undefined;
  readonly start?: Uint8Array | undefined;
  readonly end?: Uint8Array | undefined;
}

/** Below every kind of part of a tuple, and above every one. */
const BEFORE_PARTS = Uint8Array.of(0x00);
const BEHIND_PARTS = Uint8Array.of(0xff);

/**
 * The keys that are meant. Below a tuple lie those that go on with further parts, as in the SDK: not the key that it is itself, nor one whose last part is longer, though their
 * bytes begin so too.
 * @throws CliError
 */
export function keyRange({ prefix, start, end }: WrittenRange, notation: KeyNotation): BoundedKeys {
  const bound = (text: string | undefined) => (text === undefined ? undefined : parseKey(text, notation));
  const [begun, from, to] = [bound(prefix), bound(start), bound(end)];
  if (begun === undefined || notation !== 'tuple') return { prefix: begun, start: from, end: to };
  const first = concatBytes(begun, BEFORE_PARTS);
  const behind = concatBytes(begun, BEHIND_PARTS);
  return {
    start: from !== undefined && compareBytes(from, first) > 0 ? from : first,
    end: to !== undefined && compareBytes(to, behind) < 0 ? to : behind,
  };
}
