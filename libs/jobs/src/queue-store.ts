import { LeaseholdError } from '@leasehold/foundation';
import { closeRedis, connectRedis, parseRedisUrl } from '@leasehold/redis';
import {
  createPostgresBackend,
  Queue,
  Worker,
  type Job,
  type JobsOptions,
  type JobType,
  type PostgresPoolConfig,
  type Processor,
  type WorkerOptions,
} from 'bullmq';

import { QuietClient } from './quiet-client.js';

/** Where the queues live. `namespace` sets them apart from others in the same server: a Postgres schema, a Redis key prefix. */
export type QueueStore =
  | { readonly kind: 'postgres'; readonly databaseUrl: string; readonly namespace: string }
  | { readonly kind: 'redis'; readonly redisUrl: string; readonly namespace: string };

export const DEFAULT_NAMESPACE = 'leasehold_jobs';
/** Of processes that are told of none. */
const DEFAULT_BUCKET = 'leasehold';

/** Until a connection to Postgres stands. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Statements of the queue take milliseconds; the migration of an empty schema takes less than a second. */
const QUERY_TIMEOUT_MS = 15_000;
/** A producer sends one job at a time; one more lets a new attempt start while an old one is timing out. */
const PRODUCER_CONNECTIONS = 2;
/** Claims, lock renewals and completions of a worker, one queue's; its LISTEN connection comes on top. */
const WORKER_CONNECTIONS = 2;

/** Of the environment of a process. */
export interface QueueSettings {
  readonly DATABASE_URL?: string;
  readonly REDIS_URL?: string;
  readonly S3_BUCKET?: string;
}

/**
 * REDIS_URL wins over DATABASE_URL. In Redis the queues are those of the bucket: another installation in the same server has its own, and no
 * compactor takes jobs for sessions that are not in its bucket. A database belongs to one installation anyway.
 * @throws LeaseholdError (invalid) when there is neither, RedisUrlError when it is not one.
 */
export function queueStoreFrom(settings: QueueSettings): QueueStore {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, S3_BUCKET: bucket = DEFAULT_BUCKET } = settings;
  if (redisUrl) {
    return { kind: 'redis', redisUrl: parseRedisUrl(redisUrl), namespace: `${DEFAULT_NAMESPACE}:${bucket}` };
  }
  if (databaseUrl) return { kind: 'postgres', databaseUrl, namespace: DEFAULT_NAMESPACE };
  throw new LeaseholdError(
    'invalid',
    'queue-not-configured',
    'set REDIS_URL or DATABASE_URL: the job queues need one of them',
  );
}

/** What keeps settings from naming queues, and which of them, for the configuration of a service; undefined: nothing. */
export function queueSettingsProblem(
  settings: QueueSettings,
): { readonly path: readonly [string]; readonly message: string } | undefined {
  try {
    queueStoreFrom(settings);
    return undefined;
  } catch (error) {
    const path = [settings.REDIS_URL ? 'REDIS_URL' : 'DATABASE_URL'] as const;
    return { path, message: error instanceof Error ? error.message : 'is not valid' };
  }
}

