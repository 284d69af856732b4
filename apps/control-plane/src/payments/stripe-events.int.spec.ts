import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { STAND_IN_KEY, STAND_IN_WEBHOOK_SECRET } from '@leasehold/payments-testing';

import { EVENTS, nowSeconds, PaymentWorld, TOTAL } from '../testing/payment-world.js';

// Processes start and stop here, on machines that do other things meanwhile; the SDK waits between its tries.
jest.setTimeout(120_000);

describe('events of Stripe', () => {
  let world: PaymentWorld;
  beforeAll(async () => {
    world = await PaymentWorld.open();
  });
  afterAll(() => world.close());

  it('are taken once, in any order, however often they come', async () => {
    const tenant = await world.payerWithMethod();
    const invoiceId = await world.invoice(tenant);
    await world.inState(tenant, invoiceId, 'paid');
    const { reference } = await world.row(invoiceId);
    const late = world.newEvent('invoice.payment_failed', { object: 'invoice', id: reference, status: 'open' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.send(late)));
    expect(answers.map(({ status, body }) => [status, body])).toEqual(Array(8).fill([200, { received: true }]));
    await world.send(late, { atSeconds: nowSeconds() - 200 });
    expect(await world.prisma.paymentEvent.count({ where: { id: late.id } })).toBe(1);
    await world.atRest(invoiceId);
    expect(await world.payment(tenant, invoiceId)).toMatchObject({ state: 'paid', attempts: 1 });
    expect(await world.charges(invoiceId)).toEqual([TOTAL]);
    expect(
      (await world.send(world.newEvent('invoice.paid', { object: 'invoice', id: 'in_of_somebody_else' }))).status,
    ).toBe(200);
  });

  it('are refused, and change nothing, when they are not signed, not lately, or not so', async () => {
    const tenant = await world.payerWithMethod();
    const invoiceId = await world.invoice(tenant);
    await world.inState(tenant, invoiceId, 'paid');
    await world.atRest(invoiceId);
    const { prisma } = world;
    const state = async () => [
      await world.row(invoiceId),
      await prisma.paymentEvent.count(),
      await prisma.paymentCustomer.findMany(),
    ];
    const before = await state();
    const { reference } = await world.row(invoiceId);
    const wish = world.newEvent('invoice.paid', { object: 'invoice', id: reference });
    const answers = [
      await world.send(wish, { secret: 'whsec_of_another_endpoint' }),
      await world.send(wish, { atSeconds: nowSeconds() - 301 }),
      await world.send(wish, { body: (body) => body.replace('invoice.paid', 'invoice.void') }),
      await world.send(wish, { body: (body) => JSON.stringify(JSON.parse(body)) }),
      await world.send(wish, { body: () => '' }),
      await world.service.call('POST', EVENTS, { json: wish }),
      await world.service.call('POST', EVENTS, {}),
      await world.service.call('POST', EVENTS, {
        json: wish,
        headers: { 'stripe-signature': 't=1,v1=00' },
        token: tenant.token,
      }),
    ];
    expect(answers.map(({ status, body }) => [status, body['code']])).toEqual(
      Array(8).fill([400, 'invalid-signature']),
    );
    expect(await state()).toEqual(before);
    expect((await world.send(wish)).status).toBe(200);
    expect(await state()).not.toEqual(before);
  });

  it('leave no secret in a log, and neither does a provider that fails', async () => {
    const tenant = await world.payer();
    const email = tenant.email;
    world.stripe.fail('POST /v1/customers', 500, 6);
    const failed = await world.checkout(tenant);
    expect([failed.status, failed.body['code']]).toEqual([503, 'unavailable']);
    expect(failed.text).not.toContain('An error on our side');
    const payer = await world.payerWithMethod('4242', tenant);
    world.stripe.fail('POST /v1/invoices', 429, 1);
    const invoiceId = await world.invoice(payer);
    await world.passTime(invoiceId);
    await world.inState(payer, invoiceId, 'paid');
    const { reference } = await world.row(invoiceId);
    const body = world.newEvent('invoice.paid', { object: 'invoice', id: reference, customer_email: email });
    await world.send(body, { secret: 'whsec_wrong_wrong' });
    const log = world.logged.join('');
    expect(log).toContain('the payment provider does not answer');
    for (const secret of [STAND_IN_KEY, STAND_IN_WEBHOOK_SECRET, email, 'v1=']) expect(log).not.toContain(secret);
  });
});
