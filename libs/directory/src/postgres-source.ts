import { randomUUID } from 'node:crypto';

import { assert, isDatabaseId, isTenantId, LeaseholdError, type TenantId } from '@leasehold/foundation';
import { parseSharedName, type HopOptions, type SharedName } from '@leasehold/protocol';
import type pg from 'pg';

import type { BudgetEntry } from './budget.js';
import { isDatabasePattern } from './database-patterns.js';
import type {
  ChangeCursor,
  ChangePage,
  DatabaseEntry,
  DirectoryChange,
  DirectorySource,
  KeyEntry,
  PublicTokenKey,
  TenantEntry,
} from './directory-source.js';
import type { TenantSuspension } from './revocations.js';
import { parseClaimTemplate, parsePrefixTemplate } from './identity/claim-template.js';
import type { IdentityProviderEntry } from './identity/identity-provider.js';
import { openPool } from './postgres-pool.js';
import {
  CURSOR_COLUMN,
  isServer,
  POSITION_COLUMN,
  PostgresView,
  SEES_ALL,
  SEES_NOTHING,
  VIEW_COLUMN,
} from './postgres-view.js';
import { isScope } from './scope.js';
import type { Viewed } from './store-view.js';
import type { TenantQuotas } from './tenant-quotas.js';

/** For misses, of which a gateway has few, unless somebody tries keys. */
const LOOKUP_CONNECTIONS = 3;
/** The feed's own: behind a queue of lookups, revocations would come late. */
const FEED_CONNECTIONS = 1;
const TIMEOUT_MS = 1_500;
const ANSWER_TIMEOUT_MS = 2_000;
/** More changes in one poll than this are answered with `reset`. */
const MAX_CHANGES = 5_000;

const API_KEY = `
  SELECT id, organization_id, secret_hash, scopes, databases, key_prefix, expires_at, revoked_at IS NOT NULL AS revoked,
    previous_secret_hash, previous_ends_at, ${VIEW_COLUMN}
  FROM api_keys WHERE id = $1`;

const DATABASE = `
  SELECT id, organization_id, name, revision, retention_seconds, size_limit_bytes, ${VIEW_COLUMN} FROM databases
  WHERE organization_id = $1 AND name = $2 AND deleted_at IS NULL`;

/** By the slug of its owner, where that has granted it. */
const SHARED_DATABASE = `
  SELECT d.id, d.organization_id, d.name, d.revision, d.retention_seconds, d.size_limit_bytes, g.access, ${VIEW_COLUMN}
  FROM organizations o JOIN databases d ON d.organization_id = o.id
  JOIN database_grants g ON g.database_id = d.id AND g.organization_id = $1
  WHERE o.slug = $2 AND d.name = $3 AND d.deleted_at IS NULL`;

/** The quota is counted by a trigger (libs/metadata), whoever makes one. */
const CREATE_DATABASE = `
  INSERT INTO databases (id, organization_id, name) VALUES ($1::uuid, $2, $3)
  ON CONFLICT (organization_id, name) WHERE deleted_at IS NULL DO NOTHING`;
const QUOTA_EXCEEDED = 'LHQ01';

const TENANT = `
  SELECT o.id, COALESCE(s.cors_origins, '{}') AS cors_origins, q.requests_per_second, q.burst_requests, q.bytes_per_second,
    q.concurrent_requests, q.concurrent_wakes,
    CASE WHEN COALESCE(u.storage_bytes, 0) >= q.storage_bytes THEN q.storage_bytes END AS used_up_storage_bytes,
    x.organization_id IS NOT NULL AS suspended, x.number AS suspension_number,
    (SELECT json_agg(json_build_object('id', b.id, 'scope', b.scope, 'subjectId', b.subject_id, 'weights', json_build_object(
      'readUnit', b.read_weight, 'writeUnit', b.write_weight, 'egressByte', b.egress_weight)))
     FROM budgets b WHERE b.organization_id = o.id AND b.hard_stop) AS budgets,
    ${VIEW_COLUMN}
  FROM organizations o LEFT JOIN organization_settings s ON s.organization_id = o.id
  LEFT JOIN organization_suspensions x ON x.organization_id = o.id
  LEFT JOIN organization_usage u ON u.organization_id = o.id
  LEFT JOIN LATERAL organization_quotas(o.id) AS q ON true WHERE o.id = $1`;

