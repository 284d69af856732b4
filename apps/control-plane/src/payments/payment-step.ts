import { assert, type Clock } from '@leasehold/foundation';
import type { ClaimedPayment, Metadata } from '@leasehold/metadata';
import { PaymentProviderError, type Bill, type PaymentCollector, type PaymentProvider } from '@leasehold/payments';
import type { Logger } from '@leasehold/service-kit';

import { invoiceNumber } from '../invoices/invoice-view.js';
import { fateOf, outcomeOf } from './bill-outcome.js';
import { nextMove, type Move } from './next-move.js';

/** After a step that the provider did not answer; doubles with each further one. */
const FIRST_RETRY_MS = 30_000;
const MAX_RETRY_MS = 60 * 60 * 1_000;
/** A bill that is to be closed, and about to be paid. */
const CLOSE_INTERVAL_MS = 60 * 60 * 1_000;

/** Takes a claimed payment one step further: asks the collector, and notes what came of it. */
export class PaymentStep {
  constructor(
    private readonly metadata: Pick<Metadata, 'payments'>,
    private readonly provider: PaymentProvider,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Rejects only when Postgres does not answer: the claim runs out, and the step is taken again. */
  async take(payment: ClaimedPayment): Promise<void> {
    const move = nextMove(payment, this.provider.collects, this.now());
    try {
      await this.make(move, payment);
    } catch (error) {
      if (!(error instanceof PaymentProviderError)) throw error;
      await this.giveUp(payment, move, error);
    }
  }

  private async make(move: Move, payment: ClaimedPayment): Promise<void> {
    const { payments } = this.metadata;
    switch (move.kind) {
      case 'wait':
        return void (await payments.note(payment, { nextStepAt: move.until }));
      case 'settle':
        return void (await payments.settle(payment, 'nothing was owed', payment.bill, this.now()));
      case 'lack-method': {
        const failure = { state: 'failed', failure: 'no-payment-method', nextChargeAt: null } as const;
        const nextStepAt = payment.reference === null ? null : this.now();
        return void (await payments.note(payment, { ...failure, nextStepAt }));
      }
      case 'credit-outside':
        await payments.creditDone(move.credit.creditNoteId, undefined);
        return void (await payments.note(payment, { nextStepAt: this.now() }));
      default:
        return this.collect(move, payment, this.collector());
    }
  }

  private async collect(
    move: Exclude<Move, { kind: 'wait' | 'settle' | 'lack-method' | 'credit-outside' }>,
    payment: ClaimedPayment,
    collector: PaymentCollector,
  ): Promise<void> {
    const { payments } = this.metadata;
    if (move.kind === 'draft') {
      const reference = await collector.draft(billOf(payment, move.customer), payment.stepFailures);
      return void (await payments.refer(payment, collector.name, reference, this.now()));
    }
    const { reference } = payment;
    assert(reference !== null, 'what is at the collector has a reference');
    switch (move.kind) {
      case 'charge':
        return this.charge(payment, collector, move.customer, reference);
      case 'look':
        return this.noteLook(payment, outcomeOf(payment, await collector.look(reference), this.now()));
      case 'close':
        return this.close(payment, collector, reference);
      case 'credit': {
        const customer = payment.customer ?? '';
        const credited = await collector.credit(billOf(payment, customer), reference, move.credit);
        await payments.creditDone(move.credit.creditNoteId, credited);
        return void (await payments.note(payment, { nextStepAt: this.now() }));
      }
    }
  }

  private async charge(
    payment: ClaimedPayment,
    collector: PaymentCollector,
    customer: string,
    reference: string,
  ): Promise<void> {
    if (!(await this.metadata.payments.beginCharge(payment))) return;
    const begun = { ...payment, state: 'processing', attempts: payment.attempts + 1 } as const;
    const bill = await collector.charge(billOf(payment, customer), reference, payment.claims);
    await this.noteLook(begun, outcomeOf(begun, bill, this.now()));
  }

  private async noteLook(payment: ClaimedPayment, outcome: ReturnType<typeof outcomeOf>): Promise<void> {
    const { payments } = this.metadata;
    if (outcome.kind === 'paid') return void (await payments.settle(payment, this.provider.name, 'paid', this.now()));
    await payments.note(payment, outcome.note);
  }

  private async close(payment: ClaimedPayment, collector: PaymentCollector, reference: string): Promise<void> {
    const { payments } = this.metadata;
    const found = fateOf(await collector.close(reference));
    if (found === 'paid') await payments.giveBack(payment);
    const bill = found === 'paid' ? 'returned' : found;
    const nextStepAt = bill === 'open' ? new Date(this.clock.now() + CLOSE_INTERVAL_MS) : this.now();
    await payments.note(payment, { bill, nextStepAt });
  }

  private async giveUp(payment: ClaimedPayment, move: Move, error: PaymentProviderError): Promise<void> {
    const { payments } = this.metadata;
    const { invoiceId, organizationId, stepFailures } = payment;
    const told = { invoiceId, organizationId, move: move.kind, kind: error.kind, failure: error.failure };
    const isFinal = error.kind === 'invalid' || error.kind === 'corrupt';
    if (isFinal || error.kind === 'denied') this.logger.error(told, error.message);
    else this.logger.warn(told, error.message);
    if (isFinal && (move.kind === 'draft' || move.kind === 'charge')) {
      const failure = { state: 'failed', failure: 'not-chargeable', nextChargeAt: null } as const;
      return void (await payments.note(payment, { ...failure, nextStepAt: null }));
    }
    const waitMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(stepFailures, 10));
    await payments.postpone(payment, new Date(this.clock.now() + waitMs));
  }

  private collector(): PaymentCollector {
    assert(this.provider.collects, 'nothing is asked of a collector where there is none');
    return this.provider;
  }

  private now(): Date {
    return new Date(this.clock.now());
  }
}

function billOf({ invoiceId, organizationId, invoice }: ClaimedPayment, customer: string): Bill {
  const { number, total: amount, currency } = invoice;
  return { invoiceId, organizationId, number: invoiceNumber(number), customer, amount, currency };
}
