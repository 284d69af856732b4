import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { forEachBounded } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

import { databaseTail } from './database-tail.js';
import type { Frame } from './frame.js';
import { MissingSegmentError } from './log-errors.js';
import { readFromRollup, readLogObject } from './log-object.js';
import type { RetainedRollup, Retention } from './retention.js';
import type { FrameMap } from './segment.js';

const CONCURRENT_READS = 16;
/** Each one lost means that a rollup was named meanwhile, which takes longer than looking again. */
const ATTEMPTS_LIMIT = 8;

/**
 * The frames of one database that the session's own log still needs, from the store (P2). Nothing of the database is in flight.
 *
 * A fold may delete what is about to be read; its rollup is there by then, so the look is repeated.
 * @throws BrokenTailError, CorruptBytesError, MissingSegmentError, StoreUnavailableError
 */
export async function readOwnTail(
  ctx: { readonly store: Pick<ObjectStore, 'get'>; readonly sessionId: SessionId },
  retention: Retention,
  databaseId: DatabaseId,
  epoch: number,
  afterSequence: number,
): Promise<readonly Frame[]> {
  const { store, sessionId } = ctx;
  for (let attempt = 1; ; attempt++) {
    const segments = new Set<number>();
    const rollups = new Set<RetainedRollup>();
    for (const { segment } of retention.framesOf(databaseId, epoch, afterSequence)) {
      const rollup = retention.rollupOf(segment);
      if (rollup === undefined) segments.add(segment);
      else rollups.add(rollup);
    }
    const objects: FrameMap[] = [];
    try {
      await forEachBounded([...segments, ...rollups], CONCURRENT_READS, async (holder) => {
        objects.push(
          typeof holder === 'number'
            ? await readLogObject(store, { sessionId, number: holder })
            : await readFromRollup(store, { sessionId, from: holder.from, to: holder.to }, databaseId),
        );
      });
    } catch (error) {
      if (error instanceof MissingSegmentError && attempt < ATTEMPTS_LIMIT) continue;
      throw error;
    }
    // Nothing is in flight, so every predecessor is confirmed, as if all of them lay below the floor.
    return databaseTail(objects, { databaseId, epoch, afterSequence, floor: Number.MAX_SAFE_INTEGER });
  }
}
