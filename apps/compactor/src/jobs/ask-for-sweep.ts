import { LeaseholdError, systemClock } from '@leasehold/foundation';
import { JobQueues, queueStoreFrom, type JobLog } from '@leasehold/jobs';

import type { CompactorConfig } from '../config.js';

const ASK_TIMEOUT_MS = 15_000;

/**
 * Puts a full sweep into the queue, for whichever compactor takes it. Resolves when it is there.
 * @throws LeaseholdError (unavailable) when the queue does not take it in time
 */
export async function askForSweep(config: CompactorConfig, log: JobLog, timeoutMs = ASK_TIMEOUT_MS): Promise<void> {
  const queues = new JobQueues({ store: queueStoreFrom(config), clock: systemClock, log });
  queues.enqueueFullSweep();
  await queues.close(timeoutMs);
  if (queues.counts().added === 0) {
    throw new LeaseholdError('unavailable', 'queue-unavailable', 'the job queue did not take the sweep');
  }
  log.info({}, 'a full sweep is in the queue');
}
