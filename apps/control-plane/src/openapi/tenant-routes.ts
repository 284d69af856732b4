import { ACCOUNTANTS, ADMINS, BUILDERS, EVERYBODY, ROLES, SESSION_ONLY } from '../auth/access.js';
import type { ControlRoute } from './control-route.js';

const READERS = { roles: ROLES, scopes: ['db:create', 'db:admin'] } as const;
const CHANGERS = { roles: BUILDERS, scopes: ['db:admin'] } as const;
const GRANTERS = { roles: ADMINS, scopes: ['db:admin'] } as const;
const SETTINGS_READERS = { roles: ROLES, scopes: ['db:admin'] } as const;
const ADMINS_ONLY = { roles: ADMINS, scopes: [] } as const;
const KEY_ADMINS = { roles: ADMINS, scopes: ['keys:admin'] } as const;
const PAGE = ['limit', 'cursor'] as const;
const AUDIT_FILTERS = ['action', 'actor', 'subject', 'since', 'until'] as const;

/** What an organization has: databases, keys, settings, and what became of them. */
export const TENANT_ROUTES: readonly ControlRoute[] = [
  {
    route: 'POST /v1/databases',
    summary: 'Create a database',
    ...{ who: { roles: BUILDERS, scopes: ['db:create'] }, status: 201, answer: 'Database', body: 'NewDatabase' },
    codes: ['invalid-database-name', 'database-exists', 'quota-exceeded'],
  },
  {
    route: 'GET /v1/databases',
    summary: 'List the databases by name',
    ...{ who: READERS, status: 200, answer: 'DatabasePage', query: [...PAGE, 'label', 'search', 'deleted'] },
  },
  {
    route: 'GET /v1/databases/:nameOrId',
    summary: 'Read a database and its options',
    who: READERS,
    status: 200,
    answer: 'Database',
  },
  {
    route: 'PATCH /v1/databases/:nameOrId',
    summary: 'Change options and labels of a database',
    ...{ who: CHANGERS, status: 200, answer: 'Database', body: 'DatabaseChange', isConditional: true },
  },
  {
    route: 'DELETE /v1/databases/:nameOrId',
    summary: 'Delete a database; it can be had back for a while',
    ...{ who: CHANGERS, status: 200, answer: 'Database', isConditional: true, codes: ['database-protected'] },
  },
  {
    route: 'POST /v1/databases/:id/undelete',
    summary: 'Have a deleted database back',
    ...{
      who: CHANGERS,
      status: 200,
      answer: 'Database',
      body: 'Undeletion',
      codes: ['database-exists', 'quota-exceeded'],
    },
  },
  {
    route: 'POST /v1/databases/delete',
    summary: 'Delete many databases: an operation',
    ...{ who: CHANGERS, status: 202, answer: 'DatabasesDeletionBegun', body: 'DatabasesDeletion' },
    codes: ['quota-exceeded'],
  },
  {
    route: 'POST /v1/databases/:nameOrId/grants',
    summary: 'Grant a database to another organization',
    ...{ who: GRANTERS, status: 201, answer: 'Grant', body: 'NewGrant', codes: ['quota-exceeded'] },
  },
  {
    route: 'GET /v1/databases/:nameOrId/grants',
    summary: 'List whom a database is granted to',
    ...{ who: GRANTERS, status: 200, answer: 'GrantList' },
  },
  {
    route: 'DELETE /v1/databases/:nameOrId/grants/:organizationId',
    summary: 'Take a grant back',
    ...{ who: GRANTERS, status: 204 },
  },
  {
    route: 'GET /v1/shared-databases',
    summary: 'List the databases that others have granted',
    ...{ who: READERS, status: 200, answer: 'SharedDatabasePage', query: PAGE },
  },
  {
    route: 'GET /v1/operations',
    summary: 'List operations, the latest first',
    ...{ who: SETTINGS_READERS, status: 200, answer: 'OperationPage', query: PAGE },
  },
  {
    route: 'GET /v1/operations/:id',
    summary: 'Read an operation',
    ...{ who: SETTINGS_READERS, status: 200, answer: 'Operation' },
  },
  {
    route: 'POST /v1/operations/:id/cancel',
    summary: 'Cancel an operation',
    who: CHANGERS,
    status: 200,
    answer: 'Operation',
  },
  {
    route: 'POST /v1/tokens',
    summary: 'Make a short-lived token for one database',
    ...{
      who: { roles: BUILDERS, scopes: ['data:read', 'data:write'] },
      status: 201,
      answer: 'ShownToken',
      body: 'NewToken',
    },
    codes: ['invalid-database-name', 'database-not-found', 'outside-key-prefix'],
  },
  {
    route: 'GET /v1/cors',
    summary: 'Read whose pages may call the databases from browsers',
    ...{ who: SETTINGS_READERS, status: 200, answer: 'CorsSettings' },
  },
  {
    route: 'PUT /v1/cors',
    summary: 'Say whose pages may call the databases from browsers',
    ...{ who: GRANTERS, status: 200, answer: 'CorsSettings', body: 'Cors' },
  },
  {
    route: 'GET /v1/identity-providers',
    summary: 'List the identity providers',
    who: SESSION_ONLY,
    status: 200,
    answer: 'IdentityProviderList',
  },
  {
    route: 'GET /v1/identity-providers/:name',
    summary: 'Read an identity provider',
    who: SESSION_ONLY,
    status: 200,
    answer: 'IdentityProvider',
  },
  {
    route: 'PUT /v1/identity-providers/:name',
    summary: 'Trust the tokens of an identity provider',
    ...{ who: ADMINS_ONLY, status: 200, answer: 'IdentityProvider', body: 'IdentityProviderSettings' },
    codes: ['quota-exceeded'],
  },
  {
    route: 'DELETE /v1/identity-providers/:name',
    summary: 'Trust an identity provider no longer',
    ...{ who: ADMINS_ONLY, status: 204 },
  },
  {
    route: 'GET /v1/quotas',
    summary: 'Read the limits of the organization',
    ...{ who: { roles: ROLES, scopes: ['usage:read', 'db:admin'] }, status: 200, answer: 'Quotas' },
  },
  {
    route: 'GET /v1/databases/:nameOrId/metrics',
    summary: 'Read how many requests a database has, and how long they take',
    ...{ who: { roles: ROLES, scopes: ['usage:read', 'db:admin'] }, status: 200, answer: 'DatabaseMetrics' },
    query: ['from', 'to', 'step'],
  },
  {
    route: 'GET /v1/usage',
    summary: 'Read what was used',
    ...{ who: { roles: ACCOUNTANTS, scopes: ['usage:read'] }, status: 200, answer: 'Usage' },
    query: [...PAGE, 'from', 'to', 'step', 'group', 'database', 'meter', 'format'],
    alsoAs: 'text/csv',
    codes: ['invalid-database-name', 'database-not-found'],
  },
  {
    route: 'GET /v1/audit',
    summary: 'List who changed what, the latest first',
    ...{ who: ADMINS_ONLY, status: 200, answer: 'AuditPage', query: [...PAGE, ...AUDIT_FILTERS] },
  },
  {
    route: 'GET /v1/audit.csv',
    summary: 'Export the audit log as a table: CSV',
    ...{ who: ADMINS_ONLY, status: 200, query: AUDIT_FILTERS, mediaType: 'text/csv' },
  },
  {
    route: 'GET /v1/audit.jsonl',
    summary: 'Export who changed what as JSON lines',
    ...{ who: ADMINS_ONLY, status: 200, query: AUDIT_FILTERS, mediaType: 'application/jsonl' },
  },
  {
    route: 'POST /v1/webhooks',
    summary: 'Make a webhook',
    who: ADMINS_ONLY,
    status: 201,
    answer: 'ShownWebhook',
    body: 'NewWebhook',
    codes: ['quota-exceeded'],
  },
  { route: 'GET /v1/webhooks', summary: 'List the webhooks', who: ADMINS_ONLY, status: 200, answer: 'WebhookList' },
  { route: 'GET /v1/webhooks/:id', summary: 'Read a webhook', who: ADMINS_ONLY, status: 200, answer: 'Webhook' },
  {
    route: 'PATCH /v1/webhooks/:id',
    summary: 'Change a webhook',
    ...{ who: ADMINS_ONLY, status: 200, answer: 'Webhook', body: 'WebhookChange' },
  },
  { route: 'DELETE /v1/webhooks/:id', summary: 'Delete a webhook', who: ADMINS_ONLY, status: 204 },
  {
    route: 'POST /v1/webhooks/:id/rotate',
    summary: 'Give a webhook a new secret',
    ...{ who: ADMINS_ONLY, status: 200, answer: 'ShownWebhook', body: 'WebhookRotation' },
  },
  {
    route: 'POST /v1/webhooks/:id/test',
    summary: 'Send a webhook a test event',
    who: ADMINS_ONLY,
    status: 202,
    answer: 'DeliveryBegun',
  },
  {
    route: 'GET /v1/webhooks/:id/deliveries',
    summary: 'List what a webhook was sent, the latest first',
    ...{ who: ADMINS_ONLY, status: 200, answer: 'DeliveryPage', query: PAGE },
  },
  {
    route: 'POST /v1/webhooks/:id/deliveries/:deliveryId/redeliver',
    summary: 'Send a delivery again',
    ...{ who: ADMINS_ONLY, status: 202 },
  },
  {
    route: 'POST /v1/keys',
    summary: 'Make an API key; its secret is shown once',
    ...{ who: KEY_ADMINS, status: 201, answer: 'ShownApiKey', body: 'NewKey', codes: ['outside-key-prefix'] },
  },
  {
    route: 'GET /v1/keys',
    summary: 'List the API keys',
    who: KEY_ADMINS,
    status: 200,
    answer: 'ApiKeyPage',
    query: PAGE,
  },
  {
    route: 'POST /v1/keys/:id/rotate',
    summary: 'Give an API key a new secret',
    ...{ who: KEY_ADMINS, status: 201, answer: 'ShownApiKey', body: 'KeyRotation' },
  },
  { route: 'DELETE /v1/keys/:id/previous', summary: 'Revoke the secret before', who: KEY_ADMINS, status: 204 },
  { route: 'DELETE /v1/keys/:id', summary: 'Revoke an API key', who: KEY_ADMINS, status: 204 },
  { route: 'GET /v1/openapi.json', summary: 'This document', who: EVERYBODY, status: 200, answer: 'ApiDocument' },
  {
    route: 'GET /docs',
    summary: 'This document as a page for people',
    ...{ who: EVERYBODY, status: 200, mediaType: 'text/html' },
  },
];
