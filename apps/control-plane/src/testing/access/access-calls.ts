import type { BudgetSubject } from '@leasehold/metadata';
import { createEmailVerificationToken } from 'better-auth/api';

import { TEST_AUTH_SECRET } from '../test-service.js';
import type { AccessCaller, AccessWorld } from './access-world.js';

/** A request that nothing is wrong with. */
export interface AccessCall {
  readonly path: string;
  readonly json?: object;
}

/** Made anew for every caller: what one of them deletes is not there for the next. */
export type MakeCall = (world: AccessWorld, caller: AccessCaller) => Promise<AccessCall> | AccessCall;

const PASSWORD = 'ten characters';
/** Of no worker: the matrix has no bucket. */
const SESSION = '01jd4zq0s8c3k5m7p9r1t3v5x7';
const at = (path: string, json?: object): MakeCall => {
  const call = json === undefined ? { path } : { path, json };
  return () => call;
};
const ofTenant = (suffix: string, json?: object): MakeCall => {
  const more = json === undefined ? {} : { json };
  return ({ organizationId }) => ({ path: `/v1/admin/tenants/${organizationId}${suffix}`, ...more });
};

const ofWebhook = (method: string, suffix: string, json?: object): Readonly<Record<string, MakeCall>> => {
  const more = json === undefined ? {} : { json };
  const make: MakeCall = async (world) => ({
    path: `/v1/webhooks/${(await world.makeWebhook()).id}${suffix}`,
    ...more,
  });
  return { [`${method} /v1/webhooks/:id${suffix}`]: make };
};

/** An issued invoice of the first organization, not paid yet; anew for each caller. */
const ofInvoice = (path: string, suffix: string, json?: object): MakeCall => {
  const more = json === undefined ? {} : { json };
  return async (world) => ({ path: `${path}/${await world.makeInvoice()}${suffix}`, ...more });
};

/** Reading, changing and deleting the budget of something; anew for each caller. */
const ofBudget = (
  path: string,
  subjectOf: (world: AccessWorld) => Promise<BudgetSubject>,
): Readonly<Record<string, MakeCall>> => {
  const callWith = (json?: object): MakeCall => {
    const more = json === undefined ? {} : { json };
    return async (world) => {
      const subject = await subjectOf(world);
      await world.makeBudget(subject);
      return { path: `/v1/budgets/${path.replace(/:\w+/, subject.subjectId)}`, ...more };
    };
  };
  return {
    [`GET /v1/budgets/${path}`]: callWith(),
    [`PUT /v1/budgets/${path}`]: callWith({ limit: { units: 1 } }),
    [`DELETE /v1/budgets/${path}`]: callWith(),
  };
};

