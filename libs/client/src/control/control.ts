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
import { InvoiceReport } from './invoices.js';
import { JsonService } from './json-service.js';

export interface ControlOptions extends ServiceOptions {
  /** Of the control plane: `http://127.0.0.1:4001`. */
  readonly url: string;
}

/** What a key or token may do. */
export type Scope = 'data:read' | 'data:write' | 'db:create' | 'db:admin' | 'keys:admin' | 'usage:read';

/** What is decided about a database beside its name. Null: as it is at first. */
export interface DatabaseOptions {
  /** Up to 32 texts by key. */
  readonly labels: Readonly<Record<string, string>>;
  /** Neither a request nor `expiresAt` deletes it. */
  readonly deleteProtection: boolean;
  /** When it is deleted by itself. */
  readonly expiresAt: string | null;
  /** How long its past stays readable: 0 to 2,592,000 (30 days); null: a day. */
  readonly retentionSeconds: number | null;
  /** Of live data, past which writes that add data are refused; null: the most that is possible. */
  readonly sizeLimitBytes: number | null;
  /** From a deletion to the purge: 3,600 (an hour) to 2,592,000 (30 days); a week at first. */
  readonly undeleteSeconds: number;
}

export interface DatabaseRecord extends DatabaseOptions {
  /** Never used twice. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  /** Grows by one with every change. */
  readonly revision: number;
  readonly deletedAt: string | null;
  /** Until then a deleted one can be had back. */
  readonly purgeAt: string | null;
}

export type NewDatabase = { readonly name: string } & Partial<DatabaseOptions>;

/** What is not named stays as it is; of labels likewise, and null takes one away. */
export type DatabaseChange = Partial<Omit<DatabaseOptions, 'labels'>> & {
  readonly labels?: Readonly<Record<string, string | null>> | undefined;
};

/** Those that all of this is true of. */
export interface DatabaseFilter {
  /** Names that begin so. */
  readonly search?: string | undefined;
  readonly label?: { readonly key: string; readonly value: string } | undefined;
  /** Those that can be had back, in place of those that are alive. */
  readonly deleted?: boolean | undefined;
}

/** Another organization's right to a database. */
export interface DatabaseGrant {
  readonly organizationId: string;
  /** To write includes to read. */
  readonly access: 'read' | 'write';
  readonly createdAt: string;
}

/** A database that another organization has granted: `name` is what it is addressed by. */
export interface SharedDatabase {
  readonly name: string;
  readonly access: 'read' | 'write';
  readonly createdAt: string;
}

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

/** Which usage is asked for: that of this month by days, of everything together, where nothing is said. */
export interface UsageQuestion {
  /** Whole hours in UTC; `to` is not in it. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Of the calendar in UTC. */
  readonly step?: 'hour' | 'day' | 'month' | undefined;
  /** What is told apart: databases, keys, or the values of a label, such as `label:customer`. */
  readonly group?: 'database' | 'key' | `label:${string}` | undefined;
  /** Only of this one, by name or id. */
  readonly database?: string | undefined;
}

/** What was used in one step. */
export interface UsageRow {
  readonly from: string;
  /** Its id, where databases are told apart. */
  readonly database?: string;
  /** Its id, where keys are told apart; null: what no key did, all writes among it. */
  readonly key?: string | null;
  /** Its value, where those of a label are told apart; null: of databases without that label. */
  readonly label?: string | null;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly egressBytes: number;
  readonly storedGbHours: number;
  readonly requests: number;
  readonly commits: number;
  /** Reads by tokens of people, which are not billed. */
  readonly freeReadUnits: number;
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

export class DatabaseAdministration {
  constructor(private readonly service: JsonService) {}

  /** The data plane finds it at once. @throws ConflictError `database-exists` */
  create(database: NewDatabase, options?: CallOptions): Promise<DatabaseRecord> {
    return this.service.create('/databases', database, options);
  }

  /** By name or id. @throws NotFoundError */
  get(nameOrId: string, options?: CallOptions): Promise<DatabaseRecord> {
    return this.service.read(`/databases/${encodeURIComponent(nameOrId)}`, options);
  }

