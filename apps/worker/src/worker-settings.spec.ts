import { describe, expect, it } from '@jest/globals';
import { COMMIT_LOG_MODES } from '@leasehold/commit-log';
import { DEFAULT_OWNERSHIP_SETTINGS } from '@leasehold/ownership';
import { loadConfig } from '@leasehold/service-kit';

import { workerConfig } from './config.js';
import { commitLogSettingsOf, ownershipSettingsOf } from './worker-settings.js';

const REQUIRED = { LEASEHOLD_INTERNAL_SECRET: 'x'.repeat(32) };

describe('the settings of a worker', () => {
  it('are those of the libraries where the environment says nothing', () => {
    const config = loadConfig(workerConfig, REQUIRED);
    expect(commitLogSettingsOf(config)).toEqual(COMMIT_LOG_MODES.fast);
    expect(ownershipSettingsOf(config)).toEqual(DEFAULT_OWNERSHIP_SETTINGS);
    expect(config.BLOCK_CACHE_DIR).toBeUndefined();
  });

  it('take a mode, and one number of it apart', () => {
    const economy = loadConfig(workerConfig, { ...REQUIRED, COMMIT_MODE: 'economy' });
    expect(commitLogSettingsOf(economy)).toEqual(COMMIT_LOG_MODES.economy);
    const eager = loadConfig(workerConfig, { ...REQUIRED, COMMIT_MODE: 'economy', COMMIT_WINDOW_MS: '0' });
    expect(commitLogSettingsOf(eager)).toEqual({ ...COMMIT_LOG_MODES.economy, commitWindowMs: 0 });
  });

  it('take every budget from the environment', () => {
    const config = loadConfig(workerConfig, {
      ...REQUIRED,
      IDLE_RELEASE_MS: '60000',
      MAX_OPEN_DATABASES: '7',
      OPEN_DATABASES_BYTES: '2000000',
      MAX_UNFLUSHED_BYTES: '3000000',
      RECOVERY_CACHE_BYTES: '0',
    });
    expect(ownershipSettingsOf(config)).toEqual({
      ...DEFAULT_OWNERSHIP_SETTINGS,
      idleReleaseMs: 60_000,
      maxOpenDatabases: 7,
      openDatabasesBytes: 2_000_000,
      maxUnflushedBytes: 3_000_000,
      recoveryCacheBytes: 0,
    });
  });

  it.each([
    ['COMMIT_MODE', 'slow'],
    ['COMMIT_WINDOW_MS', '-1'],
    ['OPEN_DATABASES_BYTES', '1'],
    ['MAX_UNFLUSHED_BYTES', '9000000000'],
    ['BLOCK_CACHE_DISK_BYTES', '1000'],
  ])('name %s where it is %s', (name, value) => {
    expect(() => loadConfig(workerConfig, { ...REQUIRED, [name]: value })).toThrow(new RegExp(name));
  });
});
