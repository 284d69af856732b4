import type { Head } from '../format/head.js';

export interface WritePressureSettings {
  /** L0 files from which on writes are slowed … */
  readonly slowFiles: number;
  /** … and refused, with Retry-After: compaction is far behind, and every read looks into each of them. */
  readonly refuseFiles: number;
  /** What a write waits for just before it would be refused. */
  readonly mostDelayMs: number;
}

export const WRITE_PRESSURE: WritePressureSettings = { slowFiles: 12, refuseFiles: 32, mostDelayMs: 1_000 };

/** 0: none. Up to 1: slowed, more and more. 1: refuse. Pure. */
export function l0Pressure(head: Pick<Head, 'l0'>, settings: WritePressureSettings = WRITE_PRESSURE): number {
  const { slowFiles, refuseFiles } = settings;
  return Math.min(1, Math.max(0, (head.l0.length - slowFiles + 1) / (refuseFiles - slowFiles + 1)));
}

/** How long the owner holds each write back; undefined: refuse it. Pure. */
export function writeDelayMs(
  head: Pick<Head, 'l0'>,
  settings: WritePressureSettings = WRITE_PRESSURE,
): number | undefined {
  const pressure = l0Pressure(head, settings);
  // By its square: gently at first, as one compaction ends it.
  return pressure >= 1 ? undefined : Math.round(settings.mostDelayMs * pressure * pressure);
}
