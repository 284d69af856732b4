import { internalSecretConfig, outboundConfig, serviceConfig, storeConfig, wholeNumber } from '@leasehold/service-kit';
import { z } from 'zod';

import { DEFAULT_FEED_SETTINGS } from './changes/feed-settings.js';

/** Everything a gateway is told; validated once at start. */
export const gatewayConfig = serviceConfig.extend({
  ...storeConfig.shape,
  ...internalSecretConfig.shape,
  ...outboundConfig.shape,
  /** Where the directory of keys and databases is read. */
  DATABASE_URL: z.string(),
  /** The one origin whose pages may call the data plane from a browser; none when not set. */
  CONSOLE_ORIGIN: z
    .url()
    .transform((url) => new URL(url).origin)
    .optional(),
  /** How long a request waits for its database to come to a worker. Above the ttl of a session and a takeover. */
  HOLD_TIMEOUT_MS: wholeNumber(0, 60_000).default(12_000),
  /** How often it is written when API keys were used last. */
  KEY_USE_INTERVAL_MS: wholeNumber(1_000, 86_400_000).default(60_000),
  /** Between two usage records; none is written while nothing is read. What a gateway that is killed has served since its last one is not billed. */
  USAGE_INTERVAL_MS: wholeNumber(1_000, 3_600_000).default(15_000),
  /** After so long a change feed ends, and its client resumes. */
  FEED_LIFETIME_MS: wholeNumber(1_000, 86_400_000).default(DEFAULT_FEED_SETTINGS.lifetimeMs),
  /** Where gateways tell each other what tenants ask of them; without it, in Postgres. */
  REDIS_URL: z.string().optional(),
  /** Of one tenant of whom nothing else is said, in the long run, at all gateways together. */
  TENANT_REQUESTS_PER_SECOND: wholeNumber(1, 1_000_000).default(1_000),
  /** At once, after a pause; twice a second's worth by default. */
  TENANT_BURST_REQUESTS: wholeNumber(1, 10_000_000).optional(),
  /** Of its bodies and answers together. */
  TENANT_BYTES_PER_SECOND: wholeNumber(1_024, 100 * 1024 * 1024 * 1024).default(32 * 1024 * 1024),
  /** Under way at the same time. By default a sixteenth of what a gateway forwards at once. */
  TENANT_CONCURRENT_REQUESTS: wholeNumber(1, 4_096).default(256),
  /** Databases of it that are opened at the same time. */
  TENANT_CONCURRENT_WAKES: wholeNumber(1, 4_096).default(64),
});

export type GatewayConfig = z.output<typeof gatewayConfig>;
