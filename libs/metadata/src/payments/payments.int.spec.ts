import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';

import { Prisma } from '../generated/client.js';
import type { Metadata } from '../metadata.js';
import { readMigrations } from '../migrations.js';
import type { ClaimedPayment } from './payment-record.js';

// Processes start and stop here, on machines that do other things meanwhile.
jest.setTimeout(60_000);

const LONG_AGO = new Date(0);
const UNTIL = new Date('2100-01-01T00:00:00Z');
const RACES = 25;

describe('payments in Postgres', () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let organizationId: string;
  let invoices = 0;

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    organizationId = await test.newOrganization('ann');
  });
  afterAll(() => test.close());

  async function issue(): Promise<string> {
    const id = `invoice-${String(++invoices).padStart(4, '0')}`;
    const [from, to] = [new Date(Date.UTC(2020, -invoices)), new Date(Date.UTC(2020, 1 - invoices))];
    await metadata.prisma.$executeRaw`
      INSERT INTO invoices (id, number, organization_id, period_from, period_to, currency, total, buyer, issuer, complete_to,
        records_to, transaction_id)
      VALUES (${id}, ${invoices}, ${organizationId}, ${from}::timestamptz, ${to}::timestamptz, 'USD', 3000, '{}', '{}',
        ${to}::timestamptz, 0, pg_current_xact_id()::text::bigint)`;
    return id;
  }

  async function claim(invoiceId: string): Promise<ClaimedPayment> {
    await metadata.prisma.payment.update({ where: { invoiceId }, data: { nextStepAt: LONG_AGO } });
    const [claimed] = await metadata.payments.claim(new Date(1), UNTIL, 1);
    if (claimed?.invoiceId !== invoiceId) throw new Error('another payment was due');
    return claimed;
  }

  const stateOf = async (invoiceId: string) => {
    const { state } = await metadata.prisma.payment.findUniqueOrThrow({ where: { invoiceId } });
    return [state, (await metadata.invoices.find(invoiceId))?.state];
  };

  it('come with their invoice', async () => {
    const invoiceId = await issue();
    expect(await metadata.payments.list(organizationId, undefined, 1)).toMatchObject([
      { invoiceId, state: 'waiting', total: 3_000n },
    ]);
  });

  it('are claimed by one of several', async () => {
    const ids = await Promise.all([issue(), issue(), issue(), issue()]);
    await metadata.prisma.payment.updateMany({ where: { invoiceId: { in: ids } }, data: { nextStepAt: LONG_AGO } });
    const claims = await Promise.all(Array.from({ length: 8 }, () => metadata.payments.claim(new Date(1), UNTIL, 2)));
    expect(
      claims
        .flat()
        .map(({ invoiceId }) => invoiceId)
        .sort(),
    ).toEqual(ids.sort());
  });

  it('are charged or settled by an operator, and never both, in every race', async () => {
    for (let race = 0; race < RACES; race++) {
      const invoiceId = await issue();
      const claimed = await claim(invoiceId);
      const says =
        race % 2 === 0 ? metadata.invoices.markPaid(invoiceId, 'by bank') : metadata.invoices.void(invoiceId, 'wrong');
      const [charges, said] = await Promise.all([
        metadata.payments.beginCharge(claimed),
        says.then(
          () => true,
          () => false,
        ),
      ]);
      expect([charges, said].filter(Boolean)).toHaveLength(1);
      const settled = race % 2 === 0 ? 'paid' : 'void';
      expect(await stateOf(invoiceId)).toEqual(charges ? ['processing', 'finalized'] : [settled, settled]);
    }
  });

  it('let an operator speak again when a charge has come to nothing', async () => {
    const invoiceId = await issue();
    const claimed = await claim(invoiceId);
    expect(await metadata.payments.beginCharge(claimed)).toBe(true);
    await expect(metadata.invoices.markPaid(invoiceId, 'by bank')).rejects.toMatchObject({ kind: 'conflict' });
    const failure = { state: 'failed', failure: 'declined', nextChargeAt: null, nextStepAt: null } as const;
    expect(await metadata.payments.note(claimed, failure)).toBe(true);
    await metadata.invoices.markPaid(invoiceId, 'by bank');
    expect(await stateOf(invoiceId)).toEqual(['paid', 'paid']);
  });

  it('take nothing from a step that was claimed again, or hinted at, meanwhile', async () => {
    const invoiceId = await issue();
    const late = await claim(invoiceId);
    const present = await claim(invoiceId);
    expect(await metadata.payments.refer(late, 'stripe', 'in_late', UNTIL)).toBe(false);
    expect(await metadata.payments.beginCharge(late)).toBe(false);
    expect(await metadata.payments.refer(present, 'stripe', 'in_present', UNTIL)).toBe(true);
    const hinted = await claim(invoiceId);
    const event = {
      provider: 'stripe',
      id: 'evt_1',
      type: 'invoice.paid',
      at: LONG_AGO,
      about: { kind: 'bill', reference: 'in_present' },
    } as const;
    const now = new Date('2030-01-01T00:00:00Z');
    expect([await metadata.paymentEvents.take(event, now), await metadata.paymentEvents.take(event, now)]).toEqual([
      'taken',
      'known',
    ]);
    expect(await metadata.payments.settle(hinted, 'stripe', 'paid', null)).toBe(false);
    expect(await stateOf(invoiceId)).toEqual(['waiting', 'finalized']);
  });

  it('keep the reference that was recorded first, and what they came to', async () => {
    const invoiceId = await issue();
    expect(await metadata.payments.refer(await claim(invoiceId), 'stripe', 'in_first', LONG_AGO)).toBe(true);
    expect(await metadata.payments.refer(await claim(invoiceId), 'stripe', 'in_second', UNTIL)).toBe(false);
    const where = { invoiceId };
    await expect(metadata.prisma.payment.update({ where, data: { reference: 'in_third' } })).rejects.toThrow(
      'never changed',
    );
    expect(await metadata.payments.settle(await claim(invoiceId), 'stripe', 'paid', null)).toBe(true);
    await expect(metadata.prisma.payment.update({ where, data: { state: 'waiting' } })).rejects.toThrow('stays so');
    await expect(metadata.prisma.payment.delete({ where })).rejects.toThrow('never deleted');
    expect(await stateOf(invoiceId)).toEqual(['paid', 'paid']);
  });

  it('tell of a failure once, and again when telling failed', async () => {
    const invoiceId = await issue();
    await metadata.prisma.user.updateMany({ data: { emailVerified: true } });
    const failure = { state: 'failed', failure: 'declined', nextChargeAt: null, nextStepAt: null } as const;
    await metadata.payments.note(await claim(invoiceId), failure);
    const told: unknown[] = [];
    const full = () => {
      throw new Error('no room');
    };
    await expect(metadata.payments.tellFailures(full)).rejects.toThrow('no room');
    await Promise.all([1, 2, 3].map(() => metadata.payments.tellFailures((one) => void told.push(one.recipients))));
    expect(told).toEqual([['ann@example.com']]);
  });

  it('find the method of a customer whenever it has made them due', async () => {
    const { prisma, payments, paymentCustomers } = metadata;
    const invoiceId = await issue();
    await paymentCustomers.remember(organizationId, 'stripe', 'cus_1');
    await prisma.paymentCustomer.updateMany({ data: { nextLookAt: LONG_AGO } });
    await prisma.payment.updateMany({ data: { nextStepAt: null } });
    const [customer] = await paymentCustomers.claim(new Date(1), UNTIL, 1);
    let isSettled = false;
    const settled = paymentCustomers
      .settleNew(customer!, { reference: 'pm_1', kind: 'card' }, null, LONG_AGO)
      .finally(() => (isSettled = true));
    const found: boolean[] = [];
    do {
      const claimed = await payments.claim(new Date(1), UNTIL, 100);
      found.push(...claimed.filter((one) => one.invoiceId === invoiceId).map(({ hasMethod }) => hasMethod));
    } while (!isSettled || found.length === 0);
    expect([await settled, found]).toEqual([true, [true]]);
    expect(await paymentCustomers.settleNew(customer!, { reference: 'pm_2', kind: 'card' }, null, LONG_AGO)).toBe(
      false,
    );
    expect(await payments.claim(new Date(1), UNTIL, 100)).toEqual([]);
  });

  it('go on where there was no provider when they were issued, and there is one again', async () => {
    const { prisma, payments, paymentCustomers } = metadata;
    await prisma.payment.updateMany({ data: { nextStepAt: null } });
    await paymentCustomers.remember(organizationId, 'stripe', 'cus_1');
    await prisma.paymentCustomer.update({ where: { organizationId }, data: { method: Prisma.DbNull } });
    const [waiting, charged] = [await issue(), await issue()];
    await payments.refer(await claim(charged), 'stripe', 'in_there', LONG_AGO);
    await prisma.payment.updateMany({ data: { nextStepAt: null } });
    const due = async () => {
      await payments.resumeIssued(LONG_AGO);
      const found = await prisma.payment.findMany({
        where: { nextStepAt: LONG_AGO, invoiceId: { in: [waiting, charged] } },
      });
      return found.map(({ invoiceId }) => invoiceId);
    };
    expect(await due()).toEqual([]);
    await prisma.paymentCustomer.update({ where: { organizationId }, data: { method: { kind: 'card' } } });
    expect(await due()).toEqual([waiting]);
    await prisma.payment.updateMany({ data: { nextStepAt: null } });
  });

  it('have credits from before them come off a bill that is not made yet, and no other', async () => {
    const { invoices, payments, prisma } = metadata;
    const [open, paid, referred] = [await issue(), await issue(), await issue()];
    for (const id of [open, paid, referred]) await invoices.credit(id, 10n, 'an outage');
    await prisma.paymentCredit.updateMany({ data: { state: 'outside' } });
    await invoices.markPaid(paid, 'by bank');
    await payments.refer(await claim(referred), 'stripe', 'in_referred', LONG_AGO);
    const migrations = (await readMigrations()).migrationDirectories;
    const migration = migrations.find(({ path }) => path.endsWith('_credits_of_open_payments'));
    const content = migration?.migrationFile.content;
    if (content?.tag !== 'ok') throw new Error('the migration is not there');
    await prisma.$executeRawUnsafe(content.value);
    const credits = await prisma.paymentCredit.findMany({ where: { invoiceId: { in: [open, paid, referred] } } });
    const states = new Map(credits.map(({ invoiceId, state }) => [invoiceId, state]));
    expect([open, paid, referred].map((id) => states.get(id))).toEqual(['waiting', 'outside', 'outside']);
  });

  it('are told of a payment method by what people know of it, and not by what the provider calls it', async () => {
    const { prisma, paymentCustomers } = metadata;
    await paymentCustomers.remember(organizationId, 'stripe', 'cus_1');
    const known = { kind: 'card', brand: 'visa', lastFour: '4242' };
    for (const reference of ['pm_3', 'pm_4']) {
      const data = { method: { ...known, reference } };
      await prisma.paymentCustomer.update({ where: { organizationId }, data });
    }
    const [entry] = await prisma.auditEntry.findMany({
      where: { organizationId, action: 'payment-method.changed' },
      orderBy: { id: 'desc' },
      select: { before: true, after: true },
    });
    expect(entry).toEqual({ before: { method: known }, after: { method: known } });
  });

  it('let go of events after two months', async () => {
    const at = new Date('2030-03-01T00:00:00Z');
    const event = { provider: 'stripe', id: 'evt_late', type: 'invoice.paid', at, about: undefined };
    expect(await metadata.paymentEvents.take(event, at)).toBe('foreign');
    expect(await metadata.paymentEvents.prune(new Date('2030-03-03T00:00:00Z'))).toBe(1);
    expect(await metadata.prisma.paymentEvent.findMany({ select: { id: true } })).toEqual([{ id: 'evt_late' }]);
  });
});
