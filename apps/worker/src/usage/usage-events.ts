import type { Clock } from '@leasehold/foundation';
import type { UsageMeter } from '@leasehold/metering';
import type { OwnershipEvents } from '@leasehold/ownership';
import { tellHead } from '@leasehold/usage-recorder';

/** Tells a meter what happens to the databases of this session; of one that is opened all that its head knows. */
export function usageEvents(
  meter: UsageMeter,
  clock: Pick<Clock, 'now'>,
): Required<Pick<OwnershipEvents, 'opened' | 'wrote' | 'flushed'>> {
  return {
    opened: (head) => tellHead(meter, head, clock.now()),
    wrote: (databaseId, committedAt, from, to) => meter.wrote(databaseId, committedAt, from, to),
    flushed: ({ databaseId, statistics }) => meter.sized(databaseId, clock.now(), statistics.liveBytes),
  };
}
