import type { Clock } from '@leasehold/foundation';
import type { ClaimedCustomer, Metadata } from '@leasehold/metadata';
import { PaymentProviderError, type PaymentCollector } from '@leasehold/payments';
import type { Logger } from '@leasehold/service-kit';

/** While somebody may be giving a payment method, it is looked for so often, also when nothing is told of it. */
export const CHECKOUT_LOOK_INTERVAL_MS = 10 * 60 * 1_000;
const RETRY_MS = 60 * 1_000;

/** Learns by what a customer pays. Another method than before makes what failed be charged again. */
export class CustomerStep {
  constructor(
    private readonly metadata: Pick<Metadata, 'paymentCustomers'>,
    private readonly collector: PaymentCollector,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Rejects only when Postgres does not answer: the claim runs out, and the step is taken again. */
  async take(customer: ClaimedCustomer): Promise<void> {
    const { paymentCustomers } = this.metadata;
    const now = this.clock.now();
    let method;
    try {
      method = (await this.collector.methodOf(customer.reference)) ?? null;
    } catch (error) {
      if (!(error instanceof PaymentProviderError)) throw error;
      const { organizationId } = customer;
      this.logger.warn({ organizationId, kind: error.kind, failure: error.failure }, error.message);
      return void (await paymentCustomers.settle(customer, undefined, new Date(now + RETRY_MS)));
    }
    const isOpen = customer.checkoutUntil !== null && customer.checkoutUntil.getTime() > now;
    const nextLookAt = isOpen ? new Date(now + CHECKOUT_LOOK_INTERVAL_MS) : null;
    if (method === null || method.reference === customer.method?.reference) {
      await paymentCustomers.settle(customer, method, nextLookAt);
    } else {
      await paymentCustomers.settleNew(customer, method, nextLookAt, new Date(now));
    }
  }
}