/** The sending side of one queue. */
export interface QueueProducer {
  add(name: string, payload: object, options: JobsOptions): Promise<void>;
  /** One now and then every `everyMs`. Of one `key` there is one schedule: repeating the order does not run another. */
  schedule(key: string, everyMs: number, name: string, payload: object, options: JobsOptions): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the sending side; connects in the background. Once a connection attempt has failed the driver remembers it for
 * good: after a failed `add`, close this one and open another.
 */
export function openProducer(store: QueueStore, queueName: string, onError: (error: Error) => void): QueueProducer {
  if (store.kind === 'postgres') {
    const connection = postgresConnection(store.databaseUrl, store.namespace, PRODUCER_CONNECTIONS);
    const queue = new Queue(queueName, { connection }, createPostgresBackend);
    queue.on('error', onError);
    return { ...sending(queue), close: () => queue.close() };
  }
  const redis = connectRedis(store.redisUrl, 'producer', onError);
  const queue = new Queue(queueName, { connection: redis, prefix: store.namespace });
  queue.on('error', onError);
  return {
    ...sending(queue),
    close: async () => {
      // BullMQ leaves a connection that it was given; closing it first also ends what the queue may still wait for.
      await closeRedis(redis);
      await queue.close();
    },
  };
}

/** One queue, to be looked at by people. */
export interface BoardQueue {
  counts(...states: JobType[]): Promise<Readonly<Record<string, number>>>;
  /** From `start` to `end`, both included, the latest first. */
  failed(start: number, end: number): Promise<readonly Job[]>;
  /** That some process has in hand; the same. */
  active(start: number, end: number): Promise<readonly Job[]>;
  job(id: string): Promise<Job | undefined>;
  close(): Promise<void>;
}

export function openBoardQueue(store: QueueStore, queueName: string, onError: (error: Error) => void): BoardQueue {
  if (store.kind === 'postgres') {
    const connection = postgresConnection(store.databaseUrl, store.namespace, PRODUCER_CONNECTIONS);
    const queue = new Queue(queueName, { connection }, createPostgresBackend);
    queue.on('error', onError);
    return { ...looking(queue as unknown as Queue), close: () => queue.close() };
  }
  const redis = connectRedis(store.redisUrl, 'producer', onError);
  const queue = new Queue(queueName, { connection: redis, prefix: store.namespace });
  queue.on('error', onError);
  return {
    ...looking(queue),
    close: async () => {
      await closeRedis(redis);
      await queue.close();
    },
  };
}

function looking(queue: Queue): Omit<BoardQueue, 'close'> {
  return {
    counts: (...states) => queue.getJobCounts(...states),
    failed: async (start, end) => (await queue.getFailed(start, end)) as Job[],
    active: async (start, end) => (await queue.getActive(start, end)) as Job[],
    job: async (id) => (await queue.getJob(id)) as Job | undefined,
  };
}

function sending(queue: Pick<Queue, 'add' | 'upsertJobScheduler'>): Pick<QueueProducer, 'add' | 'schedule'> {
  return {
    add: async (name, payload, options) => void (await queue.add(name, payload, options)),
    schedule: async (key, everyMs, name, data, opts) =>
      void (await queue.upsertJobScheduler(key, { every: everyMs }, { name, data, opts })),
  };
}

/** The receiving side of one queue, not yet running. */
export interface QueueConsumer {
  readonly worker: Worker;
  /** Lets running jobs end, then disconnects. Waits for the server. Only the first call counts. */
  close(): Promise<void>;
  /** Cuts the connections, whatever still runs; for when `close` takes too long. */
  abandon(): Promise<void>;
}

export function openConsumer(
  store: QueueStore,
  queueName: string,
  processor: Processor,
  options: Omit<WorkerOptions, 'connection'>,
  onError: (error: Error) => void,
): QueueConsumer {
  if (store.kind === 'postgres') {
    const connection = postgresConnection(store.databaseUrl, store.namespace, WORKER_CONNECTIONS);
    const worker = new Worker(queueName, processor, { ...options, connection }, createPostgresBackend);
    worker.on('error', onError);
    return {
      worker: worker as unknown as Worker,
      close: () => worker.close(),
      abandon: () => worker.disconnect(),
    };
  }
  const abandoned = new AbortController();
  const redis = connectRedis(store.redisUrl, 'worker', onError, { abandon: abandoned.signal });
  const worker = new Worker(queueName, processor, { ...options, connection: redis, prefix: store.namespace });
  worker.on('error', onError);
  return {
    worker,
    close: async () => {
      await worker.close();
      await closeRedis(redis);
    },
    abandon: async () => {
      // The worker's blocking connection is a duplicate that only the worker knows, and it may never have been ready.
      abandoned.abort();
      await closeRedis(redis);
      await worker.disconnect();
    },
  };
}

/** Several processes may migrate at once: BullMQ does it in one transaction under an advisory lock of the schema. */
function postgresConnection(connectionString: string, schema: string, max: number): PostgresPoolConfig {
  // BullMQ hands to its pool what it does not know itself.
  const client = { Client: QuietClient };
  return {
    ...client,
    connectionString,
    schema,
    migrate: true,
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    statement_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
  };
}