  /** All of them, or those of a filter, by name, page by page as they are iterated over. */
  list({
    search,
    label,
    deleted,
    ...options
  }: DatabaseFilter & CallOptions = {}): AsyncIterableIterator<DatabaseRecord> {
    const query = {
      ...(search === undefined ? {} : { search }),
      ...(label === undefined ? {} : { label: `${label.key}:${label.value}` }),
      ...(deleted === true ? { deleted: 'true' } : {}),
    };
    return this.service.list('/databases', 'databases', options, query);
  }

  /**
   * Changes the members that are named. With the gateways within two seconds.
   *
   * @param revision the only one that is to be changed; without it whichever it is by then
   * @throws NotFoundError; PreconditionFailedError it is at another revision; UnknownOutcomeError the answer was lost
   */
  change(
    nameOrId: string,
    change: DatabaseChange,
    { revision, ...options }: { readonly revision?: number | undefined } & CallOptions = {},
  ): Promise<DatabaseRecord> {
    return this.service.change(`/databases/${encodeURIComponent(nameOrId)}`, change, revision, options);
  }

  /**
   * Gone for every gateway within two seconds; until `purgeAt` it can be had back. By id it is safe to repeat: a name may be another's by then.
   *
   * @throws NotFoundError, also when it is deleted already; ConflictError `database-protected`; UnknownOutcomeError the answer was lost
   */
  delete(nameOrId: string, options?: CallOptions): Promise<DatabaseRecord> {
    return this.service.take(`/databases/${encodeURIComponent(nameOrId)}`, options);
  }

  /**
   * Has a deleted database back, with all that was in it.
   *
   * @param name what it is called from now on; without it as before
   * @throws ConflictError `database-exists`: the name was given away; NotFoundError also when its time has passed
   */
  undelete(
    id: string,
    { name, ...options }: { readonly name?: string | undefined } & CallOptions = {},
  ): Promise<DatabaseRecord> {
    return this.service.create(`/databases/${encodeURIComponent(id)}/undelete`, { name }, options);
  }

  /** Lets another organization read a database, or write it too, in place of what it might before. Safe to repeat. @throws NotFoundError */
  grant(
    nameOrId: string,
    { organizationId, access }: Pick<DatabaseGrant, 'organizationId' | 'access'>,
    options?: CallOptions,
  ): Promise<DatabaseGrant> {
    return this.service.repeat(
      `/databases/${encodeURIComponent(nameOrId)}/grants`,
      { organizationId, access },
      options,
    );
  }

  /** Who else may read or write it. @throws NotFoundError */
  async grants(nameOrId: string, options?: CallOptions): Promise<readonly DatabaseGrant[]> {
    const path = `/databases/${encodeURIComponent(nameOrId)}/grants`;
    return (await this.service.read<{ readonly grants: readonly DatabaseGrant[] }>(path, options)).grants;
  }

  /** Gone for every gateway within two seconds. @throws NotFoundError also when there is no such grant (any more) */
  revokeGrant(nameOrId: string, organizationId: string, options?: CallOptions): Promise<void> {
    const grants = `/databases/${encodeURIComponent(nameOrId)}/grants`;
    return this.service.delete(`${grants}/${encodeURIComponent(organizationId)}`, options);
  }

  /** What other organizations have granted to this one. */
  shared(options?: CallOptions): AsyncIterableIterator<SharedDatabase> {
    return this.service.list('/shared-databases', 'databases', options);
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

export class UsageReport {
  constructor(private readonly service: JsonService) {}

  /** By time, then by database, key or label, page by page as they are iterated over; what was not used has no row. @throws NotFoundError no such database */
  list(
    { from, to, step, group, database }: UsageQuestion = {},
    options?: CallOptions,
  ): AsyncIterableIterator<UsageRow> {
    const asked = { from: from?.toISOString(), to: to?.toISOString(), step, group, database };
    const given = Object.entries(asked).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return this.service.list('/usage', 'usage', options, Object.fromEntries(given));
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
