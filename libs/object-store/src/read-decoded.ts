import { CorruptBytesError } from '@leasehold/foundation';

import type { StoredObject } from './object-store.js';

/** Bytes can be damaged on their way as well as at rest; only what stays damaged is believed (L3). */
export const READS_OF_DAMAGED = 3;

/**
 * What an object decodes to; undefined where there is none. What does not decode is read again.
 * @param read one whole read of the object
 * @throws CorruptBytesError of `decode` when the bytes stay damaged; what `read` throws
 */
export async function readDecoded<T>(
  read: () => Promise<StoredObject | undefined>,
  decode: (object: StoredObject) => T,
): Promise<T | undefined> {
  for (let reads = 1; ; reads++) {
    const object = await read();
    try {
      return object && decode(object);
    } catch (error) {
      if (!(error instanceof CorruptBytesError) || reads === READS_OF_DAMAGED) throw error;
    }
  }
}
