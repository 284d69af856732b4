import type { UlidSource } from '@leasehold/foundation';

import { presentAuthor, type Author } from './author.js';
import { listDatabases, listStatement, placeOf, type DatabaseFilter } from './database-list.js';
import { TooManyError } from './errors.js';
import { Prisma, type PrismaClient } from './generated/client.js';
import { lockOrganization } from './organization-lock.js';

export type OperationState = 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** Of one organization at a time: each takes its turn with all others. */
export const MAX_OPEN_OPERATIONS = 20;
/** How long one that has ended can be looked at. */
const RETENTION_DAYS = 30;
/** Databases of a step. */
const STEP_DATABASES = 100;
/** Whoever took a step and has not come back by then is taken for dead; should it live, its step is rolled back. */
const STEP_SECONDS = 30;
/** After a step that failed, times the failures in a row. */
const PAUSE_SECONDS = 2;
/** In a row; then the operation has failed. */
const MAX_FAILURES = 10;
/** No organization has more databases by far; a count goes through them once. */
const MAX_COUNT = 1_000_000;
/** Rows of one look. */
const PRUNE_BATCH = 1_000;

/** Which databases are meant: at least one of the two. */
export type DatabaseSelection = Pick<DatabaseFilter, 'label' | 'search'>;

export interface OperationRecord {
  readonly id: string;
  readonly kind: string;
  readonly request: unknown;
  readonly state: OperationState;
  readonly cancelRequested: boolean;
  /** As counted when it was asked for; more or fewer may be there by now. */
  readonly total: number | null;
  readonly done: number;
  /** Looked at and left as they are. */
  readonly skipped: number;
  readonly errorCode: string | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

/** An operation that somebody may take a step of. */
export interface ClaimedOperation {
  readonly id: string;
  readonly attempt: number;
  readonly organizationId: string;
  readonly request: DatabaseSelection;
  readonly author: Author | null;
  readonly place: string | null;
}

const SHOWN = {
  id: true,
  kind: true,
  request: true,
  state: true,
  cancelRequested: true,
  total: true,
  done: true,
  skipped: true,
  errorCode: true,
  createdAt: true,
  endedAt: true,
} as const;

/** Work on many things, taken step by step by whichever instance is free: a death loses no more than the step that it was at. */
export class Operations {
  constructor(
    private readonly prisma: PrismaClient,
    private readonly ids: UlidSource,
  ) {}

  /** How many databases are meant now. */
  async countDatabases(organizationId: string, selection: DatabaseSelection): Promise<number> {
    const all = listStatement(organizationId, undefined, MAX_COUNT, selection);
    const [row] = await this.prisma.$queryRaw<
      { count: number }[]
    >`SELECT count(*)::int AS count FROM (${all}) AS meant`;
    return row?.count ?? 0;
  }

  /** @throws TooManyError */
  async deleteDatabases(organizationId: string, selection: DatabaseSelection): Promise<OperationRecord> {
    const total = await this.countDatabases(organizationId, selection);
    const author = presentAuthor();
    const data = {
      ...{ id: this.ids.next(), organizationId, kind: 'delete-databases', total },
      request: { ...selection } as Prisma.InputJsonObject,
      author: author ? ({ ...author } as Prisma.InputJsonObject) : Prisma.DbNull,
    };
    const created = await this.prisma.$transaction(async (transaction) => {
      await lockOrganization(transaction, organizationId);
      const open = await transaction.operation.count({ where: { organizationId, endedAt: null } });
      if (open >= MAX_OPEN_OPERATIONS) throw new TooManyError('operations that have not ended', MAX_OPEN_OPERATIONS);
      return transaction.operation.create({ data, select: SHOWN });
    });
    return created as OperationRecord;
  }

  /** The latest first. */
  async list(organizationId: string, before: string | undefined, limit: number): Promise<readonly OperationRecord[]> {
    const found = await this.prisma.operation.findMany({
      where: { organizationId, ...(before === undefined ? {} : { id: { lt: before } }) },
      orderBy: { id: 'desc' },
      take: limit,
      select: SHOWN,
    });
    return found as readonly OperationRecord[];
  }

