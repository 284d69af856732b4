import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { ensureBucket } from '@leasehold/object-store-s3';

import { TcpGate } from '../proxy/tcp-gate.js';
import { Child } from './child.js';
import type { ChildEvents } from './child.js';
import type { GivenParts } from './given-parts.js';
import { ownDatabase, ownKeyspace, through } from './given-parts.js';
import { onPath } from './on-path.js';
import { redisCommand } from './redis-command.js';
import { generalEnvironment } from './service-environment.js';

export interface PartsSettings {
  readonly repository: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly given: GivenParts;
}

/** A server behind a gate; ours, or one that others run. */
export interface GatedServer {
  /** Undefined where others run it: then only the way to it can be taken away. */
  readonly own: Child | undefined;
  /** By the gate: for the services. */
  readonly url: string;
  /** Past the gate. */
  readonly directUrl: string;
  readonly gate: TcpGate;
}

/** What holds the data of a run, and how the services find it. */
export interface Parts {
  readonly bucket: Child | undefined;
  /** How the bucket is reached directly, as every service is told it. */
  readonly store: Readonly<Record<string, string>>;
  readonly endpoint: string;
  readonly postgres: GatedServer;
  readonly redis: GatedServer | undefined;
}

const NAME = 'leasehold';

/** Starts the parts that are not given. What has been started by then when it throws is told to `started`. */
export async function startParts(
  settings: PartsSettings,
  events: ChildEvents,
  started: (part: Child | TcpGate) => void,
): Promise<Parts> {
  const run = randomBytes(6).toString('hex');
  const [bucket, postgres, redis] = await Promise.all([
    openBucket(settings, run, events, started),
    openPostgres(settings, run, events, started),
    openRedis(settings, events, started),
  ]);
  return { ...bucket, postgres, redis };
}

type Opened = Pick<Parts, 'bucket' | 'store' | 'endpoint'>;

async function openBucket(
  { repository, folder, env, given }: PartsSettings,
  run: string,
  events: ChildEvents,
  started: (part: Child) => void,
): Promise<Opened> {
  if (given.s3 !== undefined) {
    const { endpoint, region, accessKeyId, secretAccessKey } = given.s3;
    const bucket = `leasehold-chaos-${run}`;
    await ensureBucket({ endpoint, region, bucket, accessKeyId, secretAccessKey, forcePathStyle: true });
    return {
      bucket: undefined,
      endpoint,
      store: storeEnvironment({ endpoint, region, bucket, accessKeyId, secretAccessKey }),
    };
  }
  const keys = { accessKeyId: `local${run}`, secretAccessKey: randomBytes(32).toString('hex') };
  const directory = join(folder, 'bucket');
  mkdirSync(directory, { recursive: true });
  const bucket = new Child(
    {
      name: 'bucket',
      command: process.execPath,
      args: [join(repository, 'libs/local-bucket/dist/main.js')],
      env: {
        ...generalEnvironment(env),
        BUCKET_DIR: directory,
        S3_BUCKET: NAME,
        S3_ACCESS_KEY_ID: keys.accessKeyId,
        S3_SECRET_ACCESS_KEY: keys.secretAccessKey,
      },
      logFile: join(folder, 'logs', 'bucket.log'),
      ready: 'message',
      keepsPort: true,
    },
    events,
  );
  started(bucket);
  await bucket.start();
  const endpoint = bucket.url;
  return { bucket, endpoint, store: storeEnvironment({ endpoint, region: 'us-east-1', bucket: NAME, ...keys }) };
}

async function openPostgres(
  { repository, folder, env, given }: PartsSettings,
  run: string,
  events: ChildEvents,
  started: (part: Child | TcpGate) => void,
): Promise<GatedServer> {
  if (given.databaseUrl !== undefined) {
    return gated(undefined, ownDatabase(given.databaseUrl, `leasehold_chaos_${run}`), 5432, started);
  }
  const port = await freePort();
  const password = randomBytes(16).toString('hex');
  const own = new Child(
    {
      name: 'postgres',
      command: process.execPath,
      args: [join(repository, 'apps/cli/dist/postgres/main.js')],
      env: {
        ...generalEnvironment(env),
        POSTGRES_DIR: join(folder, 'postgres'),
        POSTGRES_USER: NAME,
        POSTGRES_PASSWORD: password,
        POSTGRES_DATABASE: NAME,
        PORT: String(port),
      },
      logFile: join(folder, 'logs', 'postgres.log'),
      ready: 'message',
      // The guard passes it on; killing the guard alone would leave the server.
      hardSignal: 'SIGQUIT',
    },
    events,
  );
  started(own);
  await own.start();
  return gated(own, `postgresql://${NAME}:${password}@127.0.0.1:${port}/${NAME}`, 5432, started);
}

async function openRedis(
  { folder, env, given }: PartsSettings,
  events: ChildEvents,
  started: (part: Child | TcpGate) => void,
): Promise<GatedServer | undefined> {
  if (given.redisUrl !== undefined) return gated(undefined, ownKeyspace(given.redisUrl), 6379, started);
  const server = onPath('redis-server', env['PATH'] ?? '');
  if (server === undefined) return undefined;
  const port = await freePort();
  const directory = join(folder, 'redis');
  mkdirSync(directory, { recursive: true });
  const url = `redis://127.0.0.1:${port}`;
  const own = new Child(
    {
      name: 'redis',
      command: server,
      args: [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory],
        ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
      ],
      env: generalEnvironment(env),
      logFile: join(folder, 'logs', 'redis.log'),
      ready: async () => redisCommand(url, 'PING').then(() => true),
      diesWithUs: true,
    },
    events,
  );
  started(own);
  await own.start();
  return gated(own, url, 6379, started);
}

async function gated(
  own: Child | undefined,
  directUrl: string,
  usualPort: number,
  started: (part: TcpGate) => void,
): Promise<GatedServer> {
  const { hostname, port } = new URL(directUrl);
  const gate = await TcpGate.open(hostname, Number(port || usualPort));
  started(gate);
  return { own, gate, directUrl, url: through(directUrl, gate.boundPort) };
}

interface StoreKeys {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

function storeEnvironment({ endpoint, region, bucket, accessKeyId, secretAccessKey }: StoreKeys) {
  return {
    S3_ENDPOINT: endpoint,
    S3_REGION: region,
    S3_BUCKET: bucket,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
    S3_FORCE_PATH_STYLE: 'true',
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
