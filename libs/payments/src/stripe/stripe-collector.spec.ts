import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { STAND_IN_KEY, STAND_IN_WEBHOOK_SECRET, StripeStandIn } from '@leasehold/payments-testing';

import type { Bill, Credit } from '../payment-provider.js';
import { StripeCollector } from './stripe-collector.js';

// The SDK waits between its tries.
jest.setTimeout(60_000);

const ROUTE = {
  customer: 'POST /v1/customers',
  create: 'POST /v1/invoices',
  item: 'POST /v1/invoiceitems',
  finalize: 'POST /v1/invoices/:id/finalize',
  pay: 'POST /v1/invoices/:id/pay',
  credit: 'POST /v1/credit_notes',
};

describe('Stripe as the collector', () => {
  let stripe: StripeStandIn;
  let collector: StripeCollector;
  let bill: Bill;

  const collectorWith = (secretKey: string) =>
    new StripeCollector({ secretKey, webhookSecret: STAND_IN_WEBHOOK_SECRET, apiBase: stripe.url });

  beforeEach(async () => {
    stripe = await StripeStandIn.start();
    collector = collectorWith(STAND_IN_KEY);
    const customer = await collector.createCustomer({
      organizationId: 'org',
      name: 'Some Inc.',
      email: 'a@example.com',
    });
    const common = { invoiceId: 'invoice-1', number: '1', organizationId: 'org' };
    bill = { ...common, customer, amount: 12_345n, currency: 'USD' };
  });
  afterEach(() => stripe.close());

  async function withMethod(): Promise<string> {
    stripe.ledger.attachMethod(bill.customer, '4242');
    await collector.methodOf(bill.customer);
    return collector.draft(bill, 0);
  }

  const sentTo = (route: string) => stripe.requests.filter((request) => request.route === route);

  it('says that a customer is gone that was made with another key, or deleted, and makes another one', async () => {
    const wish = {
      customer: bill.customer,
      currency: 'USD',
      doneUrl: 'https://a.example/',
      cancelledUrl: 'https://a.example/',
    };
    stripe.ledger.attachMethod(bill.customer, '4242');
    stripe.ledger.customers.delete(bill.customer);
    expect([await collector.openCheckout(wish), await collector.methodOf(bill.customer)]).toEqual(['gone', undefined]);
    const again = { organizationId: 'org', name: 'Some Inc.', email: 'a@example.com' };
    expect(await collector.createCustomer(again)).toBe(bill.customer);
    const other = await collector.createCustomer({ ...again, inPlaceOf: bill.customer });
    expect(await collector.openCheckout({ ...wish, customer: other })).toMatchObject({ url: expect.any(String) });
  });

  it('opens a page on which the customer leaves a payment method, and charges nothing by it', async () => {
    const wish = {
      customer: bill.customer,
      currency: 'USD',
      doneUrl: 'https://a.example/done',
      cancelledUrl: 'https://a.example/no',
    };
    const checkout = await collector.openCheckout(wish);
    if (checkout === 'gone') throw new Error('the customer is there');
    const { url, expiresAt } = checkout;
    expect([url, expiresAt.getTime()]).toEqual([expect.stringMatching(/^https:/), 1_900_000_000_000]);
    expect(Object.fromEntries(sentTo('POST /v1/checkout/sessions')[0]?.form ?? [])).toEqual({
      mode: 'setup',
      customer: bill.customer,
      currency: 'usd',
      success_url: 'https://a.example/done',
      cancel_url: 'https://a.example/no',
    });
    expect(stripe.ledger.charges).toEqual([]);
  });

  it('charges by what the customer gave last', async () => {
    expect(await collector.methodOf(bill.customer)).toBeUndefined();
    stripe.ledger.attachMethod(bill.customer, '1111');
    stripe.ledger.attachMethod(bill.customer, '4242');
    const method = { reference: expect.stringMatching(/^pm_/), kind: 'card', brand: 'visa', lastFour: '4242' };
    expect(await collector.methodOf(bill.customer)).toEqual({ ...method, expiresMonth: 12, expiresYear: 2030 });
    const { methods, defaultMethod } = stripe.ledger.customers.get(bill.customer)!;
    expect(defaultMethod).toBe(methods[1]?.id);
    await collector.methodOf(bill.customer);
    expect(stripe.count('POST /v1/customers/:id')).toBe(1);
  });

  it('makes a draft of the amount, which charges nothing, and charges it when it is told to', async () => {
    const reference = await withMethod();
    expect(await collector.look(reference)).toEqual({ state: 'draft' });
    expect(stripe.ledger.charges).toEqual([]);
    expect(await collector.charge(bill, reference, 1)).toEqual({ state: 'paid' });
    expect(stripe.ledger.charges).toEqual([{ invoice: reference, amount: 12_345 }]);
    expect(Object.fromEntries(sentTo(ROUTE.create)[0]?.form ?? [])).toMatchObject({
      'metadata[leasehold_invoice]': 'invoice-1',
      'metadata[leasehold_organization]': 'org',
      auto_advance: 'false',
      collection_method: 'charge_automatically',
    });
    expect(Object.fromEntries(sentTo(ROUTE.item)[0]?.form ?? [])).toMatchObject({
      amount: '12345',
      invoice: reference,
    });
    expect(sentTo(ROUTE.create)[0]?.idempotencyKey).toMatch(/^leasehold-invoice-invoice-1-[0-9a-f]{32}$/);
    expect(sentTo(ROUTE.pay)[0]?.idempotencyKey).toMatch(/^leasehold-pay-in_\d+-/);
    expect(new Set(stripe.requests.map(({ version }) => version)).size).toBe(1);
  });

  it.each(Object.entries({ create: ROUTE.create, item: ROUTE.item, finalize: ROUTE.finalize, pay: ROUTE.pay }))(
    'charges once when the reply to %s is lost, however often',
    async (_what, route) => {
      stripe.ledger.attachMethod(bill.customer, '4242');
      await collector.methodOf(bill.customer);
      stripe.fail(route, 'lost', 4);
      const collect = async () => collector.charge(bill, await collector.draft(bill, 0), 1);
      await expect(collect()).rejects.toMatchObject({ kind: route === ROUTE.pay ? 'unknown' : 'unavailable' });
      // Stripe keeps keys for a day.
      stripe.forgetKeys();
      expect(await collect()).toEqual({ state: 'paid' });
      expect(stripe.ledger.charges).toEqual([{ invoice: expect.any(String), amount: 12_345 }]);
      expect(stripe.ledger.invoices.size).toBe(1);
    },
  );

  it.each(['refused', 429, 500] as const)('does it later when the provider answers %s', async (fault) => {
    const reference = await withMethod();
    // Of these the SDK repeats all but the second.
    stripe.fail(ROUTE.finalize, fault, fault === 429 ? 1 : 3);
    await expect(collector.charge(bill, reference, 1)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await collector.charge(bill, reference, 1)).toEqual({ state: 'paid' });
    expect(stripe.ledger.charges).toHaveLength(1);
  });

  it('is not held up for a day by an answer that failed once, and that the provider keeps', async () => {
    stripe.fail(ROUTE.create, 500);
    await expect(withMethod()).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(collector.draft(bill, 0)).rejects.toMatchObject({ kind: 'unavailable' });
    const reference = await collector.draft(bill, 1);
    stripe.fail(ROUTE.pay, 500);
    await expect(collector.charge(bill, reference, 1)).rejects.toMatchObject({ kind: 'unknown' });
    expect(await collector.charge(bill, reference, 2)).toEqual({ state: 'paid' });
    expect(stripe.ledger.charges).toHaveLength(1);
  });

  it('leaves to the next invoice what is too little to be charged, and takes a credit of it off there', async () => {
    const small: Bill = { ...bill, amount: 30n };
    stripe.ledger.attachMethod(bill.customer, '4242');
    await collector.methodOf(bill.customer);
    const reference = await collector.draft(small, 0);
    expect(await collector.charge(small, reference, 1)).toEqual({ state: 'paid' });
    expect(stripe.ledger.charges).toEqual([]);
    await collector.credit(small, reference, { creditNoteId: 'note-1', number: '1', amount: 10n });
    const next: Bill = { ...bill, invoiceId: 'invoice-2', amount: 1_000n };
    const second = await collector.draft(next, 0);
    expect(await collector.charge(next, second, 1)).toEqual({ state: 'paid' });
    expect(stripe.ledger.charges).toEqual([{ invoice: second, amount: 1_020 }]);
    expect(stripe.ledger.refunds).toEqual([]);
  });

  it('does not know whether it charged when the answer fails, and charges once all the same', async () => {
    const reference = await withMethod();
    stripe.fail(ROUTE.pay, 500);
    await expect(collector.charge(bill, reference, 1)).rejects.toMatchObject({ kind: 'unknown' });
    await Promise.allSettled([collector.charge(bill, reference, 1), collector.charge(bill, reference, 2)]);
    expect(await collector.look(reference)).toEqual({ state: 'paid' });
    expect(stripe.ledger.charges).toHaveLength(1);
  });

  it('tells why a charge was refused, in our words, and where it can be paid', async () => {
    const reference = await withMethod();
    for (const [bank, failure] of [
      ['declined', 'declined'],
      ['insufficient_funds', 'insufficient-funds'],
      ['authentication_required', 'authentication-required'],
    ] as const) {
      stripe.ledger.bank = bank;
      const state = await collector.charge(bill, reference, stripe.requests.length);
      expect(state).toEqual({ state: 'open', failure, payUrl: `https://invoice.stripe.example/${reference}` });
      expect(await collector.look(reference)).toEqual(state);
    }
    stripe.ledger.bank = 'paid';
    expect(await collector.charge(bill, reference, 99)).toEqual({ state: 'paid' });
    expect(stripe.ledger.charges).toHaveLength(1);
  });

  it('does not charge without a payment method, nor beside a charge that is under way', async () => {
    const reference = await collector.draft(bill, 0);
    const refused = await collector.charge(bill, reference, 1);
    expect(refused).toMatchObject({ state: 'open', failure: 'no-payment-method' });
    await withMethod();
    stripe.ledger.bank = 'processing';
    expect(await collector.charge(bill, reference, 2)).toEqual({ state: 'processing' });
    stripe.ledger.bank = 'paid';
    expect(await collector.charge(bill, reference, 3)).toEqual({ state: 'processing' });
    expect(stripe.count(ROUTE.pay)).toBe(2);
  });

  it.each([
    ['amount', { amount: 12_346n }],
    ['currency', { currency: 'EUR' }],
    ['customer', { customer: 'cus_other' }],
    ['invoice', { invoiceId: 'invoice-2' }],
  ])('charges nothing when the bill at the provider has another %s', async (_what, other) => {
    const reference = await withMethod();
    const asked = collector.charge({ ...bill, ...other }, reference, 1);
    await expect(asked).rejects.toMatchObject({ kind: 'corrupt' });
    expect(stripe.ledger.charges).toEqual([]);
  });

  it('makes no bill in a currency that the provider counts in another unit', async () => {
    for (const currency of ['ISK', 'UGX', 'MGA'])
      await expect(collector.draft({ ...bill, currency }, 0)).rejects.toMatchObject({ kind: 'invalid' });
    expect(stripe.ledger.invoices.size).toBe(0);
  });

  it('throws a draft away, voids what is open, and leaves what is paid', async () => {
    const draft = await collector.draft(bill, 0);
    expect(await collector.close(draft)).toEqual({ state: 'gone' });
    expect(await collector.look(draft)).toEqual({ state: 'gone' });
    stripe.forgetKeys();
    const open = await withMethod();
    stripe.ledger.bank = 'declined';
    await collector.charge(bill, open, 1);
    expect(await collector.close(open)).toEqual({ state: 'void' });
    stripe.forgetKeys();
    stripe.ledger.bank = 'paid';
    const paid = await collector.draft(bill, 0);
    await collector.charge(bill, paid, 1);
    expect(await collector.close(paid)).toEqual({ state: 'paid' });
  });

  it('takes a credit off an open bill, and gives it back from a paid one, once each', async () => {
    const reference = await withMethod();
    const first: Credit = { creditNoteId: 'note-1', number: '1', amount: 345n };
    stripe.fail(ROUTE.credit, 'lost', 3);
    await expect(collector.credit(bill, reference, first)).rejects.toMatchObject({ kind: 'unavailable' });
    stripe.forgetKeys();
    const made = await collector.credit(bill, reference, first);
    expect(await collector.credit(bill, reference, first)).toBe(made);
    expect(await collector.charge(bill, reference, 1)).toEqual({ state: 'paid' });
    expect(stripe.ledger.charges).toEqual([{ invoice: reference, amount: 12_000 }]);
    const second: Credit = { creditNoteId: 'note-2', number: '2', amount: 2_000n };
    await collector.credit(bill, reference, second);
    await collector.credit(bill, reference, second);
    expect(stripe.ledger.refunds).toEqual([{ invoice: reference, amount: 2_000 }]);
  });

  it('gives back what another customer of the organization has paid, and charges nothing of theirs', async () => {
    const reference = await withMethod();
    expect(await collector.charge(bill, reference, 1)).toEqual({ state: 'paid' });
    const unpaid = await collector.draft({ ...bill, invoiceId: 'invoice-2' }, 0);
    const organization = { organizationId: 'org', name: 'Some Inc.', email: 'a@example.com' };
    const customer = await collector.createCustomer({ ...organization, inPlaceOf: bill.customer });
    await collector.credit({ ...bill, customer }, reference, { creditNoteId: 'note-1', number: '1', amount: 2_000n });
    expect(stripe.ledger.refunds).toEqual([{ invoice: reference, amount: 2_000 }]);
    const charged = collector.charge({ ...bill, invoiceId: 'invoice-2', customer }, unpaid, 1);
    await expect(charged).rejects.toMatchObject({ kind: 'corrupt' });
    expect(stripe.ledger.charges).toHaveLength(1);
  });

  it('tells of a refusal no more than may be logged', async () => {
    const secret = 'sk_test_of_somebody_else';
    const asked = collectorWith(secret).createCustomer({
      organizationId: 'o',
      name: 'Some Inc.',
      email: 'b@example.com',
    });
    const error: unknown = await asked.catch((failure: unknown) => failure);
    expect(error).toMatchObject({ kind: 'denied', failure: { status: 401 } });
    const told = JSON.stringify(error, [...Object.getOwnPropertyNames(error), 'type', 'code', 'status']);
    expect(told).not.toContain(secret);
    expect((error as Error).cause).toBeUndefined();
  });
});
