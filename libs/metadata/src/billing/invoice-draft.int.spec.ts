import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import type { PrismaClient } from '../generated/client.js';
import type { Metadata } from '../metadata.js';
import { draftInvoices, type InvoiceDraft } from './invoice-draft.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
const [MAY, JUNE, JULY] = [4, 5, 6].map((month) => Date.UTC(2026, month)) as [number, number, number];
const TERMS = { now: Date.UTC(2026, 9), marginMs: 24 * HOUR_MS };
const DATABASES = 1_100;
/** Of 250 databases each. */
const PIECES = 5;

describe('drafts of invoices', () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let organizationId: string;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    const { prisma } = metadata;
    await prisma.billingStart.updateMany({ data: { firstPeriod: new Date(JUNE) } });
    await prisma.usageProgress.deleteMany();
    await prisma.usageProgress.create({ data: { id: 1, completeTo: new Date(TERMS.now) } });
    await metadata.plans.put('pro', 'Pro', {});
    const price = { amount: '1', per: '1000', included: '77' };
    await prisma.planVersion.create({
      data: {
        ...{ planId: 'pro', version: 1, effectiveFrom: new Date(0), currency: 'USD', fee: 2_000n, minimum: 0n },
        prices: { readUnits: price, writeUnits: price, storedByteMs: price, egressBytes: price },
      },
    });
  });
  afterAll(() => test.close());

  async function newTenant(databases: number): Promise<void> {
    const { prisma } = metadata;
    organizationId = await test.newOrganization();
    await prisma.organization.update({ where: { id: organizationId }, data: { createdAt: new Date(MAY) } });
    for (const [planId, since] of [
      ['free', MAY],
      ['pro', JULY + 100.5 * HOUR_MS],
    ] as const) {
      await prisma.organizationPlan.create({ data: { organizationId, planId, since: new Date(since) } });
    }
    await prisma.$executeRaw`
      INSERT INTO database_owners (database_id, organization_id, name)
      SELECT gen_random_uuid(), ${organizationId}, 'd' || n FROM generate_series(1, ${databases}::int) AS n`;
  }
  /** In some hours of a month, by two keys and by none, of each database something else. */
  async function use(month: number): Promise<void> {
    const hour = month / HOUR_MS;
    await metadata.prisma.$executeRaw`
      INSERT INTO usage_hours (database_id, hour, key_id, commits, write_units, requests, read_units, egress_bytes)
      SELECT database_id, ${hour}::int + h, k, 1, CASE WHEN k = '' THEN length(name) + h ELSE 0 END, 1, h * length(name), 7 * h
      FROM database_owners, generate_series(0, 700, 50) AS h, unnest(ARRAY['', 'one', 'two']) AS k
      WHERE organization_id = ${organizationId}
      ON CONFLICT (database_id, hour, key_id) DO UPDATE SET read_units = usage_hours.read_units + 1`;
    await metadata.prisma.$executeRaw`
      INSERT INTO usage_sizes (database_id, at, bytes)
      SELECT database_id, ${new Date(month + 7 * HOUR_MS)}::timestamptz, 1000 * length(name) FROM database_owners
      WHERE organization_id = ${organizationId} ON CONFLICT DO NOTHING`;
  }

  /** A draft of July, how many statements read hours for it, and how many of those hash what they read; and the rows that came of them. */
  async function look(withEvidence: boolean) {
    const counts = { looks: 0, hashing: 0, rows: 0 };
    const counted = metadata.prisma.$extends({
      query: {
        async $queryRaw({ args, query }) {
          const rows = (await query(args)) as unknown;
          const { sql } = args as { readonly sql: string };
          if (sql.includes('usage_hours')) {
            counts.looks++;
            counts.hashing += sql.includes('sha256') ? 1 : 0;
            counts.rows += (rows as readonly unknown[]).length;
          }
          return rows;
        },
      },
    });
    const drafts = await draftInvoices(counted as unknown as PrismaClient, [organizationId], JULY, { withEvidence });
    const draft = drafts.get(organizationId);
    if (draft === undefined) throw new Error('there is no draft');
    return { draft, counts };
  }
  const withoutEvidence = ({ lines }: InvoiceDraft) => lines.map((line) => ({ ...line, evidence: undefined }));

  it('are read in pieces, a row for each database, plan and meter, and hash nothing that is not told', async () => {
    await newTenant(DATABASES);
    await use(JULY);
    const { draft, counts } = await look(false);
    // Four meters under two plans; what is stored was told under the first.
    expect(counts).toEqual({ looks: PIECES, hashing: 0, rows: DATABASES * 8 });
    expect(draft.lines.some(({ evidence }) => evidence !== undefined)).toBe(false);
    const proven = await look(true);
    expect(proven.counts).toEqual({ looks: PIECES, hashing: PIECES, rows: DATABASES * 8 });
    expect(withoutEvidence(proven.draft)).toEqual(draft.lines);
    expect({ ...proven.draft, lines: [] }).toEqual({ ...draft, lines: [] });
    const entries = proven.draft.lines.flatMap(({ kind, evidence }) => (kind === 'meter' ? [evidence?.entries] : []));
    // What two keys read in two hours and then in thirteen, but for the first, in which it was nothing; writes of no key; one mark.
    expect(entries).toEqual([2, 2, 1, 2, 26, 13, 1, 26].map((each) => BigInt(each * DATABASES)));
  });

  it('hash what came late of a closed month, and nothing of one of which nothing did', async () => {
    await newTenant(2);
    await use(JUNE);
    await use(JULY);
    expect((await metadata.invoices.finalize(organizationId, JUNE, TERMS)).outcome).toBe('finalized');
    expect((await look(true)).counts).toMatchObject({ looks: 2, hashing: 1 });
    await use(JUNE);
    const { draft, counts } = await look(true);
    expect(counts).toMatchObject({ looks: 3, hashing: 2 });
    const late = draft.lines.filter(({ periodFrom }) => periodFrom === JUNE);
    expect(late.map(({ kind }) => kind)).toEqual(['meter']);
    expect(late[0]?.evidence).toMatchObject({ entries: 60n, digest: expect.stringMatching(/^[0-9a-f]{16}$/) });
    const unproven = await look(false);
    expect(unproven.counts).toMatchObject({ looks: 2, hashing: 0 });
    expect(withoutEvidence(draft)).toEqual(unproven.draft.lines);
  });
});
