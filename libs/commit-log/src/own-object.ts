import type { Clock, Random } from '@leasehold/foundation';
import { isLeaseholdError } from '@leasehold/foundation';
import type { Session } from '@leasehold/lease';
import type { CreateOutcome, ObjectStore } from '@leasehold/object-store';
import { settleCreate } from '@leasehold/object-store';

/** Between two settlements of the same put; each of them repeats it for half a minute. */
const SETTLE_AGAIN_MS = 1_000;

/**
 * Creates an object of the session's own log: the same bytes until the outcome is clear, for as long as the session lives (P1).
 * Nobody else deletes from the log of a live session, and the session itself only what it has confirmed, so creating it again
 * cannot bring back anything.
 * @throws the session's reason once it has ended
 */
export async function settleOwn(
  ctx: {
    readonly store: ObjectStore;
    readonly clock: Clock;
    readonly random: Random;
    readonly session: Session;
  },
  key: string,
  body: Uint8Array,
): Promise<CreateOutcome> {
  const { store, clock, random, session } = ctx;
  for (;;) {
    try {
      return await settleCreate({ store, clock, random, signal: session.ended }, key, body);
    } catch (error) {
      session.ended.throwIfAborted();
      if (!isLeaseholdError(error, 'unknown')) throw error;
      await clock.sleep(SETTLE_AGAIN_MS, session.ended);
    }
  }
}
