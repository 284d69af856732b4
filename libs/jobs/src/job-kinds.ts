import { isDatabaseId, isSessionId, LeaseholdError, type DatabaseId, type SessionId } from '@leasehold/foundation';
import { z } from 'zod';

const databaseId = z.custom<DatabaseId>(
  (value) => typeof value === 'string' && isDatabaseId(value),
  'not a database id',
);

const sessionId = z.custom<SessionId>((value) => typeof value === 'string' && isSessionId(value), 'not a session id');

/** Work on one database. Nothing more is told: the job reads the head and decides by what it finds. */
const databasePayload = z.strictObject({ databaseId });
/** Work on one session; likewise. */
const sessionPayload = z.strictObject({ sessionId });
/** Full: every head is read, however long it has not changed. */
const sweepPayload = z.strictObject({ full: z.boolean().optional() });

/** Full: of sessions that are gone from the list of sessions, too. */
const rollUpPayload = z.strictObject({ full: z.boolean().optional() });

/** Full: as of roll-ups; and records that are a week old go. */
const trafficPayload = z.strictObject({ full: z.boolean().optional() });

const reconcilePayload = z.strictObject({});
/** Every month that has ended and has no invoice yet is looked for. */
const invoicePayload = z.strictObject({});

/**
 * Every kind of job: the queue it waits in and the shape of its payload. Payloads outlive deployments: a field may be
 * added as optional, never renamed or given another meaning.
 */
export const JOB_KINDS = {
  /** Merge the database's L0 files, into L1 or with each other, and rewrite what is mostly garbage. */
  compact: { queue: 'leasehold-compact', payload: databasePayload },
  /** Delete the files that the database's head no longer names (G1). */
  gc: { queue: 'leasehold-gc', payload: databasePayload },
  /** Publish what an ended session left in its log, database by database. */
  recover: { queue: 'leasehold-recover', payload: sessionPayload },
  /** Delete the record and the log of a session that has nothing left to recover (S5). */
  purge: { queue: 'leasehold-purge', payload: sessionPayload },
  /** Delete what a database has in the bucket, once nobody may have it back (H6). */
  erase: { queue: 'leasehold-erase', payload: databasePayload },
  /** Look through the whole bucket and ask for the jobs that are missing. */
  sweep: { queue: 'leasehold-sweep', payload: sweepPayload },
  /** Take the usage records that are new. */
  rollUp: { queue: 'leasehold-roll-up', payload: rollUpPayload },
  /** Take the traffic records that are new, and let go of what is too old. */
  traffic: { queue: 'leasehold-traffic', payload: trafficPayload },
  /** Count the hours of the last days again, and tell what differs. */
  reconcile: { queue: 'leasehold-reconcile', payload: reconcilePayload },
  /** Issue the invoices of months that have ended. */
  invoice: { queue: 'leasehold-invoice', payload: invoicePayload },
} as const;

export type JobKind = keyof typeof JOB_KINDS;

/** Kinds that may take minutes, heed their signal within a second or so, and lose nothing but time. The others are short, or somebody waits for them. */
export const CANCELLABLE: ReadonlySet<JobKind> = new Set<JobKind>(['compact']);
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
