import { ByteDatabase } from './byte-database.js';
import type { Codec } from './codec.js';
import { json } from './codec.js';
import type { Token } from './credentials.js';
import { Credentials } from './credentials.js';
import { Database } from './database.js';
import { InvalidError } from './errors.js';
import type { Fetch, Platform } from './platform.js';
import { systemPlatform } from './platform.js';
import type { ResponseFacts } from './response-facts.js';
import type { RetrySettings } from './retry-policy.js';
import { DEFAULT_RETRIES } from './retry-policy.js';
import { Transport } from './transport.js';
import type { CacheSettings } from './value-cache.js';
import { ValueCache } from './value-cache.js';

/** How a service is called. */
export interface ServiceOptions {
  /** An API key, `lh_…`. Not for browsers: they get a `token`. */
  readonly key?: string | undefined;
  /** A short-lived token, or a function that gives one; it is asked again when the token is refused. */
  readonly token?: Token | undefined;
  /** For a whole call, its repetitions and pauses included; 60,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** For one attempt of a call; 20,000 by default, somewhat more than a gateway holds a request. */
  readonly attemptTimeoutMs?: number | undefined;
  /** What is not given is as by default: 10 attempts, with pauses that grow from 50 to 5,000 ms. */
  readonly retries?: Partial<RetrySettings> | undefined;
  /** Instead of the one that the runtime has. */
  readonly fetch?: Fetch | undefined;
  /** Told of each answer: what it cost, and where its time went. */
  readonly onResponse?: ((facts: ResponseFacts) => void) | undefined;
}

export interface ConnectOptions extends ServiceOptions {
  /** Of the gateway: `http://127.0.0.1:4000`. */
  readonly url: string;
  /** Its name. */
  readonly database: string;
  /** How values stand as bytes where nothing else is said; JSON by default. */
  readonly codec?: Codec<unknown> | undefined;
  /** Keeps values that were read by `get`, so that unchanged ones are not sent again. None by default. */
  readonly cache?: CacheSettings | undefined;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_ATTEMPT_TIMEOUT_MS = 20_000;
/** 25 days; timers that are to take longer end at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A database, ready to use: nothing is sent before the first call, and there is nothing to close. @throws InvalidError */
export function connect(options: ConnectOptions): Database {
  return connectOn(systemPlatform(options.fetch), options);
}

/** The same with time, chance and network from elsewhere. */
export function connectOn(platform: Platform, options: ConnectOptions): Database {
  const { database, codec = json(), cache } = options;
  // Else it would be the database that is called `undefined`.
  if (typeof database !== 'string' || database === '') throw wrongOption('database is the name of one');
  const transport = serviceTransport(platform, options, `/v1/db/${encodeURIComponent(database)}`);
  return new Database(new ByteDatabase(transport, cache && new ValueCache(cache)), codec);
}

/** @throws InvalidError */
export function serviceTransport(
  platform: Platform,
  options: ServiceOptions & { readonly url: string },
  path: string,
): Transport {
  return new Transport(platform, {
    baseUrl: baseOf(options.url) + path,
    credentials: Credentials.of(options),
    timeoutMs: Math.min(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, MAX_TIMER_MS),
    attemptTimeoutMs: Math.min(options.attemptTimeoutMs ?? DEFAULT_ATTEMPT_TIMEOUT_MS, MAX_TIMER_MS),
    retries: retriesOf(options.retries),
    onResponse: options.onResponse,
  });
}

/** Members without a value are not given. */
function retriesOf({ attempts, baseDelayMs, maxDelayMs }: Partial<RetrySettings> = {}): RetrySettings {
  return {
    attempts: attempts ?? DEFAULT_RETRIES.attempts,
    baseDelayMs: baseDelayMs ?? DEFAULT_RETRIES.baseDelayMs,
    maxDelayMs: maxDelayMs ?? DEFAULT_RETRIES.maxDelayMs,
  };
}

function baseOf(url: string): string {
  if (/^https?:\/\/[^/?#@]+(\/[^?#]*)?$/i.test(url)) return url.replace(/\/+$/, '');
  throw wrongOption('url is that of a gateway: https://…');
}

function wrongOption(message: string): InvalidError {
  return new InvalidError({ code: 'invalid-argument', message });
}
