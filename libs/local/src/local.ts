/// <reference lib="esnext.disposable" preserve="true" />
import type { ConnectOptions, Database } from '@leasehold/client';

import type { KeyOptions, TokenOptions } from './local-options.js';

/** All that a client may be told but what is known here. */
export type DatabaseOptions = Omit<ConnectOptions, 'url' | 'key' | 'token' | 'database'>;

/** A tenant: databases of its own, under names of its own. */
export interface LocalTenant {
  readonly id: string;
  /** An API key of the tenant that may do everything. It is good as long as this process serves. */
  readonly key: string;
  /** The client of one of its databases. @param name 1 to 63 of a-z, 0-9, `-` and `_`, the first one a letter or a digit */
  database(name: string, options?: DatabaseOptions): Database;
  /** A further key of the tenant. */
  createKey(options?: KeyOptions): string;
  /** A short-lived token as browsers get them in place of a key, good at this process. */
  createToken(options: TokenOptions): Promise<string>;
}

/** The whole service, running in this process. The first tenant is its own. */
export interface Local extends LocalTenant {
  /** Where it listens: `http://127.0.0.1:<port>`. */
  readonly url: string;
  /**
   * A further tenant, for instance for each test: what one writes no other sees, whatever their databases are called. Of the same id there is one
   * tenant, in every process that uses the same folder or bucket.
   *
   * @param id 1 to 64 characters of letters, digits, `-` and `_`; drawn by default
   */
  createTenant(id?: string): LocalTenant;
  /**
   * Looks through the whole store for what is left to be merged, collected or recovered, and does it. It happens by itself while the process lives
   * for long; processes that live for seconds leave it to one that calls this now and then. Resolves when nothing is left to do.
   *
   * @throws the first failure of what it began; the rest was done all the same
   */
  sweep(): Promise<void>;
  /**
   * Ends what is under way, gives all databases up for others, closes the store. The same promise for every caller. From then on the clients of
   * {@link LocalTenant.database} are refused with `local-closed`, without trying again.
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