/** What a route is called with, where that is more than its path. */
export const ACCESS_CALLS: Readonly<Record<string, MakeCall>> = {
  'POST /v1/signup': (world) => ({
    path: '/v1/signup',
    json: { email: world.newEmail(), password: PASSWORD, organization: 'New Inc.' },
  }),
  'POST /v1/login': async ({ service }) => {
    const { email, password } = await service.signUp();
    return { path: '/v1/login', json: { email, password } };
  },
  'POST /v1/login/second-factor': at('/v1/login/second-factor', { challenge: 'of-no-login', code: '123456' }),
  'POST /v1/second-factor': at('/v1/second-factor', { password: 'not the one' }),
  'POST /v1/second-factor/confirm': at('/v1/second-factor/confirm', { code: '123456' }),
  'POST /v1/second-factor/disable': at('/v1/second-factor/disable', { password: 'not the one', code: '123456' }),
  'POST /v1/second-factor/backup-codes': at('/v1/second-factor/backup-codes', {
    password: 'not the one',
    code: '123456',
  }),
  'POST /v1/email-verification/mail': async ({ service }, { userId }) => {
    if (userId !== undefined) {
      await service.metadata.prisma.user.update({ where: { id: userId }, data: { emailVerified: false } });
    }
    return { path: '/v1/email-verification/mail' };
  },
  'POST /v1/email-verification': async ({ service }) => {
    const { email } = await service.signUp();
    const token = await createEmailVerificationToken(TEST_AUTH_SECRET, email, undefined, 60);
    return { path: '/v1/email-verification', json: { token } };
  },
  'POST /v1/password-reset/mail': (world) => ({ path: '/v1/password-reset/mail', json: { email: world.newEmail() } }),
  'POST /v1/password-reset': at('/v1/password-reset', { token: 'of-no-mail', password: PASSWORD }),
  'POST /v1/sessions/current/organization': ({ organizationId }) => ({
    path: '/v1/sessions/current/organization',
    json: { organizationId },
  }),
  'DELETE /v1/sessions/:id': async (world) => ({
    path: `/v1/sessions/${await world.makeSession(world.caller('owner').userId ?? '')}`,
  }),

  'POST /v1/organizations': at('/v1/organizations', { name: 'Another Inc.' }),
  'PATCH /v1/organizations/current': at('/v1/organizations/current', { name: 'Renamed Inc.' }),
  'PATCH /v1/members/:id': async (world) => ({
    path: `/v1/members/${(await world.makeMember('viewer')).memberId}`,
    json: { role: 'developer' },
  }),
  'DELETE /v1/members/:id': async (world) => ({ path: `/v1/members/${(await world.makeMember('viewer')).memberId}` }),
  'POST /v1/invitations': (world) => ({ path: '/v1/invitations', json: { email: world.newEmail(), role: 'viewer' } }),
  'DELETE /v1/invitations/:id': async (world) => ({
    path: `/v1/invitations/${(await world.makeInvitation(world.newEmail())).id}`,
  }),
  'POST /v1/invitations/accept': async (world, { email }) => ({
    path: '/v1/invitations/accept',
    json: { token: (await world.makeInvitation(email, true)).token },
  }),
  'POST /v1/invitations/decline': async (world) => ({
    path: '/v1/invitations/decline',
    json: { token: (await world.makeInvitation(world.newEmail())).token },
  }),

  'POST /v1/databases': (_world, { column }) => ({
    path: '/v1/databases',
    json: { name: `of-${column}`.replace(':', '-') },
  }),
  'GET /v1/databases/:nameOrId': async (world) => ({ path: `/v1/databases/${(await world.makeDatabase()).id}` }),
  'PATCH /v1/databases/:nameOrId': async (world) => ({
    path: `/v1/databases/${(await world.makeDatabase()).id}`,
    json: { undeleteSeconds: 86_400 },
  }),
  'DELETE /v1/databases/:nameOrId': async (world) => ({ path: `/v1/databases/${(await world.makeDatabase()).id}` }),
  'POST /v1/databases/:id/undelete': async (world) => {
    const { id } = await world.makeDatabase();
    await world.service.metadata.databases.delete(world.organizationId, id, undefined);
    return { path: `/v1/databases/${id}/undelete`, json: {} };
  },
  'POST /v1/databases/:nameOrId/grants': async (world) => ({
    path: `/v1/databases/${(await world.makeDatabase()).id}/grants`,
    json: { organizationId: await world.makeOrganization(), access: 'read' },
  }),
  'GET /v1/databases/:nameOrId/metrics': async (world) => ({
    path: `/v1/databases/${(await world.makeDatabase()).id}/metrics`,
  }),
  'GET /v1/databases/:nameOrId/grants': async (world) => ({
    path: `/v1/databases/${(await world.makeDatabase()).id}/grants`,
  }),
  'DELETE /v1/databases/:nameOrId/grants/:organizationId': async (world) => {
    const [{ id }, grantee] = [await world.makeDatabase(), await world.makeOrganization()];
    await world.service.metadata.databaseGrants.put(world.organizationId, id, grantee, 'read');
    return { path: `/v1/databases/${id}/grants/${grantee}` };
  },
  'POST /v1/databases/delete': at('/v1/databases/delete', { search: 'of-nobody-' }),
  'GET /v1/operations/:id': async (world) => ({ path: `/v1/operations/${await world.makeOperation()}` }),
  'POST /v1/operations/:id/cancel': async (world) => ({ path: `/v1/operations/${await world.makeOperation()}/cancel` }),
  'POST /v1/tokens': async (world, { column }) => {
    const { name } = await world.makeDatabase();
    const scope = column === 'data:write' ? column : 'data:read';
    return { path: '/v1/tokens', json: { database: name, scopes: [scope], ttlSeconds: 60 } };
  },
  'GET /v1/identity-providers/:name': async (world) => ({
    path: `/v1/identity-providers/${await world.makeIdentityProvider()}`,
  }),
  'PUT /v1/identity-providers/:name': at('/v1/identity-providers/matrix-put', {
    ...{ issuer: 'https://idp.example.com/', audience: 'a', jwksUrl: 'https://idp.example.com/keys' },
    mapping: { database: 'customer-{org}', scopes: ['data:read'] },
  }),
  'DELETE /v1/identity-providers/:name': async (world) => ({
    path: `/v1/identity-providers/${await world.makeIdentityProvider()}`,
  }),
  'POST /v1/webhooks': at('/v1/webhooks', { url: 'https://hooks.example.com/', events: ['plan.created'] }),
  ...ofWebhook('GET', ''),
  ...ofWebhook('PATCH', '', { description: 'another' }),
  ...ofWebhook('DELETE', ''),
  ...ofWebhook('POST', '/rotate', {}),
  ...ofWebhook('POST', '/test'),
  ...ofWebhook('GET', '/deliveries'),
  'POST /v1/webhooks/:id/deliveries/:deliveryId/redeliver': async (world) => {
    const { id, deliveryId } = await world.makeWebhook();
    return { path: `/v1/webhooks/${id}/deliveries/${deliveryId}/redeliver` };
  },
  'PUT /v1/cors': at('/v1/cors', { origins: ['https://app.example.com'] }),

  'POST /v1/keys': at('/v1/keys', { name: 'a key', scopes: ['keys:admin'] }),
  'POST /v1/keys/:id/rotate': async (world) => ({
    path: `/v1/keys/${(await world.makeKey(['keys:admin'])).id}/rotate`,
    json: {},
  }),
  'DELETE /v1/keys/:id/previous': async (world) => ({
    path: `/v1/keys/${(await world.makeKey(['keys:admin'])).id}/previous`,
  }),
  'DELETE /v1/keys/:id': async (world) => ({ path: `/v1/keys/${(await world.makeKey(['keys:admin'])).id}` }),

  'PUT /v1/admin/plans/:id': at('/v1/admin/plans/matrix', { name: 'Pro' }),
  ...ofBudget('organization', async () => ({ scope: 'organization', subjectId: '' })),
  ...ofBudget('databases/:nameOrId', async (world) => ({
    scope: 'database',
    subjectId: (await world.makeDatabase()).id,
  })),
  ...ofBudget('keys/:id', async (world) => ({ scope: 'key', subjectId: (await world.makeKey(['usage:read'])).id })),
  'PUT /v1/billing-details': at('/v1/billing-details', { name: 'Matrix Ltd.' }),
  ...Object.fromEntries(
    ['', '/lines', '/databases', '/records', '/credit-notes', '/html', '/pdf'].map((suffix) => [
      `GET /v1/invoices/:id${suffix}`,
      ofInvoice(`/v1/invoices`, suffix),
    ]),
  ),
  'GET /v1/admin/plans/:id/versions': at('/v1/admin/plans/free/versions'),
  'POST /v1/admin/plans/:id/versions': async (world) => {
    const plan = await world.makePlan();
    const price = { amount: 1, per: '1000000', included: '0' };
    const prices = { readUnits: price, writeUnits: price, storedByteMs: price, egressBytes: price };
    const json = { effectiveFrom: '2100-01-01T00:00:00Z', currency: 'USD', fee: 0, minimum: 0, prices };
    return { path: `/v1/admin/plans/${plan}/versions`, json };
  },
  'PUT /v1/admin/provider-prices/:month': at('/v1/admin/provider-prices/2026-01', {
    ...{ putsMillion: 500, getsMillion: 40, storedTerabyteMonth: 2_300, egressTerabyte: 9_000 },
    ...{ putsPerMillionCommits: 159_200, sharedMonth: 0 },
  }),
  ...Object.fromEntries(
    ['', '/lines', '/databases', '/credit-notes'].map((suffix) => [
      `GET /v1/admin/invoices/:id${suffix}`,
      ofInvoice('/v1/admin/invoices', suffix),
    ]),
  ),
  'GET /v1/admin/tenants/:id/invoices/:month': ofTenant(`/invoices/${new Date().toISOString().slice(0, 7)}`),
  'POST /v1/admin/invoices/:id/paid': ofInvoice('/v1/admin/invoices', '/paid', { payment: 'bank transfer' }),
  'POST /v1/admin/invoices/:id/void': ofInvoice('/v1/admin/invoices', '/void', { reason: 'a mistake' }),
  'POST /v1/admin/invoices/:id/credit-notes': ofInvoice('/v1/admin/invoices', '/credit-notes', {
    ...{ amount: 1, reason: 'an outage' },
  }),
  'PUT /v1/admin/billing-issuer': at('/v1/admin/billing-issuer', {
    name: 'Leasehold Ltd.',
    address: ['1 Some Street'],
  }),
  'GET /v1/admin/tenants/:id': ofTenant(''),
  'GET /v1/admin/tenants/:id/databases': ofTenant('/databases'),
  'POST /v1/admin/tenants/:id/suspend': ofTenant('/suspend', { reason: 'to see who may' }),
  'POST /v1/admin/tenants/:id/resume': ofTenant('/resume'),
  'GET /v1/admin/tenants/:id/quotas': ofTenant('/quotas'),
  'PATCH /v1/admin/tenants/:id/quotas': ofTenant('/quotas', { databases: 10_000 }),
  'GET /v1/admin/jobs/:kind/failed': at('/v1/admin/jobs/compact/failed'),
  'POST /v1/admin/jobs/:kind/running/:id/cancel': at('/v1/admin/jobs/compact/running/none/cancel'),
  'POST /v1/admin/jobs/:kind/failed/:id/retry': at('/v1/admin/jobs/compact/failed/none/retry'),

  'GET /v1/admin/reconciliations/:id/differences': at('/v1/admin/reconciliations/1/differences'),
  'GET /v1/admin/workers/:session': at(`/v1/admin/workers/${SESSION}`),
  'GET /v1/admin/workers/:session/databases': at(`/v1/admin/workers/${SESSION}/databases`),
  'GET /v1/admin/databases/:id/lease': async (world) => ({
    path: `/v1/admin/databases/${(await world.makeDatabase()).id}/lease`,
  }),
  'GET /v1/admin/databases/:id/inspection': async (world) => ({
    path: `/v1/admin/databases/${(await world.makeDatabase()).id}/inspection`,
  }),

  'POST /api/auth/change-password': at('/api/auth/change-password', {
    currentPassword: 'not the one',
    newPassword: PASSWORD,
  }),
  'POST /api/auth/sign-up/email': at('/api/auth/sign-up/email', {}),
};
