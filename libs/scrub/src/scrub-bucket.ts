import { bucketLayout } from '@leasehold/bucket-layout';
import type { Clock, SessionId } from '@leasehold/foundation';
import { forEachBounded } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';

import { scrubDatabase } from './scrub-database.js';
import type { ScrubReport } from './scrub-report.js';
import { scrubSession } from './scrub-session.js';
import { Tally } from './tally.js';
import type { BucketPart } from './walk-bucket.js';
import { listObjects, walkBucket } from './walk-bucket.js';

/** Parts of the bucket that are looked at together, by default. Each holds a head or a log, and a few megabytes of files. */
const PARTS_AT_ONCE = 8;
/** Objects that stand outside of every folder. */
const KNOWN_ALONE: ReadonlySet<string> = new Set([bucketLayout.cluster, bucketLayout.hopSecret]);
const NOBODY_IS_YOUNG = Number.POSITIVE_INFINITY;

export interface ScrubBucketContext {
  /** Gets and lists are repeated by it where that can help (`reliableReads`). Nothing is put or deleted. */
  readonly store: ObjectStore;
  /** The store's own. Without it the store's time is that of the youngest session record, which a live session writes every few seconds. */
  readonly clock?: Pick<Clock, 'now'>;
}

export interface ScrubOptions {
  /** Orphans that were written less than this ago by the store's clock are counted apart, as young. 0 by default: none is. */
  readonly graceMs?: number;
  readonly partsAtOnce?: number;
  readonly signal?: AbortSignal;
}

/**
 * Reads a whole bucket, live or at rest, and tells whether everything that is referenced is there and is what it should be: session records; of
 * their logs every segment from the floor on, every named rollup and every seal; heads, and every block of every file that they name; pins. What
 * nobody references is told as well.
 *
 * A bucket that lives changes while it is read. So what looks wrong is looked at again from the beginning, and told when it is still wrong. What a
 * log has lost at its very end cannot be told from what was never written there.
 *
 * Memory does not grow with the bucket, but for the ids of its sessions: a few databases or logs are held at a time, and of files a megabyte.
 *
 * @throws StoreUnavailableError
 */
export async function scrubBucket(ctx: ScrubBucketContext, options: ScrubOptions = {}): Promise<ScrubReport> {
  const { graceMs = 0, partsAtOnce = PARTS_AT_ONCE, signal } = options;
  const reading = { store: ctx.store, signal };
  const youngFrom = graceMs > 0 ? (await storeNow(ctx, signal)) - graceMs : NOBODY_IS_YOUNG;
  const tally = new Tally(youngFrom);
  /** Their records come behind all logs in the order of names. */
  const sessions = new Set<SessionId>();
  await forEachBounded(walkBucket(ctx.store, signal), partsAtOnce, async (part: BucketPart) => {
    tally.objects += part.objects.length;
    switch (part.kind) {
      case 'database':
        return scrubDatabase(reading, part.databaseId, part.objects, tally);
      case 'log':
        sessions.add(part.sessionId);
        return scrubSession(reading, part.sessionId, part.objects, tally);
      case 'session':
        tally.reference(1);
        if (!sessions.has(part.sessionId)) await scrubSession(reading, part.sessionId, [], tally);
        return;
      case 'other':
        for (const object of part.objects) {
          if (KNOWN_ALONE.has(object.key)) tally.reference(1);
          else tally.orphan(object, 'nothing is known under such a name');
        }
    }
  });
  return tally.report();
}

async function storeNow({ store, clock }: ScrubBucketContext, signal: AbortSignal | undefined): Promise<number> {
  if (clock !== undefined) return clock.now();
  let latest = 0;
  for await (const { lastModifiedAt } of listObjects(store, bucketLayout.sessions, signal))
    latest = Math.max(latest, lastModifiedAt);
  return latest;
}
