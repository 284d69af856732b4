import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PER, type Plan } from '@leasehold/billing';
import type { DatabaseId, SessionId } from '@leasehold/foundation';
import type { DatabaseUsage } from '@leasehold/metering';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';
import { UsageLedger } from '@leasehold/usage-ledger';

import type { Metadata } from '../metadata.js';
import { lineDatabasesOf, lineRecordsOf } from './invoice-line-record.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const [MAY, JUNE, JULY, AUGUST] = [4, 5, 6, 7].map((month) => Date.UTC(2026, month)) as [
  number,
  number,
  number,
  number,
];
const KEY = '01jd000000000000000000000k';
/** Long after all of it. */
const TERMS = { now: Date.UTC(2026, 9), marginMs: DAY_MS };

const prices: Plan['prices'] = {
  readUnits: { amount: 40n, per: PER.million, included: 1_000_000n },
  writeUnits: { amount: 200n, per: PER.million, included: 0n },
  storedByteMs: { amount: 1n, per: PER.gigabyteHour, included: 0n },
  egressBytes: { amount: 9n, per: PER.gigabyte, included: 0n },
};

describe('invoices', () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let ledger: UsageLedger;
  let records = 0;
  let mine: string;
  let a: DatabaseId;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    ledger = new UsageLedger(test.databaseUrl);
    await ledger.passed(Date.UTC(2026, 8, 20));
    await metadata.plans.put('pro', 'Pro', {});
    await metadata.prisma.billingStart.updateMany({ data: { firstPeriod: new Date(JUNE) } });
    const json = (member: Plan['prices']) =>
      Object.fromEntries(
        Object.entries(member).map(([meter, { amount, per, included }]) => [
          meter,
          { amount: String(amount), per: String(per), included: String(included) },
        ]),
      );
    const version = { planId: 'pro', currency: 'USD', minimum: 0n, fee: 2_000n };
    await metadata.prisma.planVersion.createMany({
      data: [
        { ...version, version: 1, effectiveFrom: new Date(0), prices: json(prices) },
        { ...version, version: 2, effectiveFrom: new Date(AUGUST), fee: 9_000n, prices: json(prices) },
      ],
    });
  });
  afterAll(async () => {
    await ledger.close();
    await test.close();
  });
  beforeEach(async () => {
    mine = await newOrganization('pro');
    a = await newDatabase('a');
  });

  async function newOrganization(plan: string, since = MAY): Promise<string> {
    const id = await test.newOrganization();
    await metadata.prisma.organization.update({ where: { id }, data: { createdAt: new Date(MAY) } });
    await metadata.prisma.organizationPlan.create({
      data: { organizationId: id, planId: plan, since: new Date(since) },
    });
    return id;
  }

  async function newDatabase(name: string, organizationId = mine): Promise<DatabaseId> {
    return (await metadata.databases.create(organizationId, name)).id as DatabaseId;
  }

  async function take(database: DatabaseId, usage: Partial<DatabaseUsage>): Promise<void> {
    const session = `01jd${String(++records).padStart(22, '0')}` as SessionId;
    const databases = [{ database, writes: [], reads: [], sizes: [], ...usage }];
    await ledger.take({ session, number: 1, from: JUNE, to: JULY, databases });
  }

  const read = (at: number, readUnits: number, key: string | null = KEY) => ({
    hour: at / HOUR_MS,
    key,
    requests: 1,
    readUnits,
    egressBytes: 0,
  });
  const finalize = (time = JUNE, organizationId = mine, terms = TERMS) =>
    metadata.invoices.finalize(organizationId, time, terms);
  async function issued(time = JUNE, organizationId = mine) {
    const done = await finalize(time, organizationId);
    if (done.outcome !== 'finalized') throw new Error(`it is ${done.outcome}`);
    const invoice = await metadata.invoices.find(done.invoiceId);
    if (invoice === undefined) throw new Error('it is not there');
    return invoice;
  }
  const linesOf = async (invoiceId: string) =>
    (await metadata.prisma.invoiceLine.findMany({ where: { invoiceId }, orderBy: { line: 'asc' } })).map(
      ({ kind, meter, quantity, included, amount, periodFrom }) => [
        meter ?? kind,
        Number(quantity),
        Number(included),
        Number(amount),
        periodFrom.getTime(),
      ],
    );

  it('charge a fee and what was used beyond what is included, and name what they count', async () => {
    const hour = JUNE / HOUR_MS;
    await take(a, {
      writes: [
        { hour, from: { commits: 0, writeUnits: 0 }, to: { commits: 2, writeUnits: 3_000_000 } },
        { hour: hour + 719, from: { commits: 2, writeUnits: 3_000_000 }, to: { commits: 3, writeUnits: 3_000_001 } },
        { hour: hour + 720, from: { commits: 3, writeUnits: 3_000_001 }, to: { commits: 4, writeUnits: 9_000_000 } },
      ],
      reads: [read(JUNE, 6_000_000), read(JUNE, 7_000_000, null), read(MAY, 9_000_000)],
      sizes: [{ at: MAY, bytes: 1_000_000_000 }],
    });
    const invoice = await issued();
    expect(await linesOf(invoice.id)).toEqual([
      ['fee', 0, 0, 2_000, JUNE],
      ['readUnits', 6_000_000, 1_000_000, 200, JUNE],
      ['writeUnits', 3_000_001, 0, 600, JUNE],
      ['storedByteMs', 1e9 * 720 * HOUR_MS, 0, 720, JUNE],
    ]);
    expect(invoice).toMatchObject({ total: 3_520n, currency: 'USD', state: 'finalized', credited: 0n });
    const writes = await metadata.prisma.invoiceLine.findFirst({
      where: { invoiceId: invoice.id, meter: 'writeUnits' },
    });
    expect(writes).toMatchObject({ entries: 2n, firstAt: new Date(JUNE), lastAt: new Date(JUNE + 719 * HOUR_MS) });
    expect(writes?.digest).toMatch(/^[0-9a-f]{16}$/);
  });

  it('are issued once, however many want to at once, with numbers without gaps', async () => {
    const organizations = [mine, ...(await Promise.all(Array.from({ length: 5 }, () => newOrganization('pro'))))];
    const before = (await metadata.prisma.billingCounter.findUnique({ where: { kind: 'invoice' } }))?.last ?? 0n;
    const done = await Promise.all(organizations.flatMap((id) => [finalize(JUNE, id), finalize(JUNE, id)]));
    expect(done.map(({ outcome }) => outcome).sort()).toEqual([
      ...Array(6).fill('closed'),
      ...Array(6).fill('finalized'),
    ]);
    const invoices = await metadata.prisma.invoice.findMany({ where: { organizationId: { in: organizations } } });
    expect(invoices.map(({ number }) => number - before).sort()).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
  });

  it('say the same when they are made together as each alone', async () => {
    const [change, hour] = [JULY + 15 * DAY_MS, JULY / HOUR_MS];
    const half = await newOrganization('pro', change);
    const none = await newOrganization('free');
    const late = await newOrganization('pro');
    const open = await newOrganization('pro');
    const [b, c, d] = [await newDatabase('b'), await newDatabase('c', half), await newDatabase('d', late)];
    const from = { commits: 0, writeUnits: 0 };
    await take(a, {
      writes: [{ hour, from, to: { commits: 2, writeUnits: 3_000_000 } }],
      reads: [read(JULY, 6_000_000), read(AUGUST, 1)],
      sizes: [{ at: MAY, bytes: 1_000_000_000 }],
    });
    await take(b, { reads: [read(JULY + HOUR_MS, 9_000_000)] });
    await take(c, { reads: [read(change - HOUR_MS, 3_000_000), read(change, 2_500_000)] });
    await take(d, { reads: [read(JUNE, 1_000_000)], sizes: [{ at: JUNE + 20 * DAY_MS, bytes: 1_000_000_000 }] });
    for (const id of [mine, half, none, late]) await finalize(JUNE, id);
    const address = {
      street: 'Street 1',
      postalCode: '1',
      city: 'Town',
      region: '',
      country: 'DE',
      taxId: '',
      email: '',
    };
    for (const [id, name] of [
      [half, 'Half Inc.'],
      [late, 'Late Inc.'],
    ] as const) {
      await metadata.billingDetails.put(id, { ...address, name });
    }
    await take(d, { reads: [read(JUNE, 500_000)], sizes: [{ at: JUNE + 25 * DAY_MS, bytes: 0 }] });
    const all = [late, none, mine, 'nobody', open, half];
    const drafts = await Promise.all(all.map((id) => metadata.invoices.draft(id, JULY, { withEvidence: true })));
    expect(drafts.map((draft) => draft?.lines.map((line) => ('meter' in line ? line.meter : line.kind)))).toEqual([
      ['fee', 'readUnits', 'storedByteMs'],
      [],
      ['fee', 'readUnits', 'writeUnits', 'storedByteMs'],
      undefined,
      ['fee'],
      ['readUnits', 'fee', 'readUnits'],
    ]);
    const outcomes = await metadata.invoices.finalizeAll(all, JULY, TERMS);
    const outcomesOf = (of: typeof outcomes) => all.map((id) => of.get(id)?.outcome);
    expect(outcomesOf(outcomes)).toEqual(['finalized', 'empty', 'finalized', 'absent', 'waits', 'finalized']);
    for (const draft of drafts) {
      const done = outcomes.get(draft?.organizationId ?? '');
      if (draft === undefined || done?.outcome !== 'finalized') continue;
      const invoice = await metadata.invoices.find(done.invoiceId);
      const buyer = await metadata.billingDetails.of(draft.organizationId);
      expect(invoice).toMatchObject({ organizationId: draft.organizationId, total: draft.total, buyer });
      expect(await metadata.invoiceLines.list(done.invoiceId, 0, 100)).toEqual(lineRecordsOf(draft));
      expect(await metadata.invoiceLines.databases(done.invoiceId, undefined, 100)).toEqual(lineDatabasesOf(draft));
    }
    const again = await metadata.invoices.finalizeAll(all, JULY, TERMS);
    expect(outcomesOf(again)).toEqual(['closed', 'closed', 'closed', 'absent', 'waits', 'closed']);
  });

  it('are none of several where one of them cannot be written', async () => {
    const bad = await newOrganization('pro');
    const { prisma, invoices } = metadata;
    const counter = async () => (await prisma.billingCounter.findUnique({ where: { kind: 'invoice' } }))?.last ?? 0n;
    const before = await counter();
    await prisma.$executeRawUnsafe(`
      CREATE FUNCTION refuse_bad() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
        IF EXISTS (SELECT FROM invoices i WHERE i.id = NEW.invoice_id AND i.organization_id = '${bad}') THEN
          RAISE EXCEPTION 'no';
        END IF;
        RETURN NEW;
      END$$`);
    await prisma.$executeRaw`
      CREATE TRIGGER refuse_bad BEFORE INSERT ON invoice_lines FOR EACH ROW EXECUTE FUNCTION refuse_bad()`;
    await expect(invoices.finalizeAll([mine, bad], JUNE, TERMS)).rejects.toThrow();
    await prisma.$executeRaw`DROP TRIGGER refuse_bad ON invoice_lines`;
    expect(await counter()).toBe(before);
    expect(await prisma.invoicePeriod.count({ where: { organizationId: { in: [mine, bad] } } })).toBe(0);
    expect((await issued(JUNE, bad)).number).toBe(before + 1n);
  });

  it('give a number again whose invoice was not written', async () => {
    const { number } = await issued();
    await metadata.prisma.$executeRaw`
      CREATE FUNCTION refuse_lines() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$`;
    await metadata.prisma.$executeRaw`
      CREATE TRIGGER refuse_lines BEFORE INSERT ON invoice_lines FOR EACH ROW EXECUTE FUNCTION refuse_lines()`;
    const other = await newOrganization('pro');
    await expect(finalize(JUNE, other)).rejects.toThrow();
    await metadata.prisma.$executeRaw`DROP TRIGGER refuse_lines ON invoice_lines`;
    expect((await issued(JUNE, other)).number).toBe(number + 1n);
  });

  it('wait until the month has ended, usage is complete, and the month before is closed', async () => {
    const end = Date.UTC(2026, 9);
    expect(await finalize(JUNE, mine, { now: JULY + DAY_MS - 1, marginMs: DAY_MS })).toEqual({ outcome: 'early' });
    expect(await finalize(Date.UTC(2026, 8), mine, { now: end + DAY_MS, marginMs: DAY_MS })).toEqual({
      outcome: 'early',
    });
    expect(await finalize(JULY)).toEqual({ outcome: 'waits' });
    expect(await finalize(Date.UTC(2026, 3))).toEqual({ outcome: 'absent' });
    expect(await finalize(JUNE, 'nobody')).toEqual({ outcome: 'absent' });
    await issued();
    expect((await finalize(JULY)).outcome).toBe('finalized');
  });

  it('are none where nothing is charged and nothing was used, and come to nothing on a free plan', async () => {
    const free = await newOrganization('free');
    expect(await finalize(JUNE, free)).toEqual({ outcome: 'empty' });
    expect(await finalize(JUNE, free)).toEqual({ outcome: 'closed' });
    await take(await newDatabase('b', free), { reads: [read(JULY, 5)] });
    expect(await issued(JULY, free)).toMatchObject({ total: 0n, state: 'paid', payment: 'nothing due' });
  });

  it('bill later what came late, under the month that it is of', async () => {
    await take(a, { reads: [read(JUNE, 1_000_000)], sizes: [{ at: JUNE + 20 * DAY_MS, bytes: 1_000_000_000 }] });
    const first = await issued();
    expect(first.total).toBe(2_000n + 240n);
    await take(a, { reads: [read(JUNE, 500_000), read(JULY, 7)], sizes: [{ at: JUNE + 25 * DAY_MS, bytes: 0 }] });
    const second = await issued(JULY);
    expect(await linesOf(second.id)).toEqual([
      ['fee', 0, 0, 2_000, JULY],
      ['readUnits', 7, 7, 0, JULY],
      ['readUnits', 500_000, 0, 20, JUNE],
      ['storedByteMs', -1e9 * 120 * HOUR_MS, 0, -120, JUNE],
    ]);
    expect(second.total).toBe(1_900n);
    expect(await linesOf((await issued(AUGUST)).id)).toEqual([['fee', 0, 0, 9_000, AUGUST]]);
  });

  it('give back what no invoice has room for with the next ones, however long it takes', async () => {
    const january = Date.UTC(2026, 0);
    await metadata.prisma.organization.update({ where: { id: mine }, data: { createdAt: new Date(january) } });
    await metadata.prisma.organizationPlan.deleteMany({ where: { organizationId: mine } });
    const given = [
      { planId: 'pro', since: new Date(january) },
      { planId: 'free', since: new Date(Date.UTC(2026, 1)) },
      { planId: 'pro', since: new Date(JUNE) },
    ];
    await metadata.prisma.organizationPlan.createMany({ data: given.map((one) => ({ ...one, organizationId: mine })) });
    await take(a, { sizes: [{ at: january, bytes: 100_000_000_000 }] });
    expect((await issued(january)).total).toBe(2_000n + 74_400n);
    await take(a, { sizes: [{ at: january + HOUR_MS, bytes: 0 }] });
    const back: unknown[] = [];
    for (let month = 1; month < 8; month++) {
      const done = await finalize(Date.UTC(2026, month));
      if (done.outcome !== 'finalized') continue;
      expect((await metadata.invoices.find(done.invoiceId))?.total).toBe(0n);
      back.push(...(await linesOf(done.invoiceId)).filter(([kind]) => kind === 'storedByteMs'));
    }
    // Long after three months, and as much as there is to pay.
    const part = (amount: number) => ['storedByteMs', 0, 0, -amount, january];
    expect(back).toEqual([part(2_000), part(2_000), part(9_000)]);
    expect((await metadata.invoices.draft(mine, Date.UTC(2026, 8)))?.waiting).toEqual([january]);
  });

  it('bill a database that is purged, until it was deleted', async () => {
    await take(a, { reads: [read(JUNE, 2_000_000)], sizes: [{ at: JUNE, bytes: 1_000_000_000 }] });
    await metadata.prisma.database.update({ where: { id: a }, data: { deletedAt: new Date(JUNE + DAY_MS) } });
    await metadata.prisma.database.delete({ where: { id: a } });
    const invoice = await issued();
    expect(invoice.total).toBe(2_000n + 40n + 24n);
    const parts = await metadata.prisma.invoiceLineDatabase.findMany({ where: { invoiceId: invoice.id } });
    expect(parts).toMatchObject([
      { databaseId: a, name: 'a', deletedAt: new Date(JUNE + DAY_MS) },
      { databaseId: a, name: 'a' },
    ]);
  });

  it('have each database of many, whether it was used or not', async () => {
    const many = await newOrganization('pro');
    await metadata.prisma.$executeRaw`
      INSERT INTO database_owners (database_id, organization_id, name)
      SELECT gen_random_uuid(), ${many}, 'd' || n FROM generate_series(1, 2500) AS n`;
    await metadata.prisma.$executeRaw`
      INSERT INTO usage_hours (database_id, hour, key_id, commits, write_units, requests, read_units, egress_bytes)
      SELECT database_id, ${JUNE / HOUR_MS}::int, '', 1, 1000, 0, 0, 0 FROM database_owners
      WHERE organization_id = ${many} AND name <> 'd7'`;
    const invoice = await issued(JUNE, many);
    expect(await linesOf(invoice.id)).toEqual([
      ['fee', 0, 0, 2_000, JUNE],
      ['writeUnits', 2_499_000, 0, 500, JUNE],
    ]);
    const parts = await metadata.invoiceLines.databases(invoice.id, undefined, 3_000);
    expect(parts).toHaveLength(2_499);
    expect(parts.reduce((sum, { amount }) => sum + amount, 0n)).toBe(500n);
    const [line] = await metadata.invoiceLines.list(invoice.id, 1, 1);
    expect(line).toMatchObject({ line: 2, entries: 2_499n });
  });

  it('go by the plan of the hour', async () => {
    const half = await newOrganization('pro', JUNE + 15 * DAY_MS + 1_800_000);
    const b = await newDatabase('b', half);
    const change = JUNE + 15 * DAY_MS;
    await take(b, { reads: [read(change - HOUR_MS, 3_000_000), read(change, 2_500_000)] });
    expect(await linesOf((await issued(JUNE, half)).id)).toEqual([
      ['readUnits', 3_000_000, 0, 0, JUNE],
      ['fee', 0, 0, 1_000, JUNE],
      ['readUnits', 2_500_000, 500_000, 80, JUNE],
    ]);
  });

  it('are never changed, but paid or voided once', async () => {
    const invoice = await issued();
    const { prisma, invoices } = metadata;
    const where = { id: invoice.id };
    await expect(prisma.invoice.update({ where, data: { total: 1n } })).rejects.toThrow('never changed');
    await expect(prisma.invoice.update({ where, data: { buyer: {} } })).rejects.toThrow('never changed');
    const asPaid = { state: 'paid', paidAt: new Date(), payment: 'x', total: 1n };
    await expect(prisma.invoice.update({ where, data: asPaid })).rejects.toThrow('never changed');
    await expect(prisma.invoice.delete({ where })).rejects.toThrow();
    const line = { invoiceId: invoice.id, line: 1 };
    await expect(prisma.invoiceLine.updateMany({ where: line, data: { amount: 0n } })).rejects.toThrow('never changed');
    await expect(prisma.invoiceLine.deleteMany({ where: line })).rejects.toThrow('never changed');
    await expect(
      prisma.$executeRaw`INSERT INTO invoice_lines SELECT invoice_id, 9, kind, period_from, from_at, to_at, plan_id,
        plan_version, meter, quantity, included, price_amount, price_per, amount, first_at, last_at, entries, digest
        FROM invoice_lines WHERE invoice_id = ${invoice.id}`,
    ).rejects.toThrow('never changed');
    const paid = await invoices.markPaid(invoice.id, 'bank transfer');
    expect(paid).toMatchObject({ state: 'paid', payment: 'bank transfer', total: invoice.total });
    expect(await invoices.markPaid(invoice.id, 'once more')).toEqual(paid);
    await expect(invoices.void(invoice.id, 'wrong')).rejects.toMatchObject({ kind: 'conflict', state: 'paid' });
    await expect(prisma.invoice.update({ where, data: { payment: 'x' } })).rejects.toThrow('never changed');
    expect(await invoices.markPaid('nobody', 'x')).toBeUndefined();
    const other = await issued(JUNE, await newOrganization('pro'));
    const voided = await invoices.void(other.id, 'wrong');
    expect(voided).toMatchObject({ state: 'void', voidReason: 'wrong' });
    expect(await invoices.void(other.id, 'again')).toEqual(voided);
    await expect(invoices.markPaid(other.id, 'x')).rejects.toMatchObject({ state: 'void' });
    await expect(invoices.credit(other.id, 1n, 'x')).rejects.toMatchObject({ state: 'void' });
  });

  it('are credited up to what was billed, also by several at once', async () => {
    const { id, total } = await issued();
    const { invoices } = metadata;
    const done = await Promise.allSettled(Array.from({ length: 5 }, () => invoices.credit(id, 900n, 'an outage')));
    expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    for (const each of done) if (each.status === 'rejected') expect(each.reason).toMatchObject({ left: 200n });
    await expect(invoices.credit(id, total - 1_800n + 1n, 'too much')).rejects.toMatchObject({ left: 200n });
    await invoices.credit(id, 200n, 'the rest');
    const notes = await invoices.creditNotes(id);
    expect(notes.map(({ amount }) => amount)).toEqual([900n, 900n, 200n]);
    const [first] = notes;
    expect(notes.map(({ number }) => number - (first?.number ?? 0n))).toEqual([0n, 1n, 2n]);
    expect((await invoices.find(id))?.credited).toBe(total);
    await expect(invoices.void(id, 'wrong')).rejects.toMatchObject({ kind: 'conflict' });
    expect(await invoices.credit('nobody', 1n, 'x')).toBeUndefined();
  });

  it('tell what becomes of them in the audit log of the organization', async () => {
    const { id } = await issued();
    await metadata.invoices.credit(id, 5n, 'an outage');
    await metadata.invoices.markPaid(id, 'bank transfer');
    const voided = await newOrganization('pro');
    await metadata.invoices.void((await issued(JUNE, voided)).id, 'a mistake');
    const told = async (organizationId: string) =>
      (await metadata.auditLog.list(organizationId, undefined, 100))
        .filter(({ subjectKind }) => ['invoice', 'credit-note'].includes(subjectKind))
        .map(({ action }) => action)
        .reverse();
    expect(await told(mine)).toEqual(['invoice.issued', 'invoice.credited', 'credit-note.created', 'invoice.paid']);
    expect(await told(voided)).toEqual(['invoice.issued', 'invoice.voided']);
  });

  it('have each a letter to those who look after money, where there is something to pay', async () => {
    const { prisma, invoiceLetters } = metadata;
    await prisma.invoiceLetter.deleteMany();
    const { userId } = await prisma.member.findFirstOrThrow({ where: { organizationId: mine } });
    const { email } = await prisma.user.update({ where: { id: userId }, data: { emailVerified: true } });
    const paid = await issued();
    const nobody = await issued(JUNE, await newOrganization('pro'));
    const free = await newOrganization('free');
    await take(await newDatabase('f', free), { reads: [read(JUNE, 5)] });
    expect((await issued(JUNE, free)).total).toBe(0n);
    const void_ = await issued(JULY);
    await metadata.invoices.void(void_.id, 'a mistake');
    const two = await Promise.all([invoiceLetters.take(), invoiceLetters.take()]);
    expect(two.map((letter) => letter?.invoiceId).sort()).toEqual([paid.id, nobody.id].sort());
    expect(two.find((letter) => letter?.invoiceId === paid.id)).toEqual({
      ...{ invoiceId: paid.id, organizationId: mine, number: paid.number, periodFrom: new Date(JUNE) },
      ...{ currency: 'USD', total: 2_000n, recipients: [email] },
    });
    expect(two.find((letter) => letter?.invoiceId === nobody.id)?.recipients).toEqual([]);
    expect([await invoiceLetters.take(), await invoiceLetters.take()]).toEqual([null, undefined]);
  });

  it('are nobody else’s', async () => {
    const { id } = await issued();
    const other = await newOrganization('pro');
    expect(await metadata.invoices.find(id, other)).toBeUndefined();
    expect(await metadata.invoices.list(other, undefined, 10)).toEqual([]);
    expect((await metadata.invoices.list(mine, undefined, 10)).map((invoice) => invoice.id)).toEqual([id]);
    expect(await metadata.invoices.list(mine, new Date(JUNE), 10)).toEqual([]);
  });
});
