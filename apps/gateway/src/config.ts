import { internalSecretConfig, serviceConfig, storeConfig, wholeNumber } from '@leasehold/service-kit';
import { z } from 'zod';

/** Everything a gateway is told; validated once at start. */
export const gatewayConfig = serviceConfig.extend({
  ...storeConfig.shape,
  ...internalSecretConfig.shape,
  /** Where the directory of keys and databases is read. */
  DATABASE_URL: z.string(),
  /** The one origin whose pages may call the data plane from a browser; none when not set. */
  CONSOLE_ORIGIN: z
    .url()
    .transform((url) => new URL(url).origin)
    .optional(),
  /** How long a request waits for its database to come to a worker. Above the ttl of a session and a takeover. */
  HOLD_TIMEOUT_MS: wholeNumber(0, 60_000).default(12_000),
});

export type GatewayConfig = z.output<typeof gatewayConfig>;
