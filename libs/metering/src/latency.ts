import { assert } from '@leasehold/foundation';

/**
 * How many requests took how long, in buckets whose width grows with the time: eight between any time and its double, so that what is told of a request
 * is at most a tenth longer than it took. Two of them are merged by adding up, and lose nothing by it.
 */
export type Latency = ReadonlyMap<number, number>;

/** Buckets end at `FIRST_MS * 2 ** (bucket / PER_DOUBLE)`. */
const FIRST_MS = 0.125;
const PER_DOUBLE = 8;
/** Everything beyond a minute is in the last one, and told as 65.536 s. */
export const LATENCY_BUCKETS = 19 * PER_DOUBLE + 1;

/** The bucket of a time. */
export function latencyBucket(ms: number): number {
  if (!(ms > FIRST_MS)) return 0;
  return Math.min(LATENCY_BUCKETS - 1, Math.ceil(PER_DOUBLE * Math.log2(ms / FIRST_MS)));
}

/** What the requests of a bucket took at most. */
export function bucketEndMs(bucket: number): number {
  assert(Number.isInteger(bucket) && bucket >= 0 && bucket < LATENCY_BUCKETS, 'buckets are numbered');
  return FIRST_MS * 2 ** (bucket / PER_DOUBLE);
}

/** Of all of them together. */
export function mergeLatencies(all: Iterable<Latency>): Latency {
  const sum = new Map<number, number>();
  for (const one of all) for (const [bucket, count] of one) sum.set(bucket, (sum.get(bucket) ?? 0) + count);
  return sum;
}

/**
 * So long took the fastest of these requests at most, as many of them as the fraction says: 0.99 for the 99th percentile.
 * @returns undefined of none
 */
export function percentileMs(latency: Latency, fraction: number): number | undefined {
  const buckets = [...latency].filter(([, count]) => count > 0).sort(([a], [b]) => a - b);
  const wanted = fraction * buckets.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [bucket, count] of buckets) {
    seen += count;
    if (seen >= wanted) return bucketEndMs(bucket);
  }
  return undefined;
}
