import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';
import { InvoiceStateError } from '@leasehold/metadata';

import { makeInvoice } from '../testing/make-invoice.js';
import { CHECKOUT, EVENTS, PaymentWorld, PUBLIC_URL, TOTAL } from '../testing/payment-world.js';
import { TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile; the SDK waits between its tries.
jest.setTimeout(120_000);

describe('payments by Stripe', () => {
  let world: PaymentWorld;
  beforeAll(async () => {
    world = await PaymentWorld.open();
  });
  afterAll(() => world.close());

  /** Beside the one that confirms the address, and the one that tells of the invoice. */
  const failureMails = async ({ email }: Tenant) =>
    (await world.mailbox.mailsTo(email, 3)).filter(({ subject }) => subject.endsWith('could not be paid'));

  it('lets an owner with a confirmed address leave a payment method at the provider, and shows it', async () => {
    const tenant = await world.service.signUp();
    expect((await world.checkout(tenant)).body).toMatchObject({
      status: 403,
      detail: 'confirm your own e-mail address first',
    });
    expect(world.stripe.count('POST /v1/customers')).toBe(0);
    await world.prisma.user.update({ where: { email: tenant.email }, data: { emailVerified: true } });
    const [first, second] = [await world.checkout(tenant), await world.checkout(tenant)];
    expect(first.body).toEqual({ url: expect.stringMatching(/^https:/), expiresAt: expect.any(String) });
    expect(second.body['url']).not.toBe(first.body['url']);
    expect(world.stripe.count('POST /v1/customers')).toBe(1);
    const wish = world.stripe.requests.find(({ route }) => route === 'POST /v1/checkout/sessions');
    expect(wish?.form.get('success_url')).toBe(`${PUBLIC_URL}/console/billing?checkout=done`);
    expect(await world.payments(tenant)).toEqual({ provider: 'stripe', method: null, payments: [], cursor: null });
    await world.payerWithMethod('4242', tenant);
    const method = { kind: 'card', brand: 'visa', lastFour: '4242', expiresMonth: 12, expiresYear: 2030 };
    expect((await world.payments(tenant))['method']).toEqual(method);
  });

  it('makes another customer where the provider does not know the one that it had', async () => {
    const tenant = await world.payerWithMethod();
    const find = () => world.service.metadata.paymentCustomers.find(tenant.organizationId);
    const former = (await find())?.reference ?? '';
    world.stripe.ledger.customers.delete(former);
    expect((await world.checkout(tenant)).status).toBe(201);
    expect(await find()).toMatchObject({ reference: expect.stringMatching(/^cus_/), method: null });
    expect((await find())?.reference).not.toBe(former);
    await world.payerWithMethod('4242', tenant);
    const invoiceId = await world.invoice(tenant);
    await world.inState(tenant, invoiceId, 'paid');
    expect(await world.charges(invoiceId)).toEqual([TOTAL]);
  });

  it('charges an invoice once, and tells that it is paid', async () => {
    const tenant = await world.payerWithMethod();
    const invoiceId = await world.invoice(tenant);
    const payment = await world.inState(tenant, invoiceId, 'paid');
    expect(payment).toMatchObject({
      currency: 'USD',
      total: TOTAL,
      credited: 0,
      provider: 'stripe',
      attempts: 1,
      failure: null,
    });
    expect(payment['paidAt']).not.toBeNull();
    expect(await world.charges(invoiceId)).toEqual([TOTAL]);
    const { token } = tenant;
    const read = await world.service.call('GET', `/v1/invoices/${invoiceId}`, { token });
    expect(read.body).toMatchObject({ state: 'paid', payment: 'stripe', due: 0 });
    expect(read.body['charge']).toMatchObject({ state: 'paid', provider: 'stripe', attempts: 1, failure: null });
    const list = await world.service.call('GET', '/v1/invoices', { token });
    expect(list.body['invoices']).toMatchObject([{ id: invoiceId, charge: { state: 'paid' } }]);
  });

  it('charges nothing without a payment method, says so once, and charges when there is one', async () => {
    const tenant = await world.payer();
    const invoiceId = await world.invoice(tenant);
    expect(await world.inState(tenant, invoiceId, 'failed')).toMatchObject({
      failure: 'no-payment-method',
      attempts: 0,
    });
    const [mail] = await failureMails(tenant);
    expect(mail?.text).toContain('we have no payment method of yours');
    await world.payerWithMethod('4242', tenant);
    await world.inState(tenant, invoiceId, 'paid');
    expect(await world.charges(invoiceId)).toEqual([TOTAL]);
    expect(await failureMails(tenant)).toHaveLength(1);
  });

  it.each([
    ['the draft', 'POST /v1/invoices'],
    ['its line', 'POST /v1/invoiceitems'],
    ['the charge', 'POST /v1/invoices/:id/pay'],
  ])(
    'charges once when the provider does not answer about %s, and also when it has forgotten the request',
    async (_what, route) => {
      const tenant = await world.payerWithMethod();
      world.stripe.fail(route, 'lost', 4);
      const invoiceId = await world.invoice(tenant);
      await world.passTime(invoiceId);
      world.stripe.forgetKeys();
      await world.inState(tenant, invoiceId, 'paid');
      expect(await world.charges(invoiceId)).toEqual([TOTAL]);
    },
  );

  it('charges once when the service dies while it waits for the answer', async () => {
    const tenant = await world.payerWithMethod();
    world.stripe.fail('POST /v1/invoices/:id/pay', 'lost', 3);
    const invoiceId = await world.invoice(tenant);
    await world.until(
      () => world.row(invoiceId),
      ({ state }) => state === 'processing',
    );
    await world.service.restart();
    await world.makeDue(invoiceId);
    await world.inState(tenant, invoiceId, 'paid');
    expect(await world.charges(invoiceId)).toEqual([TOTAL]);
  });

  it('tells of a charge that is refused by mail and webhook, tries again later, and at once with another card', async () => {
    const tenant = await world.payerWithMethod('0002');
    const hook = { url: 'https://hooks.example.com/', events: ['payment.failed', 'payment.paid'] };
    const made = await world.service.call('POST', '/v1/webhooks', { token: tenant.token, json: hook });
    world.stripe.ledger.bank = 'insufficient_funds';
    const invoiceId = await world.invoice(tenant);
    const failed = await world.inState(tenant, invoiceId, 'failed');
    expect(failed).toMatchObject({
      failure: 'insufficient-funds',
      attempts: 1,
      payUrl: expect.stringMatching(/^https:/),
    });
    const waitMs = Date.parse(String(failed['nextChargeAt'])) - systemClock.now();
    expect(Math.round(waitMs / 3_600_000)).toBe(24);
    const [mail] = await failureMails(tenant);
    expect(mail?.subject).toMatch(/^Invoice INV-\d{6} could not be paid$/);
    expect(mail?.text).toContain('the account does not have enough money');
    const deliveries = await world.prisma.webhookDelivery.findMany({
      where: { webhookId: String(made.body['id']) },
    });
    expect(deliveries.map(({ event }) => event)).toEqual(['payment.failed']);
    expect(JSON.parse(deliveries[0]?.payload ?? '{}')).toMatchObject({
      data: { subject: { kind: 'payment', id: invoiceId }, after: { state: 'failed', failure: 'insufficient-funds' } },
    });
    // A hint makes somebody look, and nobody charge.
    const { reference } = await world.row(invoiceId);
    await world.send(world.newEvent('invoice.payment_failed', { object: 'invoice', id: reference }));
    await world.atRest(invoiceId);
    expect(await world.row(invoiceId)).toMatchObject({ state: 'failed', attempts: 1 });
    world.stripe.ledger.bank = 'paid';
    await world.payerWithMethod('4242', tenant);
    await world.inState(tenant, invoiceId, 'paid');
    expect(await world.charges(invoiceId)).toEqual([TOTAL]);
    expect(await failureMails(tenant)).toHaveLength(1);
  });

  it('learns that the customer has paid a bill themselves, also where there is no payment method any more', async () => {
    const tenant = await world.payerWithMethod();
    world.stripe.ledger.bank = 'declined';
    const invoiceId = await world.invoice(tenant);
    await world.inState(tenant, invoiceId, 'failed');
    world.stripe.ledger.bank = 'paid';
    const { reference } = await world.atRest(invoiceId);
    await world.prisma.$executeRaw`
      UPDATE payment_customers SET method = NULL WHERE organization_id = ${tenant.organizationId}`;
    await world.makeDue(invoiceId);
    await world.until(
      () => world.atRest(invoiceId),
      ({ failure, nextStepAt }) => failure === 'no-payment-method' && nextStepAt !== null,
    );
    world.stripe.ledger.settle(reference ?? '');
    await world.send(world.newEvent('invoice.paid', { object: 'invoice', id: reference }));
    await world.inState(tenant, invoiceId, 'paid');
    expect(await world.charges(invoiceId)).toEqual([TOTAL]);
  });

  it('lets nobody settle an invoice while a charge is under way, and learns how it went', async () => {
    const tenant = await world.payerWithMethod();
    world.stripe.ledger.bank = 'processing';
    const invoiceId = await world.invoice(tenant);
    await world.inState(tenant, invoiceId, 'processing');
    const { reference } = await world.atRest(invoiceId);
    const { invoices } = world.service.metadata;
    await expect(invoices.markPaid(invoiceId, 'by bank')).rejects.toThrow(InvoiceStateError);
    await expect(invoices.void(invoiceId, 'wrong')).rejects.toThrow(InvoiceStateError);
    world.stripe.ledger.bank = 'paid';
    world.stripe.ledger.settle(reference ?? '');
    await world.send(world.newEvent('invoice.paid', { object: 'invoice', id: reference }));
    await world.inState(tenant, invoiceId, 'paid');
    expect(await world.charges(invoiceId)).toEqual([TOTAL]);
  });

  it('gives back what is credited of a paid invoice, once', async () => {
    const tenant = await world.payerWithMethod();
    const invoiceId = await world.invoice(tenant);
    await world.inState(tenant, invoiceId, 'paid');
    world.stripe.fail('POST /v1/credit_notes', 'lost', 4);
    const note = await world.service.metadata.invoices.credit(invoiceId, 500n, 'our mistake');
    await world.passTime(invoiceId);
    world.stripe.forgetKeys();
    const credit = () => world.prisma.paymentCredit.findUniqueOrThrow({ where: { creditNoteId: note?.id ?? '' } });
    expect(await world.until(credit, ({ state }) => state === 'done')).toMatchObject({
      reference: expect.stringMatching(/^cn_/),
    });
    expect(await world.refunds(invoiceId)).toEqual([500]);
  });

  it('takes a credit off an invoice before it is charged, and charges nothing where nothing is left', async () => {
    const tenant = await world.payer();
    const [half, whole] = [await world.invoice(tenant), await world.invoice(tenant)];
    await world.inState(tenant, half, 'failed');
    await world.service.metadata.invoices.credit(half, 1_000n, 'a part');
    await world.service.metadata.invoices.credit(whole, BigInt(TOTAL), 'all of it');
    await world.payerWithMethod('4242', tenant);
    await world.inState(tenant, half, 'paid');
    expect(await world.charges(half)).toEqual([TOTAL - 1_000]);
    expect(await world.inState(tenant, whole, 'paid')).toMatchObject({ payment: 'nothing was owed', attempts: 0 });
    expect(await world.charges(whole)).toEqual([]);
  });

  it('closes the bill of an invoice that becomes void, and gives back what was paid of it all the same', async () => {
    const tenant = await world.payerWithMethod();
    world.stripe.ledger.bank = 'declined';
    const [first, second] = [await world.invoice(tenant), await world.invoice(tenant)];
    await world.inState(tenant, first, 'failed');
    await world.inState(tenant, second, 'failed');
    world.stripe.ledger.bank = 'paid';
    // By the customer, on the page of the bill, while nobody looks.
    world.stripe.ledger.settle((await world.row(second)).reference ?? '');
    for (const invoiceId of [first, second]) await world.service.metadata.invoices.void(invoiceId, 'a mistake');
    expect(
      await world.until(
        () => world.row(first),
        ({ bill }) => bill !== 'open',
      ),
    ).toMatchObject({ state: 'void', bill: 'closed' });
    expect(
      await world.until(
        () => world.row(second),
        ({ bill }) => bill !== 'open',
      ),
    ).toMatchObject({ state: 'void', bill: 'returned' });
    await world.until(
      () => world.refunds(second),
      (refunds) => refunds.length > 0,
    );
    expect(await world.refunds(second)).toEqual([TOTAL]);
    expect(await world.charges(first)).toEqual([]);
  });
});

describe('payments by hand', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.close());

  it('wait until an operator says that the money came', async () => {
    const { token, organizationId } = await service.signUp();
    const invoiceId = await makeInvoice(service, organizationId, 1);
    const read = async () => (await service.call('GET', '/v1/payments', { token })).body;
    expect(await read()).toMatchObject({
      provider: 'manual',
      method: null,
      payments: [{ invoiceId, state: 'waiting', provider: null }],
    });
    await service.metadata.invoices.markPaid(invoiceId, 'bank transfer of today');
    expect(await read()).toMatchObject({ payments: [{ state: 'paid', payment: 'bank transfer of today' }] });
    const actions = await service.metadata.auditLog.list(organizationId, undefined, 10);
    expect(actions.map(({ action }) => action)).toContain('payment.paid');
  });

  it('have no checkout, and take no events', async () => {
    const { token } = await service.signUp();
    const answers = [await service.call('POST', CHECKOUT, { token }), await service.call('POST', EVENTS, { json: {} })];
    expect(answers.map(({ status, body }) => [status, body['code']])).toEqual(
      Array(2).fill([501, 'payments-not-configured']),
    );
  });
});
