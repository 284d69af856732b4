import type { Logger } from '@leasehold/service-kit';

import type { Suspender } from './suspender.js';

/** One round of a loop that never ends by itself; an outage is logged when it begins and when it is over. */
export function tellRevocations(suspender: Pick<Suspender, 'tell'>, logger: Logger): () => Promise<'again'> {
  let failing = false;
  return async () => {
    try {
      await suspender.tell();
      if (failing) logger.info('bucket and Postgres tell the same of revocations again');
      failing = false;
    } catch (error) {
      if (!failing) logger.warn({ err: error }, 'bucket or Postgres cannot be told of revocations');
      failing = true;
    }
    return 'again';
  };
}
