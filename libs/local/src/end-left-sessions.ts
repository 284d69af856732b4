import { bucketLayout } from '@leasehold/bucket-layout';
import { forEachBounded, isLeaseholdError } from '@leasehold/foundation';
import { sealRecord } from '@leasehold/lease';
import type { SessionContext } from '@leasehold/lease';
import { LIST_PAGE_OBJECTS } from '@leasehold/object-store';

const AT_ONCE = 16;

/**
 * Seals every session of a store that is ours alone. Waiting for their silence (S2) is how others find out that a process is gone; here the operating
 * system has said so, by giving us the lock that it held. So a folder whose process was killed serves again at once.
 *
 * More than a page of them are left to the wait: purged after a day, there are that many only where a process was started each minute.
 * @throws StoreUnavailableError, UnknownOutcomeError
 */
export async function endLeftSessions(ctx: SessionContext): Promise<void> {
  const { objects } = await ctx.store.list(bucketLayout.sessions, { limit: LIST_PAGE_OBJECTS });
  await forEachBounded(objects, AT_ONCE, async ({ key }) => {
    const id = bucketLayout.parseSession(key);
    if (id === undefined) return;
    await sealRecord(ctx, id).catch((error: unknown) => {
      // A record that nobody can read falls silent like one that nobody writes.
      if (!isLeaseholdError(error, 'corrupt')) throw error;
    });
  });
}
