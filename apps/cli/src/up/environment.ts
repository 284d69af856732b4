/** Parts that run elsewhere are named by the environment; what is not named runs here. */
export interface ExternalParts {
  readonly bucket: boolean;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  /** A mail server: without one mails go to a folder. */
  readonly mail: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What any process may need of the surroundings. Everything else is given on purpose or not at all. */
const GENERAL = ['PATH', 'HOME', 'TZ', 'LANG', 'TMPDIR', 'LOG_LEVEL', 'NODE_EXTRA_CA_CERTS', 'DRAIN_TIMEOUT_MS'];
/** The AWS SDK's advice about the Node of next year: no reader of a log can act on it. */
const QUIET = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
/** How an S3 client finds a bucket and its right to it, also without static keys. */
const STORE = [
  ...['S3_ENDPOINT', 'S3_REGION', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY', 'S3_FORCE_PATH_STYLE'],
  ...['AWS_REGION', 'AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
  ...['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'],
  ...['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'],
];
/** Settings of single services that may be tuned from outside. */
const TUNING = {
  worker: [
    'SESSION_TTL_MS',
    'COMMIT_MODE',
    'COMMIT_WINDOW_MS',
    'IDLE_RELEASE_MS',
    'MAX_OPEN_DATABASES',
    'OPEN_DATABASES_BYTES',
    'MAX_UNFLUSHED_BYTES',
    'RECOVERY_CACHE_BYTES',
    'BLOCK_CACHE_BYTES',
    'BLOCK_CACHE_DIR',
    'BLOCK_CACHE_DISK_BYTES',
    'OWNER_WAIT_MS',
    'USAGE_INTERVAL_MS',
  ],
  gateway: [
    'KEY_USE_INTERVAL_MS',
    'USAGE_INTERVAL_MS',
    'HOLD_TIMEOUT_MS',
    'FEED_LIFETIME_MS',
    'TENANT_REQUESTS_PER_SECOND',
    'TENANT_BURST_REQUESTS',
    'TENANT_BYTES_PER_SECOND',
    'TENANT_CONCURRENT_REQUESTS',
    'TENANT_CONCURRENT_WAKES',
  ],
  'control-plane': [
    ...['SMTP_URL', 'SMTP_TLS', 'MAIL_FROM', 'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
    ...['HEALTH_TARGETS', 'COSTS_REFRESH_MS'],
  ],
  compactor: [
    'COMPACTION_CONCURRENCY',
    'GC_MIN_AGE_MS',
    'RECOVERY_CONCURRENCY',
    'SWEEP_INTERVAL_MS',
    'ROLL_UP_INTERVAL_MS',
    'INVOICE_MARGIN_MS',
    'PURGE_INTERVAL_MS',
    'SESSION_KEEP_MS',
  ],
} as const;

export type ServiceName = keyof typeof TUNING;

export function externalParts(env: Environment): ExternalParts {
  return {
    bucket: present(env['S3_ENDPOINT']) || present(env['S3_BUCKET']),
    databaseUrl: present(env['DATABASE_URL']) ? env['DATABASE_URL'] : undefined,
    redisUrl: present(env['REDIS_URL']) ? env['REDIS_URL'] : undefined,
    mail: present(env['SMTP_URL']),
  };
}

function present(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function pick(env: Environment, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = env[name];
    if (value !== undefined && value !== '') picked[name] = value;
  }
  return picked;
}

export function generalEnvironment(env: Environment): Record<string, string> {
  return { NODE_ENV: 'production', HOST: LOOPBACK, ...QUIET, ...pick(env, GENERAL) };
}

export function storeEnvironment(env: Environment): Record<string, string> {
  return pick(env, STORE);
}

export function tuningOf(service: ServiceName, env: Environment): Record<string, string> {
  return pick(env, TUNING[service]);
}

export const LOOPBACK = '127.0.0.1';
const DEFAULT_DRAIN_TIMEOUT_MS = 10_000;

export function drainTimeoutMs(env: Environment): number {
  const value = Number(env['DRAIN_TIMEOUT_MS']);
  return Number.isFinite(value) && value > 0 ? value : DEFAULT_DRAIN_TIMEOUT_MS;
}
