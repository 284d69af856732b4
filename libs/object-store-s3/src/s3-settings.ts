import { S3Client } from '@aws-sdk/client-s3';

export interface S3Settings {
  /** Absent: AWS's own endpoint of the region. */
  readonly endpoint?: string;
  readonly region: string;
  readonly bucket: string;
  /** Both or neither; neither: the environment's role, as the AWS SDK finds it. */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`; stores other than AWS usually need it. */
  readonly forcePathStyle: boolean;
  /** For one call from its begin to the last byte of its answer; {@link REQUEST_TIMEOUT_MS} by default. */
  readonly requestTimeoutMs?: number;
  /**
   * Connections at a time for reads, puts and deletes; further calls queue, inside their timeout. {@link MAX_SOCKETS} by default. Beside them are
   * the few that session records and listings have of their own.
   */
  readonly maxSockets?: number;
}

/** Far above the slowest answers of S3 (p99.9 of a PUT is about 0.3 s), well below the 30 s in which a put is settled (P1). */
export const REQUEST_TIMEOUT_MS = 5_000;
export const MAX_SOCKETS = 256;
/** For the calls that the SDK makes: a process lists now and then, and page after page. */
const SDK_SOCKETS = 16;
export const CONNECTION_TIMEOUT_MS = 2_000;

/** The SDK, for what is rare (listing, HEAD, creating a bucket, finding keys and endpoints): a client that does one attempt per call and never waits without end: both are off by default in the SDK. */
export function createS3Client(settings: S3Settings): S3Client {
  const { accessKeyId, secretAccessKey, requestTimeoutMs = REQUEST_TIMEOUT_MS, maxSockets = MAX_SOCKETS } = settings;
  const agent = { keepAlive: true, maxSockets: Math.min(maxSockets, SDK_SOCKETS) };
  return new S3Client({
    endpoint: settings.endpoint,
    region: settings.region,
    forcePathStyle: settings.forcePathStyle,
    credentials:
      accessKeyId !== undefined && secretAccessKey !== undefined ? { accessKeyId, secretAccessKey } : undefined,
    // A conditional put that is repeated blindly is refused by its own first attempt (P1).
    maxAttempts: 1,
    // Stores other than AWS do not know the trailing checksums that the SDK would add; our formats carry their own.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // It costs a round trip, and the SDK opens a connection of its own for each such put.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: Math.min(CONNECTION_TIMEOUT_MS, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: requestTimeoutMs,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
}
