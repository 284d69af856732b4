import type { CancelOutcome, JobBoard, JobKind, RunningJob } from '@leasehold/jobs';
import type { Metadata } from '@leasehold/metadata';
import { ProblemError } from '@leasehold/protocol';

import { knownDatabases, type KnownAs } from './known-databases.js';

const UNKNOWN: KnownAs = { organizationId: null, name: null };

/** The jobs that processes have in hand, with whose databases they are about. */
export class RunningJobs {
  constructor(
    private readonly board: Pick<JobBoard, 'running' | 'runningJob' | 'cancel'>,
    private readonly metadata: Pick<Metadata, 'tenants' | 'auditLog'>,
  ) {}

  /** The longest run first. */
  async list(): Promise<readonly object[]> {
    const jobs = await reached(this.board.running());
    const known = await knownDatabases(this.metadata, [...new Set(jobs.flatMap((job) => databaseOf(job) ?? []))]);
    return jobs.map((job) => viewOf(job, known));
  }

  /** Noted in the audit log of whose database it is. */
  async cancel(kind: JobKind, id: string): Promise<CancelOutcome> {
    // By its id: of those that run only the first of each kind are listed.
    const job = await reached(this.board.runningJob(kind, id));
    const outcome = await reached(this.board.cancel(kind, id));
    const databaseId = job && databaseOf(job);
    if (outcome === 'asked' && databaseId !== undefined) {
      const { organizationId, name } = (await knownDatabases(this.metadata, [databaseId]))(databaseId);
      const of = { organizationId, subjectKind: 'database', subjectId: databaseId, subjectName: name } as const;
      await this.metadata.auditLog.note({ ...of, action: 'database.compaction-cancelled', after: { job: id } });
    }
    return outcome;
  }
}

/** Whatever a queue that does not answer throws, it is no bug of ours. */
export async function reached<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw new ProblemError('unavailable', 'the job queues do not answer', { cause: error });
  }
}

/** Undefined where a job is about something else. */
function databaseOf({ payload }: RunningJob): string | undefined {
  const { databaseId } = (payload ?? {}) as { readonly databaseId?: unknown };
  return typeof databaseId === 'string' ? databaseId : undefined;
}

function viewOf(job: RunningJob, known: (databaseId: string) => KnownAs) {
  const { startedAt, toldAt, progress = null, restMs = null, ...rest } = job;
  const databaseId = databaseOf(job);
  return {
    ...rest,
    databaseId: databaseId ?? null,
    ...(databaseId === undefined ? UNKNOWN : known(databaseId)),
    startedAt: new Date(startedAt).toISOString(),
    toldAt: new Date(toldAt).toISOString(),
    progress,
    restMs,
  };
}
