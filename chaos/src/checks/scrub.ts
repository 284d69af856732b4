import type { ObjectStore } from '@leasehold/object-store';
import * as scrubLibrary from '@leasehold/scrub';

/** What `@leasehold/scrub` counts; null while it does not look yet. */
export type ScrubCounts = Readonly<Record<string, unknown>>;

export async function scrub(store: ObjectStore): Promise<ScrubCounts | null> {
  const { scrubBucket } = scrubLibrary as unknown as {
    readonly scrubBucket?: (context: { readonly store: ObjectStore }) => Promise<ScrubCounts>;
  };
  return scrubBucket === undefined ? null : scrubBucket({ store });
}
