import type { Clock } from '@leasehold/foundation';
import type { Metadata, UntoldFailure } from '@leasehold/metadata';
import type { PaymentProvider } from '@leasehold/payments';
import type { Logger } from '@leasehold/service-kit';

import { CustomerStep } from './customer-step.js';
import { PaymentStep } from './payment-step.js';

/** Between two looks for payments with something to do. */
export const PAYMENT_INTERVAL_MS = 1_000;
/** Under way at once at one instance. */
const AT_ONCE = 8;
/** Steps of one look, one after the other; what is left is for the next. */
const ROUNDS = 20;
/** Longer than all that a step may ask of a provider, with the SDK's own repetitions. An instance that dies holds a payment back for so long. */
const CLAIM_MS = 10 * 60 * 1_000;

/** Takes payments forward. Several instances share the work; what one was at when it died is learnt by another. */
export class PaymentLoop {
  private readonly step: PaymentStep;
  private readonly customers: CustomerStep | undefined;

  constructor(
    private readonly metadata: Pick<Metadata, 'payments' | 'paymentCustomers' | 'paymentEvents'>,
    provider: PaymentProvider,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.step = new PaymentStep(metadata, provider, clock, logger);
    this.customers = provider.collects ? new CustomerStep(metadata, provider, clock, logger) : undefined;
  }

  /** Steps until nothing is due, as far as one look goes. Never throws. @param tell of a failed payment; throws to be asked again */
  async look(tell: (failure: UntoldFailure) => void, signal: AbortSignal): Promise<'again'> {
    try {
      for (let round = 0; round < ROUNDS && !signal.aborted; round++) if ((await this.takeAll()) === 0) break;
      await this.metadata.payments.tellFailures(tell);
    } catch (error) {
      this.logger.warn({ err: error }, 'payments do not go on this time');
    }
    return 'again';
  }

  /** @returns how many steps were taken */
  private async takeAll(): Promise<number> {
    const now = new Date(this.clock.now());
    const until = new Date(this.clock.now() + CLAIM_MS);
    const step = this.customers;
    const customers = step ? await this.metadata.paymentCustomers.claim(now, until, AT_ONCE) : [];
    const payments = await this.metadata.payments.claim(now, until, AT_ONCE);
    const looks = step ? customers.map((customer) => step.take(customer)) : [];
    const steps = [...looks, ...payments.map((payment) => this.step.take(payment))];
    const failures = (await Promise.allSettled(steps)).filter((result) => result.status === 'rejected');
    for (const { reason } of failures)
      this.logger.warn({ err: reason as unknown }, 'a step of a payment was not noted');
    return steps.length;
  }
}
