import { hourOf } from '@leasehold/metering';

import type { Commit, UsageCounters } from '../entry.js';
import type { HeadUsage, HourMark } from '../format/head.js';

/** Metering reads them within hours; three days outlast a weekend's outage of it. What is merged away is counted in the next one. */
export const HOUR_MARKS = 72;

/** With the counters of the commits, which follow those it has. Nothing falls. */
export function extendUsage(usage: HeadUsage, commits: readonly Commit[]): HeadUsage {
  let { total } = usage;
  const hours = [...usage.hours];
  for (const commit of commits) {
    total = atLeast(total, commit.usage);
    const hour = hourOf(commit.committedAt);
    const last = hours[hours.length - 1];
    const mark: HourMark = { hour: Math.max(hour, last?.hour ?? 0), total };
    if (last?.hour === mark.hour) hours.pop();
    hours.push(mark);
  }
  return { ...usage, total, hours: hours.slice(-HOUR_MARKS) };
}

/** Whether each counter is at least the other's. */
export function isAtLeast(a: UsageCounters, b: UsageCounters): boolean {
  return a.commits >= b.commits && a.writeUnits >= b.writeUnits && a.writtenBytes >= b.writtenBytes;
}

function atLeast(a: UsageCounters, b: UsageCounters): UsageCounters {
  if (isAtLeast(b, a)) return b;
  return {
    commits: Math.max(a.commits, b.commits),
    writeUnits: Math.max(a.writeUnits, b.writeUnits),
    writtenBytes: Math.max(a.writtenBytes, b.writtenBytes),
  };
}
