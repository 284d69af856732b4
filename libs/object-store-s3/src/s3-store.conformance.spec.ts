import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { it } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';
import { startLocalBucket } from '@leasehold/local-bucket';
import { FolderStore, MemoryStore } from '@leasehold/object-store';
import type { ObjectStore } from '@leasehold/object-store';
import { describeObjectStore } from '@leasehold/object-store-testing/conformance';
import type { StoreUnderTest } from '@leasehold/object-store-testing/conformance';

import { ensureBucket } from './ensure-bucket.js';
import { createS3Store } from './s3-store.js';

describeObjectStore('S3 on local-bucket over memory', () => servedLocally(new MemoryStore(systemClock)));

describeObjectStore('S3 on local-bucket over a folder', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'leasehold-bucket-'));
  const folder = await FolderStore.open(directory, systemClock);
  return servedLocally(folder, async () => {
    await folder.close();
    await rm(directory, { recursive: true, force: true });
  });
});

const { TEST_S3_ENDPOINT, TEST_S3_REGION, TEST_S3_ACCESS_KEY_ID, TEST_S3_SECRET_ACCESS_KEY, LEASEHOLD_REQUIRE_LANES } =
  process.env;
if (TEST_S3_ENDPOINT !== undefined) {
  describeObjectStore('S3 on a real server', async () => {
    const settings = {
      endpoint: TEST_S3_ENDPOINT,
      region: TEST_S3_REGION ?? 'us-east-1',
      bucket: 'leasehold-conformance',
      accessKeyId: TEST_S3_ACCESS_KEY_ID,
      secretAccessKey: TEST_S3_SECRET_ACCESS_KEY,
      forcePathStyle: true,
    };
    await ensureBucket(settings);
    const store = createS3Store(settings);
    return { store, close: async () => store.close() };
  });
} else if (LEASEHOLD_REQUIRE_LANES === '1') {
  // Elsewhere `./leasehold test` tells what is missing here, and how to get it.
  it('object store: S3 on a real server', () => {
    throw new Error('LEASEHOLD_REQUIRE_LANES=1 allows no lane without its server: set TEST_S3_ENDPOINT');
  });
}

async function servedLocally(store: ObjectStore, closeStore?: () => Promise<void>): Promise<StoreUnderTest> {
  const credentials = { bucket: 'leasehold', accessKeyId: 'local', secretAccessKey: 'local-secret' };
  const served = await startLocalBucket({ store, host: '127.0.0.1', port: 0, ...credentials });
  const client = createS3Store({ endpoint: served.url, region: 'us-east-1', forcePathStyle: true, ...credentials });
  return {
    store: client,
    close: async () => {
      client.close();
      await served.close();
      await closeStore?.();
    },
  };
}
