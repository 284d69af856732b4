import type { Schemas } from '../api/control.js';
import { formatBytes, formatCount, formatFraction } from '../parts/format.js';

export type UsageRow = Schemas['Usage']['usage'][number];
export type Meter = 'readUnits' | 'writeUnits' | 'storedGbHours' | 'egressBytes' | 'requests' | 'freeReadUnits';

interface MeterText {
  readonly meter: Meter;
  readonly name: string;
  readonly format: (value: number) => string;
}

/** What is counted, in the order of the screen. */
export const METERS: readonly MeterText[] = [
  { meter: 'readUnits', name: 'Read units', format: formatCount },
  { meter: 'writeUnits', name: 'Write units', format: formatCount },
  { meter: 'storedGbHours', name: 'Stored GB-hours', format: formatFraction },
  { meter: 'egressBytes', name: 'Egress', format: formatBytes },
  { meter: 'requests', name: 'Read requests', format: formatCount },
  { meter: 'freeReadUnits', name: 'Free read units', format: formatCount },
];

export function meterOf(text: string): MeterText {
  return METERS.find(({ meter }) => meter === text) ?? (METERS[0] as MeterText);
}

export function sumOf(rows: readonly UsageRow[], meter: Meter): number {
  return rows.reduce((sum, row) => sum + (row[meter] ?? 0), 0);
}
