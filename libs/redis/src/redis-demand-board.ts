import {
  BOARD_GATEWAYS,
  type BoardView,
  type DemandBoard,
  type Demands,
  formatDemands,
  GATEWAY_ALIVE_MS,
  viewOf,
} from '@leasehold/directory';

import { closeRedis, connectRedis, type Redis } from './redis-connection.js';

/** Both in one slot of a cluster. */
const DEMANDS = '{leasehold:gateways}:demand';
const SEEN = '{leasehold:gateways}:seen';
/** Below the pace of exchanges: a late one is worth nothing. */
const TIMEOUT_MS = 900;

/** By the clock of Redis. Who has not been seen for a while is swept up by whoever comes next. */
const EXCHANGE = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZADD', KEYS[2], now, ARGV[1])
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[3], 'LIMIT', 0, 100)
  for _, gateway in ipairs(gone) do
    redis.call('ZREM', KEYS[2], gateway)
    redis.call('HDEL', KEYS[1], gateway)
  end
  local others = {}
  for _, gateway in ipairs(redis.call('ZREVRANGE', KEYS[2], 0, tonumber(ARGV[4]))) do
    if gateway ~= ARGV[1] then
      others[#others + 1] = redis.call('HGET', KEYS[1], gateway) or '{}'
    end
  end
  return others`;

const LEAVE = `redis.call('ZREM', KEYS[2], ARGV[1]) return redis.call('HDEL', KEYS[1], ARGV[1])`;

/** The board in Redis. One connection, made anew when it has given up. */
export class RedisDemandBoard implements DemandBoard {
  private redis: Redis;
  private readonly abandon = new AbortController();

  /** @throws RedisUrlError */
  constructor(private readonly url: string) {
    this.redis = this.connect();
  }

  async exchange(gatewayId: string, own: Demands): Promise<BoardView> {
    const redis = this.living();
    const limits = [GATEWAY_ALIVE_MS, BOARD_GATEWAYS];
    const rows = await redis.eval(EXCHANGE, 2, DEMANDS, SEEN, gatewayId, formatDemands(own), ...limits);
    return viewOf(rows as string[]);
  }

  async leave(gatewayId: string): Promise<void> {
    await this.living().eval(LEAVE, 2, DEMANDS, SEEN, gatewayId);
  }

  async close(): Promise<void> {
    this.abandon.abort();
    await closeRedis(this.redis);
  }

  /** A producer's connection ends after some tries: whoever needs one then has it made anew. */
  private living(): Redis {
    if (this.redis.status === 'end' && !this.abandon.signal.aborted) this.redis = this.connect();
    return this.redis;
  }

  private connect(): Redis {
    // Each failed exchange says the same.
    const onError = () => undefined;
    const timeouts = { connectTimeoutMs: TIMEOUT_MS, commandTimeoutMs: TIMEOUT_MS };
    return connectRedis(this.url, 'producer', onError, { ...timeouts, abandon: this.abandon.signal });
  }
}
