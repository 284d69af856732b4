import type { ObjectStore } from '@leasehold/object-store';

/** What the parts of a scrub work with. None of them puts or deletes. */
export interface ScrubContext {
  readonly store: ObjectStore;
  readonly signal: AbortSignal | undefined;
}

/** Bytes can be damaged on their way as well as at rest. */
export const READS_OF_DAMAGED = 3;
