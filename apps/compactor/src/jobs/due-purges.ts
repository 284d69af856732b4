import { systemClock, type DatabaseId } from '@leasehold/foundation';
import type { JobQueues } from '@leasehold/jobs';
import type { Logger } from '@leasehold/service-kit';

/** Asked for at a time; the others are due at the next look too. */
const LIMIT = 1_000;

export interface PurgeList {
  due(limit: number): Promise<readonly DatabaseId[]>;
}

/**
 * Asks for the erasure of databases whose undelete window has passed, every so often. Every compactor does; the queue makes one job of what they
 * all ask for. Ends with the signal; a look that fails is made again the next time.
 */
export async function watchPurges(
  purges: PurgeList,
  queues: Pick<JobQueues, 'enqueueErasure'>,
  { intervalMs, log, signal }: { readonly intervalMs: number; readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    try {
      for (const id of await purges.due(LIMIT)) queues.enqueueErasure(id);
    } catch (error) {
      log.warn({ err: error }, 'which databases are to be purged is not known this time');
    }
    try {
      await systemClock.sleep(intervalMs, signal);
    } catch {
      return;
    }
  }
}
