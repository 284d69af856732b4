import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { seededRandom, systemClock, type Random } from '@leasehold/foundation';
import { resumePayments, type Metadata } from '@leasehold/metadata';
import { openTestMetadata, type TestMetadata } from '@leasehold/metadata-testing';
import { openStripeCollector, type PaymentCollector } from '@leasehold/payments';
import { STAND_IN_KEY, STAND_IN_WEBHOOK_SECRET, STRIPE_ROUTES, StripeStandIn } from '@leasehold/payments-testing';
import { createLogger } from '@leasehold/service-kit';

import { makeInvoice } from '../testing/make-invoice.js';
import { PaymentStep } from './payment-step.js';

// The SDK waits between its tries, and there are many.
jest.setTimeout(240_000);

const SEED = Number(process.env['PAYMENT_SEED'] ?? 20261128);
const INVOICES = 30;
const TOTAL = 3_000n;
const ROUNDS = 6;
/** Without faults, until nothing is left to do: more than any payment has moves. */
const LAST_ROUNDS = 14;
const BANK = ['paid', 'paid', 'processing', 'declined', 'authentication_required'] as const;
const FAULTS = ['refused', 'lost', 'lost', 500, 429] as const;
const UNTIL = new Date('2100-01-01T00:00:00Z');

describe(`payments under faults, seed ${SEED}`, () => {
  let test: TestMetadata;
  let metadata: Metadata;
  let stripe: StripeStandIn;
  let collector: PaymentCollector;
  let organizationId: string;
  const random = seededRandom(SEED);
  const logger = createLogger('control-plane', 'silent');

  beforeAll(async () => {
    test = await openTestMetadata();
    metadata = test.metadata;
    stripe = await StripeStandIn.start();
    const settings = { secretKey: STAND_IN_KEY, webhookSecret: STAND_IN_WEBHOOK_SECRET, apiBase: stripe.url };
    collector = await openStripeCollector(settings);
    organizationId = await test.newOrganization('mine');
    const customer = await collector.createCustomer({ organizationId, name: 'mine', email: 'ann@example.com' });
    await metadata.paymentCustomers.remember(organizationId, 'stripe', customer);
    stripe.ledger.attachMethod(customer, '4242');
    const method = { ...(await collector.methodOf(customer)) };
    await metadata.prisma.paymentCustomer.updateMany({ data: { method } });
  });
  afterAll(async () => {
    await stripe.close();
    await test.close();
  });

  /** The time has come for these. */
  async function makeDue(ids: readonly string[]): Promise<void> {
    await metadata.prisma.$executeRaw`
      UPDATE payments SET next_step_at = 'epoch', next_charge_at = CASE WHEN next_charge_at IS NOT NULL THEN 'epoch'::timestamptz END
      WHERE invoice_id IN (SELECT invoice_id FROM payments WHERE invoice_id = ANY (${[...ids]}) ORDER BY invoice_id FOR UPDATE)`;
  }

  /** What is due is done; some steps are taken twice at once, as by an instance that was given up and lives. */
  async function round(zombies: boolean): Promise<void> {
    const { payments } = metadata;
    const step = new PaymentStep(metadata, collector, systemClock, logger);
    const first = await payments.claim(new Date(1), UNTIL, INVOICES);
    const late = zombies ? first.filter(() => random.fraction() < 0.3) : [];
    const ids = late.map(({ invoiceId }) => invoiceId);
    await makeDue(ids);
    const again = await payments.claim(new Date(1), UNTIL, INVOICES);
    await Promise.all([...first, ...again].map((claimed) => step.take(claimed)));
  }

  /** What operators and the customer do meanwhile. Refusals are theirs to bear. */
  async function meddle(invoiceId: string): Promise<void> {
    const { invoices, prisma } = metadata;
    const draw = random.fraction();
    if (draw < 0.05) await invoices.markPaid(invoiceId, 'by bank').catch(() => undefined);
    else if (draw < 0.1) await invoices.void(invoiceId, 'wrong').catch(() => undefined);
    else if (draw < 0.2) await invoices.credit(invoiceId, 700n, 'a part').catch(() => undefined);
    else if (draw < 0.25) await resumePayments(prisma, organizationId, new Date(0));
    else if (draw < 0.35) {
      const { reference } = await prisma.payment.findUniqueOrThrow({ where: { invoiceId } });
      if (reference && stripe.ledger.invoices.get(reference)?.status === 'open') stripe.ledger.settle(reference);
    }
  }

  it('takes what is owed of each invoice, once, and nothing of what is not', async () => {
    const ids: string[] = [];
    const service = { metadata };
    for (let n = 1; n <= INVOICES; n++) ids.push(await makeInvoice(service, organizationId, n));
    for (let n = 0; n < ROUNDS; n++) {
      stripe.ledger.bank = oneOf(BANK, random);
      for (const route of STRIPE_ROUTES) {
        if (random.fraction() < 0.5) stripe.fail(route, oneOf(FAULTS, random), 1 + Math.floor(random.fraction() * 12));
      }
      if (random.fraction() < 0.3) stripe.forgetKeys();
      await makeDue(ids);
      await Promise.all([round(true), ...ids.map((id) => meddle(id))]);
    }
    stripe.heal();
    stripe.forgetKeys();
    stripe.ledger.bank = 'paid';
    // Banks have decided by now.
    for (const [id, { intent, status }] of stripe.ledger.invoices) {
      if (status === 'open' && intent?.status === 'processing') stripe.ledger.settle(id);
    }
    for (let n = 0; n < LAST_ROUNDS; n++) {
      await makeDue(ids);
      await round(false);
    }

    const outcomes = new Set<string>();
    for (const id of ids) {
      const payment = await metadata.prisma.payment.findUniqueOrThrow({ where: { invoiceId: id } });
      const invoice = await metadata.invoices.find(id);
      const credits = await metadata.prisma.paymentCredit.findMany({ where: { invoiceId: id } });
      const mine = [...stripe.ledger.invoices.values()].filter(
        ({ metadata: told }) => told['leasehold_invoice'] === id,
      );
      const charges = stripe.ledger.charges.filter(({ invoice: of }) => mine.some((one) => one.id === of));
      const refunds = stripe.ledger.refunds.filter(({ invoice: of }) => mine.some((one) => one.id === of));
      const kept = sum(charges) - sum(refunds);
      const story = { id, payment, invoice, credits, charges, refunds };
      expect([story, charges.length <= 1]).toEqual([story, true]);
      expect([story, charges.every(({ invoice: of }) => of === payment.reference)]).toEqual([story, true]);
      expect([story, payment.state]).toEqual([story, invoice?.state]);
      expect([story, credits.filter(({ state }) => state === 'waiting')]).toEqual([story, []]);
      const byStripe = invoice?.state === 'paid' && invoice.payment === 'stripe';
      expect([story, kept]).toEqual([story, byStripe ? TOTAL - (invoice?.credited ?? 0n) : 0n]);
      outcomes.add(`${invoice?.state} ${payment.bill}`);
    }
    expect(outcomes).toContain('paid paid');
    expect(outcomes.size).toBeGreaterThanOrEqual(2);
  });
});

function oneOf<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random.fraction() * items.length)] as T;
}

function sum(amounts: readonly { readonly amount: number }[]): bigint {
  return BigInt(amounts.reduce((total, { amount }) => total + amount, 0));
}
