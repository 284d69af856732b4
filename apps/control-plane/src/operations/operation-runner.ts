import { actAs, translateOutage, type Metadata } from '@leasehold/metadata';
import { isLeaseholdError } from '@leasehold/foundation';
import type { Logger } from '@leasehold/service-kit';

/** Between two looks for operations that wait. */
export const OPERATIONS_INTERVAL_MS = 500;
/** One after the other; what is left waits for the next look. */
const STEPS_PER_LOOK = 100;

/**
 * Takes steps of operations, whosever turn it is; every instance of the control plane does. Never throws: what could not be done now is tried
 * again.
 */
export async function runOperations(
  { operations }: Pick<Metadata, 'operations'>,
  logger: Logger,
  signal: AbortSignal,
): Promise<'again'> {
  try {
    for (let step = 0; step < STEPS_PER_LOOK && !signal.aborted; step++) {
      const claimed = await operations.claim();
      if (!claimed) break;
      const work = () => operations.step(claimed);
      try {
        await (claimed.author ? actAs(claimed.author, work) : work());
      } catch (error) {
        const known = translateOutage(error, true);
        const code = isLeaseholdError(known) ? known.code : 'internal';
        logger.warn({ err: error, operation: claimed.id, code }, 'a step of an operation failed');
        await operations.postpone(claimed, code);
      }
    }
  } catch (error) {
    logger.warn({ err: error }, 'operations wait');
  }
  return 'again';
}
