import type { Ulid } from '@leasehold/foundation';
import { LeaseholdError } from '@leasehold/foundation';

/**
 * A file that a head named is gone: the head was read before a compaction replaced the file and gc deleted it. Read the
 * head again and begin anew (G2). If the newest head names it still, the bucket has lost data.
 */
export class MissingFileError extends LeaseholdError {
  override readonly name = 'MissingFileError';

  constructor(readonly file: Ulid) {
    super('conflict', 'conflict', `file is gone, the head that named it is old: ${file}`);
  }
}
