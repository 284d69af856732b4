import { OPERATORS, type ControlRoute } from './control-route.js';

const PAGE = ['limit', 'cursor'] as const;

/** What those do who run the service. */
export const OPERATOR_ROUTES: readonly ControlRoute[] = [
  {
    route: 'GET /v1/admin/plans',
    summary: 'List the plans',
    ...{ who: OPERATORS, status: 200, answer: 'PlanPage', query: PAGE },
  },
  {
    route: 'GET /v1/admin/health',
    summary: 'Read how the parts of the installation are',
    ...{ who: OPERATORS, status: 200, answer: 'Health' },
  },
  {
    route: 'PUT /v1/admin/plans/:id',
    summary: 'Set a plan',
    who: OPERATORS,
    status: 200,
    answer: 'Plan',
    body: 'PlanLimits',
  },
  {
    route: 'GET /v1/admin/tenants',
    summary: 'List or find tenants',
    ...{ who: OPERATORS, status: 200, answer: 'TenantPage', query: ['search', ...PAGE] },
  },
  { route: 'GET /v1/admin/tenants/:id', summary: 'Read a tenant', who: OPERATORS, status: 200, answer: 'Tenant' },
  {
    route: 'GET /v1/admin/tenants/:id/databases',
    summary: 'List the databases of a tenant',
    ...{ who: OPERATORS, status: 200, answer: 'TenantDatabasePage', query: ['search', 'label', 'deleted', ...PAGE] },
  },
  {
    route: 'POST /v1/admin/tenants/:id/suspend',
    summary: 'Suspend a tenant; its data is kept',
    ...{ who: OPERATORS, status: 200, answer: 'Tenant', body: 'Suspension', codes: ['store-unavailable'] },
  },
  {
    route: 'POST /v1/admin/tenants/:id/resume',
    summary: 'End a suspension',
    ...{ who: OPERATORS, status: 200, answer: 'Tenant', codes: ['store-unavailable'] },
  },
  {
    route: 'GET /v1/admin/tenants/:id/quotas',
    summary: 'Read the limits of a tenant',
    who: OPERATORS,
    status: 200,
    answer: 'Quotas',
  },
  {
    route: 'PATCH /v1/admin/tenants/:id/quotas',
    summary: 'Agree on a plan or on limits with a tenant',
    ...{ who: OPERATORS, status: 200, answer: 'Quotas', body: 'QuotaAgreement' },
  },
  {
    route: 'GET /v1/admin/jobs',
    summary: 'Read how the queues of jobs stand',
    who: OPERATORS,
    status: 200,
    answer: 'JobCountList',
  },
  {
    route: 'GET /v1/admin/jobs/running',
    summary: 'List the jobs that run, with how far they are',
    ...{ who: OPERATORS, status: 200, answer: 'RunningJobList' },
  },
  {
    route: 'POST /v1/admin/jobs/:kind/running/:id/cancel',
    summary: 'Cancel a compaction that runs',
    ...{ who: OPERATORS, status: 204, codes: ['job-not-cancellable'] },
  },
  {
    route: 'GET /v1/admin/jobs/:kind/failed',
    summary: 'List the jobs of a kind that have failed',
    ...{ who: OPERATORS, status: 200, answer: 'FailedJobPage', query: PAGE },
  },
  {
    route: 'POST /v1/admin/jobs/:kind/failed/:id/retry',
    summary: 'Try a failed job again',
    ...{ who: OPERATORS, status: 204 },
  },
  {
    route: 'GET /v1/admin/reconciliations',
    summary: 'List the recounts of usage, the latest first',
    ...{ who: OPERATORS, status: 200, answer: 'ReconciliationPage', query: PAGE },
  },
  {
    route: 'GET /v1/admin/reconciliations/:id/differences',
    summary: 'List what a recount found to be other than the records say',
    ...{ who: OPERATORS, status: 200, answer: 'UsageDifferencePage', query: PAGE },
  },
  {
    route: 'GET /v1/admin/workers',
    summary: 'List the sessions of workers',
    ...{ who: OPERATORS, status: 200, answer: 'WorkerPage', query: ['load', ...PAGE] },
  },
  {
    route: 'GET /v1/admin/workers/:session',
    summary: 'Read a session of a worker, its log and its load',
    ...{ who: OPERATORS, status: 200, answer: 'Worker' },
  },
  {
    route: 'GET /v1/admin/workers/:session/databases',
    summary: 'List the databases that a session owns',
    ...{ who: OPERATORS, status: 200, answer: 'OwnedDatabasePage', query: PAGE, codes: ['conflict'] },
  },
  {
    route: 'GET /v1/admin/databases/:id/lease',
    summary: 'Read who owns a database, and since when',
    ...{ who: OPERATORS, status: 200, answer: 'Lease', codes: ['corrupt-object'] },
  },
  {
    route: 'GET /v1/admin/databases/:id/inspection',
    summary: 'Read what the head, the files and the pins of a database are, and what its owner knows',
    ...{ who: OPERATORS, status: 200, answer: 'Inspection', codes: ['corrupt-object'] },
  },
];
