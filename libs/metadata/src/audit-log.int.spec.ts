import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import { actAs, type Author } from './author.js';
import type { Metadata } from './metadata.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const ANN: Author = {
  ...{ kind: 'user', id: 'ann', name: 'ann@example.com', sessionId: 's1', address: '192.0.2.1' },
  ...{ agent: `test's "agent"`, requestId: 'r1' },
};
const KEY: Author = { kind: 'key', id: 'k1', requestId: 'r2' };

/** Why a table leaves no entries. A new table is audited, or stands here with its reason. */
const NOT_AUDITED: Readonly<Record<string, string>> = {
  _prisma_migrations: 'belongs to the migrations',
  api_key_uses: 'what was used, not what was decided',
  audit_entries: 'is the log',
  billing_counters: 'counted by what is audited',
  billing_start: 'set once, by a migration',
  budget_alerts: 'told by entries of their own',
  budget_grants: 'what gateways hold',
  budget_months: 'counted',
  changes: 'told by triggers of what is audited',
  database_labels: 'kept by a trigger on databases',
  database_owners: 'kept by a trigger on databases',
  database_sizes: 'measured',
  gateway_demand: 'what gateways tell each other',
  idempotency_keys: 'answers kept for requests that come again',
  invoice_letters: 'told by invoices',
  invoice_line_databases: 'comes with its invoice, and never changes',
  invoice_lines: 'comes with its invoice, and never changes',
  invoice_periods: 'comes with its invoice, and never changes',
  operations: 'what one does to databases is told by the databases',
  organization_plans: 'kept by a trigger on quotas',
  organization_usage: 'counted by triggers',
  payment_credits: 'told by credit notes',
  payment_events: 'hints to look, not what was decided',
  revocation_progress: 'a place in the bucket',
  security_events: 'what somebody tried, not what was decided: told to the person alone',
  tenant_months: 'added up from what was measured',
  traffic: 'measured',
  traffic_progress: 'measured',
  traffic_records: 'measured',
  usage_coverage: 'measured',
  usage_differences: 'measured',
  usage_hours: 'measured',
  usage_progress: 'measured',
  usage_reconciliations: 'measured',
  usage_records: 'measured',
  usage_sizes: 'measured',
  webhook_deliveries: 'made by a trigger of what is audited',
  verifications: 'halves of what is not done yet, hashed',
};
/** Columns whose content is in no entry. A new column of an audited table is shown, passed over, or stands here. */
const SECRETS: Readonly<Record<string, readonly string[]>> = {
  accounts: ['access_token', 'refresh_token', 'id_token', 'password'],
  api_keys: ['secret_hash', 'previous_secret_hash'],
  invitations: ['token_hash'],
  second_factors: ['sealed_secret', 'backup_hashes'],
  sessions: ['token'],
  organization_suspensions: ['reason', 'suspended_by'],
};
/** Actions that a row could have, and that nobody takes. */
const NEVER_TAKEN: readonly string[] = [
  'billing-details.deleted',
  'billing-issuer.deleted',
  'member.changed',
  'provider-prices.deleted',
  'session.changed',
  'signing-key.changed',
  'signing-key.deleted',
];
const PAGE = new URL('../../../docs/audit-log.md', import.meta.url);

