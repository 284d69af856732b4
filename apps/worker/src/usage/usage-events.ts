import type { Clock } from '@leasehold/foundation';
import type { UsageMeter } from '@leasehold/metering';
import type { OwnershipEvents } from '@leasehold/ownership';
import { tellHead } from '@leasehold/usage-recorder';

import { ToldCommits } from './told-commits.js';

/** Tells a meter what happens to the databases of this session; of one that is opened all that its head knows, but for what this process has told before. */
export function usageEvents(
  meter: UsageMeter,
  clock: Pick<Clock, 'now'>,
): Required<Pick<OwnershipEvents, 'opened' | 'wrote' | 'flushed'>> {
  const told = new ToldCommits(meter);
  return {
    opened: (head) => {
      const { databaseId, usage } = head;
      tellHead(meter, head, clock.now(), told.of(databaseId));
      told.tell(databaseId, 0, usage.hours.at(-1)?.total.commits ?? 0);
    },
    wrote: (databaseId, committedAt, from, to) => {
      meter.wrote(databaseId, committedAt, from, to);
      told.tell(databaseId, from.commits, to.commits);
    },
    flushed: ({ databaseId, statistics }) => meter.sized(databaseId, clock.now(), statistics.liveBytes),
  };
}
