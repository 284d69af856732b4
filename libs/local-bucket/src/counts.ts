import { FOREIGN_OPERATIONS } from './foreign/foreign-clients.js';

/** As S3 names them, and as it bills them. */
export const S3_OPERATIONS = [
  'GetObject',
  'HeadObject',
  'PutObject',
  'DeleteObject',
  'ListObjectsV2',
  'CreateBucket',
  'HeadBucket',
  ...FOREIGN_OPERATIONS,
] as const;

export type S3Operation = (typeof S3_OPERATIONS)[number];

/** US dollars per request, S3 standard in us-east-1, as listed at https://aws.amazon.com/s3/pricing/. Deletes are free. */
export const S3_PRICES: Readonly<Record<S3Operation, number>> = {
  GetObject: 0.0004 / 1000,
  HeadObject: 0.0004 / 1000,
  PutObject: 0.005 / 1000,
  DeleteObject: 0,
  ListObjectsV2: 0.005 / 1000,
  CreateBucket: 0.005 / 1000,
  HeadBucket: 0.0004 / 1000,
  CreateMultipartUpload: 0.005 / 1000,
  UploadPart: 0.005 / 1000,
  CompleteMultipartUpload: 0.005 / 1000,
  AbortMultipartUpload: 0,
  DeleteObjects: 0,
};

export interface OperationCounts {
  readonly requests: number;
  /** Of these, answered with 4xx (304 and 412 included) and 5xx or not at all. */
  readonly refused: number;
  readonly failed: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface BucketCounts {
  readonly operations: Readonly<Record<S3Operation, OperationCounts>>;
  readonly requests: number;
  readonly dollars: number;
}

type Mutable = { -readonly [K in keyof OperationCounts]: OperationCounts[K] };

/** Requests and bytes of bodies since the start, by operation. */
export class RequestCounter {
  private readonly operations = Object.fromEntries(
    S3_OPERATIONS.map((operation) => [
      operation,
      { requests: 0, refused: 0, failed: 0, receivedBytes: 0, sentBytes: 0 },
    ]),
  ) as Record<S3Operation, Mutable>;

  count(operation: S3Operation, status: number, receivedBytes: number, sentBytes: number): void {
    const counts = this.operations[operation];
    counts.requests++;
    if (status >= 500) counts.failed++;
    else if (status >= 300) counts.refused++;
    counts.receivedBytes += receivedBytes;
    counts.sentBytes += sentBytes;
  }

  snapshot(): BucketCounts {
    const operations = structuredClone(this.operations);
    const all = S3_OPERATIONS.map((operation) => ({
      requests: operations[operation].requests,
      price: S3_PRICES[operation],
    }));
    return {
      operations,
      requests: all.reduce((sum, { requests }) => sum + requests, 0),
      dollars: all.reduce((sum, { requests, price }) => sum + requests * price, 0),
    };
  }
}

/** The same for Prometheus. */
export function renderMetrics({ operations }: BucketCounts): string {
  const lines = ['# TYPE leasehold_bucket_requests_total counter', '# TYPE leasehold_bucket_bytes_total counter'];
  for (const operation of S3_OPERATIONS) {
    const { requests, refused, failed, receivedBytes, sentBytes } = operations[operation];
    const outcomes = { ok: requests - refused - failed, refused, failed };
    for (const [outcome, value] of Object.entries(outcomes)) {
      lines.push(`leasehold_bucket_requests_total{operation="${operation}",outcome="${outcome}"} ${value}`);
    }
    for (const [direction, value] of Object.entries({ received: receivedBytes, sent: sentBytes })) {
      lines.push(`leasehold_bucket_bytes_total{operation="${operation}",direction="${direction}"} ${value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
