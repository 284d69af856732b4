import { Controller, Get, Inject, Optional, Param } from '@nestjs/common';
import { isDatabaseId, isSessionId, toBase64Url, utf8, type DatabaseId, type SessionId } from '@leasehold/foundation';
import { ProblemError } from '@leasehold/protocol';

import { Access, SESSION_ONLY } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { requireOperator } from '../auth/operator.js';
import { PageQuery, type Page } from '../requests/page.js';
import type { DatabaseInspector, InspectionView } from './database-inspector.js';
import type { OperatorsBucket } from './operators-bucket.js';
import type { LeaseView, WorkerDetail, WorkerLeases } from './worker-leases.js';
import { listWorkers } from './worker-list.js';
import { WorkersQuery, type WorkersPage } from './workers-query.js';

/** Injection token of {@link OperatorsBucket}; null where there is none. */
export const OPERATORS_BUCKET = Symbol('the bucket of the data plane');
/** Injection token of {@link WorkerLeases}; null where there is no bucket. */
export const WORKER_LEASES = Symbol('leases of workers');
/** Injection token of {@link DatabaseInspector}; null where there is no bucket. */
export const DATABASE_INSPECTOR = Symbol('looks into databases');

/** The workers' sessions, their load, and which databases they own. For operators of the service alone. */
@Controller('v1/admin')
export class WorkersController {
  constructor(
    @Optional() @Inject(OPERATORS_BUCKET) private readonly bucket: OperatorsBucket | null,
    @Optional() @Inject(WORKER_LEASES) private readonly leases: WorkerLeases | null,
    @Optional() @Inject(DATABASE_INSPECTOR) private readonly inspector: DatabaseInspector | null,
  ) {}

  /** Oldest first, 100 at most; those that have ended too, until they are purged. */
  @Get('workers')
  @Access(SESSION_ONLY)
  async list(@CurrentCaller() caller: Caller, @WorkersQuery() { after, limit, load }: WorkersPage): Promise<object> {
    requireOperator(caller);
    const { store, clock } = present(this.bucket);
    const { workers, next } = await listWorkers(store, clock.now(), after, limit);
    const leases = present(this.leases);
    const told = load ? await Promise.all(workers.map((worker) => leases.withLoad(worker))) : workers;
    return { workers: told, cursor: cursorOf(next) };
  }

  @Get('workers/:session')
  @Access(SESSION_ONLY)
  async read(@CurrentCaller() caller: Caller, @Param('session') session: string): Promise<WorkerDetail> {
    requireOperator(caller);
    return present(this.leases).detailOf(sessionId(session));
  }

  /** What it owns, in the order of ids, as it believes at the moment. */
  @Get('workers/:session/databases')
  @Access(SESSION_ONLY)
  async databases(
    @CurrentCaller() caller: Caller,
    @Param('session') session: string,
    @PageQuery() { after, limit }: Page,
  ): Promise<object> {
    requireOperator(caller);
    const { databases, next } = await present(this.leases).owned(sessionId(session), after, limit);
    return { databases, cursor: cursorOf(next) };
  }

  @Get('databases/:id/lease')
  @Access(SESSION_ONLY)
  async lease(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<LeaseView> {
    requireOperator(caller);
    return present(this.leases).leaseOf(databaseId(id));
  }

  /** Its head, its files by level, its pins, and what its owner knows of it. */
  @Get('databases/:id/inspection')
  @Access(SESSION_ONLY)
  async inspection(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<InspectionView> {
    requireOperator(caller);
    return present(this.inspector).inspect(databaseId(id));
  }
}

function cursorOf(next: string | undefined): string | null {
  return next === undefined ? null : toBase64Url(utf8(next));
}

function sessionId(text: string): SessionId {
  if (isSessionId(text)) return text;
  throw new ProblemError('not-found', 'there is no such session');
}

function databaseId(text: string): DatabaseId {
  if (isDatabaseId(text)) return text;
  throw new ProblemError('not-found', 'there is no such database');
}

function present<T>(part: T | null): T {
  if (part !== null) return part;
  throw new ProblemError('unavailable', 'this control plane is told of no bucket: S3_BUCKET');
}
