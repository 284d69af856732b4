import { randomUUID } from 'node:crypto';

import { isDatabaseId } from '@leasehold/foundation';

import { listDatabases, listStatement, type DatabaseFilter } from './database-list.js';
import {
  DATABASE_COLUMNS,
  recordOfRow,
  type DatabaseOptions,
  type DatabaseRecord,
  type DatabaseRow,
} from './database-record.js';
import {
  DatabaseExistsError,
  DatabaseProtectedError,
  isUniqueViolation,
  RevisionMismatchError,
  TooManyLabelsError,
} from './errors.js';
import { Prisma, type PrismaClient } from './generated/client.js';

/** Of one database: enough for what belongs to whom, where and what for. */
export const MAX_LABELS = 32;

/** What is not named stays as it is. Labels are changed one by one: null takes one away. */
export type DatabaseChange = Partial<Omit<DatabaseOptions, 'labels'>> & {
  readonly labels?: Readonly<Record<string, string | null>> | undefined;
};

/**
 * Names, owners and options of databases. Every method but {@link expire} works inside one organization and cannot see another's. Of what is deleted
 * only {@link list} and {@link undelete} know.
 *
 * Every change is one statement, so that of two that are made at once neither undoes what the other has decided about something else.
 */
export class Databases {
  constructor(private readonly prisma: PrismaClient) {}

  /**
   * Durable, and visible to every later lookup, when it resolves.
   *
   * @throws DatabaseExistsError when a database of this name is alive in the organization; TooManyLabelsError, QuotaExceededError
   */
  async create(organizationId: string, name: string, options: Partial<DatabaseOptions> = {}): Promise<DatabaseRecord> {
    const { sizeLimitBytes, labels = {}, ...others } = options;
    if (Object.keys(labels).length > MAX_LABELS) throw new TooManyLabelsError(MAX_LABELS);
    const data = {
      ...{ id: randomUUID(), organizationId, name, labels, ...others },
      sizeLimitBytes: typeof sizeLimitBytes === 'number' ? BigInt(sizeLimitBytes) : null,
    };
    try {
      return recordOfRow((await this.prisma.database.create({ data, select: SELECTED })) as DatabaseRow);
    } catch (error) {
      if (isUniqueViolation(error)) throw new DatabaseExistsError();
      throw error;
    }
  }

  /**
   * A page in the order of names.
   *
   * @param after only those behind this place (`placeOf`)
   * @param limit entries at most
   */
  list(
    organizationId: string,
    after: string | undefined,
    limit: number,
    filter: DatabaseFilter = {},
  ): Promise<readonly DatabaseRecord[]> {
    return listDatabases(this.prisma, listStatement(organizationId, after, limit, filter));
  }

  async named(organizationId: string, name: string): Promise<DatabaseRecord | undefined> {
    return this.one(Prisma.sql`SELECT ${DATABASE_COLUMNS} FROM databases d
      WHERE d.organization_id = ${organizationId} AND d.name = ${name} AND d.deleted_at IS NULL`);
  }

  /** By name, else by id: a name may look like an id, and names are what people choose. */
  async find(organizationId: string, nameOrId: string): Promise<DatabaseRecord | undefined> {
    const named = await this.named(organizationId, nameOrId);
    return named || !isDatabaseId(nameOrId) ? named : this.alive(organizationId, nameOrId);
  }

  /** Deleted or not, as long as it can be had back. */
  async withId(organizationId: string, id: string): Promise<DatabaseRecord | undefined> {
    return this.one(Prisma.sql`SELECT ${DATABASE_COLUMNS} FROM databases d
      WHERE d.organization_id = ${organizationId} AND d.id = ${id}::uuid
        AND (d.deleted_at IS NULL OR (d.purge_at > now() AND d.purge_begun_at IS NULL))`);
  }

  /**
   * With the gateways once the change feed has been read (2 s).
   *
   * @param revision the only one that is to be changed; undefined: whichever it is
   * @returns undefined when the organization has no such database
   * @throws RevisionMismatchError, TooManyLabelsError
   */
  async change(
    organizationId: string,
    id: string,
    change: DatabaseChange,
    revision?: number,
  ): Promise<DatabaseRecord | undefined> {
    const labels = Object.entries(change.labels ?? {});
    const removed = labels.flatMap(([key, value]) => (value === null ? [key] : []));
    const added = JSON.stringify(Object.fromEntries(labels.filter(([, value]) => value !== null)));
    const labelled = Prisma.sql`((d.labels - ${removed}::text[]) || ${added}::jsonb)`;
    const changed = await this.one(Prisma.sql`
      UPDATE databases AS d SET labels = ${labelled}, revision = d.revision + 1 ${assignments(change)}
      WHERE d.organization_id = ${organizationId} AND d.id = ${id}::uuid AND d.deleted_at IS NULL ${isAt(revision)}
        AND (SELECT count(*) FROM jsonb_object_keys(${labelled})) <= ${MAX_LABELS}::int
      RETURNING ${DATABASE_COLUMNS}`);
    if (changed !== undefined) return changed;
    const present = await this.alive(organizationId, id);
    if (present === undefined) return undefined;
    if (revision !== undefined && present.revision !== revision) throw new RevisionMismatchError(present.revision);
    throw new TooManyLabelsError(MAX_LABELS);
  }

