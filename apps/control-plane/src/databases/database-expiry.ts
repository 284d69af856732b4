import type { Metadata } from '@leasehold/metadata';
import type { Logger } from '@leasehold/service-kit';

/** Between two looks for databases that have ended. */
export const EXPIRY_INTERVAL_MS = 15_000;
/** Short statements, short locks. */
const BATCH = 500;
/** What is left after so many waits for the next look. */
const BATCHES = 20;

/** Deletes databases whose `expiresAt` has passed. Never throws: what was not deleted now is deleted the next time, here or by another instance. */
export async function expireDatabases({ databases }: Pick<Metadata, 'databases'>, logger: Logger): Promise<'again'> {
  try {
    for (let batch = 0; batch < BATCHES; batch++) {
      if ((await databases.expire(BATCH)) < BATCH) break;
    }
  } catch (error) {
    logger.warn({ err: error }, 'databases that have ended are not deleted this time');
  }
  return 'again';
}
