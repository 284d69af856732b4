export { S3_PRICES } from './counts.js';
export type { BucketCounts, OperationCounts, S3Operation } from './counts.js';
export type { BucketFaults } from './faults.js';
export { drawLatencyMs, LATENCY_PROFILES } from './latency.js';
export type { LatencyChoice, LatencyProfileName } from './latency.js';
export { startLocalBucket } from './local-bucket.js';
export type { BucketLatency, LocalBucket, LocalBucketSettings } from './local-bucket.js';
