import { setTimeout as sleep } from 'node:timers/promises';

import { systemClock } from '@leasehold/foundation';
import { FolderInUseError, FolderStore, MemoryStore } from '@leasehold/object-store';
import type { ObjectStore } from '@leasehold/object-store';

import type { FolderChoice, S3Choice, StoreChoice } from './local-options.js';

/** The store of a running service. */
export interface OpenedStore {
  readonly store: ObjectStore;
  /** Whether other processes may use it at the same time. */
  readonly shared: boolean;
  close(): Promise<void> | void;
}

const MAX_WAIT_MS = 3_600_000;
const LOCK_POLL_MS = 100;
const DEFAULT_REGION = 'us-east-1';

/** @throws FolderInUseError, FolderUnusableError when a folder cannot be written to */
export async function openStore(choice: StoreChoice): Promise<OpenedStore> {
  if (choice === 'memory') return { store: new MemoryStore(systemClock), shared: false, close: () => undefined };
  if ('folder' in choice) {
    const store = await openFolder(choice);
    return { store, shared: false, close: () => store.close() };
  }
  return openS3(choice);
}

/** For who closes what it is given, and is not the last one to use it. */
export function keptOpen(store: ObjectStore): ObjectStore & { close(): void } {
  return {
    get: (key, options) => store.get(key, options),
    put: (key, body, condition, options) => store.put(key, body, condition, options),
    delete: (key, options) => store.delete(key, options),
    list: (prefix, options) => store.list(prefix, options),
    close: () => undefined,
  };
}

async function openFolder({ folder, waitMs = 0 }: FolderChoice): Promise<FolderStore> {
  const untilMs = systemClock.monotonic() + Math.min(waitMs, MAX_WAIT_MS);
  for (;;) {
    try {
      return await FolderStore.open(folder, systemClock);
    } catch (error) {
      if (!(error instanceof FolderInUseError) || systemClock.monotonic() >= untilMs) throw error;
    }
    await sleep(LOCK_POLL_MS);
  }
}

async function openS3({ s3 }: S3Choice): Promise<OpenedStore> {
  // The AWS SDK takes longer to load than all of the rest to start.
  const { createS3Store } = await import('@leasehold/object-store-s3');
  const { region = DEFAULT_REGION, endpoint, forcePathStyle = endpoint !== undefined, ...rest } = s3;
  const store = createS3Store({ ...rest, region, endpoint, forcePathStyle });
  return { store, shared: true, close: () => store.close() };
}
