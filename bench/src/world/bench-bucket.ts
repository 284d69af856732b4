import type { BucketCounts, LatencyChoice } from '@leasehold/local-bucket';
import type { ObjectStore } from '@leasehold/object-store';
import { createS3Store } from '@leasehold/object-store-s3';

import { Child } from '../child/child.js';
import { BUCKET, REGION } from './bucket-access.js';

const SEED = 7;
/** A bucket of the larger benchmarks holds a few gigabytes. */
const HEAP_MIB = 8_192;

/** Requests and bytes between two looks. */
export interface Traffic {
  readonly requests: number;
  readonly puts: number;
  readonly gets: number;
  readonly lists: number;
  readonly deletes: number;
  readonly putBytes: number;
  readonly getBytes: number;
  readonly dollars: number;
}

/** An S3-compatible bucket over memory in a process of its own, with injected latency and with counts. */
export class BenchBucket {
  private constructor(
    private readonly child: Child,
    readonly url: string,
  ) {}

  static async start(latency?: LatencyChoice): Promise<BenchBucket> {
    const child = Child.start('bucket-main', { maxHeapMiB: HEAP_MIB });
    return new BenchBucket(child, await child.call<string>('start', { latency, seed: SEED }));
  }

  /** Undefined: as fast as it can. */
  setLatency(latency: LatencyChoice | undefined): Promise<void> {
    return this.child.call('setLatency', { latency, seed: SEED });
  }

  async traffic(): Promise<Traffic> {
    const { operations, requests, dollars } = await this.child.call<BucketCounts>('counts');
    const puts = [operations.PutObject, operations.UploadPart, operations.CompleteMultipartUpload];
    const more = [...puts, operations.CreateMultipartUpload];
    return {
      requests,
      puts: more.reduce((sum, { requests: count }) => sum + count, 0),
      gets: operations.GetObject.requests + operations.HeadObject.requests,
      lists: operations.ListObjectsV2.requests,
      deletes: operations.DeleteObject.requests + operations.DeleteObjects.requests,
      putBytes: puts.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0),
      getBytes: operations.GetObject.sentBytes,
      dollars,
    };
  }

  stop(): Promise<void> {
    return this.child.kill();
  }
}

export function trafficSince(now: Traffic, before: Traffic): Traffic {
  return Object.fromEntries(
    Object.entries(now).map(([name, value]) => [name, value - before[name as keyof Traffic]]),
  ) as unknown as Traffic;
}

/** The client that the services use, with their settings. */
export function s3Client(url: string): ObjectStore & { close(): void } {
  return createS3Store({ ...BUCKET, endpoint: url, region: REGION, forcePathStyle: true });
}

/** How the S3 client of the peer finds the same bucket. */
export function s3Environment(url: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT: url,
    AWS_ALLOW_HTTP: 'true',
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: BUCKET.accessKeyId,
    AWS_SECRET_ACCESS_KEY: BUCKET.secretAccessKey,
  };
}
