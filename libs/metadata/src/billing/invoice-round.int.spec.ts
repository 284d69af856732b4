import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Clock, DatabaseId, SessionId } from '@leasehold/foundation';
import { openTestMetadata, startTestPostgres, type TestMetadata, type TestPostgres } from '@leasehold/metadata-testing';
import { UsageLedger } from '@leasehold/usage-ledger';

import { Metadata } from '../metadata.js';
import type { DueMonth } from './due-months.js';
import { InvoiceRound, type BatchSplit } from './invoice-round.js';
import type { Invoices } from './invoices.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const [MAY, JUNE, JULY] = [4, 5, 6].map((month) => Date.UTC(2026, month)) as [number, number, number];
const NEVER = new AbortController().signal;

describe('a round of invoices', () => {
  let postgres: TestPostgres;
  let test: TestMetadata;
  let metadata: Metadata;
  let ledger: UsageLedger;
  let organizations: readonly string[];
  const failures: DueMonth[] = [];
  const splits: BatchSplit[] = [];

  const roundAt = (now: number) =>
    new InvoiceRound({
      ...{ prisma: metadata.prisma, invoices: metadata.invoices, clock: { now: () => now } as Clock },
      onFailed: (month) => void failures.push(month),
      onSplit: (split) => void splits.push(split),
    });

  const open = () => Metadata.open({ databaseUrl: test.databaseUrl });
  const close = async () => {
    await ledger?.close();
    // A test may have opened one of its own.
    await metadata?.close();
    await test?.close();
  };
  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(async () => {
    await close();
    await postgres.close();
  });
  beforeEach(async () => {
    await close();
    failures.length = 0;
    splits.length = 0;
    test = await openTestMetadata({ postgres });
    metadata = test.metadata;
    ledger = new UsageLedger(test.databaseUrl);
    await metadata.prisma.billingStart.updateMany({ data: { firstPeriod: new Date(MAY) } });
    organizations = await Promise.all(['a', 'b', 'c'].map(newOrganization));
  });

  /** With something in May and in June. */
  async function newOrganization(name: string): Promise<string> {
    const id = await test.newOrganization(name);
    await metadata.prisma.organization.update({ where: { id }, data: { createdAt: new Date(MAY) } });
    const database = (await metadata.databases.create(id, 'main')).id as DatabaseId;
    const reads = [MAY, JUNE].map((at) => ({
      hour: at / HOUR_MS,
      key: 'k',
      requests: 1,
      readUnits: 9,
      egressBytes: 1,
    }));
    const session = `01jd${name.charCodeAt(0).toString().padStart(22, '0')}` as SessionId;
    const databases = [{ database, writes: [], reads, sizes: [] }];
    await ledger.take({ session, number: 1, from: MAY, to: JUNE, databases });
    return id;
  }

  const billed = async () =>
    (await metadata.prisma.invoice.findMany({ orderBy: { number: 'asc' } })).map(
      ({ number, organizationId, periodFrom }) => [
        Number(number),
        organizations.indexOf(organizationId),
        periodFrom.getTime(),
      ],
    );

  it('bills every month that has ended by the margin, the earlier ones first, and nothing twice', async () => {
    await ledger.passed(JULY + DAY_MS);
    const report = await roundAt(JULY + DAY_MS).pass(DAY_MS, NEVER);
    expect(report).toEqual({ outcomes: { finalized: 6 }, failed: 0 });
    const all = await billed();
    expect(all.map(([number]) => number)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const at of [0, 1, 2]) {
      expect(all.filter(([, organization]) => organization === at).map(([, , from]) => from)).toEqual([MAY, JUNE]);
    }
    expect(await roundAt(JULY + DAY_MS).pass(DAY_MS, NEVER)).toEqual({ outcomes: {}, failed: 0 });
    expect(await billed()).toEqual(all);
  });

  it('bills nothing before the margin has passed, by the clock and by how far usage is complete', async () => {
    await ledger.passed(JUNE + DAY_MS - 1);
    expect(await roundAt(JUNE + DAY_MS - 1).pass(DAY_MS, NEVER)).toEqual({ outcomes: {}, failed: 0 });
    // All three look at once: none has told the others yet.
    expect(await roundAt(JUNE + DAY_MS).pass(DAY_MS, NEVER)).toEqual({ outcomes: { early: 3 }, failed: 0 });
    expect(await billed()).toEqual([]);
    await ledger.passed(JUNE + DAY_MS);
    const later = await roundAt(JULY + DAY_MS).pass(DAY_MS, NEVER);
    expect(later).toMatchObject({ outcomes: { finalized: 3 }, failed: 0 });
    expect(later.outcomes.early).toBeGreaterThan(0);
  });

  it('bills each month once, however many rounds run beside one another', async () => {
    await ledger.passed(JULY + DAY_MS);
    const others = [open(), open()];
    try {
      const rounds = [metadata, ...others].map(({ prisma, invoices }) =>
        new InvoiceRound({
          ...{ prisma, invoices, clock: { now: () => JULY + DAY_MS } as Clock },
          onFailed: (month) => void failures.push(month),
        }).pass(DAY_MS, NEVER),
      );
      const reports = await Promise.all(rounds);
      expect(reports.reduce((sum, { outcomes }) => sum + (outcomes.finalized ?? 0), 0)).toBe(6);
      expect(failures).toEqual([]);
      expect((await billed()).map(([number]) => number)).toEqual([1, 2, 3, 4, 5, 6]);
    } finally {
      for (const other of others) await other.close();
    }
  });

  it.each([
    ['cannot be made', 'P0001'],
    ['takes too long', '57014'],
  ])('goes on behind an organization whose invoice %s, and makes it the next time', async (_, code) => {
    await ledger.passed(JUNE + DAY_MS);
    const [, broken = ''] = organizations;
    const { prisma } = metadata;
    await prisma.$executeRawUnsafe(`
      CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
        IF NEW.organization_id = '${broken}' THEN RAISE EXCEPTION 'no' USING ERRCODE = '${code}'; END IF;
        RETURN NEW;
      END$$`);
    await prisma.$executeRaw`CREATE TRIGGER refuse_one BEFORE INSERT ON invoices FOR EACH ROW EXECUTE FUNCTION refuse_one()`;
    expect(await roundAt(JUNE + DAY_MS).pass(DAY_MS, NEVER)).toEqual({ outcomes: { finalized: 2 }, failed: 1 });
    expect(failures.map(({ organizationId }) => organizationId)).toEqual([broken]);
    expect(splits).toEqual([{ cause: expect.anything(), batches: 1, invoices: 3 }]);
    await prisma.$executeRaw`DROP TRIGGER refuse_one ON invoices`;
    expect(await roundAt(JUNE + DAY_MS).pass(DAY_MS, NEVER)).toEqual({ outcomes: { finalized: 1 }, failed: 0 });
    expect((await billed()).map(([number]) => number)).toEqual([1, 2, 3]);
  });

  it('ends when Postgres is away, and the next one bills what is left', async () => {
    await ledger.passed(JULY + DAY_MS);
    const { prisma, invoices } = metadata;
    let left = 2;
    const cut = new Proxy(invoices, {
      get: (target, name: keyof Invoices) => {
        if (name !== 'finalizeAll') return target[name];
        return async (...args: Parameters<Invoices['finalizeAll']>) => {
          if (left-- > 0) return target.finalizeAll(...args);
          await metadata.close();
          throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
        };
      },
    });
    const down = new Proxy(prisma, {
      get: (target, name) => {
        if (name === '$queryRaw' && left < 0) return () => Promise.reject(new Error('Connection terminated'));
        return Reflect.get(target, name) as unknown;
      },
    });
    const clock = { now: () => JULY + DAY_MS } as Clock;
    const round = new InvoiceRound({
      prisma: down,
      invoices: cut,
      clock,
      invoicesTogether: 1,
      batchesAtOnce: 1,
      onFailed: (month) => void failures.push(month),
    });
    await expect(round.pass(DAY_MS, NEVER)).rejects.toThrow('Connection terminated');
    expect(failures).toEqual([]);
    metadata = open();
    expect((await billed()).length).toBe(2);
    await roundAt(JULY + DAY_MS).pass(DAY_MS, NEVER);
    expect((await billed()).map(([number]) => number)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('bills nothing twice where invoices were issued and nobody has heard of it', async () => {
    await ledger.passed(JUNE + DAY_MS);
    const { prisma, invoices } = metadata;
    let lost = 1;
    const deaf = new Proxy(invoices, {
      get: (target, name: keyof Invoices) => {
        if (name !== 'finalizeAll') return target[name];
        return async (...args: Parameters<Invoices['finalizeAll']>) => {
          const outcomes = await target.finalizeAll(...args);
          if (lost-- > 0) throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
          return outcomes;
        };
      },
    });
    const round = new InvoiceRound({
      ...{ prisma, invoices: deaf, clock: { now: () => JUNE + DAY_MS } as Clock },
      onFailed: (month) => void failures.push(month),
    });
    expect(await round.pass(DAY_MS, NEVER)).toEqual({ outcomes: { closed: 3 }, failed: 0 });
    expect((await billed()).map(([number]) => number)).toEqual([1, 2, 3]);
  });

  it('makes those of several organizations together, but not more than it may, and of one in order', async () => {
    await ledger.passed(JULY + DAY_MS);
    const { prisma, invoices } = metadata;
    const underWay = new Set<string>();
    const together: (readonly [from: number, count: number])[] = [];
    const watched = new Proxy(invoices, {
      get: (target, name: keyof Invoices) => {
        if (name !== 'finalizeAll') return target[name];
        return async (...args: Parameters<Invoices['finalizeAll']>) => {
          const [organizationIds, from] = args;
          together.push([from, organizationIds.length]);
          for (const id of organizationIds) {
            expect(underWay).not.toContain(id);
            underWay.add(id);
          }
          const outcomes = await target.finalizeAll(...args);
          for (const id of organizationIds) underWay.delete(id);
          return outcomes;
        };
      },
    });
    const round = new InvoiceRound({
      ...{ prisma, invoices: watched, clock: { now: () => JULY + DAY_MS } as Clock, invoicesTogether: 2 },
      onFailed: (month) => void failures.push(month),
    });
    expect(await round.pass(DAY_MS, NEVER)).toEqual({ outcomes: { finalized: 6 }, failed: 0 });
    expect(together).toEqual([
      [MAY, 2],
      [MAY, 1],
      [JUNE, 2],
      [JUNE, 1],
    ]);
    expect((await billed()).map(([number]) => number)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('looks at every organization, however many there are', async () => {
    await ledger.passed(JUNE + DAY_MS);
    await metadata.prisma.$executeRaw`
      INSERT INTO organizations (id, name, slug, created_at)
      SELECT 'more-' || n, 'More', 'more-' || n, ${new Date(MAY)} FROM generate_series(1, 1500) AS n`;
    const report = await roundAt(JUNE + DAY_MS).pass(DAY_MS, NEVER);
    expect(report).toEqual({ outcomes: { finalized: 3, empty: 1_500 }, failed: 0 });
    expect(await roundAt(JUNE + DAY_MS).pass(DAY_MS, NEVER)).toEqual({ outcomes: {}, failed: 0 });
  });

  it('goes on with the last twelve months where older ones were never billed', async () => {
    await ledger.passed(JULY + DAY_MS);
    const long = new Date(Date.UTC(2025, 0));
    await metadata.prisma.billingStart.updateMany({ data: { firstPeriod: long } });
    await metadata.prisma.organization.update({ where: { id: organizations[0] ?? '' }, data: { createdAt: long } });
    const report = await roundAt(JULY + DAY_MS).pass(DAY_MS, NEVER);
    expect(report).toEqual({ outcomes: { empty: 10, finalized: 6 }, failed: 0 });
  });

  it('ends when it is told to', async () => {
    await ledger.passed(JULY + DAY_MS);
    await expect(roundAt(JULY + DAY_MS).pass(DAY_MS, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    expect(await billed()).toEqual([]);
  });
});
