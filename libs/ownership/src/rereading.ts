import { LeaseholdError } from '@leasehold/foundation';
import { MissingFileError } from '@leasehold/engine';

/** A file can vanish under a read once for each compaction and gc that come by; more often in a row is a fault. */
const MAX_REREADS = 4;

/**
 * Runs a read, and runs it again when a compaction took a file away under it (G2); `again` tells it to look at a newer head
 * than before.
 * @throws LeaseholdError `corrupt` when the newest head, too, names a file that is not there
 */
export async function rereading<T>(read: (again: boolean) => Promise<T>): Promise<T> {
  let missing: unknown;
  for (let rereads = 0; rereads <= MAX_REREADS; rereads++) {
    try {
      return await read(rereads > 0);
    } catch (error) {
      if (!(error instanceof MissingFileError)) throw error;
      missing = error;
    }
  }
  throw new LeaseholdError('corrupt', 'corrupt-object', 'head names a file that is gone', { cause: missing });
}
