import { assert, isLeaseholdError } from '@leasehold/foundation';
import type { StoredObject } from '@leasehold/object-store';
import { READS_OF_DAMAGED } from '@leasehold/object-store';

import type { ScrubContext } from './context.js';

/** An object as it decodes, or why it does not. */
export type Decoded<T> = { readonly value: T; readonly object: StoredObject } | { readonly why: string };

/**
 * Reads an object and decodes it, again when it is damaged. Undefined: it is not there.
 * @param decode throws LeaseholdError of kind `corrupt` for what no writer has written
 * @throws StoreUnavailableError
 */
export async function readDecoded<T>(
  { store, signal }: ScrubContext,
  key: string,
  decode: (body: Uint8Array) => T,
): Promise<Decoded<T> | undefined> {
  for (let read = 1; ; read++) {
    const object = await store.get(key, { signal });
    if (object === undefined) return undefined;
    assert(object !== 'not-modified', 'an unconditional read has a body');
    try {
      return { value: decode(object.body), object };
    } catch (error) {
      if (!isLeaseholdError(error, 'corrupt')) throw error;
      if (read === READS_OF_DAMAGED) return { why: error.message };
    }
  }
}
