import type { DatabaseEntry, DirectorySource, KeyEntry } from '@leasehold/directory';
import { Directory, mintApiKey } from '@leasehold/directory';
import { systemClock, systemRandom, UlidSource } from '@leasehold/foundation';
import { SessionWatch } from '@leasehold/lease';
import { reliableReads } from '@leasehold/object-store';

import { serve } from '../child/serve.js';
import { s3Client } from '../world/bench-bucket.js';
import { appModule } from './app-module.js';
import { tenantDatabase } from './tenants.js';

/** The gateway service in a process of its own, over a directory in memory. */
export interface GatewayOptions {
  readonly bucketUrl: string;
  readonly secret: string;
  readonly tenants: number;
  readonly requestsPerSecond: number;
}

export interface GatewayStarted {
  readonly url: string;
  /** By tenant. */
  readonly apiKeys: readonly string[];
}

interface Config {
  parse(env: Readonly<Record<string, string>>): unknown;
}
type StartGateway = (config: unknown, open: () => Promise<unknown>) => Promise<{ readonly url: string }>;

const BYTES_PER_REQUEST = 32 * 1024;
const SCOPES = new Set(['data:read', 'data:write'] as const);

function directoryOf(tenants: number): { readonly source: DirectorySource; readonly apiKeys: readonly string[] } {
  const ids = new UlidSource(systemClock, systemRandom);
  const keys = new Map<string, KeyEntry>();
  const databases = new Map<string, DatabaseEntry>();
  const apiKeys = Array.from({ length: tenants }, (_, number) => {
    const { databaseId, tenantId, name } = tenantDatabase(number);
    const { id, key, secretHash } = mintApiKey(ids, systemRandom);
    keys.set(id, { id, tenantId, secretHash, scopes: SCOPES, expiresAt: undefined, revoked: false });
    databases.set(tenantId, { id: databaseId, tenantId, name });
    return key;
  });
  const source: DirectorySource = {
    apiKey: async (id) => keys.get(id),
    database: async (tenantId) => databases.get(tenantId),
    tenant: async (id) => ({ id, corsOrigins: new Set<string>() }),
    tokenKeys: async () => [],
    changes: async () => ({ cursor: 'now', reset: false, changes: [] }),
  };
  return { source, apiKeys };
}

serve({
  start: async ({ bucketUrl, secret, tenants, requestsPerSecond }: GatewayOptions): Promise<GatewayStarted> => {
    const { gatewayConfig } = (await appModule('gateway', 'config')) as { gatewayConfig: Config };
    const { startGateway } = (await appModule('gateway', 'start-gateway')) as { startGateway: StartGateway };
    const config = gatewayConfig.parse({
      LOG_LEVEL: 'silent',
      DATABASE_URL: 'none',
      LEASEHOLD_INTERNAL_SECRET: secret,
      TENANT_REQUESTS_PER_SECOND: String(requestsPerSecond),
      // As many for a request as by default.
      TENANT_BYTES_PER_SECOND: String(BYTES_PER_REQUEST * requestsPerSecond),
    });
    const store = reliableReads(s3Client(bucketUrl), systemClock, systemRandom);
    const sessions = new SessionWatch({ store, clock: systemClock, random: systemRandom });
    await sessions.start();
    const { source, apiKeys } = directoryOf(tenants);
    const directory = new Directory(source, {
      clock: systemClock,
      onOutage: () => undefined,
      onRecovery: () => undefined,
    });
    await directory.start();
    const { url } = await startGateway(config, async () => ({ sessions, directory, close: async () => undefined }));
    return { url, apiKeys };
  },
});