const IDENTITY_PROVIDER = `
  SELECT id, organization_id, issuer, audience, jwks_url, database_template, prefix_template, scopes, ${VIEW_COLUMN}
  FROM identity_providers WHERE id = $1`;

/** The latest one signs; tokens of the one before live on. */
const TOKEN_KEYS = `SELECT kid, public_key, ${VIEW_COLUMN} FROM token_keys ORDER BY published_at DESC LIMIT 2`;

/** Of another server than the one that the cursor is of nothing counts as seen: it may have given numbers below the cursor to transactions that came after it. */
const SEEN = `CASE WHEN $2::text = '' OR ${isServer('$2::text')} THEN $1::pg_snapshot ELSE '${SEES_NOTHING}'::pg_snapshot END`;

/**
 * What this snapshot sees and the one of the cursor did not: each change once, in the first look behind its commit, whatever the order of numbers. Not everything from
 * the first transaction on that was under way then: behind one that nobody ends, that would soon be more than a look may tell, and everything would be forgotten each second.
 *
 * What was seen stands there twice: where the index begins, as the planner can look into it, and for each row, as it is found out once.
 */
const CHANGES = `
  SELECT ${CURSOR_COLUMN}, c.kind, c.organization_id, c.subject, c.position
  FROM (VALUES (1)) AS always LEFT JOIN (
    SELECT kind, organization_id, subject, ${POSITION_COLUMN} FROM changes
    WHERE transaction_id >= pg_snapshot_xmin(${SEEN})::text::bigint
      AND NOT pg_visible_in_snapshot(transaction_id::text::xid8, (SELECT ${SEEN}))
    LIMIT ${MAX_CHANGES + 1}
  ) AS c ON true`;

interface ViewedRow {
  readonly view: string | null;
}

interface KeyRow extends ViewedRow {
  readonly id: string;
  readonly organization_id: string;
  readonly secret_hash: Buffer;
  readonly scopes: readonly string[];
  readonly databases: readonly string[] | null;
  readonly key_prefix: Buffer | null;
  readonly previous_secret_hash: Buffer | null;
  readonly previous_ends_at: Date | null;
  readonly expires_at: Date | null;
  readonly revoked: boolean;
}

interface DatabaseRow extends ViewedRow {
  readonly id: string;
  readonly organization_id: string;
  readonly name: string;
  readonly revision: number;
  readonly retention_seconds: number | null;
  /** A bigint, as text. */
  readonly size_limit_bytes: string | null;
}

interface SharedRow extends DatabaseRow {
  readonly access: string;
}

interface TenantRow extends ViewedRow {
  readonly id: string;
  readonly cors_origins: readonly string[];
  readonly requests_per_second: number | null;
  readonly burst_requests: number | null;
  /** A bigint, as text. */
  readonly bytes_per_second: string | null;
  readonly concurrent_requests: number | null;
  readonly concurrent_wakes: number | null;
  /** A bigint, as text. */
  readonly used_up_storage_bytes: string | null;
  readonly suspended: boolean;
  /** A bigint, as text. */
  readonly suspension_number: string | null;
  readonly budgets: readonly BudgetEntry[] | null;
}

interface TokenKeyRow extends ViewedRow {
  readonly kid: string;
  readonly public_key: Buffer;
}

interface IdentityProviderRow extends ViewedRow {
  readonly id: string;
  readonly organization_id: string;
  readonly issuer: string;
  readonly audience: string;
  readonly jwks_url: string;
  readonly database_template: string;
  readonly prefix_template: string | null;
  readonly scopes: readonly string[];
}

interface ChangeRow {
  readonly cursor: string;
  readonly kind: string | null;
  readonly organization_id: string | null;
  readonly subject: string | null;
  readonly position: string | null;
}

/**
 * The directory's source in the control plane's Postgres (tables of libs/metadata). Writes nothing but databases of first writes. Plain SQL, because the
 * gateways that use it should not carry an ORM for a few queries.
 */
export class PostgresDirectorySource implements DirectorySource {
  private readonly lookups: pg.Pool;
  private readonly feed: pg.Pool;

  constructor(databaseUrl: string) {
    const pool = { purpose: 'directory', timeoutMs: TIMEOUT_MS, answerTimeoutMs: ANSWER_TIMEOUT_MS };
    this.lookups = openPool(databaseUrl, { ...pool, connections: LOOKUP_CONNECTIONS });
    this.feed = openPool(databaseUrl, { ...pool, connections: FEED_CONNECTIONS });
  }

