import { systemClock } from '@leasehold/foundation';
import { startLocalBucket } from '@leasehold/local-bucket';
import { MemoryStore } from '@leasehold/object-store';
import { createS3Store } from '@leasehold/object-store-s3';

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test-secret-of-the-bucket' };
const BUCKET = 'leasehold';

/** A bucket of the data plane over HTTP, empty. */
export class TestBucket {
  private constructor(
    private readonly served: Awaited<ReturnType<typeof startLocalBucket>>,
    /** The same as services see it. */
    readonly store: ReturnType<typeof createS3Store>,
  ) {}

  static async start(): Promise<TestBucket> {
    const store = new MemoryStore(systemClock);
    const served = await startLocalBucket({ store, host: '127.0.0.1', port: 0, bucket: BUCKET, ...CREDENTIALS });
    const settings = { endpoint: served.url, region: 'us-east-1', bucket: BUCKET, forcePathStyle: true };
    return new TestBucket(served, createS3Store({ ...settings, ...CREDENTIALS }));
  }

  /** Settings of a service that is to use it. */
  get env(): Readonly<Record<string, string>> {
    return {
      S3_ENDPOINT: this.served.url,
      S3_BUCKET: BUCKET,
      S3_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      S3_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    };
  }

  async close(): Promise<void> {
    this.store.close();
    await this.served.close();
  }
}
