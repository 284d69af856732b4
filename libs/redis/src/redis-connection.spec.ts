import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import {
  closeRedis,
  connectRedis,
  MAX_RECONNECT_DELAY_MS,
  reconnectDelayMs,
  redisOptions,
  type Redis,
} from './redis-connection.js';
import { parseRedisUrl, RedisUrlError } from './redis-url.js';

const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** Speaks just enough of the protocol to look ready, then never answers again. */
async function silentRedis(): Promise<string> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('data', (data) => {
      for (const command of data
        .toString()
        .toLowerCase()
        .split(/\*\d+\r\n/)
        .slice(1)) {
        if (command.includes('\r\ninfo\r\n')) socket.write('$15\r\nredis_version:7\r\n');
        else if (!/\r\n(set|quit)\r\n/.test(command)) socket.write('+OK\r\n');
      }
    });
    socket.on('error', () => undefined);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function endOf(redis: Redis): Promise<string> {
  const ended = new Promise((resolve) => redis.once('end', resolve));
  await closeRedis(redis);
  await ended;
  return redis.status;
}

describe('parseRedisUrl', () => {
  it.each(['redis://127.0.0.1', 'redis://:secret@cache.internal:6380/2', 'rediss://user:secret@cache/0'])(
    'accepts %s',
    (url) => {
      expect(parseRedisUrl(url)).toContain('redis');
    },
  );

  it.each(['', 'cache:6379', 'http://cache', 'redis:///0', 'redis://cache/zero'])('refuses %j', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(RedisUrlError);
  });

  it('never repeats the password in the error', () => {
    expect(() => parseRedisUrl('redis://:hunter2@cache/zero')).toThrow(/^(?!.*hunter2)/);
  });
});

describe('reconnectDelayMs', () => {
  it('grows from 50 ms and stays bounded', () => {
    expect([1, 2, 3].map(reconnectDelayMs)).toEqual([50, 100, 200]);
    expect(reconnectDelayMs(1_000_000)).toBe(MAX_RECONNECT_DELAY_MS);
  });

  it('ends for producers, and for workers only once they are abandoned', () => {
    const timeouts = { connectTimeoutMs: 1, commandTimeoutMs: 1 };
    expect(redisOptions('worker', timeouts, AbortSignal.abort()).retryStrategy?.(1)).toBeNull();
    expect(redisOptions('producer', timeouts).retryStrategy?.(9)).toBeNull();
    expect(redisOptions('worker', timeouts).retryStrategy?.(1_000)).toBe(MAX_RECONNECT_DELAY_MS);
  });
});

describe('connectRedis', () => {
  it('fails a command of a producer at once while nothing listens', async () => {
    const errors: Error[] = [];
    const redis = connectRedis('redis://127.0.0.1:1', 'producer', (error) => errors.push(error));
    await expect(redis.set('a', 'b')).rejects.toThrow();
    await expect(endOf(redis)).resolves.toBe('end');
  });

  it('fails a command of a producer that is never answered, and closes although QUIT is not answered', async () => {
    const url = await silentRedis();
    const redis = connectRedis(url, 'producer', () => undefined, { connectTimeoutMs: 500, commandTimeoutMs: 100 });
    await new Promise((resolve) => redis.once('ready', resolve));
    await expect(redis.set('a', 'b')).rejects.toThrow(/timed out/i);
    await expect(endOf(redis)).resolves.toBe('end');
  });
});
