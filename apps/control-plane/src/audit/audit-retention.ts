import { systemClock } from '@leasehold/foundation';
import type { Metadata } from '@leasehold/metadata';
import type { Logger } from '@leasehold/service-kit';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Short statements, short locks. */
const BATCH = 1_000;
/** What is left after so many waits for the next look. */
const BATCHES = 50;

/** Lets go entries that are older than they have to be. Never throws: what stays now goes the next time, here or by another instance. */
export async function pruneAuditLog(
  { auditLog }: Pick<Metadata, 'auditLog'>,
  retentionDays: number,
  logger: Logger,
): Promise<'again'> {
  const olderThan = new Date(systemClock.now() - retentionDays * DAY_MS);
  try {
    for (let batch = 0; batch < BATCHES; batch++) {
      if ((await auditLog.prune(olderThan, BATCH)) < BATCH) break;
    }
  } catch (error) {
    logger.warn({ err: error }, 'old audit entries stay this time');
  }
  return 'again';
}
