import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { isLeaseholdError, systemClock, systemRandom } from '@leasehold/foundation';
import type { ObjectStore } from '@leasehold/object-store';
import { FolderStore, reliableReads } from '@leasehold/object-store';
import { createS3Store } from '@leasehold/object-store-s3';

import { CliError } from '../cli-error.js';
import { describe } from '../probe/probe.js';
import type { StoreSettings } from '../probe/store-settings.js';
import { dataFolders } from '../up/data-directory.js';
import { readSecrets } from '../up/secrets.js';
import { localStoreSettings } from '../up/service-plan.js';

export interface OpenBucket {
  readonly store: ObjectStore;
  /** For people. */
  readonly name: string;
  close(): Promise<void>;
}

export function openS3Bucket(settings: StoreSettings): OpenBucket {
  const store = createS3Store(settings);
  return {
    store: reliableReads(store, systemClock, systemRandom),
    name: describe(settings),
    close: async () => store.close(),
  };
}

/**
 * The bucket that `./leasehold up` keeps in its data folder: through its server while that runs, else from the disk.
 * @throws CliError when there is none
 */
export async function openDataBucket(data: string): Promise<OpenBucket> {
  const folders = dataFolders(resolve(data));
  // Opening a folder makes it; here it has to be one.
  if (!existsSync(join(folders.bucket, 'objects'))) {
    throw new CliError(`${folders.path} holds no bucket; one that is elsewhere is named by S3_ENDPOINT and S3_BUCKET`);
  }
  try {
    const store = await FolderStore.open(folders.bucket, systemClock);
    return { store, name: `the bucket in ${folders.bucket}`, close: () => store.close() };
  } catch (error) {
    if (!isLeaseholdError(error, 'unavailable')) throw error;
    const secrets = readSecrets(folders.secrets);
    if (secrets === undefined || !existsSync(folders.bucketUrl)) throw new CliError(error.message, 1, { cause: error });
    return openS3Bucket(localStoreSettings(secrets, readFileSync(folders.bucketUrl, 'utf8').trim()));
  }
}
