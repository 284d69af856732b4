import { Redis, type RedisOptions } from 'ioredis';

import { parseRedisUrl } from './redis-url.js';

/**
 * What a connection is for decides what it does while Redis is away:
 * - `producer`: commands fail at once or within the command timeout, so that the caller can go on without the queue;
 *   after {@link PRODUCER_RECONNECTS} failed reconnects the connection ends and its owner builds another.
 * - `worker`: commands wait for the connection to come back; it is retried for ever, at most
 *   {@link MAX_RECONNECT_DELAY_MS} apart. BullMQ requires `maxRetriesPerRequest: null` of these.
 */
export type RedisPurpose = 'producer' | 'worker';

export interface RedisTimeouts {
  /** Until TCP and TLS stand. */
  readonly connectTimeoutMs: number;
  /** Until a command of a producer is answered. Workers have none: their blocking reads are long by design. */
  readonly commandTimeoutMs: number;
}

export const DEFAULT_REDIS_TIMEOUTS: RedisTimeouts = { connectTimeoutMs: 5_000, commandTimeoutMs: 5_000 };

export const MAX_RECONNECT_DELAY_MS = 5_000;
/** With the delays of {@link reconnectDelayMs}, about 10 s of trying. */
export const PRODUCER_RECONNECTS = 8;
/** A half-open connection is noticed by TCP within about this and the kernel's probes, instead of after two hours. */
const KEEP_ALIVE_MS = 10_000;
/** How long `close` waits for QUIT to be answered before the socket is cut. */
const QUIT_TIMEOUT_MS = 1_000;

export type { Redis } from 'ioredis';

/**
 * Opens a connection and returns it at once; it connects in the background. Every error of the connection goes to
 * `onError`, which must not throw: errors repeat at each failed reconnect, so the listener bounds its own logging.
 * Once `abandon` aborts, neither the connection nor a duplicate that a library made of it reconnects any more.
 *
 * @throws RedisUrlError (invalid)
 */
export function connectRedis(
  url: string,
  purpose: RedisPurpose,
  onError: (error: Error) => void,
  { abandon, ...timeouts }: Partial<RedisTimeouts> & { readonly abandon?: AbortSignal } = {},
): Redis {
  const options = redisOptions(purpose, { ...DEFAULT_REDIS_TIMEOUTS, ...timeouts }, abandon);
  const redis = new Redis(parseRedisUrl(url), options);
  redis.on('error', onError);
  return redis;
}

/** The driver's options for a purpose. */
export function redisOptions(purpose: RedisPurpose, timeouts: RedisTimeouts, abandon?: AbortSignal): RedisOptions {
  const common: RedisOptions = {
    connectTimeout: timeouts.connectTimeoutMs,
    keepAlive: KEEP_ALIVE_MS,
    connectionName: `leasehold-${purpose}`,
  };
  if (purpose === 'worker') {
    const retryStrategy = (attempt: number): number | null => (abandon?.aborted ? null : reconnectDelayMs(attempt));
    return { ...common, maxRetriesPerRequest: null, retryStrategy };
  }
  return {
    ...common,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: timeouts.commandTimeoutMs,
    retryStrategy: (attempt) => (abandon?.aborted || attempt > PRODUCER_RECONNECTS ? null : reconnectDelayMs(attempt)),
  };
}

/** 50 ms doubling to {@link MAX_RECONNECT_DELAY_MS}; `attempt` counts from 1. */
export function reconnectDelayMs(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt - 1, 10), MAX_RECONNECT_DELAY_MS);
}

/** Says goodbye when Redis listens, cuts the socket when it does not. Never throws; at most {@link QUIT_TIMEOUT_MS}. */
export async function closeRedis(redis: Redis): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    if (redis.status === 'ready') {
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, QUIT_TIMEOUT_MS);
      });
      await Promise.race([redis.quit(), timeout]);
    }
  } catch {
    // It was going down while we said goodbye; the socket is cut below either way.
  } finally {
    clearTimeout(timer);
    redis.disconnect();
  }
}
