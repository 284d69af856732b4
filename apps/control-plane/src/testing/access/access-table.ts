/** Who calls, in the order of the table's cells. */
export const COLUMNS = [
  'owner',
  'admin',
  'developer',
  'finance',
  'viewer',
  'data:read',
  'data:write',
  'db:create',
  'db:admin',
  'keys:admin',
  'usage:read',
  'operator',
  'nobody',
  'foreign',
] as const;

/**
 * The roles of one organization; API keys of it with one scope each; an operator of the service, who belongs to another organization; somebody
 * who is not logged in; and the owner of yet another organization. The last three name objects of the first organization too.
 */
export type Column = (typeof COLUMNS)[number];

/**
 * What each caller is answered on each route: the status of a request whose body and path are right. Written by hand from docs/accounts.md,
 * and never copied from what the service answers: this is what the guards are judged by.
 *
 * A new route needs a line here, and a call that is right for every caller in `access-calls.ts`.
 */
const TABLE = `
#                                          own adm dev fin vie   d:r d:w d:c d:a k:a u:r   opr non for
POST   /v1/signup                          201 201 201 201 201   201 201 201 201 201 201   201 201 201
POST   /v1/login                           200 200 200 200 200   200 200 200 200 200 200   200 200 200
POST   /v1/login/second-factor             401 401 401 401 401   401 401 401 401 401 401   401 401 401
POST   /v1/logout                          204 204 204 204 204   403 403 403 403 403 403   204 401 204
GET    /v1/me                              200 200 200 200 200   403 403 403 403 403 403   200 401 200
POST   /v1/email-verification/mail         202 202 202 202 202   403 403 403 403 403 403   202 401 202
POST   /v1/email-verification              204 204 204 204 204   204 204 204 204 204 204   204 204 204
POST   /v1/password-reset/mail             202 202 202 202 202   202 202 202 202 202 202   202 202 202
POST   /v1/password-reset                  400 400 400 400 400   400 400 400 400 400 400   400 400 400
GET    /v1/sessions                        200 200 200 200 200   403 403 403 403 403 403   200 401 200
POST   /v1/sessions/current/organization   200 200 200 200 200   403 403 403 403 403 403   404 401 404
DELETE /v1/sessions                        204 204 204 204 204   403 403 403 403 403 403   204 401 204
DELETE /v1/sessions/:id                    204 404 404 404 404   403 403 403 403 403 403   404 401 404
GET    /v1/second-factor                   200 200 200 200 200   403 403 403 403 403 403   200 401 200
POST   /v1/second-factor                   401 401 401 401 401   403 403 403 403 403 403   401 401 401
POST   /v1/second-factor/confirm           409 409 409 409 409   403 403 403 403 403 403   409 401 409
POST   /v1/second-factor/disable           401 401 401 401 401   403 403 403 403 403 403   401 401 401
POST   /v1/second-factor/backup-codes      401 401 401 401 401   403 403 403 403 403 403   401 401 401
GET    /v1/security-log                    200 200 200 200 200   403 403 403 403 403 403   200 401 200

POST   /v1/organizations                   201 201 201 201 201   403 403 403 403 403 403   201 401 201
PATCH  /v1/organizations/current           200 200 403 403 403   403 403 403 403 403 403   200 401 200
GET    /v1/members                         200 200 200 200 200   403 403 403 403 403 403   200 401 200
PATCH  /v1/members/:id                     200 200 403 403 403   403 403 403 403 403 403   404 401 404
DELETE /v1/members/:id                     204 204 403 403 403   403 403 403 403 403 403   404 401 404
POST   /v1/invitations                     201 201 403 403 403   403 403 403 403 403 403   201 401 201
GET    /v1/invitations                     200 200 403 403 403   403 403 403 403 403 403   200 401 200
DELETE /v1/invitations/:id                 204 204 403 403 403   403 403 403 403 403 403   404 401 404
POST   /v1/invitations/accept              200 200 200 200 200   403 403 403 403 403 403   200 401 200
POST   /v1/invitations/decline             204 204 204 204 204   204 204 204 204 204 204   204 204 204

POST   /v1/databases                       201 201 201 403 403   403 403 201 403 403 403   201 401 201
GET    /v1/databases                       200 200 200 200 200   403 403 200 200 403 403   200 401 200
GET    /v1/databases/:nameOrId             200 200 200 200 200   403 403 200 200 403 403   404 401 404
PATCH  /v1/databases/:nameOrId             200 200 200 403 403   403 403 403 200 403 403   404 401 404
DELETE /v1/databases/:nameOrId             200 200 200 403 403   403 403 403 200 403 403   404 401 404
POST   /v1/databases/:id/undelete          200 200 200 403 403   403 403 403 200 403 403   404 401 404
POST   /v1/databases/:nameOrId/grants      201 201 403 403 403   403 403 403 201 403 403   404 401 404
GET    /v1/databases/:nameOrId/grants      200 200 403 403 403   403 403 403 200 403 403   404 401 404
DELETE /v1/databases/:nameOrId/grants/:organizationId  204 204 403 403 403   403 403 403 204 403 403   404 401 404
GET    /v1/databases/:nameOrId/metrics     200 200 200 200 200   403 403 403 200 403 200   404 401 404
GET    /v1/shared-databases                200 200 200 200 200   403 403 200 200 403 403   200 401 200
POST   /v1/databases/delete                202 202 202 403 403   403 403 403 202 403 403   202 401 202
GET    /v1/operations                      200 200 200 200 200   403 403 403 200 403 403   200 401 200
GET    /v1/operations/:id                  200 200 200 200 200   403 403 403 200 403 403   404 401 404
POST   /v1/operations/:id/cancel           200 200 200 403 403   403 403 403 200 403 403   404 401 404
POST   /v1/tokens                          201 201 201 403 403   201 201 403 403 403 403   404 401 404
GET    /v1/cors                            200 200 200 200 200   403 403 403 200 403 403   200 401 200
PUT    /v1/cors                            200 200 403 403 403   403 403 403 200 403 403   200 401 200
GET    /v1/identity-providers              200 200 200 200 200   403 403 403 403 403 403   200 401 200
GET    /v1/identity-providers/:name        200 200 200 200 200   403 403 403 403 403 403   404 401 404
PUT    /v1/identity-providers/:name        200 200 403 403 403   403 403 403 403 403 403   200 401 200
DELETE /v1/identity-providers/:name        204 204 403 403 403   403 403 403 403 403 403   404 401 404
GET    /v1/quotas                          200 200 200 200 200   403 403 403 200 403 200   200 401 200
GET    /v1/usage                           200 200 403 200 403   403 403 403 403 403 200   200 401 200
GET    /v1/costs                           200 200 403 200 403   403 403 403 403 403 200   200 401 200
GET    /v1/invoices                        200 200 403 200 403   403 403 403 403 403 200   200 401 200
GET    /v1/invoices/:id                    200 200 403 200 403   403 403 403 403 403 200   404 401 404
GET    /v1/invoices/:id/lines              200 200 403 200 403   403 403 403 403 403 200   404 401 404
GET    /v1/invoices/:id/databases          200 200 403 200 403   403 403 403 403 403 200   404 401 404
GET    /v1/invoices/:id/records            200 200 403 200 403   403 403 403 403 403 200   404 401 404
GET    /v1/invoices/:id/credit-notes       200 200 403 200 403   403 403 403 403 403 200   404 401 404
GET    /v1/invoices/:id/html               200 200 403 200 403   403 403 403 403 403 200   404 401 404
GET    /v1/invoices/:id/pdf                200 200 403 200 403   403 403 403 403 403 200   404 401 404
GET    /v1/prices                          200 200 403 200 403   403 403 403 403 403 200   200 401 200
GET    /v1/budgets                         200 200 403 200 403   403 403 403 403 403 200   200 401 200
GET    /v1/budgets/organization            200 200 403 200 403   403 403 403 403 403 200   404 401 404
PUT    /v1/budgets/organization            200 200 403 200 403   403 403 403 403 403 403   200 401 200
DELETE /v1/budgets/organization            204 204 403 204 403   403 403 403 403 403 403   404 401 404
GET    /v1/budgets/databases/:nameOrId     200 200 403 200 403   403 403 403 403 403 200   404 401 404
PUT    /v1/budgets/databases/:nameOrId     200 200 403 200 403   403 403 403 403 403 403   404 401 404
DELETE /v1/budgets/databases/:nameOrId     204 204 403 204 403   403 403 403 403 403 403   404 401 404
GET    /v1/budgets/keys/:id                200 200 403 200 403   403 403 403 403 403 200   404 401 404
PUT    /v1/budgets/keys/:id                200 200 403 200 403   403 403 403 403 403 403   404 401 404
DELETE /v1/budgets/keys/:id                204 204 403 204 403   403 403 403 403 403 403   404 401 404
GET    /v1/billing-details                 200 200 403 200 403   403 403 403 403 403 403   200 401 200
PUT    /v1/billing-details                 200 200 403 200 403   403 403 403 403 403 403   200 401 200

GET    /v1/audit                           200 200 403 403 403   403 403 403 403 403 403   200 401 200
GET    /v1/audit.jsonl                     200 200 403 403 403   403 403 403 403 403 403   200 401 200
GET    /v1/audit.csv                       200 200 403 403 403   403 403 403 403 403 403   200 401 200

POST   /v1/webhooks                        201 201 403 403 403   403 403 403 403 403 403   201 401 201
GET    /v1/webhooks                        200 200 403 403 403   403 403 403 403 403 403   200 401 200
GET    /v1/webhooks/:id                    200 200 403 403 403   403 403 403 403 403 403   404 401 404
PATCH  /v1/webhooks/:id                    200 200 403 403 403   403 403 403 403 403 403   404 401 404
POST   /v1/webhooks/:id/rotate             200 200 403 403 403   403 403 403 403 403 403   404 401 404
POST   /v1/webhooks/:id/test               202 202 403 403 403   403 403 403 403 403 403   404 401 404
GET    /v1/webhooks/:id/deliveries         200 200 403 403 403   403 403 403 403 403 403   404 401 404
POST   /v1/webhooks/:id/deliveries/:deliveryId/redeliver 202 202 403 403 403   403 403 403 403 403 403   404 401 404
DELETE /v1/webhooks/:id                    204 204 403 403 403   403 403 403 403 403 403   404 401 404

POST   /v1/keys                            201 201 403 403 403   403 403 403 403 201 403   201 401 201
GET    /v1/keys                            200 200 403 403 403   403 403 403 403 200 403   200 401 200
POST   /v1/keys/:id/rotate                 201 201 403 403 403   403 403 403 403 201 403   404 401 404
DELETE /v1/keys/:id/previous               204 204 403 403 403   403 403 403 403 204 403   404 401 404
DELETE /v1/keys/:id                        204 204 403 403 403   403 403 403 403 204 403   404 401 404

GET    /v1/payments                        200 200 403 200 403   403 403 403 403 403 403   200 401 200
# Without a payment provider.
POST   /v1/payments/checkout               501 403 403 501 403   403 403 403 403 403 403   501 401 501
POST   /v1/payments/stripe/events          501 501 501 501 501   501 501 501 501 501 501   501 501 501

GET    /v1/admin/plans                     403 403 403 403 403   403 403 403 403 403 403   200 401 403
PUT    /v1/admin/plans/:id                 403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/plans/:id/versions        403 403 403 403 403   403 403 403 403 403 403   200 401 403
POST   /v1/admin/plans/:id/versions        403 403 403 403 403   403 403 403 403 403 403   201 401 403
GET    /v1/admin/health                    403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/costs                     403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/provider-prices           403 403 403 403 403   403 403 403 403 403 403   200 401 403
PUT    /v1/admin/provider-prices/:month    403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/invoices                  403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/invoices/:id              403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/invoices/:id/lines       403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/invoices/:id/databases   403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/invoices/:id/credit-notes 403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/tenants/:id/invoices/:month 403 403 403 403 403 403 403 403 403 403 403   200 401 403
POST   /v1/admin/invoices/:id/paid         403 403 403 403 403   403 403 403 403 403 403   200 401 403
POST   /v1/admin/invoices/:id/void         403 403 403 403 403   403 403 403 403 403 403   200 401 403
POST   /v1/admin/invoices/:id/credit-notes 403 403 403 403 403   403 403 403 403 403 403   201 401 403
GET    /v1/admin/billing-issuer            403 403 403 403 403   403 403 403 403 403 403   200 401 403
PUT    /v1/admin/billing-issuer            403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/tenants                   403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/tenants/:id               403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/tenants/:id/databases     403 403 403 403 403   403 403 403 403 403 403   200 401 403
POST   /v1/admin/tenants/:id/suspend       403 403 403 403 403   403 403 403 403 403 403   200 401 403
POST   /v1/admin/tenants/:id/resume        403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/tenants/:id/quotas        403 403 403 403 403   403 403 403 403 403 403   200 401 403
PATCH  /v1/admin/tenants/:id/quotas        403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/jobs                      403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/jobs/running              403 403 403 403 403   403 403 403 403 403 403   200 401 403
POST   /v1/admin/jobs/:kind/running/:id/cancel 403 403 403 403 403 403 403 403 403 403 403 404 401 403
GET    /v1/admin/jobs/:kind/failed         403 403 403 403 403   403 403 403 403 403 403   200 401 403
POST   /v1/admin/jobs/:kind/failed/:id/retry 403 403 403 403 403 403 403 403 403 403 403   404 401 403
GET    /v1/admin/reconciliations           403 403 403 403 403   403 403 403 403 403 403   200 401 403
GET    /v1/admin/reconciliations/:id/differences 403 403 403 403 403 403 403 403 403 403 403 200 401 403
GET    /v1/admin/workers                   403 403 403 403 403   403 403 403 403 403 403   503 401 403
GET    /v1/admin/workers/:session          403 403 403 403 403   403 403 403 403 403 403   503 401 403
GET    /v1/admin/workers/:session/databases 403 403 403 403 403  403 403 403 403 403 403   503 401 403
GET    /v1/admin/databases/:id/lease       403 403 403 403 403   403 403 403 403 403 403   503 401 403
GET    /v1/admin/databases/:id/inspection  403 403 403 403 403   403 403 403 403 403 403   503 401 403

GET    /api/auth/get-session               200 200 200 200 200   200 200 200 200 200 200   200 200 200
POST   /api/auth/sign-out                  200 200 200 200 200   200 200 200 200 200 200   200 200 200
POST   /api/auth/change-password           401 401 401 401 401   401 401 401 401 401 401   401 401 401
POST   /api/auth/sign-up/email             404 404 404 404 404   404 404 404 404 404 404   404 404 404

GET    /v1/openapi.json                    200 200 200 200 200   200 200 200 200 200 200   200 200 200
GET    /docs                               200 200 200 200 200   200 200 200 200 200 200   200 200 200
GET    /console-config.json                200 200 200 200 200   200 200 200 200 200 200   200 200 200
GET    /console                            200 200 200 200 200   200 200 200 200 200 200   200 200 200
GET    /console/*                          200 200 200 200 200   200 200 200 200 200 200   200 200 200
GET    /mailbox                            200 200 200 200 200   200 200 200 200 200 200   200 200 200
GET    /                                   200 200 200 200 200   200 200 200 200 200 200   200 200 200
GET    /healthz                            200 200 200 200 200   200 200 200 200 200 200   200 200 200
GET    /readyz                             200 200 200 200 200   200 200 200 200 200 200   200 200 200
GET    /metrics                            200 200 200 200 200   200 200 200 200 200 200   200 200 200
`;

export interface AccessRow {
  /** `GET /v1/databases/:nameOrId`, as the router has it. */
  readonly route: string;
  readonly expected: ReadonlyMap<Column, number>;
}

/** @throws Error on a line that is no row, and on a route that has two */
export function accessRows(): readonly AccessRow[] {
  const lines = TABLE.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const rows = lines.map(parseRow);
  const twice = rows.find(({ route }, at) => rows.findIndex((row) => row.route === route) !== at);
  if (twice) throw new Error(`the table has two rows of ${twice.route}`);
  return rows;
}

function parseRow(line: string): AccessRow {
  const [method = '', path = '', ...cells] = line.trim().split(/\s+/);
  if (cells.length !== COLUMNS.length || !cells.every((cell) => /^[2-5]\d\d$/.test(cell))) {
    throw new Error(`the table wants ${COLUMNS.length} answers in this row: ${line}`);
  }
  return { route: `${method} ${path}`, expected: new Map(COLUMNS.map((column, at) => [column, Number(cells[at])])) };
}
