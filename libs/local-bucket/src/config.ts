/** What the process reads from its environment. */
export interface LocalBucketConfig {
  readonly directory: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly host: string;
  readonly port: number;
}

/** Lists every wrong variable at once; never shows a value, which may be a secret. */
export class LocalBucketConfigError extends Error {
  override readonly name = 'LocalBucketConfigError';

  constructor(problems: readonly string[]) {
    super(`the configuration is not valid: ${problems.join('; ')}`);
  }
}

/** S3's rules for names, so that a bucket can move to S3. */
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const MIN_SECRET_CHARS = 8;

/** @throws LocalBucketConfigError */
export function readConfig(env: NodeJS.ProcessEnv): LocalBucketConfig {
  const problems: string[] = [];
  const read = (
    name: string,
    fallback: string | undefined,
    isValid: (value: string) => boolean,
    expected: string,
  ): string => {
    const value = env[name] || fallback;
    if (value === undefined) problems.push(`${name} is missing`);
    else if (!isValid(value)) problems.push(`${name} is not ${expected}`);
    return value ?? '';
  };
  const config = {
    directory: read('BUCKET_DIR', undefined, () => true, 'a folder'),
    bucket: read('S3_BUCKET', 'leasehold', (name) => BUCKET_NAME.test(name), 'a bucket name of 3 to 63 of a-z 0-9 . -'),
    accessKeyId: read(
      'S3_ACCESS_KEY_ID',
      undefined,
      (id) => /^[\w-]{3,128}$/.test(id),
      'an access key id of 3 to 128 of A-Z a-z 0-9 _ -',
    ),
    secretAccessKey: read(
      'S3_SECRET_ACCESS_KEY',
      undefined,
      ({ length }) => length >= MIN_SECRET_CHARS,
      'a secret of at least 8 characters',
    ),
    host: read('HOST', '127.0.0.1', () => true, 'a host'),
    port: Number(read('PORT', '0', (port) => /^\d{1,5}$/.test(port) && Number(port) <= 65_535, 'a port')),
  };
  if (problems.length > 0) throw new LocalBucketConfigError(problems);
  return config;
}
