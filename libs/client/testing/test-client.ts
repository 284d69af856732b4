import { connectOn, type ConnectOptions } from '../src/connect.js';
import type { Database } from '../src/database.js';
import type { Platform } from '../src/platform.js';
import { systemPlatform } from '../src/platform.js';
import type { FakeGateway } from './fake-gateway.js';

/** The real network and real time, but pauses that take a hundredth of it. */
export function hastyPlatform(): Platform {
  const platform = systemPlatform();
  return { ...platform, sleep: (delayMs, signal) => platform.sleep(delayMs / 100, signal) };
}

/** Of the hasty platform's timeouts a minute passes in 600 ms. */
export function clientOf(gateway: FakeGateway, options: Partial<ConnectOptions> = {}): Database {
  const key = options.token === undefined ? gateway.token : undefined;
  return connectOn(hastyPlatform(), { url: gateway.url, key, database: 'main', ...options });
}
