import { systemClock } from '@leasehold/foundation';
import type { Metadata, UntoldFailure } from '@leasehold/metadata';
import type { PaymentProvider } from '@leasehold/payments';
import type { Logger } from '@leasehold/service-kit';
import type { INestApplicationContext } from '@nestjs/common';

import { invoiceNumber } from '../invoices/invoice-view.js';
import { Letters } from '../mail/letters.js';
import { MailQueue } from '../mail/mail-queue.js';
import { repeat } from '../repeat.js';
import { PAYMENT_PROVIDER } from './open-payment-provider.js';
import { PAYMENT_INTERVAL_MS, PaymentLoop } from './payment-loop.js';

const PRUNE_INTERVAL_MS = 60 * 60 * 1_000;
/** Once, as soon as Postgres is there. */
const RESUME_RETRY_MS = 2_000;

/** Takes payments forward until the signal aborts; what is under way then is learnt by another instance, or the next one. */
export function startPayments(
  app: Pick<INestApplicationContext, 'get'>,
  metadata: Metadata,
  logger: Logger,
  signal: AbortSignal,
): void {
  const provider = app.get<PaymentProvider>(PAYMENT_PROVIDER);
  const [letters, mails] = [app.get(Letters), app.get(MailQueue)];
  const tell = (failure: UntoldFailure) => {
    // Where no mail is sent, webhooks and the API tell.
    if (!mails.configured) return;
    const told = { ...failure, number: invoiceNumber(failure.number) };
    for (const recipient of failure.recipients) mails.post(letters.paymentFailed(recipient, told));
  };
  const loop = new PaymentLoop(metadata, provider, systemClock, logger);
  void repeat(() => loop.look(tell, signal), PAYMENT_INTERVAL_MS, signal);
  const resume = (): Promise<'again' | 'done'> =>
    metadata.payments.resumeIssued(new Date(systemClock.now())).then(
      () => 'done',
      () => 'again',
    );
  if (provider.collects) void repeat(resume, RESUME_RETRY_MS, signal);
  const prune = async (): Promise<'again'> => {
    // Failing only means that the table stays larger until the next time.
    await metadata.paymentEvents.prune(new Date(systemClock.now())).catch(() => 0);
    return 'again';
  };
  void repeat(prune, PRUNE_INTERVAL_MS, signal);
}
