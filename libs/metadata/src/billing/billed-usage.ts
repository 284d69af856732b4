import { METERS, type Meter, type Period, type Usage } from '@leasehold/billing';

import type { Prisma } from '../generated/client.js';
import { usageSlices, type OrganizationSegments, type UsageSliceRow } from './usage-slices.js';

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
  /** By the begin of the segment and the meter; of none where it was not asked for. */
  evidenceOf(segmentFrom: number, meter: Meter): Evidence | undefined;
}

const DIGESTS = 2n ** 64n;

/**
 * What organizations used in a period, by segment, meter and database, and where it is asked for, what of the ledger that is. What a clock that is behind has put before the first segment counts
 * to the first, so that all of the period is billed.
 *
 * @returns of each of the organizations
 */
export async function billedUsage(
  transaction: Pick<Prisma.TransactionClient, '$queryRaw' | 'databaseOwner'>,
  organizations: readonly OrganizationSegments[],
  period: Period,
  withEvidence: boolean,
): Promise<ReadonlyMap<string, BilledUsage>> {
  const tallies = new Map(organizations.map((one) => [one.organizationId, new UsageTally(one)]));
  for await (const rows of usageSlices(transaction, organizations, period, withEvidence)) {
    for (const row of rows) tallies.get(row.organizationId)?.add(row);
  }
  return tallies;
}

class UsageTally implements BilledUsage {
  readonly usage: Usage[] = [];
  readonly databases = new Map<string, UsedDatabase>();
  private readonly evidence = new Map<string, Evidence>();

  constructor(private readonly organization: OrganizationSegments) {}

  add(row: UsageSliceRow): void {
    const { id, name, deletedAt, meter, quantity, segment } = row;
    const at = this.organization.segments[segment]?.from ?? NaN;
    this.usage.push({ database: id, meter, at, quantity: BigInt(quantity) });
    this.databases.set(id, { id, name, deletedAt });
    if (row.digest === undefined) return;
    const place = placeOf(at, meter);
    this.evidence.set(place, together(this.evidence.get(place), row));
  }

  evidenceOf(segmentFrom: number, meter: Meter): Evidence | undefined {
    return this.evidence.get(placeOf(segmentFrom, meter));
  }
}

type ProvenRow = Extract<UsageSliceRow, { readonly digest: string }>;

function together(known: Evidence | undefined, row: ProvenRow): Evidence {
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
