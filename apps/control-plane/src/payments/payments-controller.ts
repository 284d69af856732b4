import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { assert, systemClock } from '@leasehold/foundation';
import { Metadata } from '@leasehold/metadata';
import { PaymentProviderError, type Checkout, type PaymentCollector, type PaymentProvider } from '@leasehold/payments';
import { ProblemError } from '@leasehold/protocol';

import { Access, ACCOUNTANTS } from '../auth/access.js';
import { CurrentCaller, type Caller, type SessionCaller } from '../auth/caller.js';
import { CONFIG, type ControlPlaneConfig } from '../config.js';
import { pageOf, PageQuery, type Page } from '../requests/page.js';
import { CHECKOUT_LOOK_INTERVAL_MS } from './customer-step.js';
import { PAYMENT_PROVIDER } from './open-payment-provider.js';
import { methodView, paymentView } from './payment-view.js';

/** The only one of prices so far. A payment method is good for others, too. */
const CURRENCY = 'USD';
const RETRY_AFTER_MS = 10_000;
const PAYERS = { roles: ['owner', 'finance'], scopes: [] } as const;
const READERS = { roles: ACCOUNTANTS, scopes: [] } as const;

/** By what an organization pays, and what became of it. */
@Controller('v1/payments')
export class PaymentsController {
  constructor(
    private readonly metadata: Metadata,
    @Inject(PAYMENT_PROVIDER) private readonly provider: PaymentProvider,
    @Inject(CONFIG) private readonly config: ControlPlaneConfig,
  ) {}

  /** The latest invoice in front. */
  @Get()
  @Access(READERS)
  async list(@CurrentCaller() caller: Caller, @PageQuery() { limit, after }: Page) {
    const { id } = caller.organization;
    const [found, customer] = await Promise.all([
      this.metadata.payments.list(id, after, limit + 1),
      this.metadata.paymentCustomers.find(id),
    ]);
    const { items, cursor } = pageOf(found, limit, ({ invoiceId }) => invoiceId);
    const method = customer?.method ? methodView(customer.method) : null;
    return { provider: this.provider.name, method, payments: items.map(paymentView), cursor };
  }

  /** A page of the provider on which the caller leaves a payment method. Charges nothing. Another page each time. */
  @Post('checkout')
  @HttpCode(201)
  @Access(PAYERS)
  async checkout(@CurrentCaller() caller: Caller): Promise<Checkout> {
    assert(caller.kind === 'session', 'the route takes sessions only');
    const { provider } = this;
    if (!provider.collects)
      throw new ProblemError('payments-not-configured', 'invoices are paid outside of the service here');
    if (!caller.emailVerified) throw new ProblemError('forbidden', 'confirm your own e-mail address first');
    const checkout = await asked(this.open(caller, provider));
    const lookAt = new Date(systemClock.now() + CHECKOUT_LOOK_INTERVAL_MS);
    await this.metadata.paymentCustomers.expectMethod(caller.organization.id, checkout.expiresAt, lookAt);
    return checkout;
  }

  private async open(caller: SessionCaller, collector: PaymentCollector): Promise<Checkout> {
    const page = (result: string) => new URL(`/console/billing?checkout=${result}`, this.config.PUBLIC_URL).href;
    const wish = { currency: CURRENCY, doneUrl: page('done'), cancelledUrl: page('cancelled') };
    const customer = await this.customerOf(caller, collector);
    const checkout = await collector.openCheckout({ ...wish, customer });
    if (checkout !== 'gone') return checkout;
    const second = await collector.openCheckout({ ...wish, customer: await this.replace(customer, caller, collector) });
    if (second !== 'gone') return second;
    throw new PaymentProviderError('corrupt', 'the payment provider does not know a customer that it has just made');
  }

  private async replace(
    former: string,
    { organization, email }: SessionCaller,
    collector: PaymentCollector,
  ): Promise<string> {
    const { id, name } = organization;
    const reference = await collector.createCustomer({ organizationId: id, name, email, inPlaceOf: former });
    return this.metadata.paymentCustomers.replace(id, former, collector.name, reference);
  }

  private async customerOf({ organization, email }: SessionCaller, collector: PaymentCollector): Promise<string> {
    const { paymentCustomers } = this.metadata;
    const known = await paymentCustomers.find(organization.id);
    if (known) return known.reference;
    const { id, name } = organization;
    const reference = await collector.createCustomer({ organizationId: id, name, email });
    return paymentCustomers.remember(id, collector.name, reference);
  }
}

/** Whatever the provider has against it, it is not what the caller sent. @throws ProblemError unavailable */
async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof PaymentProviderError)) throw error;
    const retry = { retryAfterMs: RETRY_AFTER_MS, cause: error };
    throw new ProblemError('unavailable', 'the payment provider does not do it now', retry);
  }
}
