import type { Version } from '@leasehold/foundation';

import type { Entry } from '../entry.js';

/** What is known of one key. */
export interface Lookup {
  /** The live put; undefined when the key is not there. */
  readonly entry: Entry | undefined;
  /**
   * Of what decided: a put (expired ones too), a delete or a range delete. Of a key that is not there it is what is still known: compaction forgets
   * deletes that hide nothing any more, so that it may be older, and undefined, another time.
   */
  readonly version: Version | undefined;
}
