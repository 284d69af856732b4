import { METERS, type Meter, type Segment, type Usage } from '@leasehold/billing';

import type { Prisma } from '../generated/client.js';
import { usageSlices, type UsageSliceRow } from './usage-slices.js';

/** What of the ledger a line counts: a name for it, by which it can be found and held against records. */
export interface Evidence {
  /** Begin of the hour of the first row, or the time of the first mark of a size. */
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** Hourly rows; of what is stored, marks of sizes. */
  readonly entries: bigint;
  /** 16 hexadecimal digits, as docs/billing.md says. */
  readonly digest: string;
}

export interface UsedDatabase {
  readonly id: string;
  readonly name: string;
  readonly deletedAt: Date | null;
}

export interface BilledUsage {
  readonly usage: readonly Usage[];
  readonly databases: ReadonlyMap<string, UsedDatabase>;
  /** By the begin of the segment and the meter. */
  evidenceOf(segmentFrom: number, meter: Meter): Evidence | undefined;
}

const DIGESTS = 2n ** 64n;

/**
 * What an organization used in a period, by segment, meter and database, and what of the ledger that is. What a clock that is behind has put before the first segment counts
 * to the first, so that all of the period is billed.
 *
 * @param segments of the period, ascending, in whole hours; at least one
 */
export async function billedUsage(
  transaction: Pick<Prisma.TransactionClient, '$queryRaw' | 'databaseOwner'>,
  organizationId: string,
  periodFrom: number,
  segments: readonly Segment[],
): Promise<BilledUsage> {
  const usage: Usage[] = [];
  const databases = new Map<string, UsedDatabase>();
  const evidence = new Map<string, Evidence>();
  for await (const rows of usageSlices(transaction, organizationId, periodFrom, segments)) {
    for (const row of rows) {
      const { id, name, deletedAt, meter, quantity } = row;
      const at = segments[row.segment]?.from ?? NaN;
      usage.push({ database: id, meter, at, quantity: BigInt(quantity) });
      databases.set(id, { id, name, deletedAt });
      const place = placeOf(at, meter);
      evidence.set(place, together(evidence.get(place), row));
    }
  }
  return {
    usage,
    databases,
    evidenceOf: (segmentFrom, meter) => evidence.get(placeOf(segmentFrom, meter)),
  };
}

function together(known: Evidence | undefined, row: UsageSliceRow): Evidence {
  const sum = BigInt(`0x${known?.digest ?? '0'}`) + BigInt(row.digest);
  return {
    firstAt: known && known.firstAt < row.firstAt ? known.firstAt : row.firstAt,
    lastAt: known && known.lastAt > row.lastAt ? known.lastAt : row.lastAt,
    entries: (known?.entries ?? 0n) + row.entries,
    digest: (((sum % DIGESTS) + DIGESTS) % DIGESTS).toString(16).padStart(16, '0'),
  };
}

function placeOf(segmentFrom: number, meter: Meter): string {
  return `${segmentFrom} ${METERS.indexOf(meter)}`;
}
