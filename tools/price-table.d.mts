import type { linesOf, totalOf } from '@leasehold/billing';

/** What the script takes from libs/billing. */
export interface Billing {
  readonly linesOf: typeof linesOf;
  readonly totalOf: typeof totalOf;
}

/** tools/prices.json. */
export type Prices = Readonly<Record<string, unknown>> & {
  readonly others: readonly { readonly name: string; readonly source: string; readonly asOf: string }[];
};

/** Dollars of a month. */
export type Kind = (quantities: Readonly<Record<string, number>>, other: Readonly<Record<string, unknown>>) => number;

/** Path of tools/prices.json. */
export const PRICES: string;

/** The whole page docs/prices.md. @param benchmarks docs/benchmarks.md */
export function formatPricesPage(prices: Prices, benchmarks: string, billing: Billing): string;
