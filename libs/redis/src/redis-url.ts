import { LeaseholdError, parseUrl } from '@leasehold/foundation';

/** REDIS_URL is not one that a connection can be built from. The URL itself is never repeated: it may hold a password. */
export class RedisUrlError extends LeaseholdError {
  override readonly name = 'RedisUrlError';

  constructor(reason: string) {
    super('invalid', 'invalid-redis-url', `REDIS_URL ${reason}`);
  }
}

/**
 * Checks `redis://` or `rediss://` (TLS) with optional user, password, port and database number, and returns it in
 * the one spelling that the driver is given.
 */
export function parseRedisUrl(text: string): string {
  const url = parseUrl(text);
  if (url === undefined) throw new RedisUrlError('is not a URL');
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:')
    throw new RedisUrlError('must begin with redis:// or rediss://');
  if (url.hostname === '') throw new RedisUrlError('names no host');
  if (!/^\/?\d*$/.test(url.pathname)) throw new RedisUrlError('must end in a database number, or in nothing');
  return url.href;
}
