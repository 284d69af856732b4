import type { Clock } from '@leasehold/foundation';
import { HOUR_MS, type UsageMeter } from '@leasehold/metering';
import type { OwnershipEvents } from '@leasehold/ownership';

/**
 * Tells a meter what happens to the databases of this session.
 *
 * Of a database that is opened all that its head knows is told anew: the session before may have died before it told it, and what was told already counts once (`cover`).
 */
export function usageEvents(
  meter: UsageMeter,
  clock: Pick<Clock, 'now'>,
): Required<Pick<OwnershipEvents, 'opened' | 'wrote' | 'flushed'>> {
  return {
    opened: ({ databaseId, usage }) => {
      let from = { commits: 0, writeUnits: 0 };
      for (const { hour, total } of usage.hours) {
        if (total.commits > from.commits) meter.wrote(databaseId, hour * HOUR_MS, from, total);
        from = total;
      }
    },
    wrote: (databaseId, committedAt, from, to) => meter.wrote(databaseId, committedAt, from, to),
    flushed: ({ databaseId, statistics }) => meter.sized(databaseId, clock.now(), statistics.liveBytes),
  };
}
