import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { JobBoard, jobKinds, type FailedJob, type JobKind } from '@leasehold/jobs';
import { Metadata } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { Access, SESSION_ONLY } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { requireOperator } from '../auth/operator.js';
import { damagedCursor, PageQuery, pageOf, type Page } from '../requests/page.js';
import { reached, RunningJobs } from './running-jobs.js';

/** Of one page; failed jobs are 1,000 at most. */
const MAX_JOBS = 100;
const MAX_OFFSET = 10_000;
/** Ids of jobs are of a kind and an id of ours. */
const JOB_ID = /^[\w.-]{1,200}$/;

/** Background jobs, for operators of the service alone. */
@Controller('v1/admin/jobs')
export class JobsController {
  private readonly runningJobs: RunningJobs;

  constructor(
    private readonly board: JobBoard,
    metadata: Metadata,
  ) {
    this.runningJobs = new RunningJobs(board, metadata);
  }

  /** How many jobs of each kind wait, run, wait for their time, and have failed. */
  @Get()
  @Access(SESSION_ONLY)
  async counts(@CurrentCaller() caller: Caller): Promise<object> {
    requireOperator(caller);
    return { jobs: await reached(this.board.counts()) };
  }

  /** What is under way now, the longest first, 100 of each kind at most. */
  @Get('running')
  @Access(SESSION_ONLY)
  async running(@CurrentCaller() caller: Caller): Promise<object> {
    requireOperator(caller);
    return { jobs: await this.runningJobs.list() };
  }

  /** It ends within some seconds, has changed nothing, and comes again by itself. */
  @Post(':kind/running/:id/cancel')
  @HttpCode(204)
  @Access(SESSION_ONLY)
  async cancel(@CurrentCaller() caller: Caller, @Param('kind') kind: string, @Param('id') id: string): Promise<void> {
    requireOperator(caller);
    const outcome = JOB_ID.test(id) ? await this.runningJobs.cancel(kindOf(kind), id) : 'gone';
    if (outcome === 'gone') throw new ProblemError('not-found', 'there is no such job that runs');
    if (outcome === 'too-late') throw new ProblemError('job-not-cancellable', 'the job cannot be cancelled any more');
  }

  /** The latest first, 100 at most. A job that fails meanwhile moves the others on by one. */
  @Get(':kind/failed')
  @Access(SESSION_ONLY)
  async failed(
    @CurrentCaller() caller: Caller,
    @Param('kind') kind: string,
    @PageQuery() { after, limit }: Page,
  ): Promise<object> {
    requireOperator(caller);
    const [known, offset, most] = [kindOf(kind), offsetOf(after), Math.min(limit, MAX_JOBS)];
    const found = await reached(this.board.failed(known, offset, most + 1));
    const { items, cursor } = pageOf(found, most, () => String(offset + most));
    return { jobs: items.map(viewOf), cursor };
  }

  /** Lets it run again. */
  @Post(':kind/failed/:id/retry')
  @HttpCode(204)
  @Access(SESSION_ONLY)
  async retry(@CurrentCaller() caller: Caller, @Param('kind') kind: string, @Param('id') id: string): Promise<void> {
    requireOperator(caller);
    const retried = JOB_ID.test(id) && (await reached(this.board.retry(kindOf(kind), id)));
    if (!retried) throw new ProblemError('not-found', 'there is no such failed job');
  }
}

function kindOf(text: string): JobKind {
  const kind = jobKinds().find((known) => known === text);
  if (kind === undefined) throw new ProblemError('not-found', 'there is no such kind of job');
  return kind;
}

function offsetOf(after: string | undefined): number {
  const offset = Number(after ?? 0);
  if (Number.isInteger(offset) && offset >= 0 && offset <= MAX_OFFSET) return offset;
  throw damagedCursor();
}

function viewOf({ failedAt, ...job }: FailedJob) {
  return { ...job, failedAt: failedAt === undefined ? null : new Date(failedAt).toISOString() };
}
