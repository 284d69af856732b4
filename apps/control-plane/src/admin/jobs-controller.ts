import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { JobBoard, jobKinds, type FailedJob, type JobKind } from '@leasehold/jobs';
import { ProblemError } from '@leasehold/protocol';

import { Access, SESSION_ONLY } from '../auth/access.js';
import { CurrentCaller, type Caller } from '../auth/caller.js';
import { requireOperator } from '../auth/operator.js';
import { damagedCursor, PageQuery, pageOf, type Page } from '../requests/page.js';

/** Of one page; failed jobs are 1,000 at most. */
const MAX_JOBS = 100;
const MAX_OFFSET = 10_000;
/** Ids of jobs are of a kind and an id of ours. */
const JOB_ID = /^[\w.-]{1,200}$/;

/** Background jobs, for operators of the service alone. */
@Controller('v1/admin/jobs')
export class JobsController {
  constructor(private readonly board: JobBoard) {}

  /** How many jobs of each kind wait, run, wait for their time, and have failed. */
  @Get()
  @Access(SESSION_ONLY)
  async counts(@CurrentCaller() caller: Caller): Promise<object> {
    requireOperator(caller);
    return { jobs: await reached(this.board.counts()) };
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

/** Whatever a queue that does not answer throws, it is no bug of ours. */
async function reached<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw new ProblemError('unavailable', 'the job queues do not answer', { cause: error });
  }
}
