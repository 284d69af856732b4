import { bucketLayout } from '@leasehold/bucket-layout';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import { encodeUsageRecord, HOUR_MS, hourOf, type DatabaseUsage } from '@leasehold/metering';
import type { ObjectStore } from '@leasehold/object-store';

export const DAY_MS = 24 * HOUR_MS;
export const DAYS = 30;
/** Databases in one record. A worker has fewer, and more records. */
const RECORD_DATABASES = 5_000;

/** What each tenant uses in its hour of each day. */
export const DAILY = { commits: 20, writeUnits: 50, requests: 40, readUnits: 100, egressBytes: 200_000 } as const;

/** The one database of the n-th tenant. Random ones would not be told apart from it by any index. */
export function databaseOf(n: number): DatabaseId {
  // Spread over all ids, as random ones are.
  const spread = Math.imul(n + 1, 0x9e3779b1) >>> 0;
  return `${spread.toString(16).padStart(8, '0')}-0000-4000-8000-${n.toString(16).padStart(12, '0')}` as DatabaseId;
}

export function organizationOf(n: number): string {
  return `tenant-${String(n).padStart(7, '0')}`;
}

/** Puts what some tenants used on one day into the bucket, as records of one session. @returns their names */
export async function putDay(
  store: ObjectStore,
  session: SessionId,
  {
    day,
    monthFrom,
    from,
    to,
  }: { readonly day: number; readonly monthFrom: number; readonly from: number; readonly to: number },
): Promise<readonly string[]> {
  const names: string[] = [];
  const begin = monthFrom + day * DAY_MS;
  for (let first = from; first < to; first += RECORD_DATABASES) {
    const tenants = Array.from({ length: Math.min(RECORD_DATABASES, to - first) }, (_, i) => first + i);
    const databases = tenants.map((n) => usageOf(n, day, begin)).sort((a, b) => (a.database < b.database ? -1 : 1));
    const number = names.length + 1;
    const record = { session, number, from: begin, to: begin + DAY_MS, databases };
    const name = bucketLayout.usageRecord(session, number);
    await store.put(name, encodeUsageRecord(record), 'create');
    names.push(name);
  }
  return names;
}

function usageOf(n: number, day: number, begin: number): DatabaseUsage {
  const at = begin + (n % 24) * HOUR_MS;
  const hour = hourOf(at);
  const counter = (days: number) => ({ commits: days * DAILY.commits, writeUnits: days * DAILY.writeUnits });
  const { requests, readUnits, egressBytes } = DAILY;
  return {
    database: databaseOf(n),
    writes: [{ hour, from: counter(day), to: counter(day + 1) }],
    reads: [{ hour, key: organizationOf(n), requests, readUnits, egressBytes }],
    sizes: [{ at, bytes: (day + 1) * 100_000 }],
  };
}
