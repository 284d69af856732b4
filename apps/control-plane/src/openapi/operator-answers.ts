import { RUNNING_STATES } from '@leasehold/jobs';
import { RECOUNTED } from '@leasehold/metering';
import { databaseInspection, ownedDatabase, sessionLoad } from '@leasehold/protocol';
import { z } from 'zod';

import { PART_KINDS, PART_STATES } from '../health/part-health.js';
import { count, cursor, instant } from './answer-parts.js';
import { quotas } from './tenant-answers.js';

const tenant = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  createdAt: instant,
  suspension: z.object({ reason: z.string(), suspendedBy: z.string(), suspendedAt: instant }).nullable(),
});

const tenantDatabase = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: instant,
  deletedAt: instant.nullable(),
});

const worker = z.object({
  session: z.string(),
  state: z.enum(['live', 'silent', 'sealed', 'clean', 'unreadable']),
  renewedAt: instant,
  endpoint: z.string().optional(),
  host: z.string().optional(),
  pid: count.optional(),
  ttlMs: count.optional(),
  logFloor: count.optional(),
  rollups: count.optional(),
});

/** Those that were said. */
const agreedLimits = Object.fromEntries(
  Object.entries(quotas.shape.limits.shape).map(([name, limit]) => [name, limit.optional()]),
);

const knownAs = { organizationId: z.string().nullable(), name: z.string().nullable() };

const lease = z.object({
  databaseId: z.string(),
  ...knownAs,
  owner: worker.nullable(),
  epoch: count,
  ownedSince: instant.nullable(),
  quarantined: z.boolean(),
  deleted: z.boolean(),
});

const workerLoad = {
  load: sessionLoad.nullable(),
  loadMissing: z.enum(['ended', 'no-answer', 'another-version', 'not-configured']).nullable(),
};
/** Members that a list has where they are asked for. */
const LOAD = { load: true, loadMissing: true } as const;

const jobCounts = z.object({ kind: z.string(), waiting: count, active: count, delayed: count, failed: count });

const runningJob = z.object({
  id: z.string(),
  kind: z.string(),
  payload: z.unknown(),
  databaseId: z.string().nullable().describe('What it is about; null: it is about something else.'),
  ...knownAs,
  state: z
    .enum(RUNNING_STATES)
    .describe('`committing`: it cannot be cancelled; `lost`: its process is not heard of any more, another takes it.'),
  cancellable: z.boolean(),
  startedAt: instant,
  toldAt: instant.describe('When its process last told of it.'),
  progress: z
    .object({ bytes: count, ofBytes: count })
    .nullable()
    .describe('Both only grow; null in the first second, and of kinds that count nothing.'),
  restMs: count.nullable().describe('Until it is done, at its pace so far.'),
});

const failedJob = z.object({
  id: z.string(),
  payload: z.unknown(),
  reason: z.string(),
  attempts: count,
  failedAt: instant.nullable(),
});

const reconciliation = z.object({
  id: z.string(),
  from: instant.describe('Whole days in UTC are counted again.'),
  to: instant.describe('Not in them.'),
  begunAt: instant,
  endedAt: instant,
  sessions: count,
  records: count.describe('Read, of those that reach into these days.'),
  damaged: count.describe('Of them, those that nobody can read.'),
  missing: count.describe('That were taken and are not in the bucket any more.'),
  unread: count.describe('Sessions with so many records that the rest was left out.'),
  databases: count,
  differences: count.describe('Numbers that are not what the records say.'),
});

const usageDifference = z.object({
  database: z.string(),
  hour: instant,
  key: z.string().nullable(),
  meter: z.enum(RECOUNTED),
  recorded: count.describe('By the records.'),
  counted: count.describe('By the hours that are rolled up.'),
});

const plan = z.object({ id: z.string(), name: z.string(), ...quotas.shape.limits.shape });

const partHealth = z.object({
  kind: z.enum(PART_KINDS),
  name: z.string(),
  state: z.enum(PART_STATES),
  since: instant.describe('Since when it is so, as far as this control plane knows.'),
  latencyMs: z.number().nullable().describe('Of a small question to it; null: it was asked none, or gave no answer.'),
  detail: z.string().nullable(),
});

/** Of routes for those who run the service. */
export const OPERATOR_ANSWERS = {
  TenantPage: z.object({ tenants: z.array(tenant), cursor }),
  Tenant: tenant.extend({
    members: z.array(z.object({ email: z.string(), role: z.string() })),
    apiKeys: count,
    ...quotas.shape,
  }),
  TenantDatabasePage: z.object({ databases: z.array(tenantDatabase), cursor }),
  WorkerPage: z.object({ workers: z.array(worker.extend(workerLoad).partial(LOAD)), cursor }),
  Plan: z.object({ id: z.string(), name: z.string(), ...agreedLimits }),
  PlanPage: z.object({ plans: z.array(plan), cursor }),
  Health: z.object({ at: instant, parts: z.array(partHealth) }),
  Worker: worker.extend(workerLoad),
  OwnedDatabasePage: z.object({ databases: z.array(ownedDatabase.extend(knownAs)), cursor }),
  Lease: lease,
  Inspection: databaseInspection.extend({ ...knownAs, owner: worker.nullable() }),
  ReconciliationPage: z.object({ reconciliations: z.array(reconciliation), cursor }),
  UsageDifferencePage: z.object({ differences: z.array(usageDifference), cursor }),
  JobCountList: z.object({ jobs: z.array(jobCounts) }),
  RunningJobList: z.object({ jobs: z.array(runningJob) }),
  FailedJobPage: z.object({ jobs: z.array(failedJob), cursor }),
} as const satisfies Readonly<Record<string, z.ZodType>>;
