import { Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { systemClock } from '@leasehold/foundation';
import { Metadata } from '@leasehold/metadata';
import { EventRefusedError, type PaymentProvider, type ProviderEvent } from '@leasehold/payments';
import { ProblemError } from '@leasehold/protocol';
import type { FastifyRequest } from 'fastify';

import { Access, EVERYBODY } from '../auth/access.js';
import { PAYMENT_PROVIDER } from './open-payment-provider.js';

/** Where Stripe says that something happened. Whoever calls is known by the signature of the body alone. */
@Controller('v1/payments/stripe/events')
export class StripeEventsController {
  constructor(
    private readonly metadata: Metadata,
    @Inject(PAYMENT_PROVIDER) private readonly provider: PaymentProvider,
  ) {}

  /** Answered when it is noted; what it means is asked of Stripe afterwards. Again is the same. */
  @Post()
  @HttpCode(200)
  @Access(EVERYBODY)
  async receive(@Req() request: FastifyRequest): Promise<{ readonly received: true }> {
    const now = new Date(systemClock.now());
    const event = this.read(request, now);
    await this.metadata.paymentEvents.take({ provider: this.provider.name, ...event }, now);
    return { received: true };
  }

  /** @throws ProblemError payments-not-configured, invalid-signature */
  private read({ body, headers }: FastifyRequest, now: Date): ProviderEvent {
    if (!this.provider.collects)
      throw new ProblemError('payments-not-configured', 'this installation has no Stripe account');
    const bytes = body instanceof Uint8Array ? body : new Uint8Array(0);
    const signature = headers['stripe-signature'];
    try {
      return this.provider.readEvent(bytes, typeof signature === 'string' ? signature : undefined, now);
    } catch (error) {
      if (!(error instanceof EventRefusedError)) throw error;
      throw new ProblemError('invalid-signature', error.message);
    }
  }
}