describe('the audit log', () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let organizationId: string;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    const account = { email: 'ann@example.com', passwordHash: 'the-hash', organizationName: 'mine' };
    organizationId = (await metadata.organizations.createAccount(account)).organization.id;
  });
  afterAll(() => test.close());

  const latest = (count: number) => metadata.auditLog.list(organizationId, undefined, count);
  const told = async (count: number) =>
    [...(await latest(count))].reverse().map(({ action, actorKind, actorId }) => [action, actorKind, actorId]);
  const count = () => metadata.prisma.auditEntry.count();

  it('covers every table, or says why not', async () => {
    const rows = await metadata.prisma.$queryRaw<{ name: string; audited: boolean }[]>`
      SELECT c.relname::text AS name, EXISTS (SELECT 1 FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE t.tgrelid = c.oid AND p.proname IN ('record_audit_entry', 'record_database_grant_audit_entry', 'record_payment_audit_entry')) AS audited
      FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'`;
    const uncovered = rows.filter(({ audited }) => !audited).map(({ name }) => name);
    expect(uncovered.sort()).toEqual(Object.keys(NOT_AUDITED).sort());
  });

  it('shows every column of an audited table, or passes it over, or keeps it secret by name', async () => {
    const rows = await metadata.prisma.$queryRaw<{ name: string; left: string[] | null; unknown: string[] | null }[]>`
      WITH audited AS (
        SELECT c.oid, c.relname::text AS name, regexp_split_to_array(encode(t.tgargs, 'escape'), '\\\\000') AS args
        FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
        WHERE p.proname = 'record_audit_entry'
      ), columns AS (
        SELECT a.name, a.args, array_agg(c.attname::text ORDER BY c.attnum) AS names
        FROM audited a JOIN pg_attribute c ON c.attrelid = a.oid AND c.attnum > 0 AND NOT c.attisdropped
        GROUP BY a.name, a.args
      )
      SELECT name,
        ARRAY(SELECT n FROM unnest(names) n WHERE n <> ALL (string_to_array(args[4], ',') || string_to_array(args[5], ','))) AS left,
        ARRAY(SELECT n FROM unnest(string_to_array(args[4], ',') || string_to_array(args[5], ',')) n
          WHERE n <> ALL (names)) AS unknown
      FROM columns`;
    expect(rows.length).toBeGreaterThan(10);
    for (const { name, left, unknown } of rows) {
      expect([name, left?.sort(), unknown]).toEqual([name, [...(SECRETS[name] ?? [])].sort(), []]);
    }
  });

  it('has no action that its page leaves out', async () => {
    const rows = await metadata.prisma.$queryRaw<{ action: string }[]>`
      SELECT audit_action(s.subject, o.operation, '{}', '{}', '{}') AS action
      FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
      CROSS JOIN LATERAL (SELECT CASE p.proname WHEN 'record_audit_entry'
        THEN (regexp_split_to_array(encode(t.tgargs, 'escape'), '\\\\000'))[1] ELSE 'database-grant' END AS subject) AS s
      CROSS JOIN (VALUES ('INSERT', 4), ('DELETE', 8), ('UPDATE', 16)) AS o (operation, bit)
      WHERE p.proname IN ('record_audit_entry', 'record_database_grant_audit_entry') AND t.tgtype & o.bit <> 0`;
    // The function names others by what of a row has changed.
    const [named] = await metadata.prisma.$queryRaw<{ source: string }[]>`
      SELECT prosrc AS source FROM pg_proc WHERE proname = 'audit_action'`;
    const others = [...(named?.source.matchAll(/'([a-z-]+\.[a-z-]+)'/g) ?? [])].map(([, action]) => action ?? '');
    const actions = new Set([...rows.map(({ action }) => action), ...others]);
    expect(actions.size).toBeGreaterThan(60);
    const page = await readFile(PAGE, 'utf8');
    expect([...actions].filter((action) => !page.includes(`\`${action}\``)).sort()).toEqual(NEVER_TAKEN);
  });

  it('tells who made a change, by whichever way, and what the change was', async () => {
    const { databases, apiKeys } = metadata;
    const created = await actAs(ANN, () => databases.create(organizationId, 'one', { labels: { tier: 'gold' } }));
    const [entry] = await latest(1);
    expect(entry).toMatchObject({
      ...{ actorKind: 'user', actorId: 'ann', actorName: 'ann@example.com', sessionId: 's1', address: '192.0.2.1' },
      ...{ agent: `test's "agent"`, requestId: 'r1', action: 'database.created', organizationId },
      ...{ subjectKind: 'database', subjectId: created.id, subjectName: 'one', before: null },
      after: { name: 'one', labels: { tier: 'gold' } },
    });
    // A raw statement, whose answer is rows.
    await actAs(KEY, () => databases.change(organizationId, created.id, { deleteProtection: true }));
    const [changed] = await latest(1);
    expect(changed).toMatchObject({ action: 'database.changed', actorKind: 'key', actorId: 'k1', sessionId: null });
    expect([changed?.before, changed?.after]).toEqual([{ delete_protection: false }, { delete_protection: true }]);
    // No author at all, and then a transaction of Prisma's own.
    await databases.change(organizationId, created.id, { deleteProtection: false });
    await actAs(ANN, () => databases.delete(organizationId, created.id));
    await actAs(ANN, () => databases.undelete(organizationId, created.id));
    await actAs(ANN, () => metadata.plans.put('pro', 'Pro', { databases: 500 }));
    await actAs(ANN, () => metadata.plans.assign(organizationId, 'pro'));
    await actAs(ANN, () =>
      apiKeys.create(organizationId, {
        ...{ id: 'key1', name: 'k', scopes: ['data:read'], expiresAt: undefined },
        ...{ secretHash: new Uint8Array(32).fill(0xab), lastFour: 'wxyz' },
      }),
    );
    const hour = new Date(Date.now() + 3_600_000);
    const secret = { secretHash: new Uint8Array(32).fill(0xcd), lastFour: 'abcd' };
    await actAs(ANN, () => apiKeys.rotate(organizationId, 'key1', secret, hour));
    await actAs(ANN, () => apiKeys.revoke(organizationId, 'key1'));
    expect(await told(7)).toEqual([
      ['database.changed', 'system', null],
      ['database.deleted', 'user', 'ann'],
      ['database.undeleted', 'user', 'ann'],
      ['quotas.changed', 'user', 'ann'],
      ['api-key.created', 'user', 'ann'],
      ['api-key.rotated', 'user', 'ann'],
      ['api-key.revoked', 'user', 'ann'],
    ]);
  });

  it('keeps authors apart that act at the same time, on the same connections', async () => {
    const numbers = Array.from({ length: 30 }, (_, number) => number);
    await Promise.all(
      numbers.map((number) => {
        const create = () => metadata.databases.create(organizationId, `at-once-${number}`);
        return number % 3 === 0 ? create() : actAs({ kind: 'user', id: `u${number}` }, create);
      }),
    );
    const found = (await latest(30)).map(({ subjectName, actorId }) => [subjectName, actorId]);
    expect(new Map(found as [string, string | null][])).toEqual(
      new Map(numbers.map((number) => [`at-once-${number}`, number % 3 === 0 ? null : `u${number}`])),
    );
  });

  it('has nothing of what failed, was rolled back, or changed nothing', async () => {
    const before = await count();
    await expect(actAs(ANN, () => metadata.databases.create(organizationId, 'at-once-1'))).rejects.toThrow();
    await actAs(ANN, () => metadata.settings.setCorsOrigins(organizationId, []));
    const settled = await count();
    await actAs(ANN, () => metadata.settings.setCorsOrigins(organizationId, []));
    const undone = actAs(ANN, () =>
      metadata.prisma.$transaction(async (transaction) => {
        await transaction.member.deleteMany({ where: { organizationId } });
        throw new Error('no');
      }),
    );
    await expect(undone).rejects.toThrow('no');
    expect([settled - before, (await count()) - settled]).toEqual([1, 0]);
  });

  it('finds by action, actor, subject and time, page by page', async () => {
    const page = async (before: string | undefined, limit: number, filter = {}) =>
      (await metadata.auditLog.list(organizationId, before === undefined ? before : BigInt(before), limit, filter)).map(
        ({ id }) => id,
      );
    const all = await page(undefined, 1_000);
    expect([...(await page(undefined, 3)), ...(await page(all[2], 2))]).toEqual(all.slice(0, 5));
    expect(await page(undefined, 1_000, { actorId: 'u4' })).toHaveLength(1);
    expect(await page(undefined, 1_000, { action: 'api-key.rotated', subjectId: 'key1' })).toHaveLength(1);
    expect(await page(undefined, 1_000, { until: new Date(0) })).toEqual([]);
    expect(await page(undefined, 1_000, { since: new Date(0) })).toEqual(all);
    expect(await metadata.auditLog.list('another', undefined, 10)).toEqual([]);
  });

  it('is never changed, holds no secret, and goes only from its old end', async () => {
    const { prisma, auditLog } = metadata;
    const refused = /never changed/;
    await expect(prisma.$executeRaw`UPDATE audit_entries SET action = 'x'`).rejects.toThrow(refused);
    await expect(prisma.$executeRaw`DELETE FROM audit_entries`).rejects.toThrow(refused);
    await expect(prisma.$executeRaw`TRUNCATE audit_entries`).rejects.toThrow(refused);
    const texts = await prisma.$queryRaw<{ text: string }[]>`SELECT e::text AS text FROM audit_entries e`;
    const text = texts.map((row) => row.text).join('\n');
    expect(text).toContain('wxyz');
    for (const secret of ['the-hash', 'ab'.repeat(32), 'cd'.repeat(32)]) expect(text).not.toContain(secret);
    const all = await count();
    expect(await auditLog.prune(new Date(0), 10)).toBe(0);
    expect(await auditLog.prune(new Date(Date.now() + 1_000), 3)).toBe(3);
    expect(await count()).toBe(all - 3);
    await expect(prisma.$executeRaw`DELETE FROM audit_entries`).rejects.toThrow(refused);
  });
});
