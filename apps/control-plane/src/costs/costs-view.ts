import type { CostMicros, ProviderPricesRecord, TenantCostRecord, TenantCostTotals } from '@leasehold/metadata';

import { amountOf, monthName } from '../invoices/invoice-view.js';

const MICROS = 1_000_000n;
/** Bytes times milliseconds. */
const GB_HOUR = 1e9 * 3_600_000;

/**
 * In millionths of the smallest unit of the currency. Like costs and margins, and unlike what is billed, these are what prices make of amounts without a bound:
 * beyond 2^53 they are the nearest number that JSON has for all readers, and parts need not add up to the last digits.
 */
export interface CostMicrosView {
  readonly requests: number;
  readonly storage: number;
  readonly egress: number;
  readonly shared: number;
  readonly total: number;
}

/** What a tenant or all of them cost; null where the operator has set no prices for that month. */
export interface CostView {
  readonly costMicros: CostMicrosView | null;
  readonly cost: number | null;
  readonly margin: number | null;
}

export function tenantCostView(record: TenantCostRecord, isPriced: boolean) {
  const { organizationId, name, computedAt, revenue, billed, cost } = record;
  const { commits, requests, coldStarts, egressBytes, storedByteMs } = record;
  return {
    ...{ organizationId, name, computedAt, revenue: amountOf(revenue), billed },
    usage: {
      ...{ commits: Number(commits), requests: Number(requests), coldStarts: Number(coldStarts) },
      ...{ storedGbHours: Number(storedByteMs) / GB_HOUR, egressBytes: Number(egressBytes) },
    },
    ...costView(revenue, cost, isPriced),
  };
}
export type TenantCostView = ReturnType<typeof tenantCostView>;

export function costTotalsView({ organizations, revenue, cost }: TenantCostTotals, isPriced: boolean) {
  return { organizations, revenue: amountOf(revenue), ...costView(revenue, cost, isPriced) };
}

export function providerPricesView({ since, updatedAt, ...prices }: ProviderPricesRecord) {
  const { putsMillion, getsMillion, storedTerabyteMonth, egressTerabyte } = prices;
  const { putsPerMillionCommits, getsPerMillionReads, sharedMonth } = prices;
  return {
    ...{ since: monthName(since), putsMillion: amountOf(putsMillion), getsMillion: amountOf(getsMillion) },
    ...{ storedTerabyteMonth: amountOf(storedTerabyteMonth), egressTerabyte: amountOf(egressTerabyte) },
    ...{ putsPerMillionCommits: Number(putsPerMillionCommits), getsPerMillionReads: Number(getsPerMillionReads) },
    ...{ sharedMonth: amountOf(sharedMonth), updatedAt },
  };
}

function costView(revenue: bigint, { requests, storage, egress, shared }: CostMicros, isPriced: boolean): CostView {
  if (!isPriced) return { costMicros: null, cost: null, margin: null };
  const total = requests + storage + egress + shared;
  // To the nearest unit; never negative.
  const cost = (total + MICROS / 2n) / MICROS;
  return {
    costMicros: {
      ...{ requests: Number(requests), storage: Number(storage), egress: Number(egress) },
      ...{ shared: Number(shared), total: Number(total) },
    },
    cost: Number(cost),
    margin: Number(revenue - cost),
  };
}