  async find(organizationId: string, id: string): Promise<OperationRecord | undefined> {
    const found = await this.prisma.operation.findFirst({ where: { organizationId, id }, select: SHOWN });
    return (found as OperationRecord | null) ?? undefined;
  }

  /** No step is taken any more; one that is under way is finished. One that has ended stays as it ended. */
  async cancel(organizationId: string, id: string): Promise<OperationRecord | undefined> {
    await this.prisma.operation.updateMany({
      where: { organizationId, id, endedAt: null },
      data: { cancelRequested: true },
    });
    await this.prisma.operation.updateMany({
      where: { organizationId, id, endedAt: null, state: 'pending' },
      data: { state: 'cancelled', endedAt: new Date() },
    });
    return this.find(organizationId, id);
  }

  /** The one that has waited longest for its next step; undefined when none does. */
  async claim(): Promise<ClaimedOperation | undefined> {
    const [row] = await this.prisma.$queryRaw<ClaimedOperation[]>`
      UPDATE operations SET state = 'running', attempt = attempt + 1,
        next_step_at = now() + ${STEP_SECONDS}::int * interval '1 second'
      WHERE id = (
        SELECT id FROM operations WHERE state IN ('pending', 'running') AND next_step_at <= now()
        ORDER BY next_step_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING id, attempt, organization_id AS "organizationId", request, author, place`;
    return row;
  }

  /**
   * Deletes the databases of a page and says so, in one transaction; behind the last page, or cancelled, the operation ends. What is protected from
   * deletion is skipped. A claim that somebody else has taken over changes nothing.
   */
  async step({ id, attempt, organizationId, request, place }: ClaimedOperation): Promise<void> {
    const statement = listStatement(organizationId, place ?? undefined, STEP_DATABASES, request);
    const page = await listDatabases(this.prisma, statement);
    const last = page.at(-1);
    await this.prisma.$transaction(async (transaction) => {
      // First: whoever takes the claim over waits for the end of this one, and this one sees whether that has happened.
      const [mine] = await transaction.$queryRaw<{ cancelRequested: boolean }[]>`
        SELECT cancel_requested AS "cancelRequested" FROM operations
        WHERE id = ${id} AND attempt = ${attempt} AND ended_at IS NULL FOR UPDATE`;
      if (!mine) return;
      if (mine.cancelRequested || last === undefined) {
        const state = mine.cancelRequested ? 'cancelled' : 'succeeded';
        await transaction.operation.update({ where: { id }, data: { state, endedAt: new Date() } });
        return;
      }
      const deleted = await transaction.$executeRaw`
        UPDATE databases SET deleted_at = now(), revision = revision + 1
        WHERE organization_id = ${organizationId} AND id = ANY (${page.map((database) => database.id)}::uuid[])
          AND deleted_at IS NULL AND NOT delete_protection ${stillLabelled(request)}`;
      await transaction.$executeRaw`
        UPDATE operations SET done = done + ${deleted}::int, skipped = skipped + ${page.length - deleted}::int,
          place = ${placeOf(last)}, failures = 0, next_step_at = now()
        WHERE id = ${id}`;
    });
  }

  /** A step failed: it is tried again after a while, and not for ever. */
  async postpone({ id, attempt }: ClaimedOperation, errorCode: string): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE operations SET failures = failures + 1, error_code = ${errorCode},
        next_step_at = now() + (failures + 1) * ${PAUSE_SECONDS}::int * interval '1 second',
        state = CASE WHEN failures + 1 >= ${MAX_FAILURES}::int THEN 'failed' ELSE state END,
        ended_at = CASE WHEN failures + 1 >= ${MAX_FAILURES}::int THEN now() END
      WHERE id = ${id} AND attempt = ${attempt} AND ended_at IS NULL`;
  }

  /** Deletes what has ended long ago, a bounded number of rows; returns how many. */
  prune(): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM operations WHERE id IN (
        SELECT id FROM operations WHERE ended_at < now() - ${RETENTION_DAYS}::int * interval '1 day'
        LIMIT ${PRUNE_BATCH}::int)`;
  }
}

/** It may have lost its label since the page was looked at. */
function stillLabelled({ label }: DatabaseSelection): Prisma.Sql {
  return label === undefined ? Prisma.empty : Prisma.sql`AND labels ->> ${label.key} = ${label.value}`;
}
