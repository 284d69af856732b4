import { generateKeyPairSync } from 'node:crypto';

import type {
  ChangePage,
  DatabaseEntry,
  DirectorySource,
  KeyEntry,
  PublicTokenKey,
  Scope,
  TenantEntry,
} from '@leasehold/directory';
import {
  MAX_TOKEN_LIFETIME_SECONDS,
  mintApiKey,
  parseApiKey,
  TOKEN_PREFIX_BYTES,
  tokenLifetime,
  TokenSigner,
} from '@leasehold/directory';
import { LeaseholdError, systemClock, systemRandom, UlidSource } from '@leasehold/foundation';
import type { TenantId } from '@leasehold/foundation';
import { checkDatabaseName } from '@leasehold/protocol';

import { databaseIdOf } from './database-id-of.js';
import type { TokenOptions } from './local-options.js';

/** Keys that one process may have made; each is some 200 bytes. */
const MAX_KEYS = 100_000;
const EVERYBODY = new Set(['*']);
const NOTHING_CHANGED: ChangePage = { cursor: 'the only one', reset: false, changes: [] };

/** Keys and databases without a control plane: keys are those that this process has made, databases are what their names say. */
export class LocalDirectory implements DirectorySource {
  private readonly ids = new UlidSource(systemClock, systemRandom);
  private readonly keys = new Map<string, KeyEntry>();
  /** Made with the first token: most processes make none. */
  private signer: Promise<TokenSigner> | undefined;

  /** @param databases names of those that there are; undefined: all that one may ask for */
  constructor(private readonly databases: ReadonlySet<string> | undefined) {}

  /** @throws LeaseholdError (quota) past {@link MAX_KEYS} */
  createKey(tenantId: TenantId, scopes: readonly Scope[]): string {
    if (this.keys.size >= MAX_KEYS) {
      throw new LeaseholdError('quota', 'too-many-keys', `this process has made as many keys as it may: ${MAX_KEYS}`);
    }
    const { id, key, secretHash } = mintApiKey(this.ids, systemRandom);
    this.keys.set(id, { id, tenantId, secretHash, scopes: new Set(scopes), expiresAt: undefined, revoked: false });
    return key;
  }

  /**
   * @param key of which the token has its rights
   * @throws LeaseholdError (invalid) a lifetime or a prefix that no gateway would take; ProblemError invalid-database-name
   */
  async createToken(tenantId: TenantId, key: string, options: TokenOptions): Promise<string> {
    const { database, scopes = ['data:read', 'data:write'], ttlSeconds = MAX_TOKEN_LIFETIME_SECONDS, prefix } = options;
    if (!(Number.isInteger(ttlSeconds) && ttlSeconds >= 1 && ttlSeconds <= MAX_TOKEN_LIFETIME_SECONDS)) {
      throw new LeaseholdError('invalid', 'invalid-token', `ttlSeconds is not from 1 to ${MAX_TOKEN_LIFETIME_SECONDS}`);
    }
    if (prefix !== undefined && (prefix.byteLength < 1 || prefix.byteLength > TOKEN_PREFIX_BYTES)) {
      throw new LeaseholdError('invalid', 'invalid-token', `prefix has not 1 to ${TOKEN_PREFIX_BYTES} bytes`);
    }
    const name = checkDatabaseName(database);
    const signer = await (this.signer ??= TokenSigner.over(generateKeyPairSync('ed25519').privateKey));
    return signer.sign({
      id: this.ids.next(),
      tenantId,
      keyId: parseApiKey(key)?.id,
      scopes: new Set(scopes),
      database: { id: databaseIdOf(tenantId, name), name },
      keyPrefix: prefix,
      ...tokenLifetime(systemClock.now(), ttlSeconds),
    });
  }

  async apiKey(id: string): Promise<KeyEntry | undefined> {
    return this.keys.get(id);
  }

  async database(tenantId: TenantId, name: string): Promise<DatabaseEntry | undefined> {
    if (this.databases?.has(name) === false) return undefined;
    return { id: databaseIdOf(tenantId, name), tenantId, name };
  }

  /** Pages of any origin may ask: whoever has a key of this process got it from this process. */
  async tenant(id: TenantId): Promise<TenantEntry> {
    return { id, corsOrigins: EVERYBODY };
  }

  async tokenKeys(): Promise<readonly PublicTokenKey[]> {
    return this.signer === undefined ? [] : [(await this.signer).publicKey];
  }

  async changes(): Promise<ChangePage> {
    return NOTHING_CHANGED;
  }
}
