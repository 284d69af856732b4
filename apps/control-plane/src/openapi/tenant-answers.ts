import { z } from 'zod';

import { count, cursor, instant, names, shownOnce } from './answer-parts.js';

const database = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: instant,
  revision: count,
  labels: z.record(z.string(), z.string()),
  deleteProtection: z.boolean(),
  expiresAt: instant.nullable(),
  retentionSeconds: count.nullable(),
  sizeLimitBytes: count.nullable(),
  undeleteSeconds: count,
  deletedAt: instant.nullable(),
  purgeAt: instant.nullable(),
});

const operation = z.object({
  id: z.string(),
  kind: z.string(),
  request: z.unknown(),
  state: z.enum(['pending', 'running', 'succeeded', 'failed', 'cancelled']),
  cancelRequested: z.boolean(),
  progress: z.object({ total: count.nullable(), done: count, skipped: count }),
  errorCode: z.string().nullable(),
  createdAt: instant,
  endedAt: instant.nullable(),
});

const access = z.enum(['read', 'write']);
const grant = z.object({ organizationId: z.string(), access, createdAt: instant });
const sharedDatabase = z.object({ name: z.string(), access, createdAt: instant });

const identityProvider = z.object({
  id: z.string(),
  name: z.string(),
  issuer: z.string(),
  audience: z.string(),
  jwksUrl: z.string(),
  mapping: z.object({ database: z.string(), prefix: z.string().optional(), scopes: names }),
  bearerPrefix: z.string().describe('What stands before a token, with a dot between.'),
  createdAt: instant,
});

const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  lastFour: z.string(),
  scopes: names,
  databases: names.nullable(),
  prefix64: z.string().nullable().describe('Unpadded base64url.'),
  createdAt: instant,
  expiresAt: instant.nullable(),
  revokedAt: instant.nullable(),
  lastUsedAt: instant.nullable(),
  previous: z.object({ lastFour: z.string(), endsAt: instant }).nullable(),
});

const usageRow = z.object({
  from: instant,
  database: z.string().optional(),
  key: z.string().nullable().optional(),
  label: z.string().nullable().optional(),
  writeUnits: count.optional(),
  readUnits: count.optional(),
  egressBytes: count.optional(),
  storedGbHours: z.number().min(0).optional(),
  requests: count.optional(),
  commits: count.optional(),
  freeReadUnits: count.optional(),
});

const milliseconds = z.number().min(0);

const metricsRow = z.object({
  from: instant,
  requests: count,
  errors: count.describe('Answered with 500 and above.'),
  p50Ms: milliseconds.nullable().describe('Of the requests, half took so long at most; a tenth too much at most.'),
  p99Ms: milliseconds.nullable(),
  coldStarts: count.describe('Requests that met a database that was not open.'),
  coldPhasesMs: z.record(z.string(), milliseconds).describe('Where the time of a cold start goes, on average.'),
});

const auditEntry = z.object({
  id: z.string(),
  at: instant,
  actor: z.object({ kind: z.string(), id: z.string().nullable(), name: z.string().nullable() }),
  sessionId: z.string().nullable(),
  address: z.string().nullable(),
  agent: z.string().nullable(),
  requestId: z.string().nullable(),
  action: z.string(),
  subject: z.object({ kind: z.string(), id: z.string().nullable(), name: z.string().nullable() }),
  before: z.record(z.string(), z.unknown()).nullable(),
  after: z.record(z.string(), z.unknown()).nullable(),
});

const webhook = z.object({
  id: z.string(),
  url: z.string(),
  description: z.string(),
  events: names,
  enabled: z.boolean(),
  previousSecretEndsAt: instant.nullable(),
  failingSince: instant.nullable(),
  createdAt: instant,
});

const delivery = z.object({
  id: z.string(),
  messageId: z.string(),
  event: z.string(),
  state: z.string(),
  attempts: count,
  createdAt: instant,
  lastAttemptAt: instant.nullable(),
  nextAttemptAt: instant.nullable(),
  status: z.int().nullable(),
  failure: z.string().nullable(),
  durationMs: count.nullable(),
  answer: z.string().nullable(),
});

const limit = count.nullable().describe('Null: as the services are configured.');
export const quotas = z.object({
  plan: z.object({ id: z.string(), name: z.string() }),
  limits: z.object({
    requestsPerSecond: limit,
    burstRequests: limit,
    bytesPerSecond: limit,
    concurrentRequests: limit,
    databases: limit,
    storageBytes: limit,
    concurrentWakes: limit,
  }),
  used: z.object({ databases: count, storageBytes: count }),
});

/** Of routes for what an organization has. */
export const TENANT_ANSWERS = {
  Database: database,
  DatabasePage: z.object({ databases: z.array(database), cursor }),
  Operation: operation,
  DatabasesDeletionBegun: z.union([operation, z.object({ dryRun: z.literal(true), matches: count })]),
  Grant: grant,
  GrantList: z.object({ grants: z.array(grant) }),
  SharedDatabasePage: z.object({ databases: z.array(sharedDatabase), cursor }),
  OperationPage: z.object({ operations: z.array(operation), cursor }),
  ApiKeyPage: z.object({ keys: z.array(apiKey), cursor }),
  ShownApiKey: apiKey.extend({ key: shownOnce }),
  ShownToken: z.object({ token: shownOnce, expiresAt: instant }),
  CorsSettings: z.object({ origins: names }),
  DatabaseMetrics: z.object({
    database: z.string(),
    from: instant,
    to: instant,
    step: z.enum(['minute', 'hour', 'day']),
    completeTo: instant.nullable(),
    metrics: z.array(metricsRow),
  }),
  Usage: z.object({
    from: instant,
    to: instant,
    step: z.enum(['hour', 'day', 'month']),
    completeTo: instant.nullable(),
    usage: z.array(usageRow),
    cursor,
  }),
  IdentityProvider: identityProvider,
  IdentityProviderList: z.object({ identityProviders: z.array(identityProvider) }),
  AuditPage: z.object({ entries: z.array(auditEntry), cursor }),
  Webhook: webhook,
  WebhookList: z.object({ webhooks: z.array(webhook) }),
  ShownWebhook: webhook.extend({ secret: shownOnce }),
  DeliveryBegun: z.object({ id: z.string() }),
  DeliveryPage: z.object({ deliveries: z.array(delivery), cursor }),
  Quotas: quotas,
  ApiDocument: z.record(z.string(), z.unknown()),
} as const satisfies Readonly<Record<string, z.ZodType>>;
