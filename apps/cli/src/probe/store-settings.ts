import { z } from 'zod';
import { CliError } from '../cli-error.js';

/** Where a bucket is, as the S3_* variables of every service name it. */
export interface StoreSettings {
  readonly endpoint?: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly forcePathStyle: boolean;
}

const optional = z
  .string()
  .optional()
  .transform((value) => (value === '' ? undefined : value));

const schema = z.object({
  S3_ENDPOINT: optional.pipe(z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional()),
  S3_REGION: optional.transform((value) => value ?? 'us-east-1'),
  S3_BUCKET: optional.transform((value) => value ?? 'leasehold'),
  S3_ACCESS_KEY_ID: optional,
  S3_SECRET_ACCESS_KEY: optional,
  S3_FORCE_PATH_STYLE: optional.pipe(z.enum(['true', 'false'], { error: 'must be true or false' }).optional()),
});

/** @throws CliError naming every wrong variable, never its value. */
export function readStoreSettings(env: Readonly<Record<string, string | undefined>>): StoreSettings {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    throw new CliError(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  }
  const found = parsed.data;
  return {
    endpoint: found.S3_ENDPOINT,
    region: found.S3_REGION,
    bucket: found.S3_BUCKET,
    accessKeyId: found.S3_ACCESS_KEY_ID,
    secretAccessKey: found.S3_SECRET_ACCESS_KEY,
    // Stores other than AWS rarely have a host name for each bucket.
    forcePathStyle:
      found.S3_FORCE_PATH_STYLE === undefined ? found.S3_ENDPOINT !== undefined : found.S3_FORCE_PATH_STYLE === 'true',
  };
}
