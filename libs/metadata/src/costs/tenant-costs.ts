import { Prisma, type PrismaClient } from '../generated/client.js';
import type { InvoiceState } from '../billing/invoices.js';
import type { ProviderPrices } from './provider-prices.js';
import type { TenantMonthUsage } from './tenant-months.js';

/** Who stands in front: whom least is earned by, who costs most, or who pays most. */
export const COST_ORDERS = ['margin', 'cost', 'revenue'] as const;
export type CostOrder = (typeof COST_ORDERS)[number];

/** What a month of an organization costs, in millionths of the smallest unit of the currency: most tenants cost less than one. */
export interface CostMicros {
  /** Of the bucket, for commits, for reads and for opening databases. */
  readonly requests: bigint;
  readonly storage: bigint;
  readonly egress: bigint;
  /** Its part of what all share. */
  readonly shared: bigint;
}

/** A month of an organization: what it brought in and what it cost. */
export interface TenantCostRecord extends TenantMonthUsage {
  readonly organizationId: string;
  /** Null: it is gone. */
  readonly name: string | null;
  readonly computedAt: Date;
  /** What its invoice bills, less credits, nothing where it is void; before there is one, what the draft came to. In the smallest unit of the currency. */
  readonly revenue: bigint;
  readonly billed: 'draft' | InvoiceState;
  readonly cost: CostMicros;
  readonly place: TenantCostPlace;
}

export interface TenantCostTotals {
  readonly organizations: number;
  readonly revenue: bigint;
  readonly cost: CostMicros;
}

/** Behind which the next page begins, and what all pages of one listing have in common. */
export interface TenantCostPlace {
  /** When the first page was read, by the clock of Postgres. */
  readonly listedAt: Date;
  /** Commits and reads of everybody then, by which what all share is divided. */
  readonly asked: bigint;
  /** Among those in the end that were added up since. */
  readonly isMoved: boolean;
  /** By what it is ordered. */
  readonly rank: bigint;
  readonly organizationId: string;
}

/** A sum tells when it was added up a moment before others can read it. */
const SETTLED_AFTER_MS = 1_000;
const MILLION = Prisma.raw('1000000::numeric');
/** Bytes times milliseconds in a thousand gigabytes stored for 730 hours. */
const TERABYTE_MONTH = Prisma.raw('2628000000000000000000::numeric');
const FREE: ProviderPrices = {
  ...{ putsMillion: 0n, getsMillion: 0n, storedTerabyteMonth: 0n, egressTerabyte: 0n },
  ...{ putsPerMillionCommits: 0n, getsPerMillionReads: 0n, sharedMonth: 0n },
};
const ASKED = Prisma.raw('sum(t.commits + t.requests) OVER ()');
/** The fewest first: of margins the lowest, of the others the highest. */
const RANKS: Readonly<Record<CostOrder, Prisma.Sql>> = {
  margin: Prisma.sql`revenue * ${MILLION} - whole`,
  cost: Prisma.sql`-whole`,
  revenue: Prisma.sql`-(revenue * ${MILLION})`,
};

/** What tenants cost in a month and what they bring in, as far as months are added up ({@link TenantMonths}); of everybody, for operators. */
export class TenantCosts {
  constructor(private readonly prisma: PrismaClient) {}

  /**
   * A page, by rank and then by id. Months are added up meanwhile: whose was since the first page, or a second before, stands in the end, by its id, again where it was told
   * already. So nobody is passed over, as long as prices and invoices stay.
   */
  async page(
    periodFrom: Date,
    prices: ProviderPrices | undefined,
    order: CostOrder,
    after: TenantCostPlace | undefined,
    limit: number,
  ): Promise<readonly TenantCostRecord[]> {
    const behind =
      after === undefined
        ? Prisma.empty
        : Prisma.sql`WHERE (r.moved, r.rank, r.id) > (${after.isMoved}, ${String(after.rank)}::numeric, ${after.organizationId})`;
    // Named with its table: `rank` alone would be the text that is told, in the order of its digits.
    const rows = await this.prisma.$queryRaw<CostRow[]>`
      ${pricedRows(periodFrom, prices, after?.asked)}, marked AS (SELECT *, ${movedSince(after)} AS moved FROM summed),
        ranked AS (SELECT *, CASE WHEN moved THEN 0 ELSE ${RANKS[order]} END AS rank FROM marked)
      SELECT id AS "organizationId", name, computed_at AS "computedAt", commits, requests, cold_starts AS "coldStarts",
        egress_bytes AS "egressBytes", stored_byte_ms::text AS "storedByteMs", revenue::bigint AS revenue, billed,
        of_requests::text AS "ofRequests", of_storage::text AS "ofStorage", of_egress::text AS "ofEgress",
        of_shared::text AS "ofShared", rank::text AS rank, moved, asked::text AS asked, now() AS "readAt"
      FROM ranked AS r ${behind} ORDER BY r.moved, r.rank, r.id LIMIT ${limit}::int`;
    return rows.map(
      ({ ofRequests, ofStorage, ofEgress, ofShared, rank, moved, asked, readAt, storedByteMs, ...row }) => ({
        ...row,
        storedByteMs: BigInt(storedByteMs),
        cost: costOf({ ofRequests, ofStorage, ofEgress, ofShared }),
        place: {
          ...{ listedAt: after?.listedAt ?? readAt, asked: BigInt(asked), isMoved: moved },
          ...{ rank: BigInt(rank), organizationId: row.organizationId },
        },
      }),
    );
  }

