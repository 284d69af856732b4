/** Servers that run elsewhere, as the environment names them. What is not named is started. */
export interface GivenParts {
  readonly s3: GivenS3 | undefined;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
}

export interface GivenS3 {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `S3_ENDPOINT`, `DATABASE_URL` and `REDIS_URL`, or the servers that tests are given (`TEST_…`); one that is set to nothing is none. A
 * run makes a bucket, a database and a keyspace of its own there.
 * @throws Error when an S3 server is named that cannot be used
 */
export function givenParts(env: Environment): GivenParts {
  const value = (name: string): string | undefined => env[name] ?? env[`TEST_${name}`];
  const endpoint = value('S3_ENDPOINT') || undefined;
  return {
    s3: endpoint === undefined ? undefined : s3Of(endpoint, value),
    databaseUrl: value('DATABASE_URL') || undefined,
    redisUrl: value('REDIS_URL') || undefined,
  };
}

function s3Of(endpoint: string, value: (name: string) => string | undefined): GivenS3 {
  // What stands between a process and its bucket has to see requests, and the name of the host is signed.
  if (!endpoint.startsWith('http://')) throw new Error('S3_ENDPOINT has to be a plain http:// address for chaos');
  const [accessKeyId, secretAccessKey] = [value('S3_ACCESS_KEY_ID'), value('S3_SECRET_ACCESS_KEY')];
  if (!accessKeyId || !secretAccessKey) throw new Error('S3_ENDPOINT needs S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY');
  return { endpoint, region: value('S3_REGION') || 'us-east-1', accessKeyId, secretAccessKey };
}

/** The database of a run, in a Postgres that others run. */
export function ownDatabase(databaseUrl: string, name: string): string {
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Of sixteen that a Redis has unless told otherwise: the last one is where nobody else is expected. */
const REDIS_DATABASE = 15;

/** The keyspace of a run, in a Redis that others run: the one that the URL names, or the last. */
export function ownKeyspace(redisUrl: string): string {
  const url = new URL(redisUrl);
  if (!/^\/\d+$/.test(url.pathname)) url.pathname = `/${REDIS_DATABASE}`;
  return url.href;
}

/** The same server by another way. */
export function through(url: string, port: number): string {
  const changed = new URL(url);
  changed.hostname = '127.0.0.1';
  changed.port = String(port);
  return changed.href;
}
