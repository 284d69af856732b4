import type { CommitLogSettings } from '@leasehold/commit-log';
import type { GatewayConfig } from '@leasehold/gateway';
import { gatewayConfig } from '@leasehold/gateway';
import type { WorkerConfig } from '@leasehold/worker';
import { workerConfig } from '@leasehold/worker';

import type { LocalOptions } from './local-options.js';
import type { UpkeepSettings } from './upkeep.js';

const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;
/** Requests under way end within it, and databases are given up. */
const DRAIN_TIMEOUT_MS = '10000';

/** As far as a gateway lets one go: whoever shares a process shares its time anyhow. */
const NO_TENANT_LIMITS = {
  TENANT_REQUESTS_PER_SECOND: '1000000',
  TENANT_BYTES_PER_SECOND: String(100 * 1024 * MIB),
  TENANT_CONCURRENT_REQUESTS: '4096',
};

export function gatewayConfigOf(options: LocalOptions, secret: string): GatewayConfig {
  const { host = '127.0.0.1', port = 0, logLevel = 'silent' } = options;
  return gatewayConfig.parse({
    HOST: host,
    PORT: String(port),
    LOG_LEVEL: logLevel,
    DRAIN_TIMEOUT_MS,
    PROCESS_METRICS: 'false',
    LEASEHOLD_INTERNAL_SECRET: secret,
    DATABASE_URL: 'none: its directory is in memory',
    ...NO_TENANT_LIMITS,
  });
}

export function workerConfigOf(options: LocalOptions, secret: string): WorkerConfig {
  const { host = '127.0.0.1', logLevel = 'silent', ttlMs, worker = {} } = options;
  return workerConfig.parse({
    HOST: worker.host ?? host,
    PORT: String(worker.port ?? 0),
    WORKER_ADVERTISED_URL: worker.advertisedUrl,
    LOG_LEVEL: logLevel,
    DRAIN_TIMEOUT_MS,
    PROCESS_METRICS: 'false',
    LEASEHOLD_INTERNAL_SECRET: secret,
    BLOCK_CACHE_BYTES: String(64 * MIB),
    ...(ttlMs === undefined ? {} : { SESSION_TTL_MS: String(ttlMs) }),
  });
}

/** What a store in this process or on its disk changes: puts cost no money and end in a millisecond. */
export const NEAR_COMMIT_LOG: Partial<CommitLogSettings> = {
  commitWindowMs: 1,
  putsPerSecond: 1_000,
  burstPuts: 16,
  hedgeShare: 0,
};

/** Where nobody else may be reading, garbage is kept for a minute; where others may, for as long as in a fleet. */
export const NEAR_UPKEEP: UpkeepSettings = { gcMinAgeMs: MINUTE_MS, firstSweepMs: MINUTE_MS };
export const SHARED_UPKEEP: UpkeepSettings = { gcMinAgeMs: 60 * MINUTE_MS, firstSweepMs: 10 * MINUTE_MS };
