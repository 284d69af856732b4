import type { UsageGroup, UsageMeter, UsageRow } from '@leasehold/metadata';

/** What was used in one step. Where one meter is asked for, the others are left out. */
export interface UsageView {
  readonly from: Date;
  /** The id; only where databases are told apart. */
  readonly database?: string;
  /** The id; only where keys are told apart. Null: what no key did. */
  readonly key?: string | null;
  /** The value; only where labels are told apart. Null: of databases without that label. */
  readonly label?: string | null;
  readonly writeUnits?: number;
  readonly readUnits?: number;
  readonly egressBytes?: number;
  /** Decimal gigabytes times hours. Not known by key. */
  readonly storedGbHours?: number;
  /** Read requests. */
  readonly requests?: number;
  readonly commits?: number;
  /** Reads by tokens of people, which are not billed. */
  readonly freeReadUnits?: number;
}

/** Bytes times milliseconds. */
const GB_HOUR = 1e9 * 3_600_000;

export function viewOf(
  { from, group: of, storedByteMs, ...row }: UsageRow,
  group: UsageGroup | undefined,
  meter: UsageMeter | undefined,
): UsageView {
  const begin = {
    from,
    ...(group === 'database' && { database: of ?? '' }),
    ...(group === 'key' && { key: of }),
    ...(typeof group === 'object' && { label: of }),
  };
  const storedGbHours = Number(storedByteMs) / GB_HOUR;
  if (meter === 'storedByteMs') return { ...begin, storedGbHours };
  if (meter !== undefined) return { ...begin, [meter]: Number(row[meter]) };
  return {
    ...begin,
    writeUnits: Number(row.writeUnits),
    readUnits: Number(row.readUnits),
    egressBytes: Number(row.egressBytes),
    storedGbHours,
    requests: Number(row.requests),
    commits: Number(row.commits),
    freeReadUnits: Number(row.freeReadUnits),
  };
}