  async apiKey(id: string): Promise<KeyEntry | undefined> {
    const [row] = await query<KeyRow>(this.lookups, API_KEY, [id]);
    if (!row) return undefined;
    assert(isTenantId(row.organization_id), 'a key belongs to a tenant');
    const { previous_secret_hash: previousHash, previous_ends_at: previousEndsAt } = row;
    return {
      id: row.id,
      tenantId: row.organization_id,
      secretHash: row.secret_hash,
      ...(previousHash && previousEndsAt && { previous: { hash: previousHash, endsAt: previousEndsAt.getTime() } }),
      scopes: new Set(row.scopes.filter(isScope)),
      ...grantOfKey(row.databases ?? [], row.key_prefix ?? undefined),
      expiresAt: row.expires_at?.getTime(),
      revoked: row.revoked,
      ...viewOf(row),
    };
  }

  async database(tenantId: TenantId, name: string): Promise<DatabaseEntry | undefined> {
    const shared = parseSharedName(name);
    if (shared !== undefined) return this.sharedDatabase(tenantId, shared);
    const [row] = await query<DatabaseRow>(this.lookups, DATABASE, [tenantId, name]);
    if (!row) return undefined;
    assert(isDatabaseId(row.id) && row.organization_id === tenantId, 'a database belongs to the tenant who asked');
    return { id: row.id, name: row.name, tenantId, ...optionsOf(row), ...viewOf(row) };
  }

  async createDatabase(tenantId: TenantId, name: string): Promise<void> {
    try {
      await query(this.lookups, CREATE_DATABASE, [randomUUID(), tenantId, name]);
    } catch (error) {
      const { code, detail } = error as { readonly code?: string; readonly detail?: string };
      if (code !== QUOTA_EXCEEDED) throw error;
      const message = `the organization has as many databases as it may have: ${detail}`;
      throw new LeaseholdError('quota', 'quota-exceeded', message, { cause: error });
    }
  }

  private async sharedDatabase(tenantId: TenantId, { owner, name }: SharedName): Promise<DatabaseEntry | undefined> {
    const [row] = await query<SharedRow>(this.lookups, SHARED_DATABASE, [tenantId, owner, name]);
    if (!row) return undefined;
    const { id, organization_id: ownerId, access } = row;
    assert(isDatabaseId(id) && isTenantId(ownerId), 'a database belongs to a tenant');
    // What a later version may grant besides is none to this one.
    if (access !== 'read' && access !== 'write') return undefined;
    return { id, name: row.name, tenantId: ownerId, access, ...optionsOf(row), ...viewOf(row) };
  }

  async tenant(id: TenantId): Promise<TenantEntry | undefined> {
    const [row] = await query<TenantRow>(this.lookups, TENANT, [id]);
    return (
      row && {
        id,
        corsOrigins: new Set(row.cors_origins),
        quotas: quotasOf(row),
        suspension: suspensionOf(row),
        budgets: row.budgets ?? undefined,
        ...viewOf(row),
      }
    );
  }

  async tokenKeys(): Promise<readonly PublicTokenKey[]> {
    const rows = await query<TokenKeyRow>(this.lookups, TOKEN_KEYS, []);
    return rows.map((row) => ({ kid: row.kid, publicKey: row.public_key, ...viewOf(row) }));
  }

  async identityProvider(id: string): Promise<IdentityProviderEntry | undefined> {
    const [row] = await query<IdentityProviderRow>(this.lookups, IDENTITY_PROVIDER, [id]);
    if (!row) return undefined;
    const { organization_id: tenantId, jwks_url: jwksUrl, issuer, audience, prefix_template: prefixText } = row;
    assert(isTenantId(tenantId), 'an identity provider belongs to a tenant');
    const database = parseClaimTemplate(row.database_template);
    const prefix = prefixText === null ? undefined : parsePrefixTemplate(prefixText);
    // A template that this version does not understand must not open more than it says.
    if (database === undefined || (prefixText !== null && prefix === undefined)) return undefined;
    return {
      id,
      tenantId,
      issuer,
      audience,
      jwksUrl,
      mapping: { database, prefix, scopes: new Set(row.scopes.filter(isScope)) },
      ...viewOf(row),
    };
  }

