import type { CallOptions, CommitOptions } from '../options.js';
import type { JsonService } from './json-service.js';

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

export class DatabaseAdministration {
  constructor(private readonly service: JsonService) {}

  /** The data plane finds it at once. @throws ConflictError `database-exists` */
  create(database: NewDatabase, options?: CommitOptions): Promise<DatabaseRecord> {
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
      search,
      label: label && `${label.key}:${label.value}`,
      deleted: deleted === true ? 'true' : undefined,
    };
    return this.service.list('/databases', 'databases', options, query);
  }

  /**
   * Changes the members that are named. With the gateways within two seconds.
   *
   * @param revision the only one that is to be changed; without it whichever it is by then
   * @throws NotFoundError; ConflictError `precondition-failed`: it is at another revision
   */
  change(
    nameOrId: string,
    change: DatabaseChange,
    { revision, ...options }: { readonly revision?: number | undefined } & CommitOptions = {},
  ): Promise<DatabaseRecord> {
    return this.service.change(`/databases/${encodeURIComponent(nameOrId)}`, change, revision, options);
  }

  /**
   * Gone for every gateway within two seconds; until `purgeAt` it can be had back. By id it is safe to repeat: a name may be another's by then.
   *
   * @throws NotFoundError, also when it is deleted already; ConflictError `database-protected`
   */
  delete(nameOrId: string, options?: CommitOptions): Promise<DatabaseRecord> {
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
    { name, ...options }: { readonly name?: string | undefined } & CommitOptions = {},
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
