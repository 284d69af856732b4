import type { Random } from '@leasehold/foundation';

import type { S3Operation } from './counts.js';

/** Median, 99th and 99.9th percentile until the first byte. */
interface Quantiles {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

interface LatencyProfile {
  readonly read: Quantiles;
  readonly write: Quantiles;
  readonly bytesPerMs: number;
}

/** `s3`: quantiles published for S3 standard from EC2; docs/testing.md. */
export const LATENCY_PROFILES = {
  s3: {
    read: { p50Ms: 25, p99Ms: 90, p999Ms: 118 },
    write: { p50Ms: 29, p99Ms: 75, p999Ms: 274 },
    bytesPerMs: 80_000,
  },
} as const satisfies Record<string, LatencyProfile>;

export type LatencyProfileName = keyof typeof LATENCY_PROFILES;

/** `fixedMs`: every answer takes that long, so that elapsed time divided by it counts the round trips that waited for one another. */
export type LatencyChoice = LatencyProfileName | { readonly fixedMs: number };

/** The fastest answer, as a part of the median. */
const FASTEST = 0.6;

/** Until the first byte of the answer to a request that carries `bodyBytes`. */
export function drawLatencyMs(name: LatencyChoice, operation: S3Operation, bodyBytes: number, random: Random): number {
  if (typeof name !== 'string') return name.fixedMs;
  const profile = LATENCY_PROFILES[name];
  const reads = operation === 'GetObject' || operation === 'HeadObject';
  return latencyAt(random.fraction(), reads ? profile.read : profile.write) + transferMs(name, bodyBytes);
}

export function transferMs(name: LatencyChoice, bytes: number): number {
  return typeof name !== 'string' ? 0 : bytes / LATENCY_PROFILES[name].bytesPerMs;
}

/**
 * The latency at quantile `u` in [0, 1): between the given quantiles geometrically over the number of nines (0.9 is one, 0.99 two), which draws the
 * long tail of such distributions as a straight line. Beyond the last one it stays there.
 */
export function latencyAt(u: number, { p50Ms, p99Ms, p999Ms }: Quantiles): number {
  const nines = -Math.log10(1 - u);
  const points: (readonly [nines: number, ms: number])[] = [
    [0, p50Ms * FASTEST],
    [-Math.log10(0.5), p50Ms],
    [2, p99Ms],
    [3, p999Ms],
  ];
  for (let i = 1; i < points.length; i++) {
    const [fromNines, fromMs] = points[i - 1] as readonly [number, number];
    const [toNines, toMs] = points[i] as readonly [number, number];
    if (nines <= toNines) return fromMs * (toMs / fromMs) ** ((nines - fromNines) / (toNines - fromNines));
  }
  return p999Ms;
}
