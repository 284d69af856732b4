import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { systemClock } from '@leasehold/foundation';
import { describeObjectStore } from '@leasehold/object-store-testing/conformance';

import { FolderStore } from './folder-store.js';

describeObjectStore('folder', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'leasehold-folder-'));
  const store = await FolderStore.open(directory, systemClock);
  return {
    store,
    close: async () => {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});
