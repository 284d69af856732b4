import { generateKeyPairSync } from 'node:crypto';

/** What all services of a run share. */
export interface Surroundings {
  /** Of this process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  readonly store: Readonly<Record<string, string>>;
  readonly internalSecret: string;
  readonly authSecret: string;
  readonly ttlMs: number;
  /** Of blocks, for workers; undefined: none. */
  readonly cacheDirectory: string | undefined;
}

/** Small, so that flushes, files, compactions, evictions and releases happen within minutes. */
const WORKER_TUNING = {
  MAX_UNFLUSHED_BYTES: String(1024 * 1024),
  BLOCK_CACHE_BYTES: String(128 * 1024),
  IDLE_RELEASE_MS: '3000',
};
const CACHE_BYTES = 32 * 1024 * 1024;
const COMPACTOR_TUNING = { GC_MIN_AGE_MS: '2000', SWEEP_INTERVAL_MS: '60000' };

const PASSED = ['PATH', 'HOME', 'TZ', 'LANG', 'TMPDIR'];

export function generalEnvironment(env: Surroundings['env']): Record<string, string> {
  const passed = PASSED.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  return {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'info',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...(Object.fromEntries(passed) as Record<string, string>),
  };
}

function serviceEnvironment({ env, databaseUrl, redisUrl }: Surroundings): Record<string, string> {
  return {
    ...generalEnvironment(env),
    DATABASE_URL: databaseUrl,
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
  };
}

export function controlPlaneEnvironment(surroundings: Surroundings): Record<string, string> {
  // Of this run nobody asks for a token.
  const signingKey = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' });
  return {
    ...serviceEnvironment(surroundings),
    AUTH_SECRET: surroundings.authSecret,
    TOKEN_SIGNING_KEY: signingKey.toString('base64'),
  };
}

export function gatewayEnvironment(surroundings: Surroundings): Record<string, string> {
  const { store, internalSecret } = surroundings;
  return { ...serviceEnvironment(surroundings), ...store, LEASEHOLD_INTERNAL_SECRET: internalSecret };
}

/** @param endpoint of its own way to the bucket */
export function workerEnvironment(surroundings: Surroundings, endpoint: string): Record<string, string> {
  const { ttlMs, cacheDirectory } = surroundings;
  return {
    ...gatewayEnvironment(surroundings),
    ...WORKER_TUNING,
    SESSION_TTL_MS: String(ttlMs),
    ...(cacheDirectory === undefined
      ? {}
      : { BLOCK_CACHE_DIR: cacheDirectory, BLOCK_CACHE_DISK_BYTES: String(CACHE_BYTES) }),
    S3_ENDPOINT: endpoint,
  };
}

/** @param endpoint of its own way to the bucket */
export function compactorEnvironment(surroundings: Surroundings, endpoint: string): Record<string, string> {
  return { ...serviceEnvironment(surroundings), ...surroundings.store, ...COMPACTOR_TUNING, S3_ENDPOINT: endpoint };
}