  /**
   * Its name is free at once, and no gateway knows it any more once the change feed has been read (2 s). Its bytes stay until `purgeAt`.
   *
   * @returns undefined when the organization has no such database
   * @throws DatabaseProtectedError, RevisionMismatchError
   */
  async delete(organizationId: string, id: string, revision?: number): Promise<DatabaseRecord | undefined> {
    const deleted = await this.one(Prisma.sql`
      UPDATE databases AS d SET deleted_at = now(), revision = d.revision + 1
      WHERE d.organization_id = ${organizationId} AND d.id = ${id}::uuid AND d.deleted_at IS NULL
        AND NOT d.delete_protection ${isAt(revision)}
      RETURNING ${DATABASE_COLUMNS}`);
    if (deleted !== undefined) return deleted;
    const present = await this.alive(organizationId, id);
    if (present === undefined) return undefined;
    if (revision !== undefined && present.revision !== revision) throw new RevisionMismatchError(present.revision);
    throw new DatabaseProtectedError();
  }

  /**
   * As it was when it was deleted, but for an end that has passed meanwhile, which it no longer has.
   *
   * @param name it gets; undefined: the one it had
   * @returns undefined when the organization has no such deleted database, or its purge may have begun
   * @throws DatabaseExistsError when the name was given away; QuotaExceededError
   */
  async undelete(organizationId: string, id: string, name?: string): Promise<DatabaseRecord | undefined> {
    try {
      return await this.one(Prisma.sql`
        UPDATE databases AS d SET deleted_at = NULL, name = COALESCE(${name ?? null}::text, d.name),
          revision = d.revision + 1, expires_at = CASE WHEN d.expires_at > now() THEN d.expires_at END
        WHERE d.organization_id = ${organizationId} AND d.id = ${id}::uuid AND d.deleted_at IS NOT NULL
          AND d.purge_at > now() AND d.purge_begun_at IS NULL
        RETURNING ${DATABASE_COLUMNS}`);
    } catch (error) {
      if (isUniqueViolation(error)) throw new DatabaseExistsError();
      throw error;
    }
  }

  /**
   * Deletes what has ended, of whichever organization, the longest ended first. Of several who do so at once each takes others.
   *
   * @param limit databases at most
   * @returns how many
   */
  async expire(limit: number): Promise<number> {
    return this.prisma.$executeRaw`
      UPDATE databases SET deleted_at = now(), revision = revision + 1 WHERE id IN (
        SELECT id FROM databases WHERE deleted_at IS NULL AND expires_at <= now() AND NOT delete_protection
        ORDER BY expires_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)`;
  }

  /** By id alone: a database may have the id of another one as its name. */
  private async alive(organizationId: string, id: string): Promise<DatabaseRecord | undefined> {
    const found = await this.withId(organizationId, id);
    return found?.deletedAt === null ? found : undefined;
  }

  private async one(statement: Prisma.Sql): Promise<DatabaseRecord | undefined> {
    const [row] = await this.prisma.$queryRaw<DatabaseRow[]>(statement);
    return row && recordOfRow(row);
  }
}

const SELECTED = {
  ...{ id: true, name: true, createdAt: true, labels: true, deleteProtection: true, expiresAt: true },
  ...{ retentionSeconds: true, sizeLimitBytes: true, undeleteSeconds: true, revision: true },
  ...{ deletedAt: true, purgeAt: true },
} as const;

function isAt(revision: number | undefined): Prisma.Sql {
  return revision === undefined ? Prisma.empty : Prisma.sql`AND d.revision = ${revision}::int`;
}

function assignments(change: DatabaseChange): Prisma.Sql {
  const { deleteProtection, expiresAt, retentionSeconds, sizeLimitBytes, undeleteSeconds } = change;
  const parts = [
    deleteProtection === undefined ? undefined : Prisma.sql`delete_protection = ${deleteProtection}`,
    expiresAt === undefined ? undefined : Prisma.sql`expires_at = ${expiresAt}::timestamptz`,
    retentionSeconds === undefined ? undefined : Prisma.sql`retention_seconds = ${retentionSeconds}::int`,
    sizeLimitBytes === undefined ? undefined : Prisma.sql`size_limit_bytes = ${sizeLimitBytes}::bigint`,
    undeleteSeconds === undefined ? undefined : Prisma.sql`undelete_seconds = ${undeleteSeconds}::int`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? Prisma.empty : Prisma.sql`, ${Prisma.join(parts, ', ')}`;
}
