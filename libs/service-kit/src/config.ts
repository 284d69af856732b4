import { LeaseholdError } from '@leasehold/foundation';
import { z } from 'zod';

/** Names every wrong variable, and never a value: values may be secrets. */
export class ConfigError extends LeaseholdError {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super('invalid', 'invalid-config', `the configuration is not valid: ${problems.join('; ')}`);
  }
}

/**
 * Validates the environment once, at start. A variable set to nothing counts as not set, as in
 * `docker compose` files.
 * @throws ConfigError
 */
export function loadConfig<T extends z.ZodType>(schema: T, env: NodeJS.ProcessEnv = process.env): z.output<T> {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const result = schema.safeParse(set);
  if (result.success) return result.data;
  throw new ConfigError(result.error.issues.map((issue) => describe(issue, set)));
}

export const SECRET_CHARS = 32;

/** What every service needs. */
export const serviceConfig = z.object({
  HOST: z.string().default('127.0.0.1'),
  /** 0 = any free port. */
  PORT: wholeNumber(0, 65_535).default(0),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Bound on the whole drain: work under way at SIGTERM gets this long. */
  DRAIN_TIMEOUT_MS: wholeNumber(0, 600_000).default(10_000),
  /** Metrics of the process itself. Not where it is somebody else's, and has one service after another: they are measured until it ends. */
  PROCESS_METRICS: flag().default(true),
});

export type ServiceConfig = z.output<typeof serviceConfig>;

/** Where the bucket is. */
export const storeConfig = z.object({
  /** Of an S3-compatible store; AWS when not set. */
  S3_ENDPOINT: z.url().optional(),
  S3_REGION: z.string().default('us-east-1'),
  S3_BUCKET: z.string().default('leasehold'),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  S3_FORCE_PATH_STYLE: flag().default(true),
});

export type StoreConfig = z.output<typeof storeConfig>;

/** The same in the words of the S3 adapter's settings. */
export function s3SettingsOf(config: StoreConfig) {
  return {
    endpoint: config.S3_ENDPOINT,
    region: config.S3_REGION,
    bucket: config.S3_BUCKET,
    accessKeyId: config.S3_ACCESS_KEY_ID,
    secretAccessKey: config.S3_SECRET_ACCESS_KEY,
    forcePathStyle: config.S3_FORCE_PATH_STYLE,
  };
}

/** What may be called of what tenants name: key sets of identity providers, webhooks. */
export const outboundConfig = z.object({
  /** Also plain http and any port, to loopback alone: for work on one machine. */
  OUTBOUND_ALLOW_LOCAL: flag().default(false),
  /** Public ranges that are the operator's own, separated by commas: `198.51.100.0/24,2001:db8::/32`. */
  OUTBOUND_REFUSED: z
    .string()
    .transform((text) => text.split(',').map((range) => range.trim()))
    .pipe(z.array(z.union([z.cidrv4(), z.cidrv6()], 'must be ranges of addresses, separated by commas')))
    .optional(),
});

/** The same in the words of libs/outbound. */
export function outboundPolicyOf(config: z.output<typeof outboundConfig>) {
  return { allowLocal: config.OUTBOUND_ALLOW_LOCAL, alsoRefused: config.OUTBOUND_REFUSED ?? [] };
}

/** The key of the signatures on the hop from gateway to worker. */
export const internalSecretConfig = z.object({ LEASEHOLD_INTERNAL_SECRET: secret() });

/** Signs what operators ask workers by way of the control plane, and opens nothing else: with it nobody reads a database. Not set: they are told nothing. */
export const operatorSecretConfig = z.object({ LEASEHOLD_OPERATOR_SECRET: secret().optional() });

/** A whole number written in digits, within bounds. */
export function wholeNumber(min: number, max: number) {
  return z
    .string()
    .regex(/^[0-9]{1,15}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`);
}

export function flag() {
  return z.enum(['true', 'false']).transform((value) => value === 'true');
}

export function secret() {
  return z.string().min(SECRET_CHARS, `must have at least ${SECRET_CHARS} characters`);
}

function describe(issue: z.core.$ZodIssue, set: Readonly<Record<string, unknown>>): string {
  const variable = issue.path.map(String).join('.') || 'environment';
  const missing = issue.code === 'invalid_type' && !(String(issue.path[0]) in set);
  return missing ? `${variable} is required` : `${variable}: ${issue.message}`;
}
