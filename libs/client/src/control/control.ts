import { toBase64Url } from '../bytes.js';
import type { ServiceOptions } from '../connect.js';
import { serviceTransport } from '../connect.js';
import type { ByteKey } from '../key-range.js';
import { keyBytes } from '../key-range.js';
import type { CallOptions } from '../options.js';
import type { Platform } from '../platform.js';
import { systemPlatform } from '../platform.js';
import type { Transport } from '../transport.js';
import type { Key } from '../tuple.js';
import { encodeKey } from '../tuple.js';
import { BudgetAdministration } from './budgets.js';
import { DatabaseAdministration } from './databases.js';
import { InvoiceReport } from './invoices.js';
import { JsonService } from './json-service.js';
import { UsageReport } from './usage.js';

export interface ControlOptions extends ServiceOptions {
  /** Of the control plane: `http://127.0.0.1:4001`. */
  readonly url: string;
}

/** What a key or token may do. */
export type Scope = 'data:read' | 'data:write' | 'db:create' | 'db:admin' | 'keys:admin' | 'usage:read';

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
  readonly prefix?: Key | ByteKey | undefined;
  readonly expiresAt?: Date | undefined;
}

export interface Rotation {
  /** How long the present secret goes on working: whole seconds, 0 to 604,800 (7 days); a day by default. */
  readonly overlapSeconds?: number | undefined;
}

export interface NewToken {
  /** The name of the database that it is for. */
  readonly database: string;
  readonly scopes: readonly Extract<Scope, 'data:read' | 'data:write'>[];
  /** Whole seconds, 1 to 900. */
  readonly ttlSeconds: number;
  /**
   * Only keys that begin so: parts of a tuple, or bytes, or text. The last part of a tuple, when it is a text or bytes, also begins every part that goes on with a NUL:
   * `['ten']` lets in `['ten\0x', 1]`. Where others choose such parts, end the prefix with a part of another kind, or refuse NUL.
   */
  readonly prefix?: Key | ByteKey | undefined;
}

export interface MintedToken {
  readonly token: string;
  readonly expiresAt: string;
}

/** Databases, API keys and tokens of your organization: what a back end does when a customer comes or goes. */
export function connectControl(options: ControlOptions): Control {
  return controlOn(systemPlatform(options.fetch), options);
}

/** The same with time, chance and network from elsewhere. */
export function controlOn(platform: Platform, options: ControlOptions): Control {
  return new Control(serviceTransport(platform, options, '/v1'));
}

/**
 * The control plane. What creates something has no idempotency key there: when its answer is lost it fails with an `UnknownOutcomeError` instead of being sent
 * again. Look whether it is there before creating it again.
 */
export class Control {
  readonly databases: DatabaseAdministration;
  readonly apiKeys: ApiKeyAdministration;
  readonly tokens: TokenAdministration;
  readonly usage: UsageReport;
  readonly invoices: InvoiceReport;
  readonly budgets: BudgetAdministration;

  constructor(transport: Transport) {
    const service = new JsonService(transport);
    this.databases = new DatabaseAdministration(service);
    this.apiKeys = new ApiKeyAdministration(service);
    this.tokens = new TokenAdministration(service);
    this.usage = new UsageReport(service);
    this.invoices = new InvoiceReport(service);
    this.budgets = new BudgetAdministration(service);
  }
}

export class ApiKeyAdministration {
  constructor(private readonly service: JsonService) {}

  /** `key` is shown here and never again. */
  create(apiKey: NewApiKey, options?: CallOptions): Promise<ApiKeyRecord & { readonly key: string }> {
    const { name, scopes, databases, prefix, expiresAt } = apiKey;
    const confines = { databases, prefix64: prefix64Of(prefix) };
    return this.service.create('/keys', { name, scopes, ...confines, expiresAt: expiresAt?.toISOString() }, options);
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
    return this.service.create(`/keys/${encodeURIComponent(id)}/rotate`, { overlapSeconds }, options);
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

export class TokenAdministration {
  constructor(private readonly service: JsonService) {}

  /** A short-lived token for a browser or edge code: for one database, and, if you like, for the keys of one prefix. */
  create({ prefix, ...token }: NewToken, options?: CallOptions): Promise<MintedToken> {
    return this.service.repeat('/tokens', { ...token, prefix64: prefix64Of(prefix) }, options);
  }
}

/** An empty text is sent on, to be refused: it must not open everything. */
function prefix64Of(prefix: Key | ByteKey | undefined): string | undefined {
  if (prefix === undefined) return undefined;
  return toBase64Url(Array.isArray(prefix) ? encodeKey(prefix as Key) : keyBytes(prefix as ByteKey));
}
