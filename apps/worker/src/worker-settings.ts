import type { CommitLogSettings } from '@leasehold/commit-log';
import { COMMIT_LOG_MODES } from '@leasehold/commit-log';
import type { OwnershipSettings } from '@leasehold/ownership';
import { DEFAULT_OWNERSHIP_SETTINGS } from '@leasehold/ownership';

import type { WorkerConfig } from './config.js';

/** What of the configuration the commit log wants to know. */
export function commitLogSettingsOf(config: Pick<WorkerConfig, 'COMMIT_MODE' | 'COMMIT_WINDOW_MS'>): CommitLogSettings {
  const mode = COMMIT_LOG_MODES[config.COMMIT_MODE];
  return { ...mode, commitWindowMs: config.COMMIT_WINDOW_MS ?? mode.commitWindowMs };
}

/** What of the configuration the ownership of databases wants to know. */
export function ownershipSettingsOf(config: WorkerConfig): OwnershipSettings {
  return {
    ...DEFAULT_OWNERSHIP_SETTINGS,
    idleReleaseMs: config.IDLE_RELEASE_MS,
    maxOpenDatabases: config.MAX_OPEN_DATABASES,
    openDatabasesBytes: config.OPEN_DATABASES_BYTES,
    maxUnflushedBytes: config.MAX_UNFLUSHED_BYTES,
    recoveryCacheBytes: config.RECOVERY_CACHE_BYTES,
  };
}
