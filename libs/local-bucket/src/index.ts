export type { BucketCounts, OperationCounts, S3Operation } from './counts.js';
export type { BucketFaults } from './faults.js';
export type { LatencyProfileName } from './latency.js';
export { startLocalBucket } from './local-bucket.js';
export type { LocalBucket, LocalBucketSettings } from './local-bucket.js';
