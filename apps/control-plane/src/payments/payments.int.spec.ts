import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '@leasehold/foundation';
import { InvoiceStateError } from '@leasehold/metadata';
import {
  eventBody,
  signatureOf,
  STAND_IN_KEY,
  STAND_IN_WEBHOOK_SECRET,
  StripeStandIn,
  type EventWish,
} from '@leasehold/payments-testing';

import { makeInvoice } from '../testing/make-invoice.js';
import { TestMailbox } from '../testing/test-mailbox.js';
import { TestService, type Tenant } from '../testing/test-service.js';

// Processes start and stop here, on machines that do other things meanwhile; the SDK waits between its tries.
jest.setTimeout(120_000);

const PUBLIC_URL = 'http://127.0.0.1:8080';
const WAIT_MS = 60_000;
const LOOK_EVERY_MS = 100;
const EVENTS = '/v1/payments/stripe/events';
const CHECKOUT = '/v1/payments/checkout';
/** Of makeInvoice. */
const TOTAL = 3_000;

const nowSeconds = () => Math.floor(systemClock.now() / 1_000);

describe('payments by Stripe', () => {
  let stripe: StripeStandIn;
  let service: TestService;
  let mailbox: TestMailbox;
  let months = 0;

  beforeAll(async () => {
    stripe = await StripeStandIn.start();
    mailbox = await TestMailbox.open(PUBLIC_URL);
    service = await TestService.start({
      ...{ STRIPE_SECRET_KEY: STAND_IN_KEY, STRIPE_WEBHOOK_SECRET: STAND_IN_WEBHOOK_SECRET },
      ...{ STRIPE_API_BASE: stripe.url, PUBLIC_URL, MAILBOX_DIR: mailbox.folder },
    });
  });
  afterAll(async () => {
    await service.close();
    await mailbox.close();
    await stripe.close();
  });

  /** An organization whose owner has shown that their address is theirs. */
  async function payer(): Promise<Tenant> {
    const tenant = await service.signUp();
    const { email } = tenant;
    await service.metadata.prisma.user.update({ where: { email }, data: { emailVerified: true } });
    return tenant;
  }

  const checkout = ({ token }: Tenant) => service.call('POST', CHECKOUT, { token });
  const payments = async ({ token }: Tenant) => (await service.call('GET', '/v1/payments', { token })).body;
  const paymentOf = async (tenant: Tenant, invoiceId: string) => {
    const found = (await payments(tenant))['payments'] as Record<string, unknown>[];
    return found.find((payment) => payment['invoiceId'] === invoiceId) ?? {};
  };
  const invoiceOf = (tenant: Tenant) => makeInvoice(service, tenant.organizationId, ++months);
  const row = (invoiceId: string) => service.metadata.prisma.payment.findUniqueOrThrow({ where: { invoiceId } });
  const chargesOf = async (invoiceId: string) => {
    const { reference } = await row(invoiceId);
    return stripe.ledger.charges.filter(({ invoice }) => invoice === reference).map(({ amount }) => amount);
  };

  async function until<T>(look: () => Promise<T>, holds: (found: T) => boolean): Promise<T> {
    for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
      const found = await look();
      if (holds(found)) return found;
      if (waitedMs > WAIT_MS)
        throw new Error(
          `still ${JSON.stringify(found, (_, value) => (typeof value === 'bigint' ? `${value}` : value) as unknown)}`,
        );
      await systemClock.sleep(LOOK_EVERY_MS);
    }
  }
  const inState = (tenant: Tenant, invoiceId: string, state: string) =>
    until(
      () => paymentOf(tenant, invoiceId),
      (payment) => payment['state'] === state,
    );

  /** Time passes for whoever waits to repeat a step. */
  async function passTime(invoiceId: string): Promise<void> {
    await until(
      () => row(invoiceId),
      ({ stepFailures }) => stepFailures > 0,
    );
    await service.metadata.prisma.payment.update({ where: { invoiceId }, data: { nextStepAt: new Date(0) } });
  }

  async function customerOf({ organizationId }: Tenant): Promise<string> {
    const found = await service.metadata.paymentCustomers.find(organizationId);
    return found?.reference ?? '';
  }

  function send(
    wish: Omit<EventWish, 'at'>,
    more: { secret?: string; at?: number; body?: (body: string) => string } = {},
  ) {
    const at = more.at ?? nowSeconds();
    const body = eventBody({ ...wish, at });
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'stripe-signature': signatureOf(body, at, more.secret),
    };
    return service.call('POST', EVENTS, { raw: more.body?.(body) ?? body, headers });
  }

  let events = 0;
  const newEvent = (type: string, object: EventWish['object']) => ({ id: `evt_${++events}`, type, object });

  /** Leaves a payment method, as a person does on the page of the provider. */
  async function withMethod(lastFour = '4242', tenant?: Tenant): Promise<Tenant> {
    const owner = tenant ?? (await payer());
    expect((await checkout(owner)).status).toBe(201);
    const customer = await customerOf(owner);
    stripe.ledger.attachMethod(customer, lastFour);
    const object = { object: 'checkout.session', id: `cs_${events}`, mode: 'setup', customer };
    expect((await send(newEvent('checkout.session.completed', object))).status).toBe(200);
    await until(
      () => payments(owner),
      ({ method }) => (method as { lastFour?: string } | null)?.lastFour === lastFour,
    );
    return owner;
  }

  it('lets an owner with a confirmed address leave a payment method at the provider, and shows it', async () => {
    const tenant = await service.signUp();
    expect((await checkout(tenant)).body).toMatchObject({
      status: 403,
      detail: 'confirm your own e-mail address first',
    });
    expect(stripe.count('POST /v1/customers')).toBe(0);
    await service.metadata.prisma.user.update({ where: { email: tenant.email }, data: { emailVerified: true } });
    const [first, second] = [await checkout(tenant), await checkout(tenant)];
    expect(first.body).toEqual({ url: expect.stringMatching(/^https:/), expiresAt: expect.any(String) });
    expect(second.body['url']).not.toBe(first.body['url']);
    expect(stripe.count('POST /v1/customers')).toBe(1);
    const wish = stripe.requests.find(({ route }) => route === 'POST /v1/checkout/sessions');
    expect(wish?.form.get('success_url')).toBe(`${PUBLIC_URL}/console/billing?checkout=done`);
    expect(await payments(tenant)).toEqual({ provider: 'stripe', method: null, payments: [], cursor: null });
    await withMethod('4242', tenant);
    const method = { kind: 'card', brand: 'visa', lastFour: '4242', expiresMonth: 12, expiresYear: 2030 };
    expect((await payments(tenant))['method']).toEqual(method);
  });

  it('charges an invoice once, and tells that it is paid', async () => {
    const tenant = await withMethod();
    const invoiceId = await invoiceOf(tenant);
    const payment = await inState(tenant, invoiceId, 'paid');
    expect(payment).toMatchObject({
      currency: 'USD',
      total: TOTAL,
      credited: 0,
      provider: 'stripe',
      attempts: 1,
      failure: null,
    });
    expect(payment['paidAt']).not.toBeNull();
    expect(await chargesOf(invoiceId)).toEqual([TOTAL]);
    expect(await service.metadata.invoices.find(invoiceId)).toMatchObject({ state: 'paid', payment: 'stripe' });
  });

  it('charges nothing without a payment method, says so once, and charges when there is one', async () => {
    const tenant = await payer();
    const invoiceId = await invoiceOf(tenant);
    expect(await inState(tenant, invoiceId, 'failed')).toMatchObject({ failure: 'no-payment-method', attempts: 0 });
    const [, mail] = await mailbox.mailsTo(tenant.email, 2);
    expect(mail?.text).toContain('we have no payment method of yours');
    await withMethod('4242', tenant);
    await inState(tenant, invoiceId, 'paid');
    expect(await chargesOf(invoiceId)).toEqual([TOTAL]);
    expect(await mailbox.mailsTo(tenant.email, 2)).toHaveLength(2);
  });

  it.each([
    ['the draft', 'POST /v1/invoices'],
    ['its line', 'POST /v1/invoiceitems'],
    ['the charge', 'POST /v1/invoices/:id/pay'],
  ])(
    'charges once when the provider does not answer about %s, and also when it has forgotten the request',
    async (_what, route) => {
      const tenant = await withMethod();
      stripe.fail(route, 'lost', 4);
      const invoiceId = await invoiceOf(tenant);
      await passTime(invoiceId);
      stripe.forgetKeys();
      await inState(tenant, invoiceId, 'paid');
      expect(await chargesOf(invoiceId)).toEqual([TOTAL]);
    },
  );

  it('charges once when the service dies while it waits for the answer', async () => {
    const tenant = await withMethod();
    stripe.fail('POST /v1/invoices/:id/pay', 'lost', 3);
    const invoiceId = await invoiceOf(tenant);
    await until(
      () => row(invoiceId),
      ({ state }) => state === 'processing',
    );
    await service.restart();
    await service.metadata.prisma.payment.update({ where: { invoiceId }, data: { nextStepAt: new Date(0) } });
    await inState(tenant, invoiceId, 'paid');
    expect(await chargesOf(invoiceId)).toEqual([TOTAL]);
  });

  it('tells of a charge that is refused by mail and webhook, tries again later, and at once with another card', async () => {
    const tenant = await withMethod('0002');
    const hook = { url: 'https://hooks.example.com/', events: ['payment.failed', 'payment.paid'] };
    const made = await service.call('POST', '/v1/webhooks', { token: tenant.token, json: hook });
    stripe.ledger.bank = 'insufficient_funds';
    const invoiceId = await invoiceOf(tenant);
    const failed = await inState(tenant, invoiceId, 'failed');
    expect(failed).toMatchObject({
      failure: 'insufficient-funds',
      attempts: 1,
      payUrl: expect.stringMatching(/^https:/),
    });
    const waitMs = Date.parse(String(failed['nextChargeAt'])) - systemClock.now();
    expect(Math.round(waitMs / 3_600_000)).toBe(24);
    const [, mail] = await mailbox.mailsTo(tenant.email, 2);
    expect(mail?.subject).toMatch(/^Invoice INV-\d{6} could not be paid$/);
    expect(mail?.text).toContain('the account does not have enough money');
    const deliveries = await service.metadata.prisma.webhookDelivery.findMany({
      where: { webhookId: String(made.body['id']) },
    });
    expect(deliveries.map(({ event }) => event)).toEqual(['payment.failed']);
    expect(JSON.parse(deliveries[0]?.payload ?? '{}')).toMatchObject({
      data: { subject: { kind: 'payment', id: invoiceId }, after: { state: 'failed', failure: 'insufficient-funds' } },
    });
    // A hint makes somebody look, and nobody charge.
    const { reference } = await row(invoiceId);
    await send(newEvent('invoice.payment_failed', { object: 'invoice', id: reference }));
    await until(
      () => row(invoiceId),
      ({ nextStepAt }) => (nextStepAt?.getTime() ?? 0) > systemClock.now() + 60_000 * 60,
    );
    expect(await row(invoiceId)).toMatchObject({ state: 'failed', attempts: 1 });
    stripe.ledger.bank = 'paid';
    await withMethod('4242', tenant);
    await inState(tenant, invoiceId, 'paid');
    expect(await chargesOf(invoiceId)).toEqual([TOTAL]);
    expect(await mailbox.mailsTo(tenant.email, 2)).toHaveLength(2);
  });

  it('lets nobody settle an invoice while a charge is under way, and learns how it went', async () => {
    const tenant = await withMethod();
    stripe.ledger.bank = 'processing';
    const invoiceId = await invoiceOf(tenant);
    await inState(tenant, invoiceId, 'processing');
    const { reference } = await until(
      () => row(invoiceId),
      ({ nextStepAt }) => (nextStepAt?.getTime() ?? 0) > systemClock.now() + 30 * 60_000,
    );
    const { invoices } = service.metadata;
    await expect(invoices.markPaid(invoiceId, 'by bank')).rejects.toThrow(InvoiceStateError);
    await expect(invoices.void(invoiceId, 'wrong')).rejects.toThrow(InvoiceStateError);
    stripe.ledger.bank = 'paid';
    stripe.ledger.settle(reference ?? '');
    await send(newEvent('invoice.paid', { object: 'invoice', id: reference }));
    await inState(tenant, invoiceId, 'paid');
    expect(await chargesOf(invoiceId)).toEqual([TOTAL]);
  });

  it('takes an event once, in any order, however often it comes', async () => {
    const tenant = await withMethod();
    const invoiceId = await invoiceOf(tenant);
    await inState(tenant, invoiceId, 'paid');
    const { reference } = await row(invoiceId);
    const late = newEvent('invoice.payment_failed', { object: 'invoice', id: reference, status: 'open' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(late)));
    expect(answers.map(({ status, body }) => [status, body])).toEqual(Array(8).fill([200, { received: true }]));
    await send(late, { at: nowSeconds() - 200 });
    expect(await service.metadata.prisma.paymentEvent.count({ where: { id: late.id } })).toBe(1);
    await until(
      () => row(invoiceId),
      ({ nextStepAt }) => nextStepAt === null,
    );
    expect(await paymentOf(tenant, invoiceId)).toMatchObject({ state: 'paid', attempts: 1 });
    expect(await chargesOf(invoiceId)).toEqual([TOTAL]);
    expect((await send(newEvent('invoice.paid', { object: 'invoice', id: 'in_of_somebody_else' }))).status).toBe(200);
  });

  it('refuses what is not signed, not lately, or not so, and changes nothing', async () => {
    const tenant = await withMethod();
    const invoiceId = await invoiceOf(tenant);
    await inState(tenant, invoiceId, 'paid');
    await until(
      () => row(invoiceId),
      ({ nextStepAt }) => nextStepAt === null,
    );
    const { prisma } = service.metadata;
    const state = async () => [
      await row(invoiceId),
      await prisma.paymentEvent.count(),
      await prisma.paymentCustomer.findMany(),
    ];
    const before = await state();
    const { reference } = await row(invoiceId);
    const wish = newEvent('invoice.paid', { object: 'invoice', id: reference });
    const answers = [
      await send(wish, { secret: 'whsec_of_another_endpoint' }),
      await send(wish, { at: nowSeconds() - 301 }),
      await send(wish, { body: (body) => body.replace('invoice.paid', 'invoice.void') }),
      await send(wish, { body: (body) => JSON.stringify(JSON.parse(body)) }),
      await send(wish, { body: () => '' }),
      await service.call('POST', EVENTS, { json: wish }),
      await service.call('POST', EVENTS, {}),
      await service.call('POST', EVENTS, {
        json: wish,
        headers: { 'stripe-signature': 't=1,v1=00' },
        token: tenant.token,
      }),
    ];
    expect(answers.map(({ status, body }) => [status, body['code']])).toEqual(
      Array(8).fill([400, 'invalid-signature']),
    );
    expect(await state()).toEqual(before);
    expect((await send(wish)).status).toBe(200);
    expect(await state()).not.toEqual(before);
  });

  it('gives back what is credited of a paid invoice, once', async () => {
    const tenant = await withMethod();
    const invoiceId = await invoiceOf(tenant);
    await inState(tenant, invoiceId, 'paid');
    stripe.fail('POST /v1/credit_notes', 'lost', 4);
    const note = await service.metadata.invoices.credit(invoiceId, 500n, 'our mistake');
    await passTime(invoiceId);
    stripe.forgetKeys();
    const credit = () =>
      service.metadata.prisma.paymentCredit.findUniqueOrThrow({ where: { creditNoteId: note?.id ?? '' } });
    expect(await until(credit, ({ state }) => state === 'done')).toMatchObject({
      reference: expect.stringMatching(/^cn_/),
    });
    const { reference } = await row(invoiceId);
    expect(stripe.ledger.refunds).toEqual([{ invoice: reference, amount: 500 }]);
  });

  it('takes a credit off an invoice before it is charged, and charges nothing where nothing is left', async () => {
    const tenant = await payer();
    const [half, whole] = [await invoiceOf(tenant), await invoiceOf(tenant)];
    await inState(tenant, half, 'failed');
    await service.metadata.invoices.credit(half, 1_000n, 'a part');
    await service.metadata.invoices.credit(whole, BigInt(TOTAL), 'all of it');
    await withMethod('4242', tenant);
    await inState(tenant, half, 'paid');
    expect(await chargesOf(half)).toEqual([TOTAL - 1_000]);
    expect(await inState(tenant, whole, 'paid')).toMatchObject({ payment: 'nothing was owed', attempts: 0 });
    expect(await chargesOf(whole)).toEqual([]);
  });

  it('closes the bill of an invoice that becomes void, and gives back what was paid of it all the same', async () => {
    const tenant = await withMethod();
    stripe.ledger.bank = 'declined';
    const [first, second] = [await invoiceOf(tenant), await invoiceOf(tenant)];
    await inState(tenant, first, 'failed');
    await inState(tenant, second, 'failed');
    stripe.ledger.bank = 'paid';
    // By the customer, on the page of the bill, while nobody looks.
    stripe.ledger.settle((await row(second)).reference ?? '');
    for (const invoiceId of [first, second]) await service.metadata.invoices.void(invoiceId, 'a mistake');
    expect(
      await until(
        () => row(first),
        ({ bill }) => bill !== 'open',
      ),
    ).toMatchObject({ state: 'void', bill: 'closed' });
    expect(
      await until(
        () => row(second),
        ({ bill }) => bill !== 'open',
      ),
    ).toMatchObject({ state: 'void', bill: 'paid' });
    const { reference } = await row(second);
    await until(
      () => Promise.resolve(stripe.ledger.refunds.filter(({ invoice }) => invoice === reference)),
      (found) => found.length > 0,
    );
    expect(stripe.ledger.refunds.filter(({ invoice }) => invoice === reference)).toEqual([
      { invoice: reference, amount: TOTAL },
    ]);
    expect(await chargesOf(first)).toEqual([]);
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
