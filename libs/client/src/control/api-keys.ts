import { wireTime, type CallOptions } from '../options.js';
import type { JsonService } from './json-service.js';
import { prefix64Of, type KeyPrefix } from './key-prefix.js';
import type { Scope } from './scope.js';

export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  /** All of its secret that is kept in readable form. */
  readonly lastFour: string;
  readonly scopes: readonly Scope[];
  /** Names and patterns of the only databases; null: all. */
  readonly databases: readonly string[] | null;
  /** Only keys that begin so, in unpadded base64url; null: all. */
  readonly prefix64: string | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** Up to two minutes behind; null: never, as far as is known. */
  readonly lastUsedAt: string | null;
  /** The secret before the present one, while it works. */
  readonly previous: { readonly lastFour: string; readonly endsAt: string } | null;
}

export interface NewApiKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The only databases: names, or patterns with a single `*` such as `customer-*`. Without it: all, or those of the key that asks. */
  readonly databases?: readonly string[] | undefined;
  /** Only keys that begin so: parts of a tuple, or bytes, or text. Without it: all, or those of the key that asks. */
  readonly prefix?: KeyPrefix | undefined;
  readonly expiresAt?: Date | undefined;
}

export interface Rotation {
  /** How long the present secret goes on working: whole seconds, 0 to 604,800 (7 days); a day by default. */
  readonly overlapSeconds?: number | undefined;
}

export class ApiKeyAdministration {
  constructor(private readonly service: JsonService) {}

  /** `key` is shown here and never again. */
  async create(apiKey: NewApiKey, options?: CallOptions): Promise<ApiKeyRecord & { readonly key: string }> {
    const { name, scopes, databases, prefix, expiresAt } = apiKey;
    const confines = { databases, prefix64: prefix64Of(prefix), expiresAt: expiresAt && wireTime(expiresAt) };
    return this.service.createSecret('/keys', { name, scopes, ...confines }, options);
  }

  /**
   * Another secret for the same key, in `key`, which is shown here and never again. The present one works on until `previous.endsAt`.
   *
   * @throws ConflictError `conflict` while two secrets live already; NotFoundError also of a key that is revoked or has ended
   */
  rotate(
    id: string,
    { overlapSeconds }: Rotation = {},
    options?: CallOptions,
  ): Promise<ApiKeyRecord & { readonly key: string }> {
    return this.service.createSecret(`/keys/${encodeURIComponent(id)}/rotate`, { overlapSeconds }, options);
  }

  /** Ends the secret before the present one early, within two seconds. Safe to repeat. @throws NotFoundError */
  endPrevious(id: string, options?: CallOptions): Promise<void> {
    return this.service.delete(`/keys/${encodeURIComponent(id)}/previous`, options);
  }

  /** Oldest first, revoked ones too. */
  list(options?: CallOptions): AsyncIterableIterator<ApiKeyRecord> {
    return this.service.list('/keys', 'keys', options);
  }

  /** Safe to repeat. Every gateway refuses the key within two seconds, and its tokens with it. @throws NotFoundError */
  revoke(id: string, options?: CallOptions): Promise<void> {
    return this.service.delete(`/keys/${encodeURIComponent(id)}`, options);
  }
}
