import type { CostRow } from './use-costs.js';

export type CostMeter = 'total' | 'readUnits' | 'writeUnits' | 'storedGbHours' | 'egressBytes';

/** What costs something, in the order of the screen. */
export const COST_METERS: readonly { readonly meter: CostMeter; readonly name: string }[] = [
  { meter: 'total', name: 'All usage' },
  { meter: 'readUnits', name: 'Reads' },
  { meter: 'writeUnits', name: 'Writes' },
  { meter: 'storedGbHours', name: 'Storage' },
  { meter: 'egressBytes', name: 'Egress' },
];

/** In millionths of the smallest unit: exact up to nine thousand million of those. */
export function microsOf(row: CostRow, meter: CostMeter): number {
  return Number(row.costMicros[meter] ?? 0);
}

export function sumMicros(rows: readonly CostRow[], meter: CostMeter): number {
  return rows.reduce((sum, row) => sum + microsOf(row, meter), 0);
}