  async changes(since: ChangeCursor | undefined): Promise<ChangePage> {
    const [server = '', seen] = since?.split('/') ?? [];
    // Without a cursor nothing is wanted but where the feed is now.
    const rows = await query<ChangeRow>(this.feed, CHANGES, [seen ?? SEES_ALL, server]);
    const [first] = rows;
    assert(first !== undefined, 'the feed always answers where it is');
    const { cursor } = first;
    // Transaction numbers begin anew in a restored server.
    const turnedBack = since !== undefined && endOf(cursor) < endOf(since);
    const isOtherServer = since !== undefined && !cursor.startsWith(`${server}/`);
    if (turnedBack || rows.length > MAX_CHANGES) return { cursor, reset: true, isOtherServer, changes: [] };
    return { cursor, reset: false, isOtherServer, changes: rows.flatMap(toChange) };
  }

  async close(): Promise<void> {
    await Promise.all([this.lookups.end(), this.feed.end()]);
  }
}

/** Behind the last transaction that had ended. */
function endOf(cursor: ChangeCursor): bigint {
  return BigInt(cursor.split(':')[1] ?? 0);
}

function viewOf({ view }: ViewedRow): Viewed {
  return { asOf: PostgresView.of(view) };
}

/** As heads are at first (libs/engine, format/head.ts), which this may not import; a test of apps/worker holds the two together. */
export const OPTIONS_AT_FIRST: HopOptions = { retentionMs: 24 * 60 * 60 * 1_000, maxBytes: 10_000_000_000 };

/** Of one that was changed before they are told even where nothing is decided any more: its head may have what was decided then. */
function optionsOf(row: DatabaseRow): Pick<DatabaseEntry, 'options'> {
  const { revision, retention_seconds: seconds, size_limit_bytes: bytes } = row;
  if (revision === 1 && seconds === null && bytes === null) return {};
  return {
    options: {
      retentionMs: seconds === null ? OPTIONS_AT_FIRST.retentionMs : seconds * 1_000,
      maxBytes: bytes === null ? OPTIONS_AT_FIRST.maxBytes : Number(bytes),
    },
  };
}

function quotasOf(row: TenantRow): TenantQuotas {
  return {
    requestsPerSecond: row.requests_per_second ?? undefined,
    burstRequests: row.burst_requests ?? undefined,
    bytesPerSecond: numberOf(row.bytes_per_second),
    concurrentRequests: row.concurrent_requests ?? undefined,
    concurrentWakes: row.concurrent_wakes ?? undefined,
    usedUpStorageBytes: numberOf(row.used_up_storage_bytes),
  };
}

function numberOf(bytes: string | null): number | undefined {
  return bytes === null ? undefined : Number(bytes);
}

function suspensionOf({ suspended, suspension_number: number }: TenantRow): TenantSuspension | undefined {
  return suspended ? { number: number === null ? undefined : Number(number) } : undefined;
}

/** A pattern that this version does not understand stands for no database, and confines all the same. */
function grantOfKey(databases: readonly string[], keyPrefix: Uint8Array | undefined): Pick<KeyEntry, 'grant'> {
  if (databases.length === 0 && keyPrefix === undefined) return {};
  const patterns = databases.length === 0 ? undefined : databases.filter(isDatabasePattern);
  return { grant: { databases: patterns, keyPrefix } };
}

async function query<Row extends object>(
  pool: pg.Pool,
  sql: string,
  values: readonly string[],
): Promise<readonly Row[]> {
  return (await pool.query<Row>(sql, [...values])).rows;
}

function toChange(row: ChangeRow): readonly DirectoryChange[] {
  if (row.subject === null || row.organization_id === null) return [];
  const position = row.position ?? undefined;
  if (row.kind === 'api-key') return [{ kind: 'api-key', id: row.subject, position }];
  if (row.kind === 'database')
    return [{ kind: 'database', tenantId: row.organization_id, name: row.subject, position }];
  if (row.kind === 'tenant') return [{ kind: 'tenant', id: row.subject, position }];
  if (row.kind === 'plan') return [{ kind: 'plan', position }];
  if (row.kind === 'token-key') return [{ kind: 'token-key', position }];
  if (row.kind === 'identity-provider') return [{ kind: 'identity-provider', id: row.subject, position }];
  // Of a later version than this one, about things that this one does not cache.
  return [];
}
