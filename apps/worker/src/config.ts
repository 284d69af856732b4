import type { COMMIT_LOG_MODES } from '@leasehold/commit-log';
import { UNFLUSHED_LIMIT_BYTES } from '@leasehold/commit-log';
import { MAX_CAPACITY_BYTES, MIN_CAPACITY_BYTES } from '@leasehold/disk-cache';
import { DEFAULT_OWNERSHIP_SETTINGS } from '@leasehold/ownership';
import { internalSecretConfig, operatorSecretConfig, serviceConfig, wholeNumber } from '@leasehold/service-kit';
import { z } from 'zod';

const MIB = 1024 * 1024;
const TIB = 1024 * 1024 * MIB;
const COMMIT_MODES = ['fast', 'economy'] as const satisfies readonly (keyof typeof COMMIT_LOG_MODES)[];

/** Everything a worker is told, but where its bucket and its queues are; validated once at start. */
export const workerConfig = serviceConfig.extend({
  ...internalSecretConfig.shape,
  ...operatorSecretConfig.shape,
  /** Where gateways reach this process; the address it listens on by default. */
  WORKER_ADVERTISED_URL: z.url().optional(),
  SESSION_TTL_MS: wholeNumber(1_000, 60_000).default(5_000),
  /** Latency or dollars, see the commit log. */
  COMMIT_MODE: z.enum(COMMIT_MODES).default('fast'),
  /** In place of the mode's. */
  COMMIT_WINDOW_MS: wholeNumber(0, 1_000).optional(),
  IDLE_RELEASE_MS: wholeNumber(1_000, 86_400_000).default(DEFAULT_OWNERSHIP_SETTINGS.idleReleaseMs),
  MAX_OPEN_DATABASES: wholeNumber(1, 10_000_000).default(DEFAULT_OWNERSHIP_SETTINGS.maxOpenDatabases),
  /** Memory of open databases, their inline data included. */
  OPEN_DATABASES_BYTES: wholeNumber(MIB, TIB).default(DEFAULT_OWNERSHIP_SETTINGS.openDatabasesBytes),
  /** Memory of commits that no head contains yet. The log refuses more than its own limit, whatever this says. */
  MAX_UNFLUSHED_BYTES: wholeNumber(MIB, UNFLUSHED_LIMIT_BYTES).default(DEFAULT_OWNERSHIP_SETTINGS.maxUnflushedBytes),
  /** Memory for the logs of ended workers while their databases are taken over. */
  RECOVERY_CACHE_BYTES: wholeNumber(0, TIB).default(DEFAULT_OWNERSHIP_SETTINGS.recoveryCacheBytes),
  /** Memory for blocks and indexes of all databases together. */
  BLOCK_CACHE_BYTES: wholeNumber(0, TIB).default(256 * MIB),
  /** Where blocks are also kept on local disk; not at all by default. Whatever is there may be lost at any time. */
  BLOCK_CACHE_DIR: z.string().optional(),
  BLOCK_CACHE_DISK_BYTES: wholeNumber(MIN_CAPACITY_BYTES, MAX_CAPACITY_BYTES).default(8 * 1024 * MIB),
  /** How long one request may wait, for a database to be had or a commit to be durable; the gateway holds it a little longer. */
  OWNER_WAIT_MS: wholeNumber(100, 60_000).default(10_000),
  /** Between two usage records; none is written while nothing is. */
  USAGE_INTERVAL_MS: wholeNumber(1_000, 3_600_000).default(15_000),
});

export type WorkerConfig = z.output<typeof workerConfig>;
