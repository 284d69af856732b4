import { OPERATORS, type ControlRoute } from './control-route.js';

const PAGE = ['limit', 'cursor'] as const;

/** What those do who run the service. */
export const OPERATOR_ROUTES: readonly ControlRoute[] = [
  { route: 'PUT /v1/admin/plans/:id', summary: 'Set a plan', who: OPERATORS, status: 200, body: 'PlanLimits' },
  {
    route: 'GET /v1/admin/tenants',
    summary: 'List or find tenants',
    ...{ who: OPERATORS, status: 200, query: ['search', ...PAGE] },
  },
  { route: 'GET /v1/admin/tenants/:id', summary: 'Read a tenant', who: OPERATORS, status: 200 },
  {
    route: 'POST /v1/admin/tenants/:id/suspend',
    summary: 'Suspend a tenant; its data is kept',
    ...{ who: OPERATORS, status: 200, body: 'Suspension' },
  },
  { route: 'POST /v1/admin/tenants/:id/resume', summary: 'End a suspension', who: OPERATORS, status: 200 },
  { route: 'GET /v1/admin/tenants/:id/quotas', summary: 'Read the limits of a tenant', who: OPERATORS, status: 200 },
  {
    route: 'PATCH /v1/admin/tenants/:id/quotas',
    summary: 'Agree on a plan or on limits with a tenant',
    ...{ who: OPERATORS, status: 200, body: 'QuotaAgreement' },
  },
  { route: 'GET /v1/admin/jobs', summary: 'Read how the queues of jobs stand', who: OPERATORS, status: 200 },
  {
    route: 'GET /v1/admin/jobs/:kind/failed',
    summary: 'List the jobs of a kind that have failed',
    ...{ who: OPERATORS, status: 200, query: PAGE },
  },
  {
    route: 'POST /v1/admin/jobs/:kind/failed/:id/retry',
    summary: 'Try a failed job again',
    ...{ who: OPERATORS, status: 204 },
  },
  {
    route: 'GET /v1/admin/workers',
    summary: 'List the workers and their leases',
    ...{ who: OPERATORS, status: 200, query: PAGE },
  },
];
