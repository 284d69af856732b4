import { isDatabaseId, LeaseholdError, type DatabaseId } from '@leasehold/foundation';
import { z } from 'zod';

const databaseId = z.custom<DatabaseId>(
  (value) => typeof value === 'string' && isDatabaseId(value),
  'not a database id',
);

/** Work on one database. Nothing more is told: the job reads the head and decides by what it finds. */
const databasePayload = z.strictObject({ databaseId });

/**
 * Every kind of job: the queue it waits in and the shape of its payload. Payloads outlive deployments: a field may be
 * added as optional, never renamed or given another meaning.
 */
export const JOB_KINDS = {
  /** Merge the database's L0 files into its sorted run. */
  compact: { queue: 'leasehold-compact', payload: databasePayload },
  /** Delete the files that the database's head no longer names (G1). */
  gc: { queue: 'leasehold-gc', payload: databasePayload },
} as const;

export type JobKind = keyof typeof JOB_KINDS;
export type JobPayload<K extends JobKind> = z.output<(typeof JOB_KINDS)[K]['payload']>;

export function jobKinds(): readonly JobKind[] {
  return Object.keys(JOB_KINDS) as JobKind[];
}

/** What stands in the queue is not a payload of this kind: another version's, or not ours. Never retried. */
export class JobPayloadError extends LeaseholdError {
  override readonly name = 'JobPayloadError';

  constructor(kind: JobKind) {
    super('invalid', 'invalid-job-payload', `job payload does not fit kind ${kind}`);
  }
}

/** @throws JobPayloadError (invalid) */
export function parsePayload<K extends JobKind>(kind: K, data: unknown): JobPayload<K> {
  const schema: z.ZodType<JobPayload<K>> = JOB_KINDS[kind].payload as unknown as z.ZodType<JobPayload<K>>;
  const parsed = schema.safeParse(data);
  if (!parsed.success) throw new JobPayloadError(kind);
  return parsed.data;
}
