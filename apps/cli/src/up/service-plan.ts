import { join } from 'node:path';
import type { StoreSettings } from '../probe/store-settings.js';
import {
  drainTimeoutMs,
  externalParts,
  generalEnvironment,
  LOOPBACK,
  storeEnvironment,
  tuningOf,
} from './environment.js';
import type { ProcessSpec } from './managed-process.js';
import { operatorSecretOf, type Secrets, type StoredSecrets } from './secrets.js';
import type { UpOptions } from './up-options.js';

/** What the plan is drawn from. Pure data, so that a plan can be looked at without starting anything. */
export interface PlanInput {
  readonly repository: string;
  readonly options: UpOptions;
  readonly folders: { readonly bucket: string; readonly postgres: string; readonly mailbox: string };
  readonly secrets: Secrets;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const LOCAL_BUCKET_NAME = 'leasehold';
const LOCAL_REGION = 'us-east-1';
const POSTGRES_NAME = 'leasehold';

/** @returns undefined when the bucket is elsewhere. */
export function planBucket(input: PlanInput): ProcessSpec | undefined {
  if (externalParts(input.env).bucket) return undefined;
  return {
    name: 'bucket',
    script: join(input.repository, 'libs/local-bucket/dist/main.js'),
    drainTimeoutMs: drainTimeoutMs(input.env),
    env: {
      ...generalEnvironment(input.env),
      ...localStoreKeys(input.secrets),
      BUCKET_DIR: input.folders.bucket,
      PORT: '0',
    },
  };
}

/** @returns undefined when Postgres is elsewhere. */
export function planPostgres(input: PlanInput, port: number): ProcessSpec | undefined {
  if (externalParts(input.env).databaseUrl !== undefined) return undefined;
  return {
    name: 'postgres',
    script: join(input.repository, 'apps/cli/dist/postgres/main.js'),
    drainTimeoutMs: 20_000,
    // The guard passes this on as an immediate shutdown; killing the guard alone would leave the server.
    hardSignal: 'SIGQUIT',
    env: {
      ...generalEnvironment(input.env),
      POSTGRES_DIR: input.folders.postgres,
      POSTGRES_USER: POSTGRES_NAME,
      POSTGRES_PASSWORD: input.secrets.postgresPassword,
      POSTGRES_DATABASE: POSTGRES_NAME,
      PORT: String(port),
    },
  };
}

export function embeddedDatabaseUrl(secrets: Secrets, port: number): string {
  return `postgresql://${POSTGRES_NAME}:${secrets.postgresPassword}@${LOOPBACK}:${port}/${POSTGRES_NAME}`;
}

/** Where the services find the parts that hold the data, once these are up. */
export interface Parts {
  /** Of our own bucket; undefined when it is elsewhere. */
  readonly bucketUrl: string | undefined;
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
}

export interface ServicePlan {
  readonly controlPlane: ProcessSpec;
  readonly gateways: readonly ProcessSpec[];
  readonly workers: readonly ProcessSpec[];
  readonly compactor: ProcessSpec;
}

export function planServices(input: PlanInput, parts: Parts): ServicePlan {
  const { env, options, secrets, repository } = input;
  const urls = publicUrls(options.port);
  const service = (
    name: string,
    app: 'worker' | 'gateway' | 'control-plane' | 'compactor',
    more: Record<string, string>,
  ) => ({
    name,
    script: join(repository, 'apps', app, 'dist/main.bundle.js'),
    drainTimeoutMs: drainTimeoutMs(env),
    env: { ...generalEnvironment(env), ...tuningOf(app, env), ...metadata, PORT: '0', ...more },
  });
  const metadata = {
    DATABASE_URL: parts.databaseUrl,
    ...(parts.redisUrl === undefined ? {} : { REDIS_URL: parts.redisUrl }),
  };
  const store = storeOf(input, parts.bucketUrl);
  const hop = { LEASEHOLD_INTERNAL_SECRET: secrets.internalSecret };
  const look = { LEASEHOLD_OPERATOR_SECRET: operatorSecretOf(secrets) };
  const numbered = (count: number, make: (index: number) => ProcessSpec) =>
    Array.from({ length: count }, (_, index) => make(index));
  return {
    controlPlane: service('control-plane', 'control-plane', {
      S3_BUCKET: LOCAL_BUCKET_NAME,
      ...store,
      ...look,
      PORT: String(options.port + 1),
      PUBLIC_URL: urls.controlPlane,
      GATEWAY_URL: urls.gateway,
      AUTH_SECRET: secrets.authSecret,
      TOKEN_SIGNING_KEY: secrets.tokenSigningKey,
      ...(externalParts(env).mail ? {} : { MAILBOX_DIR: input.folders.mailbox }),
      ADMIN_EMAIL: secrets.admin.email,
      ADMIN_PASSWORD: secrets.admin.password,
    }),
    gateways: numbered(options.gateways, (index) =>
      service(`gateway-${index + 1}`, 'gateway', {
        ...store,
        ...hop,
        PORT: index === 0 ? String(options.port) : '0',
        CONSOLE_ORIGIN: urls.controlPlane,
      }),
    ),
    workers: numbered(options.workers, (index) =>
      service(`worker-${index + 1}`, 'worker', { ...store, ...hop, ...look }),
    ),
    compactor: service('compactor', 'compactor', store),
  };
}

export function planMigration(input: PlanInput, databaseUrl: string): ProcessSpec {
  return {
    name: 'migrate',
    script: join(input.repository, 'libs/metadata/dist/migrate.js'),
    drainTimeoutMs: drainTimeoutMs(input.env),
    env: { ...generalEnvironment(input.env), DATABASE_URL: databaseUrl },
  };
}

export function storeOf(input: PlanInput, bucketUrl: string | undefined): Record<string, string> {
  if (bucketUrl === undefined) return storeEnvironment(input.env);
  return {
    ...localStoreKeys(input.secrets),
    S3_ENDPOINT: bucketUrl,
    S3_REGION: LOCAL_REGION,
    S3_FORCE_PATH_STYLE: 'true',
  };
}

/** The same for a client in this process. */
export function localStoreSettings(secrets: StoredSecrets, endpoint: string): StoreSettings {
  return {
    endpoint,
    region: LOCAL_REGION,
    bucket: LOCAL_BUCKET_NAME,
    accessKeyId: secrets.s3AccessKeyId,
    secretAccessKey: secrets.s3SecretAccessKey,
    forcePathStyle: true,
  };
}

function localStoreKeys(secrets: Secrets): Record<string, string> {
  return {
    S3_BUCKET: LOCAL_BUCKET_NAME,
    S3_ACCESS_KEY_ID: secrets.s3AccessKeyId,
    S3_SECRET_ACCESS_KEY: secrets.s3SecretAccessKey,
  };
}

export function publicUrls(port: number): { readonly gateway: string; readonly controlPlane: string } {
  return { gateway: `http://${LOOPBACK}:${port}`, controlPlane: `http://${LOOPBACK}:${port + 1}` };
}
