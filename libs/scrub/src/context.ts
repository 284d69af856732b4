import type { ObjectStore } from '@leasehold/object-store';

/** What the parts of a scrub work with. None of them puts or deletes. */
export interface ScrubContext {
  readonly store: ObjectStore;
  readonly signal: AbortSignal | undefined;
}