  /** Of all organizations together. */
  async totals(periodFrom: Date, prices: ProviderPrices | undefined): Promise<TenantCostTotals> {
    const [row] = await this.prisma.$queryRaw<(CostTexts & { organizations: bigint; revenue: string })[]>`
      ${pricedRows(periodFrom, prices)}
      SELECT count(*) AS organizations, COALESCE(sum(revenue), 0)::numeric(60, 0)::text AS revenue,
        COALESCE(sum(of_requests), 0)::numeric(60, 0)::text AS "ofRequests", COALESCE(sum(of_storage), 0)::numeric(60, 0)::text AS "ofStorage",
        COALESCE(sum(of_egress), 0)::numeric(60, 0)::text AS "ofEgress", COALESCE(sum(of_shared), 0)::numeric(60, 0)::text AS "ofShared"
      FROM summed`;
    const none = { organizations: 0n, revenue: '0', ofRequests: '0', ofStorage: '0', ofEgress: '0', ofShared: '0' };
    const { organizations, revenue, ...texts } = row ?? none;
    return { organizations: Number(organizations), revenue: BigInt(revenue), cost: costOf(texts) };
  }
}

/**
 * `summed`: a row for each organization with what each kind of cost comes to. What all share is divided by what was asked for, commits and reads, of
 * everybody in that month: who asked for nothing bears nothing of it.
 *
 * @param asked what that was, where it was found before; else it is added up
 */
function pricedRows(periodFrom: Date, prices: ProviderPrices = FREE, asked?: bigint): Prisma.Sql {
  const { putsMillion, getsMillion, storedTerabyteMonth, egressTerabyte } = prices;
  const { putsPerMillionCommits, getsPerMillionReads, sharedMonth } = prices;
  return Prisma.sql`
    WITH months AS (
      SELECT t.organization_id AS id, o.name, t.computed_at, t.commits, t.requests, t.cold_starts, t.egress_bytes, t.stored_byte_ms,
        COALESCE(i.state, 'draft') AS billed,
        CASE WHEN i.id IS NULL THEN COALESCE(t.drafted, 0) WHEN i.state = 'void' THEN 0 ELSE i.total - i.credited END AS revenue,
        ${asked === undefined ? ASKED : Prisma.sql`${String(asked)}::numeric`} AS asked
      FROM tenant_months t LEFT JOIN organizations o ON o.id = t.organization_id
        LEFT JOIN invoices i ON i.organization_id = t.organization_id AND i.period_from = t.period_from
      WHERE t.period_from = ${periodFrom}::timestamptz AND t.computed_at IS NOT NULL
    ), priced AS (
      SELECT *,
        round(commits::numeric * ${putsPerMillionCommits}::numeric * ${putsMillion}::numeric / ${MILLION}
          + requests::numeric * ${getsPerMillionReads}::numeric * ${getsMillion}::numeric / ${MILLION}
          + cold_starts::numeric * (${putsMillion}::numeric + 2 * ${getsMillion}::numeric)) AS of_requests,
        round(stored_byte_ms * ${storedTerabyteMonth}::numeric * ${MILLION} / ${TERABYTE_MONTH}) AS of_storage,
        round(egress_bytes::numeric * ${egressTerabyte}::numeric / ${MILLION}) AS of_egress,
        CASE WHEN asked > 0 THEN round(${sharedMonth}::numeric * ${MILLION} * (commits + requests) / asked) ELSE 0 END AS of_shared
      FROM months
    ), summed AS (SELECT *, of_requests + of_storage + of_egress + of_shared AS whole FROM priced)`;
}

interface CostTexts {
  readonly ofRequests: string;
  readonly ofStorage: string;
  readonly ofEgress: string;
  readonly ofShared: string;
}

type CostRow = Omit<TenantCostRecord, 'cost' | 'place' | 'storedByteMs'> &
  CostTexts & {
    readonly rank: string;
    readonly moved: boolean;
    readonly asked: string;
    readonly readAt: Date;
    readonly storedByteMs: string;
  };

/** Of a row, whether it was added up since the first page was read. Nothing was as long as that is being read. */
function movedSince(after: TenantCostPlace | undefined): Prisma.Sql {
  if (after === undefined) return Prisma.raw('false');
  return Prisma.sql`computed_at > ${new Date(after.listedAt.getTime() - SETTLED_AFTER_MS)}::timestamptz`;
}

function costOf({ ofRequests, ofStorage, ofEgress, ofShared }: CostTexts): CostMicros {
  return {
    requests: BigInt(ofRequests),
    storage: BigInt(ofStorage),
    egress: BigInt(ofEgress),
    shared: BigInt(ofShared),
  };
}
