import type { Head } from '@leasehold/engine';
import { HOUR_MS, type UsageMeter } from '@leasehold/metering';

/**
 * Tells all that a head knows of what was written, by its hours, and how large the database is: whoever had the database before may have died before telling it, and what was told already counts
 * once (`cover`).
 *
 * @param told so many commits were told by this process before: hours that end with them are left out
 */
export function tellHead(
  meter: UsageMeter,
  { databaseId, usage, statistics }: Pick<Head, 'databaseId' | 'usage' | 'statistics'>,
  nowMs: number,
  told = 0,
): void {
  let from = { commits: 0, writeUnits: 0 };
  for (const { hour, total } of usage.hours) {
    if (total.commits > Math.max(from.commits, told)) meter.wrote(databaseId, hour * HOUR_MS, from, total);
    from = total;
  }
  if (from.commits > 0) meter.sized(databaseId, nowMs, statistics.liveBytes);
}
