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

/** Of an attempt ten seconds on the hasty platform, and of a call no end that matters: a machine that does much else answers late. */
export const PATIENT = { attemptTimeoutMs: 1_000_000, timeoutMs: 1_000_000 };

/** Pauses are short. A timeout that a test is about is a hundred times as long as it takes. */
export function clientOf(gateway: FakeGateway, options: Partial<ConnectOptions> = {}): Database {
  const key = options.token === undefined ? gateway.token : undefined;
  return connectOn(hastyPlatform(), { url: gateway.url, key, database: 'main', ...PATIENT, ...options });
}
